import { AS_FLAGS, type SettingWords } from './setting-words.ts';
import { MINUTE, milliseconds, percent } from '../base/units.ts';

/** A latency statistic with a limit: `p99=250ms`, `avg=1s`. */
export interface LatencyLimit {
  /** `Average` or a percentile in CloudWatch's spelling: `p99`, `p99.9`. */
  statistic: string;
  milliseconds: number;
}

/** A latency statistic with the growth it may have: `p99=20%`. */
export interface LatencyGrowth {
  statistic: string;
  /** 0.2 for 20 %. */
  share: number;
}

/** SageMaker gives a container 60 s to answer (facts 7.2): no ModelLatency can be longer. */
export const MAX_ANSWER_MS = MINUTE;

/** What the user permits the new fleet to do; undefined leaves it to the default. */
export interface LimitRequest {
  /** Share of requests, 0.01 for 1 %. */
  max5xxRate?: number | undefined;
  max4xxRate?: number | undefined;
  maxLatency?: LatencyLimit | undefined;
  maxLatencyIncrease?: LatencyGrowth | undefined;
}

/** A minute-by-minute record of one statistic of the fleet that runs now; minutes without traffic are absent. */
export interface Baseline {
  /** How far back it was read, in minutes. */
  minutes: number;
  /** From the first minute with requests to the last, both counted: a young endpoint has less than was looked at. */
  activeMinutes: number;
  /** Minutes of it with requests. */
  servedMinutes: number;
  /** Requests in that time. */
  requests: number;
  /** Failed requests in that time. */
  failures4xx: number;
  failures5xx: number;
  /** ModelLatency in ms, one value a minute, of the statistic that is limited. */
  latency: readonly number[];
}

/** The limits an alarm enforces, with where each comes from. */
export interface Limits {
  rate5xx: number;
  rate4xx: number;
  latency: { statistic: string; milliseconds: number };
  /** One sentence each, for the plan that is shown. */
  reasons: { rate5xx: string; rate4xx: string; latency: string };
}

const DEFAULT_5XX = 0.01;
const DEFAULT_4XX = 0.05;
/** The default latency may double. */
const DEFAULT_GROWTH: LatencyGrowth = { statistic: 'p90', share: 1 };
/** Where nothing is known of the old fleet. */
const DEFAULT_LIMIT: LatencyLimit = { statistic: 'p90', milliseconds: 1000 };
/** A median of fewer minutes says too little to hold a new fleet to it. */
const MIN_BASELINE_MINUTES = 5;

/** Is the latency to be limited one that the user has named? */
export function namesStatistic({ maxLatency, maxLatencyIncrease }: LimitRequest): boolean {
  return maxLatency !== undefined || maxLatencyIncrease !== undefined;
}

/** Documented of ModelLatency, unlike percentiles (facts 5.1). */
export const MEAN = 'Average';

/**
 * True where CloudWatch has requests of the fleet and not this statistic of their latency: an alarm on it could never fire.
 * Of fewer minutes with requests nothing is said.
 */
export function lacksStatistic({ servedMinutes, latency }: Baseline): boolean {
  return servedMinutes >= MIN_BASELINE_MINUTES && latency.length === 0;
}

/** What to say where a statistic that was asked for is not there. */
export function missingStatistic(statistic: string, { requests, minutes }: Baseline): string {
  return `CloudWatch shows no ${statistic} of ModelLatency, although the endpoint answered ${requests} requests in the last ${minutes} minutes: a limit on it would never be exceeded.`;
}

/** The latency statistic that will be limited, known before the baseline is read. */
export function limitedStatistic(request: LimitRequest): string {
  return request.maxLatency?.statistic ?? request.maxLatencyIncrease?.statistic ?? DEFAULT_GROWTH.statistic;
}

/**
 * What the alarms will enforce. A relative limit is taken from the median minute of the fleet that runs now: the
 * statistic an alarm compares is that of one minute, not that of an hour.
 * @param say how whoever is told sets them
 * @param byDefault the statistic of latency where none is asked for
 * @returns the limits, or the reason why a relative limit cannot be computed
 */
export function settleLimits(
  request: LimitRequest,
  baseline: Baseline,
  byDefault = DEFAULT_GROWTH.statistic,
  say: SettingWords = AS_FLAGS,
): Limits | { missing: string } {
  const rate5xx = request.max5xxRate ?? DEFAULT_5XX;
  const rate4xx = request.max4xxRate ?? DEFAULT_4XX;
  const latency = latencyLimit(request, baseline, byDefault, say);
  if ('missing' in latency) return latency;
  const origin = (given: number | undefined) => (given === undefined ? 'the default' : 'as asked for');
  return {
    rate5xx,
    rate4xx,
    latency: { statistic: latency.statistic, milliseconds: latency.milliseconds },
    reasons: {
      rate5xx: `more than ${percent(rate5xx)} of the requests of a minute answered 5XX (${origin(request.max5xxRate)})`,
      rate4xx: `more than ${percent(rate4xx)} of the requests of a minute answered 4XX (${origin(request.max4xxRate)})`,
      latency: latency.reason,
    },
  };
}

function latencyLimit(
  request: LimitRequest,
  baseline: Baseline,
  byDefault: string,
  say: SettingWords,
): (LatencyLimit & { reason: string }) | { missing: string } {
  const words = (limit: LatencyLimit, why: string) => ({
    ...limit,
    reason: `ModelLatency ${limit.statistic} above ${milliseconds(limit.milliseconds)} (${why})`,
  });
  if (request.maxLatency !== undefined) return words(request.maxLatency, 'as asked for');
  const growth = request.maxLatencyIncrease ?? { ...DEFAULT_GROWTH, statistic: byDefault };
  if (baseline.latency.length >= MIN_BASELINE_MINUTES) {
    const now = median(baseline.latency);
    const limit = { statistic: growth.statistic, milliseconds: now * (1 + growth.share) };
    const origin = request.maxLatencyIncrease === undefined ? 'the default' : 'as asked for';
    return words(
      limit,
      `${percent(growth.share)} above ${milliseconds(now)}, the median minute of the fleet being replaced over ${baseline.minutes} minutes; ${origin}`,
    );
  }
  if (request.maxLatencyIncrease !== undefined) {
    return {
      missing:
        `${say('max-latency-increase')} compares with the fleet being replaced, which served requests in only ` +
        `${baseline.latency.length} of the last ${baseline.minutes} minutes (at least ${MIN_BASELINE_MINUTES} are needed).`,
    };
  }
  return words(DEFAULT_LIMIT, `the default if the fleet being replaced has too little traffic to compare with`);
}

/** The middle value; of an even number the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** How often a limit would have struck the fleet that runs now: a limit its own predecessor breaks rolls back everything. */
export function brokenMinutes(latency: readonly number[], limitMs: number, inARow: number): number {
  let run = 0;
  let struck = 0;
  for (const value of latency) {
    run = value > limitMs ? run + 1 : 0;
    if (run >= inARow) struck += 1;
  }
  return struck;
}
