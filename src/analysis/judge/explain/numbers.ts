import { count, number, percent } from '../../../base/units.ts';
import type { Policy } from '../../policy/policy.ts';
import { keyOf } from '../../policy/words.ts';
import { type Distance, distanceInterval } from '../distances.ts';
import { equalNumbers, leastRequests, rangesPerMargin } from '../least.ts';
import { unlessLabels } from './answers.ts';
import { byTask, type Demand, demandsOf, ifSet } from './demand.ts';
import type { TrafficNeeded } from './traffic-needed.ts';

/** What is demanded of numbers row by row: how far they lie from production's, and on average. */
export function numberDemands(policy: Policy, traffic: TrafficNeeded): Demand[] {
  const demand = demandsOf(policy);
  const tolerance =
    policy.numbers.tolerance === undefined
      ? "a tenth of the standard deviation of production's (of heavy tails, less)"
      : String(policy.numbers.tolerance);
  return [
    ...byTask(policy, ['regression', 'scores'], 'numbers.share').map(({ tasks, value, key }) =>
      demand(
        'numbers.tolerance',
        `${tasks}: less than ${percent(value)} of its numbers differ by more than ${tolerance}${unlessLabels(policy)}`,
        traffic.lasting(traffic.pairs(traffic.noneDiffer(value))),
        `${key}; ${keyOf(policy, 'numbers.tolerance')}`,
      ),
    ),
    demand(
      'numbers.bias',
      `regression, scores: on average its numbers lie less than ${policy.bias === undefined ? '0.05 (with labels 0.1)' : number(policy.bias)} standard deviations from production's`,
      traffic.lasting(traffic.pairs(0)),
      keyOf(policy, 'bias'),
    ),
  ];
}

/** What is demanded of the distribution of numbers: against production's, and against a reference. */
export function distributionDemands(policy: Policy, traffic: TrafficNeeded): Demand[] {
  const demand = demandsOf(policy);
  const distances = Object.entries(policy.distances).filter((one): one is [Distance, number] => one[1] !== undefined);
  return [
    ...distances.map(([name, margin]) =>
      demand(
        `distance.${name}`,
        `the distributions of numbers lie less than ${margin} apart${name === 'wasserstein' ? ', in the unit of the numbers' : ''}`,
        traffic.lasting(
          name === 'wasserstein'
            ? `${traffic.pairs(0)}, and about ${count(rangesPerMargin(policy))} × the range of the numbers ÷ the limit`
            : traffic.pairs(leastRequests((n) => distanceInterval(name, equalNumbers(n), 1, policy)[1] < margin)),
        ),
        keyOf(policy, `distances.${name}`),
      ),
    ),
    ...(['ks', 'psi'] as const).flatMap((name) =>
      ifSet(policy.reference?.[name], (margin) =>
        demand(
          `reference.${name}`,
          `its numbers lie less than ${margin} (${name === 'ks' ? 'Kolmogorov-Smirnov' : 'population stability index'}) from those of ${policy.reference?.file ?? ''}`,
          traffic.lasting(traffic.pairs(0)),
          keyOf(policy, `reference.${name}`),
        ),
      ),
    ),
  ];
}
