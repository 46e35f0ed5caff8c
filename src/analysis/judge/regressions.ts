import type { Predictions, TruthSums } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { count, percent } from '../../base/units.ts';
import { accuracyMinutes } from './accuracy.ts';
import { clusteringOf } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { lossSample, total, lossEstimate } from './loss-sample.ts';
import type { LossSample } from './loss-sample.ts';
import { boundedMean } from './paired.ts';
import { truthGate } from './truth-gate.ts';
import type { Gate } from './verdict.ts';

/**
 * How many rows are right with production and wrong with the shadow? Whoever uses the model meets each of them, however many
 * others are mended: negative flips (Yan et al., Positive-congruent training, CVPR 2021, section 3). Weighed and bounded as
 * accuracy is. Asked where the policy says how many there may be, and there are labels.
 */
export function judgeRegressions(predictions: Predictions, truth: TruthSums, evidence: Evidence): Gate[] {
  const { policy } = evidence;
  const margin = policy.regressions;
  const { strata, labels } = truth;
  if (margin === undefined || strata === undefined || labels === undefined) return [];
  // Rows that the shadow mends are no regressions.
  const sample = lossSample(strata.map((one) => ({ ...one, onlyShadow: 0 })));
  const { onlyProduction } = accuracyMinutes(predictions.blocks, sample);
  const [low, high] = regressionBounds(sample, 1, 1, policy);
  return [
    truthGate('truth.regressions', 'Does it break what was right?', predictions, evidence, {
      facts: `${count(labels.onlyProduction)} of ${count(truth.rows)} labeled rows are right with production and wrong with it`,
      words: ['it breaks', 'share of such rows', ''],
      show: percent,
      estimate: Math.min(high, Math.max(low, lossEstimate(sample))),
      interval: (times, factor) => regressionBounds(sample, times, factor, policy),
      margin,
      mustNotLose: true,
      n: truth.rows,
      known: sample.n,
      minutes: [onlyProduction],
      inputs: sample.n,
      clustering: clusteringOf(onlyProduction, predictions.repeats?.onlyProduction, policy),
      labels: sample,
      blocker:
        labels.production + labels.shadow > 0
          ? undefined
          : {
              reason:
                'no label equals any answer of either model, so labels and answers are probably not written alike',
              missing: 0,
            },
    }),
  ];
}

/** Bounds of the share of all rows, each at alpha; where too few rows have a label, all that differ may be broken. */
function regressionBounds(sample: LossSample, times: number, factor: number, policy: Policy): Interval {
  const { known, unknown, unlabelled, rows, widest } = sample;
  const values = sample.values.map(({ value, count: k }) => ({
    value: Math.max(0, value),
    count: (k * times) / factor,
  }));
  const without = rows === 0 ? 0 : total(unlabelled, (one) => one.rows) / rows;
  const [low, high] = boundedMean(values, 0, widest, policy);
  return [low * (1 - without) + known, Math.min(1, high * (1 - without) + known + unknown)];
}
