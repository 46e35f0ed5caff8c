import type { Exceedance, MetricName, Metrics, MetricTable } from '../observations.ts';
import type { Policy } from '../policy/policy.ts';
import { gates, latencyMargin } from '../policy/policy.ts';
import { blockSequence, EARLY_ALPHA, halfWidth, meanAndDeviation, ratioSequence } from '../statistics/sequences.ts';
import type { BlockSequence, RatioMinute } from '../statistics/sequences.ts';
import { compare } from './verdict.ts';
import type { Gate } from './verdict.ts';
import { confidence, minutesToPass, requiredSampleSize } from './evidence.ts';
import { judgePaired, moreRequests, pairedMinutes } from './errors.ts';
import { pairShares } from '../statistics/paired-shares.ts';
import type { PairedMinute } from '../statistics/paired-shares.ts';
import type { Challenger, Evidence } from './evidence.ts';
import { history } from './history.ts';
import { change, counted, milliseconds, number, percent, points } from '../../base/units.ts';
import { minutesNeeded, needsAdvice, needsTraffic, needsTrafficAbout, NOTHING, UNDECIDABLE } from './needs.ts';
import type { Needs } from './needs.ts';

type Statistic = keyof Policy['latency'];

export const STATISTICS: readonly { name: Statistic; metric: MetricName; quantile: number | undefined }[] = [
  { name: 'mean', metric: 'latencyMean', quantile: undefined },
  { name: 'p50', metric: 'latencyP50', quantile: 0.5 },
  { name: 'p90', metric: 'latencyP90', quantile: 0.9 },
  { name: 'p99', metric: 'latencyP99', quantile: 0.99 },
];

/**
 * Is the shadow slower? Both variants see the same requests in the same minute. The mean is the ratio of two sums: of what
 * the shadow's requests took, and of what as many of production's took in the same minutes. Of a quantile, the logarithm of
 * the ratio of the same minute's quantiles is averaged, which is the quantile's only where minutes hold enough requests.
 * Blocks of minutes give a confidence sequence of either; a shadow that is much slower fails by single minutes before.
 */
export function judgeLatency(evidence: Evidence): Gate[] {
  const { observations, summaries, policy, challenger } = evidence;
  const shadow = observations.metrics.shadow;
  if (shadow === undefined || summaries.shadow === undefined) return [];
  return STATISTICS.map(({ name, metric, quantile }) => {
    const minutes = latencyMinutes(observations.metrics.production, shadow, metric, policy.warmupMinutes);
    const warm = shadow[metric].some((value) => value !== null) ? warmUp(policy.warmupMinutes, challenger) : '';
    if (quantile === undefined) {
      const ratios = pairedSums(observations.metrics, policy) ?? minutes.map(sums);
      return gate(name, ratioSequence(ratios, policy), RATIO, policy, {
        warm,
        production: meanOf(observations.metrics, minutes),
      });
    }
    const exceedance = observations.metrics.exceedances?.[name as 'p50' | 'p90' | 'p99'];
    // Counted for another margin, they say nothing about this one.
    if (exceedance !== undefined && isCountedFor(exceedance, name, policy))
      return exceedanceGate(evidence, shadow, name, exceedance);
    const logs = minutes.map((minute) => minute && Math.log(minute.shadow / minute.production));
    const few = fewRequests(minutes, quantile, challenger);
    return gate(name, blockSequence(logs, policy), LOGARITHM, policy, { warm, few, production: typicalOf(minutes) });
  });
}

/** Was it counted for the margin that the policy has? */
export function isCountedFor({ threshold, margin }: Exceedance, name: Statistic, policy: Policy): boolean {
  const demanded = latencyMargin(policy, name, threshold);
  return Math.abs(margin - demanded) <= 1e-9 * Math.max(1, demanded);
}

/** Milliseconds that production's requests take, of the same minutes. */
function meanOf({ paired }: Metrics, minutes: readonly (LatencyMinute | undefined)[]): number {
  const total = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0);
  if (paired !== undefined) return total(paired.latency.production) / Math.max(1, total(paired.latency.n));
  const known = minutes.filter((minute) => minute !== undefined);
  const n = total(known.map(({ requests }) => requests.shadow));
  return total(known.map(({ production, requests }) => production * requests.shadow)) / Math.max(1, n);
}

/** The geometric mean of production's quantile over these minutes, as ratios are averaged. */
function typicalOf(minutes: readonly (LatencyMinute | undefined)[]): number {
  const logs = minutes.flatMap((minute) => (minute === undefined ? [] : [Math.log(minute.production)]));
  return logs.length === 0 ? 0 : Math.exp(logs.reduce((sum, one) => sum + one, 0) / logs.length);
}

/**
 * A quantile of the shadow's is longer by less than the margin where fewer of its requests take longer than production's
 * quantile and the margin than of production's take longer than that quantile: a difference of two shares, whatever the number of
 * requests (Howard and Ramdas, arXiv 1906.09712, compare quantiles by counts likewise).
 */
function exceedanceGate(
  { observations, policy, challenger }: Evidence,
  shadow: MetricTable,
  name: Statistic,
  exceedance: Exceedance,
): Gate {
  const { threshold, margin } = exceedance;
  const found = pairShares(exceedanceMinutes(observations.metrics.production, shadow, exceedance, policy));
  const { interval, says, floor, outcome } = judgePaired(found, 0, policy);
  const beyond = milliseconds(threshold * (1 + margin));
  const share = ({ successes, n }: { successes: number; n: number }) => percent(successes / n);
  const seen = `${share(found.shadow)} of the ${challenger}'s requests took longer than ${beyond}, and ${share(found.production)} of production's longer than ${milliseconds(threshold)}, its ${name} when the window began`;
  const words = {
    pass: `${seen}; the difference is at most ${points(interval[1])} (${confidence(policy)}), so its ${name} is at most ${change(1 + margin)}.`,
    fail: `${seen}; the difference is at least ${points(interval[0])} (${confidence(policy)}), so its ${name} is more than ${change(1 + margin)}.`,
    inconclusive:
      found.minutes === 0
        ? `There is no minute after the warm-up in which both have a latency.`
        : floor.missing > 0
          ? `${seen}, but ${floor.bursts ? 'slow requests come in bursts, so ' : ''}${minutesNeeded(floor.minutes, 'in which both have requests')} to ${says}, and there are ${found.minutes}.`
          : `${seen}; the true difference is between ${points(interval[0])} and ${points(interval[1])} (${confidence(policy)}), and must be below 0.`,
  };
  return {
    id: `latency.${name}`,
    title: `Is it slower (${name})?`,
    outcome,
    gating: gates(policy, `latency.${name}`),
    unit: 'share',
    difference: true,
    estimate: found.minutes === 0 ? undefined : found.estimate,
    interval: found.minutes === 0 ? undefined : interval,
    margin: 0,
    relation: '<',
    n: found.shadow.n,
    of: 'requests',
    reason: words[outcome],
    ...(outcome !== 'inconclusive'
      ? NOTHING
      : found.minutes === 0
        ? needsTraffic(minutesToPass(policy))
        : floor.missing > 0
          ? needsTraffic(floor.missing)
          : moreRequests(found, 0, policy)),
  };
}

/** Requests of both that took longer than they should, minute by minute, without the warm-up. */
export function exceedanceMinutes(
  production: MetricTable,
  shadow: MetricTable,
  { production: ofProduction, shadow: ofShadow, pairs }: Exceedance,
  { warmupMinutes }: Policy,
): PairedMinute[] {
  const first = shadow.invocations.findIndex((n) => (n ?? 0) > 0);
  if (first < 0) return [];
  if (pairs !== undefined) return pairedMinutes(pairs).slice(first + warmupMinutes);
  const counts = (share: number | null | undefined, n: number | null | undefined) =>
    share === null || share === undefined ? { successes: 0, n: 0 } : { successes: share * (n ?? 0), n: n ?? 0 };
  const minutes = ofShadow.map((share, i) => ({
    production: counts(ofProduction[i], production.invocations[i]),
    shadow: counts(share, shadow.invocations[i]),
  }));
  return minutes.slice(first + warmupMinutes);
}

/** A statistic of both variants in one minute, and the requests behind it. */
export interface LatencyMinute {
  shadow: number;
  production: number;
  requests: { shadow: number; production: number };
}

/** From the shadow's first request on, without the warm-up; undefined where either has no latency. */
export function latencyMinutes(
  production: MetricTable,
  shadow: MetricTable,
  metric: MetricName,
  warmup: number,
): (LatencyMinute | undefined)[] {
  const first = shadow.invocations.findIndex((n) => (n ?? 0) > 0);
  if (first < 0) return [];
  return shadow[metric].slice(first + warmup).map((ofShadow, i) => {
    const at = i + first + warmup;
    const ofProduction = production[metric][at] ?? null;
    if (ofShadow === null || ofProduction === null || ofShadow <= 0 || ofProduction <= 0) return undefined;
    // A latency without a count of its own still happened.
    const requests = (table: MetricTable) => Math.max(1, table.invocations[at] ?? 1);
    return {
      shadow: ofShadow,
      production: ofProduction,
      requests: { shadow: requests(shadow), production: requests(production) },
    };
  });
}

/** The same of the very same requests, where these are known: those that have a latency on both sides. */
function pairedSums({ paired, shadow }: Metrics, { warmupMinutes }: Policy): (RatioMinute | undefined)[] | undefined {
  if (paired === undefined || shadow === undefined) return undefined;
  const { n, production, shadow: ofShadow } = paired.latency;
  const first = shadow.invocations.findIndex((requests) => (requests ?? 0) > 0);
  if (first < 0) return [];
  const minutes = n.map((requests, i): RatioMinute | undefined =>
    requests === 0 || (production[i] ?? 0) <= 0
      ? undefined
      : { shadow: ofShadow[i] ?? 0, production: production[i] ?? 0 },
  );
  return minutes.slice(first + warmupMinutes);
}

/** What the shadow's requests took together, and what as many of production's took. */
function sums(minute: LatencyMinute | undefined): RatioMinute | undefined {
  if (minute === undefined) return undefined;
  const n = minute.requests.shadow;
  return { shadow: minute.shadow * n, production: minute.production * n };
}

/**
 * Requests that a minute must hold on either side until the mean of minutes' quantiles is about the quantile: 30 for p99,
 * 3 for p90. Of six requests, p99 is the largest, and a shadow of which 2 % are three times as slow looks like production.
 */
export function requestsPerMinute(quantile: number): number {
  return 0.3 / (1 - quantile);
}

interface Few {
  /** Goes on after what was seen. */
  reason: string;
  needs: Needs;
}

/** Undefined where minutes hold enough requests for the quantile, or nothing is known yet. */
export function fewRequests(
  minutes: readonly (LatencyMinute | undefined)[],
  quantile: number,
  challenger: Challenger,
): Few | undefined {
  const known = minutes.filter((minute) => minute !== undefined);
  if (known.length === 0) return undefined;
  const mean = (side: 'shadow' | 'production') =>
    known.reduce((sum, { requests }) => sum + requests[side], 0) / known.length;
  const [ofShadow, ofProduction] = [mean('shadow'), mean('production')];
  const needed = requestsPerMinute(quantile);
  if (Math.min(ofShadow, ofProduction) >= needed) return undefined;
  const [who, has] = ofShadow <= ofProduction ? [`the ${challenger}`, ofShadow] : ['production', ofProduction];
  const least = number(needed, 2);
  return {
    reason: `a minute holds ${number(has, 2)} requests of ${who}, and a quantile of so few is another one`,
    needs: needsAdvice(
      `at least ${least} requests a minute of both${ofShadow < ofProduction ? ': let the shadow see a larger share of them' : ''}`,
    ),
  };
}

/** Goes on with what there is beside the warm-up. */
function warmUp(minutes: number, challenger: Challenger): string {
  if (minutes === 0) return '';
  const which = minutes === 1 ? 'the first minute' : `the first ${minutes} minutes`;
  return `${which} with the ${challenger} in this window ${minutes === 1 ? 'is' : 'are'} warm-up and left out, and there is `;
}

/** In which unit a sequence is: of ratios themselves, or of their logarithms. */
interface Scale {
  to: (ratio: number) => number;
  from: (value: number) => number;
}
const RATIO: Scale = { to: (ratio) => ratio, from: (value) => value };
const LOGARITHM: Scale = { to: Math.log, from: Math.exp };

function gate(
  name: Statistic,
  sequence: BlockSequence,
  scale: Scale,
  policy: Policy,
  /** `warm`: what is to be said where there is nothing but warm-up; `production`: milliseconds that it takes. */
  { warm, few, production }: { warm: string; few?: Few | undefined; production: number },
): Gate {
  const margin = latencyMargin(policy, name, production);
  const limitWords = `${change(1 + margin)}${margin > policy.latency[name] ? ` (${milliseconds(policy.latencyFloor)}, the floor of the policy)` : ''}`;
  const raw = meanAndDeviation(sequence.means).deviation;
  const widening = raw > 0 ? sequence.deviation / raw : 1;
  const known = Number.isFinite(sequence.estimate);
  const limit = scale.to(1 + margin);
  const says = compare(sequence.interval, limit);
  const early = few === undefined && says === 'inconclusive' && sequence.early !== undefined && sequence.early > limit;
  const outcome = few !== undefined ? 'inconclusive' : early ? 'fail' : says;
  const bounds: readonly [number, number] | undefined =
    early && sequence.early !== undefined
      ? [sequence.early, 2 * sequence.estimate - sequence.early]
      : sequence.interval;
  const interval = bounds && ([scale.from(bounds[0]), scale.from(bounds[1])] as [number, number]);
  const seen = known
    ? `Its ${name} latency differs from production's by ${change(scale.from(sequence.estimate))}`
    : `${warm}no ${warm === '' ? '' : 'later '}minute in which both have a latency`;
  const sure = early ? confidence({ ...policy, alpha: EARLY_ALPHA }) : confidence(policy);
  const words = {
    pass: `${seen}; at most ${change(interval?.[1] ?? 1)} (${sure}), and the limit is ${limitWords}.`,
    fail: `${seen}; at least ${change(interval?.[0] ?? 1)} (${sure}), and the limit is ${limitWords}.`,
    inconclusive:
      few !== undefined
        ? `${seen}, but ${few.reason}.`
        : interval === undefined
          ? `${seen}${known ? `, in` : `:`} ${sequence.blocks} of the ${counted(policy.minimumBlocks, 'blocks')} of ${counted(sequence.minutes, 'minutes')} that a verdict needs.`
          : `${seen}; the true value is between ${change(interval[0])} and ${change(interval[1])} (${sure}), and the limit is ${limitWords}.`,
  };
  return {
    id: `latency.${name}`,
    title: `Is it slower (${name})?`,
    outcome,
    gating: gates(policy, `latency.${name}`),
    unit: 'ratio',
    estimate: known ? scale.from(sequence.estimate) : undefined,
    interval: few === undefined ? interval : undefined,
    margin: 1 + margin,
    relation: '<',
    history: history(sequence.blocks, (n) => {
      if (n < 2) return undefined;
      const { mean, deviation } = meanAndDeviation(sequence.means.slice(0, n));
      const half = halfWidth(n, deviation * widening, policy);
      return { n, estimate: scale.from(mean), interval: [scale.from(mean - half), scale.from(mean + half)] };
    }),
    n: sequence.blocks,
    of: 'blocks',
    reason: words[outcome],
    ...(outcome !== 'inconclusive' ? NOTHING : (few?.needs ?? needsOfBlocks(sequence, limit, policy))),
  };
}

/** The blocks that are missing until the sequence decides, if it goes on as it has. */
export function needsOfBlocks(sequence: BlockSequence, limit: number, policy: Policy): Needs {
  const atLeast = sequence.missing;
  const { estimate, deviation, interval } = sequence;
  // What the upper bound has in addition shrinks with the blocks.
  const more = interval === undefined ? 0 : interval[1] - estimate - halfWidth(sequence.blocks, deviation, policy);
  const blocks = requiredSampleSize(Math.max(1, sequence.blocks + atLeast), (n) => {
    const half = halfWidth(n, deviation, policy);
    return compare([estimate - half, estimate + half + (more * sequence.blocks) / n], limit) !== 'inconclusive';
  });
  // With under three blocks nobody knows how strongly they are correlated.
  const missing = sequence.blocks < 3 || blocks === undefined ? atLeast : blocks - sequence.blocks;
  if (missing <= 0) return UNDECIDABLE;
  const minutes = missing * sequence.minutes;
  return missing <= atLeast ? needsTraffic(minutes) : needsTrafficAbout(minutes, sequence.blocks * sequence.minutes);
}
