import type { Predictions, TruthSums } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { meanDispersion } from '../statistics/proportions.ts';
import type { Interval } from '../statistics/proportions.ts';
import { clusteringOf } from './evidence.ts';
import type { Clustering, Evidence } from './evidence.ts';
import { meanHalfWidth } from './paired.ts';
import { different } from './proportion.ts';
import { truthGate } from './truth-gate.ts';
import type { Gate } from './verdict.ts';
import { count, number, percent } from '../../base/units.ts';

/** Absolute errors over n rows with truth; `factor` is how much less they count for being clustered. */
export interface Losses {
  /** Mean and standard deviation of |shadow − truth| − |production − truth|. */
  loss: number;
  deviation: number;
  maeProduction: number;
  maeShadow: number;
  /** Between the least and the greatest of all answers of both: no row loses more. */
  range: number;
  n: number;
  factor: number;
}

/**
 * Mean absolute error lost, as a share of production's, by an asymptotic confidence sequence. The share's own scale is
 * measured too: the margin's part of production's error (whose deviation is about its mean) counts as variance. A loss may
 * be so rare that n rows do not show it, and no variance either: up to ln(1 / alpha) / n of all rows may lose the whole
 * range then, for which meanHalfWidth allows.
 */
export function errorLost(losses: Losses, policy: Policy): Interval {
  const { loss, deviation, maeProduction, maeShadow, range, n, factor } = losses;
  const scale = errorScale(maeProduction, maeShadow);
  const half = meanHalfWidth(n / factor, deviation + policy.truth * scale, range, policy);
  return [(loss - half) / scale, (loss + half) / scale];
}

/** A production that is never wrong has no error to lose a share of: then the shadow's own is the measure. */
function errorScale(maeProduction: number, maeShadow: number): number {
  if (maeProduction > 0) return maeProduction;
  return maeShadow > 0 ? maeShadow : 1;
}

/** Is the shadow further off than production? */
export function judgeLoss(predictions: Predictions, truth: TruthSums, evidence: Evidence): Gate[] {
  if (truth.numbers === undefined) return [];
  const { maeProduction, maeShadow, loss, lossDeviation: deviation } = truth.numbers;
  const { low, high } = predictions.numbers?.histogram ?? { low: 0, high: 0 };
  const range = Math.max(0, high - low);
  const n = truth.rows;
  const clustering = clusteringOf([], predictions.repeats?.loss);
  const factor = Math.max(clustering.factor, meanDispersion(predictions.blocks, loss, deviation));
  const stronger: Clustering = factor > clustering.factor ? { factor, by: 'minutes' } : clustering;
  const facts = `Its mean absolute error is ${number(maeShadow)}, and production's is ${number(maeProduction)}, over ${count(n)} rows with labels${different(predictions)}`;
  return [
    truthGate('truth.error', 'Is it less accurate?', predictions, evidence, {
      facts,
      words: ['it is greater by', 'increase', 'it is smaller by'],
      show: percent,
      estimate: loss / errorScale(maeProduction, maeShadow),
      interval: (times, factor) =>
        errorLost({ loss, deviation, maeProduction, maeShadow, range, n: n * times, factor }, evidence.policy),
      margin: evidence.policy.truth,
      n,
      known: n,
      minutes: [predictions.blocks.map((block) => ({ successes: 0, n: block.truth ?? 0 }))],
      inputs: predictions.repeats?.loss?.by === undefined ? (predictions.repeats?.loss?.inputs ?? n) : n,
      clustering: stronger,
    }),
  ];
}
