import type { Predictions } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { usualTolerance } from '../statistics/distances.ts';
import { copiesOf } from '../statistics/repeats.ts';
import { number } from '../../base/units.ts';
import { confidence } from './evidence.ts';
import { needsAdvice } from './needs.ts';
import type { Blocker } from './needs.ts';
import { meanHalfWidth } from './paired.ts';
import { lossScatter } from './scatter.ts';

/** How far apart the two models' numbers lie on average, and at most (at alpha), in their unit. */
export interface Apart {
  mean: number;
  most: number;
}

/**
 * The mean of |shadow − production|. Whatever the labels are, no mean absolute error can be larger than production's by more than
 * that: |s − y| ≤ |p − y| + |s − p|, row by row.
 *
 * @returns undefined of answers that are no single numbers
 */
export function apartOf({ numbers, blocks, labels, repeats }: Predictions, policy: Policy): Apart | undefined {
  if (numbers === undefined || labels !== undefined || numbers.of !== 'value' || numbers.rows === 0) return undefined;
  const { mae: mean, rmse, rows, histogram } = numbers;
  const deviation = Math.sqrt(Math.max(0, rmse * rmse - mean * mean));
  const minutes = blocks.map((block) => ({ loss: block.abs, truth: block.rows }));
  const copies = copiesOf(repeats?.beyond);
  const factor = Math.max(1, copies, lossScatter(minutes, { mean, deviation }, policy));
  const range = Math.max(0, histogram.high - histogram.low);
  const seen = policy.over === 'days' ? rows / copies : undefined;
  return { mean, most: mean + meanHalfWidth(rows / factor, deviation, range, policy, seen) };
}

/** What numbers so far apart leave possible without labels, as a sentence without its end. */
export function apartText({ mean, most }: Apart, policy: Policy): string {
  return `on average they lie ${number(mean, 3)} apart, so without labels its mean absolute error can be larger than production's by up to ${number(most, 3)} (${confidence(policy)})`;
}

/** An older version took numbers for equal that lay five times as far apart. */
const OLDER = 2;

const STATED =
  'labels (--labels), or a policy that says how far apart numbers may lie (answers: { tolerance: { absolute: … } }, in their unit)';

/**
 * Why nearness alone does not pass where the policy states no tolerance: the sums were counted with the larger one of an older version,
 * or a few rows lie so far apart that errors could grow by more than the tolerance.
 *
 * @param dice how far apart production's numbers lie from its own on average, where that was measured; else 0
 */
export function notNear(predictions: Predictions, policy: Policy, dice: number): Blocker | undefined {
  const { numbers } = predictions;
  const { absolute, relative } = policy.answers;
  const isStated = policy.numbers.tolerance !== undefined || absolute !== undefined || relative !== undefined;
  if (numbers === undefined || isStated) return undefined;
  const usual = usualTolerance(false, numbers.production, numbers.shadow);
  if (numbers.tolerance > OLDER * usual)
    return {
      reason: `these sums, or their noise floor, were counted with a tolerance of ${number(numbers.tolerance)}, where a tenth of production's spread is ${number(usual)}`,
      missing: 0,
      needs: needsAdvice(
        `a report on the captures themselves, a noise floor that is measured again (shadow --calibrate), or a policy that says how far apart numbers may lie (answers: { tolerance: { absolute: ${number(numbers.tolerance)} } })`,
      ),
    };
  const apart = apartOf(predictions, policy);
  if (apart === undefined || apart.most < numbers.tolerance + dice) return undefined;
  return {
    reason: `${number(apart.most, 3)} is more than ${number(numbers.tolerance, 3)}`,
    missing: 0,
    needs: needsAdvice(STATED),
  };
}
