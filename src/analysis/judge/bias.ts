import type { Predictions } from '../predictions.ts';
import { gates } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { counted, number } from '../../base/units.ts';
import { blockerNeeds, confidence, insufficientData, requiredSampleSize, windowTooShort } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { needsAdvice, needsAbout, NOTHING, UNDECIDABLE } from './needs.ts';
import { meanHalfWidth } from './paired.ts';
import { lossScatter } from './scatter.ts';
import { compare } from './verdict.ts';
import type { Gate } from './verdict.ts';
import { copiesOf } from '../statistics/repeats.ts';

/**
 * Limits where the policy gives none. Without labels nobody knows on which side production itself lies, and how large its errors are:
 * a lean of a twentieth of the spread is what a pass may leave. It fails from a tenth on, with labels and without; between the two
 * labels settle it.
 */
const BIAS = 0.05;
const BIAS_FAILS = 0.1;

const LEANS =
  "labels (--labels), which say on which side the truth lies, or a policy that says how far its numbers may lean (bias: …, in standard deviations of production's, or answers: { tolerance: { absolute: … } }, in their unit)";

/** A fail must survive three times as much scatter: minutes that follow each other lean alike for longer than they show. */
const INFLATION_TO_FAIL = 3;

/**
 * Do its numbers lean to one side? Every row may lie within the tolerance, and all of them too high. The mean of shadow −
 * production is bounded, in standard deviations of production's numbers. Not asked of scores beside a label: of the class that
 * production chose, its own score is the highest by choice.
 */
export function judgeBias(predictions: Predictions, evidence: Evidence): Gate[] {
  const { numbers, labels } = predictions;
  if (numbers === undefined || labels !== undefined || numbers.of !== 'value') return [];
  const scale = numbers.production.deviation;
  if (!(scale > 0)) return [];
  const { policy, minutes } = evidence;
  const known = predictions.truth !== undefined && predictions.truth.rows > 0;
  const least = (policy.answers.absolute ?? 0) / scale;
  const margin = Math.max(policy.bias ?? (known ? BIAS_FAILS : BIAS), least);
  const failing = policy.bias === undefined && policy.expect?.kind !== 'same' ? Math.max(BIAS_FAILS, least) : margin;
  const bounds = (times: number, inflation = 1) => meanBounds(predictions, policy, { times, inflation });
  const interval = bounds(1);
  const seen = compare(interval, margin);
  const hopeless = compare(bounds(1, INFLATION_TO_FAIL), failing) === 'fail';
  const decided = seen === 'fail' && !hopeless ? 'inconclusive' : seen;
  const between = seen === 'fail' && compare(interval, failing) !== 'fail';
  const counts = predictions.blocks.map((block) => ({ successes: 0, n: block.rows }));
  const blocker = insufficientData(predictions, evidence) ?? windowTooShort(decided, policy, [counts]);
  const outcome = blocker === undefined ? decided : 'inconclusive';
  const lean = numbers.bias / scale;
  const facts = `On average its numbers are ${number(Math.abs(numbers.bias))} ${lean < 0 ? 'lower' : 'higher'} than production's: ${number(Math.abs(lean), 2)} of their standard deviation (${number(scale)}), over ${counted(numbers.rows, 'rows')}`;
  const allowed = `the limit is ${number(margin, 2)}`;
  const words = {
    pass: `at most ${number(interval[1], 2)}`,
    fail: `at least ${number(interval[0], 2)}`,
    inconclusive: `the true lean is between ${number(interval[0], 2)} and ${number(interval[1], 2)}`,
  };
  const total =
    outcome === 'inconclusive'
      ? requiredSampleSize(numbers.rows, (rows) => {
          const times = rows / numbers.rows;
          return (
            compare(bounds(times), margin) === 'pass' || compare(bounds(times, INFLATION_TO_FAIL), failing) === 'fail'
          );
        })
      : undefined;
  const missing = Math.max(blocker?.missing ?? 0, (total ?? 0) - numbers.rows);
  return [
    {
      id: 'numbers.bias',
      title: 'Do its numbers lean to one side?',
      outcome,
      gating: gates(policy, 'numbers.bias'),
      unit: 'number',
      estimate: Math.abs(lean),
      interval,
      margin,
      relation: '<',
      n: numbers.rows,
      of: 'rows',
      reason:
        blocker === undefined
          ? `${facts}; ${words[outcome]} (${confidence(policy)}), and ${allowed}.`
          : `${facts}, but ${blocker.reason}.`,
      ...(outcome !== 'inconclusive'
        ? NOTHING
        : blocker !== undefined
          ? blockerNeeds(blocker)
          : between
            ? needsAdvice(LEANS)
            : missing > 0
              ? needsAbout('rows', missing, { n: numbers.rows, minutes })
              : UNDECIDABLE),
    },
  ];
}

/**
 * How far the mean of shadow − production can lie from 0, in standard deviations of production's: each side at alpha / 2, so
 * that both hold at alpha. Rows count for less as their minutes hang together, and as inputs repeat: a model leans on a
 * repeated input as before.
 */
function meanBounds(
  { numbers, blocks, repeats }: Predictions,
  policy: Policy,
  { times, inflation }: { times: number; inflation: number },
): Interval {
  if (numbers === undefined) return [0, Number.POSITIVE_INFINITY];
  const { bias, deviation, rows, production, histogram } = numbers;
  const scale = production.deviation;
  const minutes = blocks.map((block) => ({ loss: block.d, truth: block.rows }));
  const copies = copiesOf(repeats?.beyond);
  const factor = Math.max(1, copies, lossScatter(minutes, { mean: bias, deviation }, policy)) * inflation;
  const range = Math.max(0, histogram.high - histogram.low);
  // What is rare shows in single rows, whichever day they are of; copies of an input show it once.
  const seen = policy.over === 'days' ? (rows * times) / copies : undefined;
  const each = { ...policy, alpha: policy.alpha / 2 };
  const half = meanHalfWidth((rows * times) / factor, deviation, range, each, seen);
  const [low, high] = [(bias - half) / scale, (bias + half) / scale];
  return [Math.max(0, low, -high), Math.max(-low, high)];
}
