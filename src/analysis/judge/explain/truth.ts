import { count, counted, percent } from '../../../base/units.ts';
import { decides, type Policy } from '../../policy/policy.ts';
import { keyOf } from '../../policy/words.ts';
import { minutesToPass } from '../evidence.ts';
import { leastForTruth } from '../least.ts';
import { byTask, type Demand, demandsOf, ifSet, inPoints } from './demand.ts';
import type { TrafficNeeded } from './traffic-needed.ts';

/** What is demanded of answers where labels say which are right. */
export function truthDemands(policy: Policy, traffic: TrafficNeeded): Demand[] {
  const demand = demandsOf(policy);
  return [
    ...byTask(policy, ['regression', 'scores', 'binary', 'multiclass', 'json'], 'truth').map(({ tasks, value, key }) =>
      demand(
        'truth',
        `${tasks}: against labels, it loses less than ${inPoints(value)} of accuracy (of numbers: its mean absolute error, and of probabilities its Brier score, is less than ${percent(value)} larger)`,
        `${traffic.pairs(leastForTruth(policy, value))} with labels, in ${counted(minutesToPass(policy), 'minutes')}; of numbers, about ${count(Math.log(1 / policy.alpha) / value)} × their range ÷ production's mean error`,
        key,
      ),
    ),
    demand(
      'truth.recall',
      `classes: against labels, its recall of no class is proven to be ${inPoints(policy.recall)} lower than production's (decide: [truth.recall] demands proof that it is not)`,
      traffic.lasting(`${traffic.pairs(0)} with labels, on which the models agree and on which they differ`),
      keyOf(policy, 'recall'),
    ),
    ...ifSet(policy.costs, () =>
      demand(
        'truth.cost',
        `classes: against labels, a row costs at most ${percent(policy.cost)} more than with production; then accuracy only informs`,
        traffic.lasting(`${traffic.pairs(0)} with labels, and some of every class that costs names`),
        `${keyOf(policy, 'costs')}; ${keyOf(policy, 'cost')}`,
      ),
    ),
    ...ifSet(policy.regressions, (share) =>
      demand(
        'truth.regressions',
        `classes: against labels, less than ${percent(share)} of the rows are right with production and wrong with it`,
        traffic.lasting(traffic.pairs(leastForTruth(policy, share))),
        keyOf(policy, 'regressions'),
      ),
    ),
    ...(decides(policy, 'stability')
      ? [
          demand(
            'stability',
            'it passes without any one class (by accuracy, with labels) or any one part of the inputs (by agreement, without), too',
            traffic.lasting(`${traffic.pairs(0)} with labels, or with inputs that were captured`),
            keyOf(policy, 'decide'),
          ),
        ]
      : []),
  ];
}
