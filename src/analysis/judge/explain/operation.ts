import { counted, duration, durationFlag, milliseconds, number, percent } from '../../../base/units.ts';
import { decides, type Policy } from '../../policy/policy.ts';
import { keyOf } from '../../policy/words.ts';
import { differenceInterval } from '../errors.ts';
import { requestsPerMinute } from '../latency.ts';
import { leastAllRight, leastRequests } from '../least.ts';
import { type Demand, demandsOf, ifSet, inPoints, NO_KEY } from './demand.ts';
import { NEVER, type TrafficNeeded } from './traffic-needed.ts';

/** What is demanded of the traffic itself, of failures and of latency. */
export function operationDemands(policy: Policy, traffic: TrafficNeeded): Demand[] {
  const demand = demandsOf(policy);
  return [
    demand('traffic.sampling', 'it received the requested share of the traffic', 'one request', NO_KEY),
    ...ifSet(policy.cover, (cover) =>
      demand(
        'traffic.cover',
        `the evidence covers ${duration(cover)} of traffic`,
        `${duration(cover)}, without pauses of more than an hour`,
        `cover: ${durationFlag(cover)}`,
      ),
    ),
    demand(
      'errors',
      `its share of failed requests is less than ${inPoints(policy.errors)} above production's`,
      traffic.withoutFailure(policy.errors),
      keyOf(policy, 'errors'),
    ),
    ...(['mean', 'p50', 'p90', 'p99'] as const).map((name) => {
      const quantile = name === 'mean' ? 0 : Number(name.slice(1)) / 100;
      const least = quantile > 0 ? `, with ${number(requestsPerMinute(quantile), 2)} requests a minute` : '';
      return demand(
        `latency.${name}`,
        `its ${name} latency is at most ${percent(policy.latency[name])} longer than production's${policy.latencyFloor > 0 ? `, or ${milliseconds(policy.latencyFloor)}` : ''}`,
        `${traffic.blocks()}${least}`,
        keyOf(policy, `latency.${name}`),
      );
    }),
  ];
}

/** What `limits` demands, whatever production does, and how much more memory and processor than production may be used. */
export function limitDemands(policy: Policy, traffic: TrafficNeeded): Demand[] {
  const demand = demandsOf(policy);
  const { latency, errors, accuracy, recall, cost } = policy.limits;
  return [
    ...Object.entries(latency).flatMap(([name, limit]) =>
      ifSet(limit, (most) =>
        demand(
          `limits.latency.${name}`,
          `its ${name} latency is at most ${milliseconds(most)}`,
          traffic.blocks(),
          `limits.latency.${name}: ${milliseconds(most)}`,
        ),
      ),
    ),
    ...ifSet(errors, (most) =>
      demand(
        'limits.errors',
        `less than ${percent(most)} of its requests fail`,
        traffic.withoutFailure(most),
        keyOf(policy, 'limits.errors'),
      ),
    ),
    ...ifSet(accuracy, (share) =>
      demand(
        'limits.accuracy',
        `at least ${percent(share)} of its answers are right`,
        traffic.labelled(leastAllRight(policy, share), 'rows'),
        keyOf(policy, 'limits.accuracy'),
      ),
    ),
    ...Object.entries(recall).map(([name, share]) =>
      demand(
        'limits.recall',
        `of the rows with the label ${name} it finds at least ${percent(share)}`,
        traffic.labelled(leastAllRight(policy, share), `rows of class ${name}`),
        keyOf(policy, `limits.recall.${name}`),
      ),
    ),
    ...ifSet(cost, (most) =>
      demand(
        'limits.cost',
        `its mistakes cost less than ${most} a row`,
        traffic.labelled(0, 'rows'),
        keyOf(policy, 'limits.cost'),
      ),
    ),
    ...(['memory', 'cpu'] as const).flatMap((name) =>
      ifSet(policy.resources[name], (margin) =>
        demand(
          `resources.${name}`,
          `its use of ${name === 'cpu' ? 'the processors' : 'memory'} is at most ${percent(margin)} more than production's`,
          traffic.blocks(),
          keyOf(policy, `resources.${name}`),
        ),
      ),
    ),
  ];
}

/** How much the shadow may slow production down, or make it fail, against the time before the shadow. */
export function effectDemands(policy: Policy, traffic: TrafficNeeded): Demand[] {
  const demand = (gate: string, words: string, needed: string): Demand => ({
    gate,
    sort: 'test',
    gating: decides(policy, gate),
    demand: words,
    traffic: needed,
    key: keyOf(policy, gate),
  });
  const asLong = `${traffic.blocks()}, and as long before the shadow`;
  // Two shares are bounded apart, each at half of alpha, and production's lower bound is zero where nothing fails.
  const none = (n: number) => ({ failed: 0, n, effective: n });
  const least = leastRequests((n) => differenceInterval(none(n), none(n), policy)[1] < policy.effect.errors);
  return [
    demand(
      'effect.latency',
      `production itself is at most ${percent(policy.effect.latency)} slower than before the shadow`,
      asLong,
    ),
    demand(
      'effect.overhead',
      `its overhead is at most ${percent(policy.effect.overhead)} longer than before the shadow`,
      asLong,
    ),
    demand(
      'effect.errors',
      `the share of its requests that fail is less than ${inPoints(policy.effect.errors)} above that before the shadow`,
      least === undefined ? NEVER : `${counted(least, 'requests')} without a failure, and as many before the shadow`,
    ),
  ];
}
