import { errorMinutes, summarize } from '../metrics.ts';
import type { VariantSummary } from '../metrics.ts';
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
import type { Evidence } from './evidence.ts';
import { duration } from './words.ts';
import { change, percent } from '../../base/units.ts';

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
    estimate: undefined,
    interval: undefined,
    margin,
    relation: '<',
    n: 0,
    of: unit === 'ratio' ? 'blocks' : 'requests',
    reason: 'Production had no request in the time before the shadow, so that there is nothing to compare with.',
    needs: 'a shadow that is attached to an endpoint with traffic',
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
  const { ours, theirs, interval } = logDifference(logs(before), logs(during), policy);
  const estimate = theirs.estimate - ours.estimate;
  const known = Number.isFinite(estimate);
  const outcome = compare(interval, Math.log(1 + ask.margin));
  const shown = interval?.map(Math.exp) as [number, number] | undefined;
  const seen = known
    ? `Production's ${ask.of} is ${change(Math.exp(estimate))} against the time before`
    : 'Not both times have values';
  const missing = Math.max(ours.missing * ours.minutes, theirs.missing * theirs.minutes);
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
    n: Math.min(ours.blocks, theirs.blocks),
    of: 'blocks',
    reason: reason(outcome, seen, shown?.map(change), change(1 + ask.margin)),
    needs:
      outcome !== 'inconclusive'
        ? undefined
        : missing > 0
          ? `about ${duration(missing)} more of traffic, with the shadow or before it`
          : 'steadier traffic, or a longer time before the shadow: its other requests are compared with these',
  };
}

/** Mean of the minutes `during` less that of the minutes `before`, each bounded at half of alpha; undefined before enough blocks. */
export function logDifference(
  before: readonly (number | undefined)[],
  during: readonly (number | undefined)[],
  policy: Policy,
): { ours: BlockSequence; theirs: BlockSequence; interval: Interval | undefined } {
  const options = { ...policy, alpha: policy.alpha / 2 };
  const [ours, theirs] = [blockSequence(before, options), blockSequence(during, options)];
  const interval: Interval | undefined =
    ours.interval === undefined || theirs.interval === undefined
      ? undefined
      : [theirs.interval[0] - ours.interval[1], theirs.interval[1] - ours.interval[0]];
  return { ours, theirs, interval };
}

function failing({ before, during }: BeforeAndDuring, policy: Policy): Gate {
  const [ours, theirs] = [failures(errorMinutes(before)), failures(errorMinutes(during))];
  const share = (side: typeof ours) => (side.n === 0 ? 0 : side.failed / side.n);
  const interval = theirs.n === 0 ? undefined : differenceInterval(theirs, ours, policy);
  const outcome = compare(interval, policy.effect.errors);
  const seen = `${percent(share(theirs))} of production's requests fail with the shadow, ${percent(share(ours))} did before`;
  return {
    id: 'effect.errors',
    title: TITLES.errors,
    outcome,
    gating: decides(policy, 'effect.errors'),
    unit: 'share',
    estimate: share(theirs) - share(ours),
    interval,
    margin: policy.effect.errors,
    relation: '<',
    n: Math.min(ours.n, theirs.n),
    of: 'requests',
    reason: reason(outcome, seen, interval?.map(percent), percent(policy.effect.errors)),
    needs: outcome === 'inconclusive' ? 'more requests with the shadow, or a longer time before it' : undefined,
  };
}

/** The sentence of a gate, from what was seen and its bounds in words. */
function reason(outcome: Outcome, seen: string, bounds: readonly string[] | undefined, margin: string): string {
  const [low, high] = bounds ?? [];
  if (low === undefined || high === undefined) return `${seen}: too little time to judge.`;
  if (outcome === 'pass') return `${seen}; at most ${high} for sure, and ${margin} is allowed.`;
  if (outcome === 'fail') return `${seen}; at least ${low} for sure, and only ${margin} is allowed.`;
  return `${seen}; the truth lies between ${low} and ${high}, and ${margin} is allowed.`;
}
