import type { Predictions } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { gates } from '../policy/policy.ts';
import { mcnemar, meanDispersion } from '../statistics/proportions.ts';
import type { Interval } from '../statistics/proportions.ts';
import { sequenceHalfWidth } from '../statistics/sequences.ts';
import { compare } from './verdict.ts';
import type { Gate } from './verdict.ts';
import {
  confidence,
  requiredSampleSize,
  blockerNeeds,
  clusteringOf,
  shareInterval,
  insufficientData,
  windowTooShort,
} from './evidence.ts';
import type { Evidence, Minutes, Clustering } from './evidence.ts';
import { different } from './proportion.ts';
import { count, counted, number, percent, points } from '../../base/units.ts';
import { needsAdvice, needsMore, needsNewInputs, NOTHING, UNDECIDABLE } from './needs.ts';

/** Is the shadow less right than production, where the truth is known? Paired: both models answered the same rows. */
export function judgeTruth(evidence: Evidence): Gate[] {
  const predictions = evidence.observations.predictions;
  const truth = predictions?.truth;
  if (predictions === undefined || truth === undefined) return [];
  if (truth.rows === 0) {
    return [
      {
        id: 'truth',
        title: 'Is it less accurate?',
        outcome: 'inconclusive',
        gating: gates(evidence.policy, 'truth'),
        unit: 'share',
        estimate: undefined,
        interval: undefined,
        margin: evidence.policy.truth,
        relation: '<',
        n: 0,
        of: 'rows',
        reason: `None of the labels could be held against one of the ${count(truth.of)} compared predictions.`,
        ...needsAdvice('labels with the InferenceIds (or the features) of this window'),
      },
    ];
  }
  return truth.labels === undefined ? judgeLoss(predictions, evidence) : judgeAccuracy(predictions, evidence);
}

/** Rows that only one model has right, of n; `factor` is how much less they count for being clustered. */
export interface OnlyOne {
  hits: number;
  n: number;
  factor: number;
}

/** Accuracy lost: what only production gets right, less what only the shadow gets right. Each bounded at alpha / 2. */
export function accuracyLost(production: OnlyOne, shadow: OnlyOne, policy: Policy): Interval {
  const bounds = ({ hits, n, factor }: OnlyOne) => shareInterval(hits / factor, n / factor, policy.alpha / 2, policy);
  const [b, c] = [bounds(production), bounds(shadow)];
  return [b[0] - c[1], b[1] - c[0]];
}

/** Two models that are never right lose nothing against each other: that would pass whatever the labels are. */
const OTHER_WORDS: ReturnType<typeof insufficientData> = {
  reason:
    'no label equals any answer of either model, so labels and answers are probably not written alike (yes and 1, cat and 0)',
  missing: 0,
  needs: needsAdvice('labels in the words of the answers'),
};

function judgeAccuracy(predictions: Predictions, evidence: Evidence): Gate[] {
  const truth = predictions.truth;
  if (truth?.labels === undefined) return [];
  const { production, shadow, onlyProduction, onlyShadow } = truth.labels;
  const { policy } = evidence;
  const n = truth.rows;
  const clustering = {
    onlyProduction: clusteringOf(judgedMinutes(predictions, 'onlyProduction'), predictions.repeats?.onlyProduction),
    onlyShadow: clusteringOf(judgedMinutes(predictions, 'onlyShadow'), predictions.repeats?.onlyShadow),
  };
  const lost = (scale: number) =>
    accuracyLost(
      { hits: onlyProduction * scale, n: n * scale, factor: clustering.onlyProduction.factor },
      { hits: onlyShadow * scale, n: n * scale, factor: clustering.onlyShadow.factor },
      policy,
    );
  const stronger =
    clustering.onlyProduction.factor > clustering.onlyShadow.factor ? clustering.onlyProduction : clustering.onlyShadow;
  const p = mcnemar(onlyProduction, onlyShadow);
  const facts = `It is correct on ${percent(shadow / n)} and production on ${percent(production / n)} of ${count(n)} labeled rows${different(predictions)} (${count(onlyShadow)} only the shadow, ${count(onlyProduction)} only production; exact McNemar p ${p < 1e-4 ? '< 0.0001' : `= ${number(p)}`})`;
  return [
    finish('truth.accuracy', 'Is it less accurate?', predictions, evidence, {
      facts,
      words: ['it loses', 'loss', 'it is better by'],
      show: points,
      estimate: (production - shadow) / n,
      interval: lost,
      margin: policy.truth,
      n,
      minutes: [judgedMinutes(predictions, 'onlyProduction'), judgedMinutes(predictions, 'onlyShadow')],
      inputs: predictions.repeats?.onlyProduction?.inputs ?? n,
      clustering: stronger,
      blocker: production + shadow === 0 ? OTHER_WORDS : undefined,
    }),
  ];
}

/** Rows with truth a minute, and those that only one model has right. */
function judgedMinutes(predictions: Predictions, who: 'onlyProduction' | 'onlyShadow'): Minutes {
  return predictions.blocks.map((block) => ({ successes: block[who] ?? 0, n: block.truth ?? 0 }));
}

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
 * range then. The bounds are never nearer than that, and wider by its third beyond the variance, as Bernstein's are.
 */
export function errorLost(losses: Losses, policy: Policy): Interval {
  const { loss, deviation, maeProduction, maeShadow, range, n, factor } = losses;
  const scale = errorScale(maeProduction, maeShadow);
  const sequence = sequenceHalfWidth(n / factor, deviation + policy.truth * scale, policy.alpha, policy.minimumPairs);
  const unseen = (range * Math.log(1 / policy.alpha) * factor) / n;
  const half = Math.max(unseen, sequence + unseen / 3);
  return [(loss - half) / scale, (loss + half) / scale];
}

/** A production that is never wrong has no error to lose a share of: then the shadow's own is the measure. */
function errorScale(maeProduction: number, maeShadow: number): number {
  if (maeProduction > 0) return maeProduction;
  return maeShadow > 0 ? maeShadow : 1;
}

function judgeLoss(predictions: Predictions, evidence: Evidence): Gate[] {
  const truth = predictions.truth;
  if (truth?.numbers === undefined) return [];
  const { maeProduction, maeShadow, loss, lossDeviation: deviation } = truth.numbers;
  const { low, high } = predictions.numbers?.histogram ?? { low: 0, high: 0 };
  const range = Math.max(0, high - low);
  const n = truth.rows;
  const clustering = clusteringOf([], predictions.repeats?.loss);
  const factor = Math.max(clustering.factor, meanDispersion(predictions.blocks, loss, deviation));
  const stronger: Clustering = factor > clustering.factor ? { factor, by: 'minutes' } : clustering;
  const facts = `Its mean absolute error is ${number(maeShadow)}, and production's is ${number(maeProduction)}, over ${count(n)} rows with labels${different(predictions)}`;
  return [
    finish('truth.error', 'Is it less accurate?', predictions, evidence, {
      facts,
      words: ['it is greater by', 'increase', 'it is smaller by'],
      show: percent,
      estimate: loss / errorScale(maeProduction, maeShadow),
      interval: (times) =>
        errorLost({ loss, deviation, maeProduction, maeShadow, range, n: n * times, factor }, evidence.policy),
      margin: evidence.policy.truth,
      n,
      minutes: [predictions.blocks.map((block) => ({ successes: 0, n: block.truth ?? 0 }))],
      inputs: predictions.repeats?.loss?.inputs ?? n,
      clustering: stronger,
    }),
  ];
}

function tooFewTruths(
  { n, inputs }: { n: number; inputs: number },
  { minimumPairs }: Policy,
): ReturnType<typeof insufficientData> {
  if (n < minimumPairs)
    return { reason: `the policy requires ${count(minimumPairs)} rows with a label`, missing: minimumPairs - n };
  if (inputs >= minimumPairs) return undefined;
  const reason = `the rows with a label hold only ${counted(inputs, 'different inputs')}, and the policy requires ${count(minimumPairs)}`;
  return { reason, missing: minimumPairs - inputs, of: 'different inputs' };
}

function finish(
  id: string,
  title: string,
  predictions: Predictions,
  evidence: Evidence,
  found: {
    /** A sentence, without its end. */
    facts: string;
    /** How it loses, what it loses, how it is better. */
    words: readonly [string, string, string];
    /** How a loss is written: a difference of shares, or a share of production's error. */
    show: (loss: number) => string;
    estimate: number;
    interval: (scale: number) => Interval;
    margin: number;
    n: number;
    /** Rows with truth a minute, and those that only one model has right. */
    minutes: readonly Minutes[];
    /** Different inputs among the rows with truth. */
    inputs: number;
    clustering: Clustering;
    /** What else keeps it from being decided. */
    blocker?: ReturnType<typeof insufficientData>;
  },
): Gate {
  const { policy, minutes } = evidence;
  const { show } = found;
  const sure = confidence(policy);
  const interval = found.interval(1);
  const decided = compare(interval, found.margin);
  const blocker =
    found.blocker ??
    insufficientData(predictions, evidence) ??
    tooFewTruths(found, policy) ??
    windowTooShort(decided, policy, found.minutes, 'truth');
  const outcome = blocker === undefined ? decided : 'inconclusive';
  const { rows = 0, of = 0 } = predictions.truth ?? {};
  const known = `${percent(of === 0 ? 0 : rows / of)} of the compared rows have a label. `;
  const words = {
    pass:
      interval[1] < 0
        ? `${known}${found.facts}; ${found.words[2]} at least ${show(-interval[1])} (${sure}).`
        : `${known}${found.facts}; ${found.words[0]} at most ${show(interval[1])} (${sure}), and ${show(found.margin)} is allowed.`,
    fail: `${known}${found.facts}; ${found.words[0]} at least ${show(interval[0])} (${sure}), and only ${show(found.margin)} is allowed.`,
    inconclusive:
      blocker === undefined
        ? `${known}${found.facts}; the true ${found.words[1]} is between ${show(interval[0])} and ${show(interval[1])} (${sure}), and ${show(found.margin)} is allowed.`
        : `${known}${found.facts}, but ${blocker.reason}.`,
  };
  const total =
    outcome === 'inconclusive'
      ? requiredSampleSize(found.n, (n) => compare(found.interval(n / found.n), found.margin) !== 'inconclusive')
      : undefined;
  const missing = Math.max(blocker?.missing ?? 0, (total ?? found.n) - found.n);
  return {
    id,
    title,
    outcome,
    gating: gates(policy, id),
    unit: 'share',
    estimate: found.estimate,
    interval,
    margin: found.margin,
    relation: '<',
    n: found.n,
    of: 'rows',
    reason: words[outcome],
    ...(outcome !== 'inconclusive'
      ? NOTHING
      : blocker !== undefined && (blocker.missing === 0 || blocker.of !== undefined)
        ? blockerNeeds(blocker)
        : missing > 0 && found.clustering.by === 'inputs'
          ? needsNewInputs(missing / found.clustering.factor)
          : missing > 0
            ? needsMore('rows', missing, minutes > 0 ? found.n / minutes : 0, 'rows with labels')
            : UNDECIDABLE.difference),
  };
}
