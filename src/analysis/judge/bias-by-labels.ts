import type { Predictions } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { copiesOf } from '../statistics/repeats.ts';
import { counted, number } from '../../base/units.ts';
import { labelFault } from './label-fault.ts';
import { CHOSEN_SHARE, total } from './loss-sample.ts';
import { meanHalfWidth } from './paired.ts';
import { lossScatter } from './scatter.ts';
import { unripe } from './truth-gate.ts';

/** How much further from the labels' mean the shadow's lies than production's; below 0: nearer. */
export interface Further {
  /** In the unit of the numbers. */
  estimate: number;
  interval: Interval;
  /** Part of a sentence: where both lie. */
  words: string;
}

/** How production's errors hang together by the minute is in no sum; that of the losses is, and three times their scatter is allowed for. */
const INFLATION = 3;

/** Of sums of squares, what doubles leave of nothing. */
const ROUNDED = 1e-13;

/**
 * Where numbers lean, is it the shadow that leans, or production? Labels say where production's mean lies to theirs, and the mean of
 * shadow − production is known of all rows.
 *
 * @param difference bounds of the mean of shadow − production, in the unit of the numbers
 * @returns undefined where labels cannot say: too few, of other rows, too early, or more of some numbers than of others
 */
export function furtherOff(
  predictions: Predictions | undefined,
  bias: number,
  difference: Interval,
  policy: Policy,
): Further | undefined {
  const { truth, numbers } = predictions ?? {};
  const { fit, losses } = truth ?? {};
  if (predictions === undefined || fit === undefined || losses === undefined || numbers === undefined) return undefined;
  if (fit.rows < policy.minimumPairs || !drawnAlike(losses)) return undefined;
  if (labelFault(predictions) !== undefined || unripe(predictions, policy) !== undefined) return undefined;
  const { rows } = fit;
  const off = (fit.production - fit.truth) / rows;
  const squares = fit.productionSquared - 2 * fit.productionTruth + fit.truthSquared;
  const lost = ROUNDED * (fit.productionSquared + fit.truthSquared);
  const deviation = Math.sqrt(Math.max(0, squares / rows - off * off) + lost / rows);
  const { loss, lossDeviation } = truth?.numbers ?? { loss: 0, lossDeviation: 0 };
  const minutes = predictions.blocks.map((block) => ({ loss: block.loss ?? 0, truth: block.truth ?? 0 }));
  const scatter = lossScatter(minutes, { mean: loss, deviation: lossDeviation }, policy);
  const n = rows / (INFLATION * Math.max(1, scatter, copiesOf(predictions.repeats?.loss)));
  const range = Math.max(0, numbers.histogram.high - numbers.histogram.low);
  const half = meanHalfWidth(n, deviation, range, { ...policy, alpha: policy.alpha / 2 }, rows);
  const production: Interval = [off - half, off + half];
  const side = (mean: number) => `${number(Math.abs(mean))} too ${mean < 0 ? 'low' : 'high'}`;
  return {
    estimate: Math.abs(off + bias) - Math.abs(off),
    interval: boundsOf(production, difference),
    words: `by ${counted(rows, 'labels')} production's mean is ${side(off)}, and the shadow's ${side(off + bias)}`,
  };
}

/**
 * Bounds of |p + d| − |p|: it grows with p where d is above 0 and falls where it is below, and is convex in d, so that the greatest lies in a
 * corner, and the least in one or where p + d is 0.
 */
function boundsOf(production: Interval, difference: Interval): Interval {
  const [low, high] = difference;
  const corners = production.flatMap((p) =>
    [low, high, Math.min(high, Math.max(low, -p))].map((d) => Math.abs(p + d) - Math.abs(p)),
  );
  return [Math.min(...corners), Math.max(...corners)];
}

/** Have rows a label as often, whether the shadow's number lies above production's, or below, or equals it? */
function drawnAlike(losses: readonly { rows: number; labelled: number }[]): boolean {
  const usual =
    total(losses, (one) => one.labelled) /
    Math.max(
      1,
      total(losses, (one) => one.rows),
    );
  return losses.every(({ rows, labelled }) => {
    // Four standard errors of a share are chance.
    const errors = 4 * Math.sqrt((usual * (1 - usual)) / Math.max(1, rows));
    return Math.abs(labelled / Math.max(1, rows) - usual) <= (1 - CHOSEN_SHARE) * usual + errors;
  });
}
