import { clopperPearson, dispersion } from '../../analysis/statistics/proportions.ts';
import { MINUTE, SECOND } from '../../base/units.ts';
import type { LoadStep } from './planned.ts';
import type { Recording } from './recording.ts';
import { type Shot, type ShotEnd } from './send.ts';
import type { SentCounts } from './tally.ts';
import { isWell } from '../../analysis/observe/mirror/table.ts';

/** What the target must hold under load. */
export interface LoadLimits {
  /** Milliseconds, by quantile. */
  latency: Readonly<Partial<Record<'p50' | 'p90' | 'p99', number>>>;
  /** Share of the requests that may fail. */
  errors: number;
}

/** One question about a step. Shares are of its requests. */
export interface LoadCheck {
  what: 'errors' | 'p50' | 'p90' | 'p99';
  /** A share, or milliseconds. */
  limit: number;
  /** The share that failed, or that took longer than the limit, and its bounds, each at 95 % confidence. */
  share: number;
  interval: readonly [low: number, high: number];
  /** The share that is allowed. */
  allowed: number;
  /** The same of the second half of the step: a queue that grows shows there. */
  later: number;
  outcome: LoadOutcome;
}

/**
 * - `holds`: with confidence, every limit
 * - `fails`: with confidence, one limit is exceeded
 * - `not-known`: too few requests, or a load that was not what was asked for
 */
export type LoadOutcome = 'holds' | 'fails' | 'not-known';

/**
 * Why the load was not what was asked for.
 *
 * - `sender-behind`: the sender itself sent late
 * - `concurrency`: its bound on requests under way is smaller than what the rate needs within the limits
 * - `interrupted`: the step did not last its time
 */
type LoadFault = 'sender-behind' | 'concurrency' | 'interrupted';

export interface StepResult extends LoadStep {
  counts: SentCounts;
  /** Requests that were really sent, a second. */
  sentPerSecond: number;
  checks: readonly LoadCheck[];
  fault: LoadFault | undefined;
  outcome: LoadOutcome;
}

/** A sender that is so much late, in milliseconds at the 99th percentile, does not put the load on the target that it says. */
const LATE = 20;
/** One-sided, of each bound. */
const ALPHA = 0.05;

/** What a step has counted of each second. */
interface Second {
  n: number;
  wrong: number;
  /** Answers that failed by their own status, or never came: whatever the sender did, these are the target's. */
  failed: number;
  beyond: Map<LoadCheck['what'], number>;
}

/** Counts a step, second by second. */
export class LoadTally {
  readonly #limits: LoadLimits;
  readonly #seconds = new Map<number, Second>();

  constructor(limits: LoadLimits) {
    this.#limits = limits;
  }

  add(shot: Pick<ShotEnd, 'due' | 'end' | 'unsent'>): void {
    const { end, due, unsent } = shot;
    if (end.outcome === 'lost') return;
    const at = Math.floor(due / SECOND);
    const second = this.#seconds.get(at) ?? { n: 0, wrong: 0, failed: 0, beyond: new Map() };
    this.#seconds.set(at, second);
    const well = isWell(end);
    second.n += 1;
    if (!well) second.wrong += 1;
    if (!well && !unsent) second.failed += 1;
    // What failed quickly was not quick.
    for (const [what, limit] of Object.entries(this.#limits.latency) as ['p50' | 'p90' | 'p99', number][])
      if (!well || (end.ms ?? 0) > limit) second.beyond.set(what, (second.beyond.get(what) ?? 0) + 1);
  }

  /**
   * @param bound requests under way at the most
   * @param whole the step lasted its time
   */
  result(
    step: LoadStep,
    counts: SentCounts,
    { bound, whole, ms }: { bound: number; whole: boolean; ms: number },
  ): StepResult {
    const seconds = [...this.#seconds].toSorted((a, b) => a[0] - b[0]).map(([, second]) => second);
    const checks = [
      check('errors', this.#limits.errors, this.#limits.errors, seconds, (second) => second.wrong),
      ...(Object.entries(this.#limits.latency) as ['p50' | 'p90' | 'p99', number][]).map(([what, limit]) =>
        check(what, limit, BEYOND[what], seconds, (second) => second.beyond.get(what) ?? 0),
      ),
    ];
    const late = (counts.lag?.p99 ?? 0) > LATE;
    const fault = late
      ? 'sender-behind'
      : counts.unsent > 0 && bound < concurrencyNeeded(step, this.#limits)
        ? 'concurrency'
        : undefined;
    const own = check('errors', this.#limits.errors, this.#limits.errors, seconds, (second) => second.failed);
    const seen: LoadOutcome = checks.some(({ outcome }) => outcome === 'fails')
      ? 'fails'
      : whole && checks.every(({ outcome }) => outcome === 'holds')
        ? 'holds'
        : 'not-known';
    return {
      ...step,
      counts,
      sentPerSecond: ms > 0 ? ((counts.due - counts.unsent) / ms) * SECOND : 0,
      checks,
      fault: fault ?? (whole || seen === 'fails' ? undefined : 'interrupted'),
      // Under less load than was asked for a target that fails fails; what seems to hold, or to be slow, may be the sender's doing.
      outcome: fault === undefined ? seen : own.outcome === 'fails' ? 'fails' : 'not-known',
    };
  }
}

const BEYOND = { p50: 0.5, p90: 0.1, p99: 0.01 } as const;

/** Seconds that scatter so much more than chance would make them hold bursts; few bursts show too little of how they scatter. */
const BURSTY = 2;
const BURSTY_FACTOR = 3;

/**
 * Is a share of the requests no larger than allowed? Clopper-Pearson bounds, with requests counting for as much less as their seconds
 * (and groups of them) scatter more than independent requests would: those of one burst are slow, or fail, together. The upper bound of
 * what comes in bursts takes three times as much scatter.
 */
function check(
  what: LoadCheck['what'],
  limit: number,
  allowed: number,
  seconds: readonly Second[],
  of: (second: Second) => number,
): LoadCheck {
  const sum = (part: readonly Second[], value: (second: Second) => number) =>
    part.reduce((total, second) => total + value(second), 0);
  const blocks = seconds.map((second) => ({ successes: of(second), n: second.n }));
  const [n, hits] = [sum(seconds, (second) => second.n), sum(seconds, of)];
  const factor = dispersion(blocks);
  const wide = factor > BURSTY ? BURSTY_FACTOR * factor : factor;
  const interval = [
    clopperPearson(hits / factor, n / factor, ALPHA)[0],
    clopperPearson(hits / wide, n / wide, ALPHA)[1],
  ] as const;
  const second = seconds.slice(Math.floor(seconds.length / 2));
  const later =
    n === 0
      ? 0
      : sum(second, of) /
        Math.max(
          1,
          sum(second, (one) => one.n),
        );
  const outcome =
    n > 0 && interval[0] > allowed
      ? 'fails'
      : n > 0 && interval[1] <= allowed && later <= allowed
        ? 'holds'
        : 'not-known';
  return { what, limit, share: n === 0 ? 0 : hits / n, interval, allowed, later, outcome };
}

/**
 * Requests that are under way at once at a rate, where each takes as long as the strictest limit on a high quantile allows
 * (Little 1961: L = λ W). A bound below it keeps requests back that a target within its limits would answer.
 */
export function concurrencyNeeded({ perSecond }: Pick<LoadStep, 'perSecond'>, { latency }: LoadLimits): number {
  const longest = latency.p99 ?? latency.p90 ?? latency.p50;
  return longest === undefined ? Number.POSITIVE_INFINITY : Math.ceil((perSecond * longest) / SECOND);
}

/** All steps together: the worst that is known, and nothing better than what is not known. */
export function loadOutcome(steps: readonly Pick<StepResult, 'outcome'>[], asked: number): LoadOutcome {
  if (steps.some(({ outcome }) => outcome === 'fails')) return 'fails';
  return asked > 0 && steps.length === asked && steps.every(({ outcome }) => outcome === 'holds')
    ? 'holds'
    : 'not-known';
}

/**
 * The requests of one step: they come as they came in the busiest minute, that minute again and again and so many times as fast; or
 * evenly, where the peak was said. What is sent goes on through the recording from the busiest minute, and from its beginning again.
 *
 * @param first number of the request to begin with
 */
export function* loadShots(
  recording: Recording,
  { factor, perSecond }: LoadStep,
  ms: number,
  first: number,
  said: boolean,
): Generator<Shot> {
  const { peak, requests } = recording.facts;
  const start = peak === undefined ? 0 : recording.firstFrom(peak.from);
  for (let i = 0; ; i += 1) {
    const due = said || peak === undefined ? (i * SECOND) / perSecond : arrival(recording, peak, { start, i }) / factor;
    if (due >= ms) return;
    yield { request: (first + i) % requests, due };
  }
}

/** Milliseconds after the beginning of the busiest minute at which its i-th request came, that minute again and again. */
function arrival(
  recording: Recording,
  { from, requests }: { from: number; requests: number },
  { start, i }: { start: number; i: number },
): number {
  return Math.floor(i / requests) * MINUTE + recording.at(start + (i % requests)) - from;
}
