import { errorMinutes } from './summaries.ts';
import type { MetricName, MetricTable, Observations } from '../observations.ts';
import type { Policy } from '../policy/policy.ts';
import { gates } from '../policy/policy.ts';
import { pairShares } from '../statistics/paired-shares.ts';
import { blockSequence, EARLY_ALPHA, ratioSequence } from '../statistics/sequences.ts';
import type { BlockSequence } from '../statistics/sequences.ts';
import { change, count, counted, milliseconds, percent } from '../../base/units.ts';
import { costLimit } from './cost.ts';
import { judgePaired, moreRequests } from './errors.ts';
import { confidence } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { fewRequests, latencyMinutes, needsOfBlocks, STATISTICS } from './latency.ts';
import { minutesNeeded, needsAdvice, needsTraffic, NOTHING } from './needs.ts';
import type { Needs } from './needs.ts';
import { accuracyLimit, recallLimits } from './truth-limits.ts';
import { compare } from './verdict.ts';
import type { Gate } from './verdict.ts';

/**
 * Does the shadow hold what is demanded of it alone, and does it use no more of its instances? Bounds and floors are those of
 * the gates that compare it with production. A limit that nothing measures keeps a shadow from passing.
 */
export function judgeLimits(evidence: Evidence): Gate[] {
  const { policy } = evidence;
  const { accuracy, recall, cost } = policy.limits;
  // A batch has neither latency nor requests that fail, and its instances do nothing else: see `notAsked` in days.ts.
  const { latency, errors } = policy.over === 'days' ? { latency: {}, errors: undefined } : policy.limits;
  const resources = policy.over === 'days' ? {} : policy.resources;
  return [
    ...STATISTICS.flatMap(({ name, metric, quantile }) => {
      const limit = latency[name];
      return limit === undefined ? [] : [latencyLimit(evidence, name, metric, quantile, limit)];
    }),
    ...(errors === undefined ? [] : [errorsLimit(evidence, errors)]),
    ...(accuracy === undefined ? [] : [accuracyLimit(evidence, accuracy)]),
    ...recallLimits(evidence, recall),
    ...(cost === undefined ? [] : [costLimit(evidence, cost)]),
    ...(['memory', 'cpu'] as const).flatMap((name) => {
      const margin = resources[name];
      return margin === undefined ? [] : [resource(evidence, name, margin)];
    }),
  ];
}

function open(id: string, policy: Policy): Gate {
  return {
    id,
    title: 'Does it hold its limit?',
    outcome: 'inconclusive',
    gating: gates(policy, id),
    unit: 'share',
    estimate: undefined,
    interval: undefined,
    margin: undefined,
    relation: '<',
    n: 0,
    of: 'requests',
    reason: 'Nothing in this window measures it.',
    ...needsAdvice('evidence about it'),
  };
}

/** Files of captures and logs contain no metrics: what is held against these is asked for, and no traffic answers it there. */
function unmeasured(id: string, { metrics }: Observations): (Pick<Gate, 'reason'> & Needs) | undefined {
  if (metrics.unread === true)
    return {
      reason: 'It is not known: the metrics could not be read, which takes cloudwatch:GetMetricData.',
      ...needsAdvice('metrics: credentials that may call cloudwatch:GetMetricData'),
    };
  if (metrics.times.length > 0) return undefined;
  return {
    reason: 'It is not known: files of captures and logs contain no metrics.',
    ...needsAdvice(
      `metrics, which the live endpoint has (report --endpoint), and a file that was saved of it (--save); or a policy without this limit, or one that lets it inform (inform: [${id}])`,
    ),
  };
}

/**
 * Against the shadow's own latency: the mean by sums; a quantile by the share of requests beyond the limit, or where that was
 * not counted as the mean of the logarithms of minutes' quantiles, if these hold enough requests.
 */
function latencyLimit(
  evidence: Evidence,
  name: 'mean' | 'p50' | 'p90' | 'p99',
  metric: MetricName,
  quantile: number | undefined,
  limit: number,
): Gate {
  const { observations, policy, challenger } = evidence;
  const id = `limits.latency.${name}`;
  const title = `Is its latency (${name}) within the limit?`;
  const nothing = unmeasured(id, observations);
  if (nothing !== undefined) return { ...open(id, policy), title, unit: 'number', margin: limit, ...nothing };
  const shadow = observations.metrics.shadow;
  const beyond = name === 'mean' ? undefined : observations.metrics.beyondLimits?.[name];
  // Counted for another limit, they say nothing about this one.
  if (shadow !== undefined && quantile !== undefined && beyond?.limit === limit)
    return beyondLimit(evidence, shadow, { name, quantile, limit, column: beyond.shadow });
  const minutes = shadow === undefined ? [] : latencyMinutes(shadow, shadow, metric, policy.warmupMinutes);
  const [sequence, to, from] =
    quantile === undefined
      ? [
          ratioSequence(
            minutes.map(
              (minute) =>
                minute && { shadow: minute.shadow * minute.requests.shadow, production: minute.requests.shadow },
            ),
            policy,
          ),
          (value: number) => value,
          (value: number) => value,
        ]
      : [
          blockSequence(
            minutes.map((minute) => minute && Math.log(minute.shadow)),
            policy,
          ),
          Math.log,
          Math.exp,
        ];
  const few = quantile === undefined ? undefined : fewRequests(minutes, quantile, challenger);
  return byBlocks(sequence, policy, {
    id,
    title,
    limit,
    scale: { to, from },
    unit: 'number',
    words: milliseconds,
    seen: (value) => `Its ${name} latency is ${milliseconds(value)} in the window`,
    nothing: `No minute in which the ${challenger} has a latency`,
    few,
  });
}

/** A quantile is below the limit where fewer requests are beyond it than the quantile leaves: of p99, 1 %. */
function beyondLimit(
  { policy, challenger }: Evidence,
  shadow: MetricTable,
  asked: { name: string; quantile: number; limit: number; column: readonly (number | null)[] },
): Gate {
  const { name, quantile, limit, column } = asked;
  const first = shadow.invocations.findIndex((n) => (n ?? 0) > 0);
  const minutes = column.map((share, i) => {
    const n = share === null ? 0 : (shadow.invocations[i] ?? 0);
    // Against as many requests of which none takes that long.
    return { shadow: { successes: (share ?? 0) * n, n }, production: { successes: 0, n } };
  });
  const found = pairShares(first < 0 ? [] : minutes.slice(first + policy.warmupMinutes));
  const gate = { ...open(`limits.latency.${name}`, policy), title: `Is its latency (${name}) within the limit?` };
  if (found.minutes === 0)
    return {
      ...gate,
      reason: `There is no minute after the warm-up in which the ${challenger} has a latency.`,
      ...needsAdvice('traffic to the endpoint'),
    };
  // As few as a number can tell: 1 − 0.99 is a little more than 0.01.
  const allowed = Number((1 - quantile).toPrecision(12));
  const { interval, says, floor, outcome } = judgePaired(found, allowed, policy);
  const bounds = [Math.max(0, interval[0]), interval[1]] as const;
  const seen = `${percent(found.estimate)} of the ${challenger}'s ${counted(found.shadow.n, 'requests')} took longer than ${milliseconds(limit)}`;
  const most = `and the limit on its ${name} permits ${percent(allowed)}`;
  const words = {
    pass: `${seen}; at most ${percent(bounds[1])} (${confidence(policy)}), ${most}.`,
    fail: `${seen}; at least ${percent(bounds[0])} (${confidence(policy)}), ${most}.`,
    inconclusive:
      floor.missing > 0
        ? `${seen}, but ${floor.bursts ? 'slow requests come in bursts, so ' : ''}${minutesNeeded(floor.minutes, 'with requests')} to ${says}, and there are ${found.minutes}.`
        : `${seen}; the true share is between ${percent(bounds[0])} and ${percent(bounds[1])} (${confidence(policy)}), ${most}.`,
  };
  return {
    ...gate,
    outcome,
    estimate: found.estimate,
    interval: bounds,
    margin: allowed,
    slowerThan: limit,
    n: found.shadow.n,
    reason: words[outcome],
    ...(outcome !== 'inconclusive'
      ? NOTHING
      : floor.missing > 0
        ? needsTraffic(floor.missing)
        : moreRequests(found, allowed, policy)),
  };
}

function errorsLimit({ observations, policy, challenger }: Evidence, limit: number): Gate {
  const table = observations.metrics.shadow;
  const minutes = table === undefined ? [] : errorMinutes(table);
  // Against as many requests of which none failed.
  const found = pairShares(minutes.map((shadow) => ({ shadow, production: { successes: 0, n: shadow.n } })));
  const gate = { ...open('limits.errors', policy), title: 'Is its share of failed requests within the limit?' };
  if (found.minutes === 0)
    return {
      ...gate,
      margin: limit,
      reason: `The ${challenger} received no requests in this window.`,
      ...needsAdvice('traffic to the endpoint'),
      ...unmeasured('limits.errors', observations),
    };
  const { interval, says, floor, outcome } = judgePaired(found, limit, policy);
  const bounds = [Math.max(0, interval[0]), interval[1]] as const;
  const facts = `${percent(found.estimate)} of the ${challenger}'s requests failed (${count(found.shadow.successes)} of ${count(found.shadow.n)})`;
  const words = {
    pass: `${facts}; at most ${percent(bounds[1])} (${confidence(policy)}), and the limit is ${percent(limit)}.`,
    fail: `${facts}; at least ${percent(bounds[0])} (${confidence(policy)}), and the limit is ${percent(limit)}.`,
    inconclusive:
      floor.missing > 0
        ? `${facts}, but ${floor.bursts ? 'failures come in bursts, so ' : ''}${minutesNeeded(floor.minutes, 'with requests')} to ${says}, and there are ${found.minutes}.`
        : `${facts}; the true share is between ${percent(bounds[0])} and ${percent(bounds[1])} (${confidence(policy)}), and the limit is ${percent(limit)}.`,
  };
  return {
    ...gate,
    outcome,
    estimate: found.estimate,
    interval: bounds,
    margin: limit,
    n: found.shadow.n,
    reason: words[outcome],
    ...(outcome !== 'inconclusive'
      ? NOTHING
      : floor.missing > 0
        ? needsTraffic(floor.missing)
        : moreRequests(found, limit, policy)),
  };
}

/**
 * How much of its instances the shadow uses, against production, minute by minute. It tells about the model only where both
 * run on instances of one type; of the processor, only where as many of them receive the same requests.
 */
function resource({ observations, policy, challenger }: Evidence, name: 'memory' | 'cpu', margin: number): Gate {
  const id = `resources.${name}`;
  const { production, shadow, sampling, metrics } = observations;
  const what = name === 'cpu' ? 'processors' : 'memory';
  const same = shadow?.instanceType !== undefined && shadow.instanceType === production.instanceType;
  const nothing = unmeasured(id, observations);
  const asMany = shadow?.instances !== undefined && shadow.instances === production.instances;
  const alike = same && (name === 'memory' || (sampling === 1 && asMany));
  if (nothing !== undefined || !alike)
    return {
      ...open(id, policy),
      title: `Does it use more of the ${what}?`,
      margin: 1 + margin,
      unit: 'ratio',
      reason: `The ${challenger} and production ${same ? 'do not share the same requests among as many instances' : 'are not known to run on instances of one type'}, so their use cannot be compared.`,
      ...needsAdvice(
        name === 'memory'
          ? `a ${challenger} on the same type of instance`
          : `a ${challenger} on as many instances of the same type that sees all requests`,
      ),
      ...nothing,
    };
  const first = metrics.shadow?.invocations.findIndex((n) => (n ?? 0) > 0) ?? -1;
  const used = first < 0 ? [] : (metrics.shadow?.[name] ?? []).slice(first + policy.warmupMinutes);
  const minutes = used.map((ofShadow, i) => {
    const ofProduction = metrics.production[name][i + first + policy.warmupMinutes] ?? null;
    return ofShadow === null || ofProduction === null || ofProduction <= 0
      ? undefined
      : { shadow: ofShadow, production: ofProduction };
  });
  const gate = byBlocks(ratioSequence(minutes, policy), policy, {
    id,
    title: `Does it use more of the ${what}?`,
    limit: 1 + margin,
    scale: { to: (value) => value, from: (value) => value },
    unit: 'ratio',
    words: change,
    seen: (value) => `Its use of the ${what} is ${change(value)} against production's`,
    nothing: `No minute in which both tell their use of the ${what}`,
  });
  // Where no minute tells it, none will.
  const isTold = used.length < policy.blockMinutes || minutes.some((minute) => minute !== undefined);
  return isTold
    ? gate
    : {
        ...gate,
        reason: `CloudWatch tells the use of the ${what} by both in none of ${counted(used.length, 'minutes')}.`,
        ...needsAdvice(`metrics of the instances (${name === 'cpu' ? 'CPUUtilization' : 'MemoryUtilization'})`),
      };
}

interface Asked {
  id: string;
  title: string;
  /** In the unit of the gate; `scale` leads to that of the sequence and back. */
  limit: number;
  scale: { to: (value: number) => number; from: (value: number) => number };
  unit: Gate['unit'];
  words: (value: number) => string;
  seen: (value: number) => string;
  /** What is said where there is nothing. */
  nothing: string;
  few?: ReturnType<typeof fewRequests>;
}

function byBlocks(sequence: BlockSequence, policy: Policy, asked: Asked): Gate {
  const { scale, few, words } = asked;
  const limit = scale.to(asked.limit);
  const says = compare(sequence.interval, limit);
  const early =
    says === 'inconclusive' && sequence.early !== undefined && sequence.early > limit ? sequence.early : undefined;
  const outcome = few !== undefined ? 'inconclusive' : early !== undefined ? 'fail' : says;
  const bounds = early === undefined ? sequence.interval : ([early, 2 * sequence.estimate - early] as const);
  const interval = bounds && ([scale.from(bounds[0]), scale.from(bounds[1])] as const);
  const known = Number.isFinite(sequence.estimate);
  const seen = known ? asked.seen(scale.from(sequence.estimate)) : asked.nothing;
  const [low = '', high = ''] = interval?.map(words) ?? [];
  const sure = confidence(early === undefined ? policy : { ...policy, alpha: EARLY_ALPHA });
  const allowed = words(asked.limit);
  const reasons = {
    pass: `${seen}; at most ${high} (${sure}), and the limit is ${allowed}.`,
    fail: `${seen}; at least ${low} (${sure}), and the limit is ${allowed}.`,
    inconclusive:
      few !== undefined
        ? `${seen}, but ${few.reason}.`
        : interval === undefined
          ? `${seen}, from ${sequence.blocks} of the ${counted(policy.minimumBlocks, 'blocks')} of ${counted(sequence.minutes, 'minutes')} that a verdict needs.`
          : `${seen}; the true value is between ${low} and ${high} (${sure}), and the limit is ${allowed}.`,
  };
  return {
    ...open(asked.id, policy),
    title: asked.title,
    outcome,
    unit: asked.unit,
    estimate: known ? scale.from(sequence.estimate) : undefined,
    interval: few === undefined ? interval : undefined,
    margin: asked.limit,
    n: sequence.blocks,
    of: 'blocks',
    reason: reasons[outcome],
    ...(outcome !== 'inconclusive' ? NOTHING : (few?.needs ?? needsOfBlocks(sequence, limit, policy))),
  };
}
