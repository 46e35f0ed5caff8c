import { MINUTE } from '../../../base/units.ts';
import type { RecordFacts } from '../../mirrored/record.ts';
import type { BeyondLimit, Exceedance, Metrics, MetricTable, PairCounts, PairedMetrics } from '../../observations.ts';
import { METRICS } from '../../observations.ts';
import { quantile } from '../../statistics/distances.ts';
import { PERIODS, QUANTILES, type QuantileMargins, requestsForThreshold } from '../exceedances.ts';

/** The requests of one side in one minute. Milliseconds. */
interface Minute {
  n: number;
  errors4xx: number;
  errors5xx: number;
  /** Of requests that were answered well. */
  answered: number[];
  /** Of requests that were given up, how long they were waited for: they took longer than any limit. */
  givenUp: number[];
}

/**
 * Requests of one side, minute by minute. Both sides hold the same requests in the same minutes, so that minutes are pairs; a
 * request that a shadow never answered took as long as it was waited for, and longer than any limit.
 */
export class SideTable {
  readonly #minutes = new Map<number, Minute>();

  /** @param waited milliseconds after which a copy is given up */
  add({ at, outcome, status, ms }: RecordFacts, waited: number): void {
    const key = Math.floor(at / MINUTE) * MINUTE;
    let minute = this.#minutes.get(key);
    if (minute === undefined) {
      minute = { n: 0, errors4xx: 0, errors5xx: 0, answered: [], givenUp: [] };
      this.#minutes.set(key, minute);
    }
    minute.n += 1;
    if (outcome === 'answered' && status !== undefined && status < 300) {
      // A recording may not say how long an answer took.
      if (ms !== undefined) minute.answered.push(ms);
      return;
    }
    // A redirect is no prediction either: what SageMaker counts apart by class, ends up in one of the two here.
    if (outcome === 'answered' && status !== undefined && status < 500) minute.errors4xx += 1;
    else minute.errors5xx += 1;
    if (outcome === 'timeout' || outcome === 'too-slow') minute.givenUp.push(Math.max(ms ?? 0, waited));
  }

  get first(): number | undefined {
    return this.#minutes.size === 0 ? undefined : Math.min(...this.#minutes.keys());
  }

  get last(): number | undefined {
    return this.#minutes.size === 0 ? undefined : Math.max(...this.#minutes.keys());
  }

  minute(at: number): Minute | undefined {
    return this.#minutes.get(at);
  }
}

/** One request on both sides. Milliseconds; undefined where a side gave no answer that has a latency. */
interface Pair {
  failed: readonly [production: boolean, shadow: boolean];
  ms: readonly [production: number | undefined, shadow: number | undefined];
}

/** Requests that are known on both sides, minute by minute. */
export class PairTable {
  readonly #minutes = new Map<number, Pair[]>();

  /** @param waited milliseconds after which a copy is given up */
  add(production: RecordFacts, shadow: RecordFacts, waited: number): void {
    const key = Math.floor(production.at / MINUTE) * MINUTE;
    const pairs = this.#minutes.get(key) ?? [];
    this.#minutes.set(key, pairs);
    pairs.push({
      failed: [!isWell(production), !isWell(shadow)],
      ms: [latencyOf(production, 0), latencyOf(shadow, waited)],
    });
  }

  /** Pairs of which something is true of a side. */
  counts(times: readonly number[], counted: (pair: Pair) => readonly [boolean, boolean] | undefined): PairCounts {
    const rows = times.map((at) => (this.#minutes.get(at) ?? []).map(counted).filter((one) => one !== undefined));
    const column = (holds: (one: readonly [boolean, boolean]) => boolean) =>
      rows.map((row) => row.filter(holds).length);
    return {
      n: rows.map((row) => row.length),
      both: column(([production, shadow]) => production && shadow),
      production: column(([production, shadow]) => production && !shadow),
      shadow: column(([production, shadow]) => !production && shadow),
    };
  }

  metrics(times: readonly number[]): PairedMetrics {
    const timed = times.map((at) =>
      (this.#minutes.get(at) ?? []).flatMap(({ ms: [production, shadow] }) =>
        production === undefined || shadow === undefined ? [] : [[production, shadow] as const],
      ),
    );
    const sum = (side: 0 | 1) => timed.map((row) => row.reduce((total, one) => total + one[side], 0));
    return {
      failed: this.counts(times, ({ failed }) => failed),
      latency: { n: timed.map((row) => row.length), production: sum(0), shadow: sum(1) },
    };
  }
}

/** A side answered, and said no error. */
export function isWell({ outcome, status }: Pick<RecordFacts, 'outcome' | 'status'>): boolean {
  return outcome === 'answered' && status !== undefined && status < 300;
}

/** Of a request that was given up, how long it was waited for: it took longer than any limit. */
function latencyOf(facts: RecordFacts, waited: number): number | undefined {
  if (isWell(facts)) return facts.ms;
  const { outcome, ms } = facts;
  return outcome === 'timeout' || outcome === 'too-slow' ? Math.max(ms ?? 0, waited) : undefined;
}

/** What CloudWatch would have said of these requests, and could not: counts and latencies of single requests. */
export function metricsOf(
  production: SideTable,
  shadow: SideTable,
  pairs: PairTable,
  { marginOf, limits }: QuantileMargins,
): Metrics {
  const from = Math.min(...[production.first, shadow.first].filter((at) => at !== undefined));
  const to = Math.max(...[production.last, shadow.last].filter((at) => at !== undefined));
  const times: number[] = [];
  if (Number.isFinite(from)) for (let at = from; at <= to; at += MINUTE) times.push(at);
  const found: Partial<Record<'p50' | 'p90' | 'p99', Exceedance>> = {};
  const beyond: Partial<Record<'p50' | 'p90' | 'p99', BeyondLimit>> = {};
  for (const [name, q] of QUANTILES) {
    const threshold = thresholdOf(production, times, q);
    if (threshold !== undefined && threshold > 0) {
      const margin = marginOf(name, threshold);
      found[name] = {
        threshold,
        margin,
        production: shareBeyond(production, times, threshold),
        shadow: shareBeyond(shadow, times, threshold * (1 + margin)),
        pairs: pairs.counts(times, ({ ms: [ofProduction, ofShadow] }) =>
          ofProduction === undefined || ofShadow === undefined
            ? undefined
            : [ofProduction > threshold, ofShadow > threshold * (1 + margin)],
        ),
      };
    }
    const limit = limits[name];
    if (limit !== undefined) beyond[name] = { limit, shadow: shareBeyond(shadow, times, limit) };
  }
  return {
    times,
    production: tableOf(production, times),
    shadow: tableOf(shadow, times),
    paired: pairs.metrics(times),
    ...(Object.keys(found).length === 0 ? {} : { exceedances: found }),
    ...(Object.keys(beyond).length === 0 ? {} : { beyondLimits: beyond }),
  };
}

function tableOf(side: SideTable, times: readonly number[]): MetricTable {
  const column = (of: (minute: Minute) => number | null) =>
    times.map((at) => {
      const minute = side.minute(at);
      return minute === undefined ? null : of(minute);
    });
  const sorted = new Map(times.map((at) => [at, Float64Array.from(latenciesOf(side.minute(at))).sort()] as const));
  const latency = (of: (values: Float64Array) => number) =>
    times.map((at) => {
      const values = sorted.get(at);
      return values === undefined || values.length === 0 ? null : of(values);
    });
  const nothing = times.map(() => null);
  return {
    ...(Object.fromEntries(METRICS.map((name) => [name, nothing])) as unknown as MetricTable),
    invocations: column(({ n }) => n),
    errors4xx: column(({ errors4xx }) => errors4xx),
    errors5xx: column(({ errors5xx }) => errors5xx),
    modelErrors: column(({ errors4xx, errors5xx }) => errors4xx + errors5xx),
    latencyMean: latency((values) => values.reduce((sum, one) => sum + one, 0) / values.length),
    latencyP50: latency((values) => quantile(values, 0.5)),
    latencyP90: latency((values) => quantile(values, 0.9)),
    latencyP99: latency((values) => quantile(values, 0.99)),
  };
}

/** Production's quantile over the first minutes that hold enough requests: the same at every look. */
function thresholdOf(production: SideTable, times: readonly number[], q: number): number | undefined {
  for (const minutes of PERIODS) {
    if (minutes > times.length) return undefined;
    const all = times.slice(0, minutes).flatMap((at) => latenciesOf(production.minute(at)));
    if (all.length >= requestsForThreshold(q)) return quantile(Float64Array.from(all).sort(), q);
  }
  return undefined;
}

function shareBeyond(side: SideTable, times: readonly number[], threshold: number): (number | null)[] {
  return times.map((at) => {
    const { answered, givenUp } = side.minute(at) ?? { answered: [], givenUp: [] };
    const all = answered.length + givenUp.length;
    return all === 0 ? null : (answered.filter((ms) => ms > threshold).length + givenUp.length) / all;
  });
}

function latenciesOf(minute: Minute | undefined): number[] {
  return minute === undefined ? [] : [...minute.answered, ...minute.givenUp];
}
