import { errorMinutes, summarize } from './summaries.ts';
import type { VariantSummary } from './summaries.ts';
import type { MetricName, Metrics, MetricTable } from '../observations.ts';
import { METRICS } from '../observations.ts';
import type { Policy } from '../policy/policy.ts';
import { decides } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { blockSequence } from '../statistics/sequences.ts';
import type { BlockSequence } from '../statistics/sequences.ts';
import { compare } from './verdict.ts';
import type { Gate, Outcome } from './verdict.ts';
import { differenceInterval, failures } from './errors.ts';
import { confidence } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { change, percent, points } from '../../base/units.ts';
import { needsAdvice, needsTraffic, NOTHING } from './needs.ts';

const TITLES = {
  latency: 'Does shadowing slow production down?',
  overhead: "Does shadowing add to SageMaker's overhead?",
  errors: 'Does shadowing make production fail?',
};

/** Production alone, and production while the shadow saw its requests, without the warm-up. */
interface BeforeAndDuring {
  before: MetricTable;
  during: MetricTable;
}

/** Undefined where there is no shadow, or nothing is known of the time before. */
function beforeAndDuring(metrics: Metrics, warmup: number): BeforeAndDuring | undefined {
  const first = metrics.shadow?.invocations.findIndex((n) => (n ?? 0) > 0) ?? -1;
  const before = metrics.before?.production;
  if (before === undefined || first < 0 || !before.invocations.some((n) => (n ?? 0) > 0)) return undefined;
  const from = (name: MetricName) => metrics.production[name].slice(first + warmup);
  return { before, during: Object.fromEntries(METRICS.map((name) => [name, from(name)])) as unknown as MetricTable };
}

/** Both times summed up, for the reader. */
export function summarizeEffect(
  metrics: Metrics,
  warmup: number,
): { before: VariantSummary; during: VariantSummary } | undefined {
  const both = beforeAndDuring(metrics, warmup);
  return both === undefined ? undefined : { before: summarize(both.before), during: summarize(both.during) };
}

/**
 * Does shadowing hurt production? Production before the shadow against production with it: not the same requests, so
 * each time is bounded apart, at half of alpha. For information unless the policy's `decide` names it; what only
 * informs and cannot be said yet is not shown as a gate.
 */
export function judgeEffect(evidence: Evidence): Gate[] {
  const { observations, policy } = evidence;
  const both = beforeAndDuring(observations.metrics, policy.warmupMinutes);
  if (both === undefined)
    return observations.metrics.times.length > 0 ? unknown(policy).filter((gate) => gate.gating) : [];
  const { latency, overhead } = policy.effect;
  const gates = [
    ratio(both, policy, { id: 'effect.latency', of: 'latency', metric: 'latencyMean', margin: latency }),
    ratio(both, policy, { id: 'effect.overhead', of: 'overhead', metric: 'overheadMean', margin: overhead }),
    failing(both, policy),
  ];
  return gates.filter((gate) => gate.gating || gate.outcome !== 'inconclusive');
}

/** The gates where nothing is known of the time before. */
function unknown(policy: Policy): Gate[] {
  const { latency, overhead, errors } = policy.effect;
  const gate = (id: string, title: string, unit: 'ratio' | 'share', margin: number): Gate => ({
    id,
    title,
    outcome: 'inconclusive',
    gating: decides(policy, id),
    unit,
    ...(unit === 'share' ? { difference: true as const } : {}),
    estimate: undefined,
    interval: undefined,
    margin,
    relation: '<',
    n: 0,
    of: unit === 'ratio' ? 'blocks' : 'requests',
    reason: 'Production received no requests before the shadow, so there is nothing to compare with.',
    ...needsAdvice('a shadow that is attached to an endpoint with traffic'),
  });
  return [
    gate('effect.latency', TITLES.latency, 'ratio', 1 + latency),
    gate('effect.overhead', TITLES.overhead, 'ratio', 1 + overhead),
    gate('effect.errors', TITLES.errors, 'share', errors),
  ];
}

function ratio(
  { before, during }: BeforeAndDuring,
  policy: Policy,
  ask: { id: string; of: string; metric: MetricName; margin: number },
): Gate {
  const logs = (table: MetricTable) =>
    table[ask.metric].map((value) => (value !== null && value > 0 ? Math.log(value) : undefined));
  const { alone, shadowed, interval } = logDifference(logs(before), logs(during), policy);
  const estimate = shadowed.estimate - alone.estimate;
  const known = Number.isFinite(estimate);
  const outcome = compare(interval, Math.log(1 + ask.margin));
  const shown = interval?.map(Math.exp) as [number, number] | undefined;
  const seen = known
    ? `Production's ${ask.of} is ${change(Math.exp(estimate))} against the time before`
    : 'One of the two periods has no values';
  const missing = Math.max(alone.missing * alone.minutes, shadowed.missing * shadowed.minutes);
  return {
    id: ask.id,
    title: ask.of === 'latency' ? TITLES.latency : TITLES.overhead,
    outcome,
    gating: decides(policy, ask.id),
    unit: 'ratio',
    estimate: known ? Math.exp(estimate) : undefined,
    interval: shown,
    margin: 1 + ask.margin,
    relation: '<',
    n: Math.min(alone.blocks, shadowed.blocks),
    of: 'blocks',
    reason: reason(outcome, seen, shown?.map(change), change(1 + ask.margin), policy),
    ...(outcome !== 'inconclusive'
      ? NOTHING
      : missing > 0
        ? needsTraffic(missing, ', with the shadow or before it')
        : needsAdvice(
            'steadier traffic, or a longer time before the shadow: its other requests are compared with these',
          )),
  };
}

/** Mean of the minutes `during` less that of the minutes `before`, each bounded at half of alpha; undefined before enough blocks. */
export function logDifference(
  before: readonly (number | undefined)[],
  during: readonly (number | undefined)[],
  policy: Policy,
): { alone: BlockSequence; shadowed: BlockSequence; interval: Interval | undefined } {
  const options = { ...policy, alpha: policy.alpha / 2 };
  const [alone, shadowed] = [blockSequence(before, options), blockSequence(during, options)];
  const interval: Interval | undefined =
    alone.interval === undefined || shadowed.interval === undefined
      ? undefined
      : [shadowed.interval[0] - alone.interval[1], shadowed.interval[1] - alone.interval[0]];
  return { alone, shadowed, interval };
}

function failing({ before, during }: BeforeAndDuring, policy: Policy): Gate {
  const [alone, shadowed] = [failures(errorMinutes(before)), failures(errorMinutes(during))];
  const share = (side: typeof alone) => (side.n === 0 ? 0 : side.failed / side.n);
  const interval = shadowed.n === 0 ? undefined : differenceInterval(shadowed, alone, policy);
  const outcome = compare(interval, policy.effect.errors);
  const seen = `${percent(share(shadowed))} of production's requests fail with the shadow, ${percent(share(alone))} did before`;
  return {
    id: 'effect.errors',
    title: TITLES.errors,
    outcome,
    gating: decides(policy, 'effect.errors'),
    unit: 'share',
    difference: true,
    estimate: share(shadowed) - share(alone),
    interval,
    margin: policy.effect.errors,
    relation: '<',
    n: Math.min(alone.n, shadowed.n),
    of: 'requests',
    reason: reason(outcome, seen, interval?.map(points), points(policy.effect.errors), policy),
    ...(outcome === 'inconclusive'
      ? needsAdvice('more requests with the shadow, or a longer time before it')
      : NOTHING),
  };
}

/** The sentence of a gate, from what was seen and its bounds in words. */
function reason(
  outcome: Outcome,
  seen: string,
  bounds: readonly string[] | undefined,
  margin: string,
  policy: Policy,
): string {
  const [low, high] = bounds ?? [];
  if (low === undefined || high === undefined) return `${seen}: not enough minutes to judge.`;
  if (outcome === 'pass') return `${seen}; at most ${high} (${confidence(policy)}), and the limit is ${margin}.`;
  if (outcome === 'fail') return `${seen}; at least ${low} (${confidence(policy)}), and the limit is ${margin}.`;
  return `${seen}; the true value is between ${low} and ${high} (${confidence(policy)}), and the limit is ${margin}.`;
}
