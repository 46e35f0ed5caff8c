import type { Predictions } from '../predictions.ts';
import { gates } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { counted, number } from '../../base/units.ts';
import { blockerNeeds, confidence, insufficientData, requiredSampleSize, windowTooShort } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { furtherOff } from './bias-by-labels.ts';
import { labelledOf } from './chosen-labels.ts';
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
  return differenceOf(predictions, evidence).map((gate) => settledByLabels(gate, predictions, evidence));
}

/**
 * With labels it is not how far its mean lies from production's that counts, but how much further from theirs: where production leans,
 * a shadow that does not is better. Unless it should be the same.
 */
function settledByLabels(gate: Gate, predictions: Predictions, evidence: Evidence): Gate {
  const { policy, observations } = evidence;
  const { numbers } = predictions;
  if (gate.outcome === 'pass' || numbers === undefined || policy.expect?.kind === 'same') return gate;
  const blocked = insufficientData(predictions, evidence) ?? tooShort('pass', predictions, policy);
  const { margin = 0 } = gate;
  const scale = numbers.production.deviation;
  const difference = signedBounds(predictions, policy, { times: 1, inflation: 1 });
  const further = furtherOff(labelledOf(observations), numbers.bias, difference, policy);
  if (further === undefined || blocked !== undefined) return gate;
  const [low, high] = further.interval.map((bound) => bound / scale) as unknown as Interval;
  const settled = compare([low, high], margin);
  if (settled === 'fail' || (settled === 'inconclusive' && gate.outcome !== 'fail')) return gate;
  const found = {
    ...gate,
    outcome: settled,
    estimate: further.estimate / scale,
    interval: [low, high] as const,
    reason: `Its mean is not production's, but ${further.words}: ${
      settled === 'pass'
        ? `at most ${number(Math.max(0, high), 2)} of a standard deviation (${number(scale)}) further off (${confidence(policy)})`
        : `between ${number(low, 2)} and ${number(high, 2)} of a standard deviation (${number(scale)}) further off (${confidence(policy)})`
    }, and the limit is ${number(margin, 2)}.`,
  };
  if (settled === 'pass') return { ...found, ...NOTHING };
  return { ...found, ...needsAdvice('labels of more minutes, and of all rows or of rows that are drawn at random') };
}

/** Is the lean of its numbers less than the limit, and if not, is it beyond? As of two models of which nobody knows which is right. */
function differenceOf(predictions: Predictions, evidence: Evidence): Gate[] {
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
  const blocker = insufficientData(predictions, evidence) ?? tooShort(decided, predictions, policy);
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
function meanBounds(predictions: Predictions, policy: Policy, times: Times): Interval {
  const scale = predictions.numbers?.production.deviation ?? 1;
  const [low, high] = signedBounds(predictions, policy, times).map((bound) => bound / scale) as unknown as Interval;
  return [Math.max(0, low, -high), Math.max(-low, high)];
}

interface Times {
  times: number;
  inflation: number;
}

/** Bounds of the mean of shadow − production, in the unit of the numbers. */
function signedBounds(
  { numbers, blocks, repeats }: Predictions,
  policy: Policy,
  { times, inflation }: Times,
): Interval {
  if (numbers === undefined) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const { bias, deviation, rows, histogram } = numbers;
  const minutes = blocks.map((block) => ({ loss: block.d, truth: block.rows }));
  const copies = copiesOf(repeats?.beyond);
  const factor = Math.max(1, copies, lossScatter(minutes, { mean: bias, deviation }, policy)) * inflation;
  const range = Math.max(0, histogram.high - histogram.low);
  // What is rare shows in single rows, whichever day they are of; copies of an input show it once.
  const seen = policy.over === 'days' ? (rows * times) / copies : undefined;
  const each = { ...policy, alpha: policy.alpha / 2 };
  const half = meanHalfWidth((rows * times) / factor, deviation, range, each, seen);
  return [bias - half, bias + half];
}

function tooShort(outcome: Gate['outcome'], { blocks }: Predictions, policy: Policy) {
  return windowTooShort(outcome, policy, [blocks.map((block) => ({ successes: 0, n: block.rows }))]);
}
