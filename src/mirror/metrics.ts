import { LOSSES, type Loss, OUTCOMES, type SideOutcome } from '../analysis/mirrored/record.ts';

/** Upper ends of the buckets of latencies, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

class Histogram {
  readonly #counts = [...BUCKETS, Number.POSITIVE_INFINITY].map(() => 0);
  #sum = 0;
  #count = 0;

  /** @param ms milliseconds */
  observe(ms: number): void {
    const seconds = ms / 1000;
    let i = 0;
    while (i < BUCKETS.length && seconds > (BUCKETS[i] as number)) i += 1;
    (this.#counts[i] as number) += 1;
    this.#sum += seconds;
    this.#count += 1;
  }

  lines(name: string, labels: string): string[] {
    let below = 0;
    const buckets = BUCKETS.map((end, i) => {
      below += this.#counts[i] as number;
      return `${name}_bucket{${labels},le="${end}"} ${below}`;
    });
    return [
      ...buckets,
      `${name}_bucket{${labels},le="+Inf"} ${this.#count}`,
      `${name}_sum{${labels}} ${this.#sum}`,
      `${name}_count{${labels}} ${this.#count}`,
    ];
  }
}

/** How the answers of a pair are to each other. */
const AGREEMENTS = ['agreeing', 'differing', 'unreadable'] as const;
export type PairAgreement = (typeof AGREEMENTS)[number];

/** What is counted of one side. */
export class SideMetrics {
  readonly latency = new Histogram();
  readonly #outcomes: Record<SideOutcome, number> = zeros(OUTCOMES);
  readonly #losses: Record<Loss, number> = zeros(LOSSES);
  readonly #agreements: Record<PairAgreement, number> = zeros(AGREEMENTS);
  /** By class of status: 2 for 2xx. */
  readonly #statuses = [0, 0, 0, 0, 0, 0];

  count(
    outcome: SideOutcome,
    { status, ms, loss }: { status?: number | undefined; ms?: number | undefined; loss?: Loss | undefined },
  ): void {
    this.#outcomes[outcome] += 1;
    if (loss !== undefined) this.#losses[loss] += 1;
    if (outcome !== 'answered') return;
    if (status !== undefined) this.#statuses[Math.min(5, Math.floor(status / 100))]! += 1;
    if (ms !== undefined) this.latency.observe(ms);
  }

  /** Of the pairs that are compared as they come; zeros for the live side. */
  countAgreement(agreement: PairAgreement): void {
    this.#agreements[agreement] += 1;
  }

  get agreements(): Readonly<Record<PairAgreement, number>> {
    return this.#agreements;
  }

  get outcomes(): Readonly<Record<SideOutcome, number>> {
    return this.#outcomes;
  }

  get losses(): Readonly<Record<Loss, number>> {
    return this.#losses;
  }

  get statuses(): readonly number[] {
    return this.#statuses;
  }
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}

/** What is counted of a mirror as a whole. */
export interface Counted {
  live: SideMetrics;
  shadows: ReadonlyMap<string, { metrics: SideMetrics; waiting: number; underWay: number; bytes: number }>;
  /** Requests that are not mirrored, by why. */
  notMirrored: Readonly<Record<'method' | 'path', number>>;
  /** POSTs to paths that are not mirrored, by path: of the first paths that came. */
  unmirroredPaths: ReadonlyMap<string, number>;
  /** Answers in the mirror's own name, by why. */
  refused: Readonly<Record<string, number>>;
  recordsLost: number;
  /** Records that a bound on their folder has removed. */
  recordsRemoved: number;
  /** Requests of mirrored routes while they were divided, by the side that was to answer. */
  answering: ReadonlyMap<string, number>;
  /** Those that the live side answered although the candidate was to, by what that had failed by. */
  fallbacks: Readonly<Record<string, number>>;
}

/** The text that Prometheus reads (its text format 0.0.4). */
export function prometheus(counted: Counted): string {
  const { live, shadows, notMirrored, refused, recordsLost, recordsRemoved, answering, fallbacks } = counted;
  const all: [name: string, metrics: SideMetrics][] = [
    ['live', live],
    ...[...shadows].map(([name, { metrics }]): [string, SideMetrics] => [name, metrics]),
  ];
  const label = (name: string, more = '') => `side="${name}"${more}`;
  const lines: string[] = [];
  const family = (name: string, type: string, help: string, samples: readonly string[]) =>
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples);
  family(
    'shadowctl_mirror_latency_seconds',
    'histogram',
    'From the last byte of the request to the last of the answer, of mirrored requests that were answered.',
    all.flatMap(([name, { latency }]) => latency.lines('shadowctl_mirror_latency_seconds', label(name))),
  );
  family(
    'shadowctl_mirror_requests_total',
    'counter',
    'Mirrored requests by how they ended on a side.',
    all.flatMap(([name, { outcomes }]) =>
      Object.entries(outcomes).map(
        ([outcome, n]) => `shadowctl_mirror_requests_total{${label(name, `,outcome="${outcome}"`)}} ${n}`,
      ),
    ),
  );
  family(
    'shadowctl_mirror_answers_total',
    'counter',
    'Answers to mirrored requests by class of status.',
    all.flatMap(([name, { statuses }]) =>
      statuses.flatMap((n, i) =>
        i < 2 ? [] : [`shadowctl_mirror_answers_total{${label(name, `,status="${i}xx"`)}} ${n}`],
      ),
    ),
  );
  family(
    'shadowctl_mirror_lost_total',
    'counter',
    "Pairs lost to the mirror's own bounds or credentials, or to a caller who went away; they count for neither side.",
    all.flatMap(([name, { losses }]) =>
      Object.entries(losses).map(([why, n]) => `shadowctl_mirror_lost_total{${label(name, `,cause="${why}"`)}} ${n}`),
    ),
  );
  family(
    'shadowctl_mirror_pairs_total',
    'counter',
    'Pairs of answers that were compared as they came, by agreement: at most 25 a second, of at most 64 KiB.',
    [...shadows].flatMap(([name, { metrics }]) =>
      Object.entries(metrics.agreements).map(
        ([agreement, n]) => `shadowctl_mirror_pairs_total{${label(name, `,agreement="${agreement}"`)}} ${n}`,
      ),
    ),
  );
  const gauge = (name: string, help: string, of: 'waiting' | 'underWay' | 'bytes') =>
    family(
      name,
      'gauge',
      help,
      [...shadows].map(([side, values]) => `${name}{${label(side)}} ${values[of]}`),
    );
  gauge('shadowctl_mirror_copies_waiting', 'Copies that wait for a shadow.', 'waiting');
  gauge('shadowctl_mirror_copies_under_way', 'Copies that a shadow is answering.', 'underWay');
  gauge('shadowctl_mirror_copies_bytes', 'Bytes of copies and their answers in memory.', 'bytes');
  family(
    'shadowctl_mirror_not_mirrored_total',
    'counter',
    'Requests that went to the live side alone, because of their method or path.',
    Object.entries(notMirrored).map(([why, n]) => `shadowctl_mirror_not_mirrored_total{cause="${why}"} ${n}`),
  );
  family(
    'shadowctl_mirror_own_answers_total',
    'counter',
    "Answers in the mirror's own name, by the code in their body.",
    Object.entries(refused).map(([why, n]) => `shadowctl_mirror_own_answers_total{code="${why}"} ${n}`),
  );
  family(
    'shadowctl_mirror_divided_total',
    'counter',
    'Requests on mirrored routes while they were divided, by the side that was to answer them.',
    [...answering].map(([side, n]) => `shadowctl_mirror_divided_total{side="${side}"} ${n}`),
  );
  family(
    'shadowctl_mirror_fallbacks_total',
    'counter',
    'Requests that the live side answered because the candidate failed, by how it did.',
    Object.entries(fallbacks).map(([how, n]) => `shadowctl_mirror_fallbacks_total{cause="${how}"} ${n}`),
  );
  family('shadowctl_mirror_records_lost_total', 'counter', 'Records that could not be written.', [
    `shadowctl_mirror_records_lost_total ${recordsLost}`,
  ]);
  family('shadowctl_mirror_records_removed_total', 'counter', 'Records that a bound on their folder has removed.', [
    `shadowctl_mirror_records_removed_total ${recordsRemoved}`,
  ]);
  return `${lines.join('\n')}\n`;
}
