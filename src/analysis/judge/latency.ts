import type { MetricName, MetricTable } from '../observations.ts';
import type { Policy } from '../policy/policy.ts';
import { gates } from '../policy/policy.ts';
import { requestsForQuantile } from '../statistics/proportions.ts';
import { blockSequence, meanAndDeviation, sequenceHalfWidth } from '../statistics/sequences.ts';
import type { BlockSequence } from '../statistics/sequences.ts';
import { compare } from './verdict.ts';
import type { Gate } from './verdict.ts';
import { confidence, requiredSampleSize } from './evidence.ts';
import type { Challenger, Evidence } from './evidence.ts';
import { history } from './history.ts';
import { change, counted } from '../../base/units.ts';
import { needsTraffic, NOTHING, UNDECIDABLE } from './needs.ts';
import type { Needs } from './needs.ts';

type Statistic = keyof Policy['latency'];

const STATISTICS: readonly { name: Statistic; metric: MetricName; quantile: number | undefined }[] = [
  { name: 'mean', metric: 'latencyMean', quantile: undefined },
  { name: 'p50', metric: 'latencyP50', quantile: 0.5 },
  { name: 'p90', metric: 'latencyP90', quantile: 0.9 },
  { name: 'p99', metric: 'latencyP99', quantile: 0.99 },
];

/**
 * Is the shadow slower? Both variants see the same requests in the same minute, so the logarithm of the ratio of the
 * same statistic is taken minute by minute; blocks of minutes give a confidence sequence of its mean.
 */
export function judgeLatency(evidence: Evidence): Gate[] {
  const { observations, summaries, policy, challenger } = evidence;
  const shadow = observations.metrics.shadow;
  if (shadow === undefined || summaries.shadow === undefined) return [];
  const requests = Math.min(summaries.production.invocations, summaries.shadow.invocations);
  return STATISTICS.map(({ name, metric, quantile }) => {
    const ratios = logRatios(observations.metrics.production, shadow, metric, policy.warmupMinutes);
    const warm = shadow[metric].some((value) => value !== null) ? warmUp(policy.warmupMinutes, challenger) : '';
    const sequence = blockSequence(ratios, policy);
    const needed = quantile === undefined ? 0 : requestsForQuantile(quantile, policy.alpha);
    return gate(name, sequence, policy, { requests, needed, warm });
  });
}

/** Per minute ln(shadow / production), from the shadow's first request on, without the warm-up; undefined where either is missing. */
function logRatios(
  production: MetricTable,
  shadow: MetricTable,
  metric: MetricName,
  warmup: number,
): (number | undefined)[] {
  const first = shadow.invocations.findIndex((n) => (n ?? 0) > 0);
  if (first < 0) return [];
  return shadow[metric].slice(first + warmup).map((ofShadow, i) => {
    const ofProduction = production[metric][i + first + warmup] ?? null;
    return ofShadow !== null && ofProduction !== null && ofShadow > 0 && ofProduction > 0
      ? Math.log(ofShadow / ofProduction)
      : undefined;
  });
}

/** Goes on with what there is beside the warm-up. */
function warmUp(minutes: number, challenger: Challenger): string {
  if (minutes === 0) return '';
  const which = minutes === 1 ? 'the first minute' : `the first ${minutes} minutes`;
  return `${which} with the ${challenger} in this window ${minutes === 1 ? 'is' : 'are'} warm-up and left out, and there is `;
}

function gate(
  name: Statistic,
  sequence: BlockSequence,
  policy: Policy,
  /** `warm`: what is to be said where there is nothing but warm-up. */
  counts: { requests: number; needed: number; warm: string },
): Gate {
  const margin = policy.latency[name];
  const raw = meanAndDeviation(sequence.means).deviation;
  const widening = raw > 0 ? sequence.deviation / raw : 1;
  const known = Number.isFinite(sequence.estimate);
  const tooFew = counts.requests < counts.needed;
  const limit = Math.log(1 + margin);
  const outcome = tooFew ? 'inconclusive' : compare(sequence.interval, limit);
  const interval = sequence.interval?.map(Math.exp) as [number, number] | undefined;
  const seen = known
    ? `${change(Math.exp(sequence.estimate))} in the window`
    : `${counts.warm}no ${counts.warm === '' ? '' : 'later '}minute in which both have a latency`;
  const words = {
    pass: `${seen}; at most ${change(interval?.[1] ?? 1)} (${confidence(policy)}), and ${change(1 + margin)} is allowed.`,
    fail: `${seen}; at least ${change(interval?.[0] ?? 1)} (${confidence(policy)}), and only ${change(1 + margin)} is allowed.`,
    inconclusive:
      tooFew && known
        ? `${seen}, but ${counts.requests} requests say nothing about ${name}: at least ${counts.needed} are needed.`
        : interval === undefined
          ? `${seen}${known ? `, from` : `:`} ${sequence.blocks} of the ${policy.minimumBlocks} blocks of ${counted(sequence.minutes, 'minutes')} that a verdict needs.`
          : `${seen}; the true value is between ${change(interval[0])} and ${change(interval[1])} (${confidence(policy)}), and ${change(1 + margin)} is allowed.`,
  };
  return {
    id: `latency.${name}`,
    title: `Is it slower (${name})?`,
    outcome,
    gating: gates(policy, `latency.${name}`),
    unit: 'ratio',
    estimate: known ? Math.exp(sequence.estimate) : undefined,
    interval,
    margin: 1 + margin,
    relation: '<',
    history: history(sequence.blocks, (n) => {
      if (n < 2) return undefined;
      const { mean, deviation } = meanAndDeviation(sequence.means.slice(0, n));
      const half = sequenceHalfWidth(n, deviation * widening, policy.alpha);
      return { n, estimate: Math.exp(mean), interval: [Math.exp(mean - half), Math.exp(mean + half)] };
    }),
    n: sequence.blocks,
    of: 'blocks',
    reason: words[outcome],
    ...(outcome === 'inconclusive' ? needsOf(sequence, limit, policy) : NOTHING),
  };
}

function needsOf(sequence: BlockSequence, limit: number, policy: Policy): Needs {
  const atLeast = sequence.missing;
  const blocks = requiredSampleSize(Math.max(1, sequence.blocks + atLeast), (n) => {
    const half = sequenceHalfWidth(n, sequence.deviation, policy.alpha);
    return compare([sequence.estimate - half, sequence.estimate + half], limit) !== 'inconclusive';
  });
  // With under three blocks nobody knows how strongly they are correlated.
  const missing = sequence.blocks < 3 || blocks === undefined ? atLeast : blocks - sequence.blocks;
  if (missing <= 0) return UNDECIDABLE.difference;
  return needsTraffic(missing * sequence.minutes);
}
