import type { LossStratum, LossSums, Predictions, TruthSums } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { decides } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { copiesOf, designEffect } from '../statistics/repeats.ts';
import type { Evidence } from './evidence.ts';
import { total } from './loss-sample.ts';
import { needsAdvice } from './needs.ts';
import { areChances } from './chances.ts';
import type { Blocker } from './needs.ts';
import { lossHalfWidths } from './paired.ts';
import { different } from './proportion.ts';
import { nearerLabels } from './nearer-labels.ts';
import { lossScatter, lossSkew } from './scatter.ts';
import type { Blocks } from './scatter.ts';
import { truthGate, truthMargin } from './truth-gate.ts';
import type { Gate } from './verdict.ts';
import { count, counted, number, percent } from '../../base/units.ts';

/** Losses over n rows with truth, absolute or squared; `factor` is how much less they count for being clustered. */
export interface Losses {
  /** Mean of the shadow's loss less production's, and standard deviation of the shadow's less (1 + margin) times production's. */
  loss: number;
  deviation: number;
  maeProduction: number;
  maeShadow: number;
  /** Between the least and the greatest of all answers of both: no row loses more. */
  range: number;
  n: number;
  factor: number;
  /** What rows may lose, or win, of which nothing is known; a row of all. */
  unknown?: number;
  /** Rows that would show a loss that is rare, where that is not n / factor. */
  seen?: number | undefined;
  /** Third moment of what scatters, over its variance and n; undefined where it is not known. */
  skew?: number | undefined;
}

/**
 * What a mean loss has grown by, as a share of production's, by an asymptotic confidence sequence. What scatters is the
 * shadow's loss less (1 + margin) times production's, row by row, so that the share's own scale is in it. A loss may be so
 * rare that n rows do not show it, and no variance either: up to ln(1 / alpha) / n of all rows may lose the whole range then,
 * for which lossHalfWidths allows.
 */
export function errorLost(losses: Losses, policy: Policy): Interval {
  const { loss, deviation, maeProduction, maeShadow, range, n, factor, unknown = 0, skew, seen = n / factor } = losses;
  const scale = errorScale(maeProduction, maeShadow);
  const [below, above] = lossHalfWidths({ n: n / factor, s: deviation, range, skew, seen }, policy, TUNED_FOR);
  return [(loss - below - unknown) / scale, (loss + above + unknown) / scale];
}

/**
 * How much less rows count for their minutes. Of many lengths the largest dispersion lies above 1 by chance: a standard error is
 * taken off it, unless one of them lies four standard errors above 1, and then a pass waits as well. A fail comes sooner, when
 * less can be seen: it is held to all of the dispersion, and waits where one lies a standard error above 1. So do passes of
 * squared errors, which a few minutes decide. By how much is measured: lines "error" and "Brier score" of `npm run calibrate`.
 */
function burstsOf(
  minutes: readonly { loss: number; truth: number }[],
  mean: number,
  deviation: number,
  of: 'error' | 'squared',
  blocks: Blocks,
) {
  const at = (errors: number) => lossScatter(minutes, { mean, deviation }, blocks, errors);
  if (blocks.over === 'days') return { bursts: at(0), cautious: at(0), inBursts: { pass: false, fail: false } };
  const [cautious, fail] = [at(0), at(1) > 1];
  const pass = of === 'squared' ? fail : at(4) > 1;
  return { bursts: pass || of === 'squared' ? cautious : at(1), cautious, inBursts: { pass, fail } };
}

/**
 * How skewed the mean loss is. Minutes show it where every row has a label: else those with one speak for more rows or fewer. In
 * bursts it is tens of minutes that do.
 */
function skewOf(
  minutes: readonly { loss: number; truth: number }[],
  { rows, of }: TruthSums,
  inBursts: boolean,
  blocks: Blocks,
): number | undefined {
  if (rows < of) return undefined;
  return (inBursts ? lossSkew(minutes, blocks, BURST) : undefined) ?? lossSkew(minutes, blocks);
}

const BURST = 10;

/** By so much a mean of so many times as many rows is skewed. */
function skewed(skew: number | undefined, times: number): number | undefined {
  return skew === undefined ? undefined : skew / times;
}

/** What is rare shows in single rows, whichever day of a batch they are of; copies of an input show it once. */
function seenOf(n: number, copies: number, { over }: Policy): number | undefined {
  return over === 'days' ? n / copies : undefined;
}

/** Rows for which the sequence is tightest. */
const TUNED_FOR = 3000;

/** A production that is never wrong has no error to lose a share of: then the shadow's own is the measure. */
function errorScale(maeProduction: number, maeShadow: number): number {
  if (maeProduction > 0) return maeProduction;
  return maeShadow > 0 ? maeShadow : 1;
}

/** Fewer labels of a stratum than this say nothing about the rest of it. */
const MIN_LABELS = 5;

/** What labels say of a loss, over all compared rows. */
interface Estimated extends Losses {
  /** Rows of which the loss is not known may lose, or win, so much a row of all. */
  unknown: number;
  /** Bands of which too little is known. */
  unlabelled: readonly LossStratum[];
}

/**
 * The mean loss by the bands in which the two numbers lie to each other, each with its share of all rows
 * (post-stratification): labels may be more frequent where the models agree. Of a band without labels it is known only that no
 * row loses more than its two numbers are apart, and for squares twice that.
 *
 * @param margin share of production's loss: what scatters is the shadow's loss less (1 + margin) times production's
 */
export function lossByBands(
  losses: readonly LossStratum[],
  of: 'error' | 'squared',
  margin: number,
): Omit<Estimated, 'range' | 'factor'> {
  const rows = total(losses, (one) => one.rows);
  const unlabelled = losses.filter(({ labelled, rows: all }) => labelled < MIN_LABELS && labelled < all);
  const told = losses.filter((one) => !unlabelled.includes(one) && one.labelled > 0);
  const kept = total(told, (one) => one.rows);
  const bands = told.map((one) => {
    const sums = one[of];
    const mean = (sums.loss - margin * sums.production) / one.labelled;
    const squares = sums.lossSquared - 2 * margin * sums.cross + margin * margin * sums.productionSquared;
    return {
      share: one.rows / kept,
      n: one.labelled,
      mean,
      variance: Math.max(0, squares / one.labelled - mean * mean),
    };
  });
  const mean = total(bands, ({ share, mean: own }) => share * own);
  const between = total(bands, ({ share, mean: own }) => share * (own - mean) ** 2);
  const variance = total(bands, ({ share, variance: own }) => share * own) + between;
  // What the estimate scatters by: within bands for having few labels, between them for having few rows.
  const scatter =
    total(bands, ({ share, variance: own, n }) => (share * share * own) / n) + between / Math.max(1, kept);
  const labelled = total(told, (one) => one.labelled);
  const part = rows === 0 ? 0 : kept / rows;
  const weighed = (value: (sums: LossSums) => number) =>
    total(told, (one) => (one.rows / rows) * (value(one[of]) / one.labelled));
  const production = weighed((sums) => sums.production);
  const loss = weighed((sums) => sums.loss);
  return {
    loss,
    maeProduction: production,
    maeShadow: production + loss,
    deviation: part * Math.sqrt(variance),
    n: scatter > 0 ? variance / scatter : labelled,
    unknown: rows === 0 ? 0 : ((of === 'squared' ? 2 : 1) * total(unlabelled, (one) => one.apart)) / rows,
    unlabelled,
  };
}

/** Which rows have a label is not known, and it may be those that are easy. */
const UNCOUNTED: Blocker = {
  reason: 'an older version saved this without counting which rows have a label',
  missing: 0,
  needs: needsAdvice('a report on the captures themselves'),
};

const ERRORS = { squared: 'mean squared error (Brier score)', error: 'mean absolute error' } as const;

/** How far off each model is against its labels, by rows of what is known of them. */
function lossFound(
  predictions: Predictions,
  truth: TruthSums,
  numbers: NonNullable<TruthSums['numbers']>,
  policy: Policy,
) {
  const chances = areChances(predictions, truth);
  return truth.losses === undefined
    ? unsorted(numbers, truth.rows, policy)
    : lossByBands(truth.losses, chances ? 'squared' : 'error', truthMargin(policy));
}

/** The error by which numbers are judged against labels, and each model's; undefined where none were. Pure. */
export function judgedError(
  predictions: Predictions,
  truth: TruthSums,
  policy: Policy,
): { name: string; production: number; shadow: number } | undefined {
  if (truth.numbers === undefined) return undefined;
  const { maeProduction, maeShadow } = lossFound(predictions, truth, truth.numbers, policy);
  const name = ERRORS[areChances(predictions, truth) && truth.losses !== undefined ? 'squared' : 'error'];
  return { name, production: maeProduction, shadow: maeShadow };
}

/** Is the shadow further off than production? By squares, where the numbers are chances. */
export function judgeLoss(predictions: Predictions, truth: TruthSums, evidence: Evidence): Gate[] {
  if (truth.numbers === undefined) return [];
  const { policy } = evidence;
  const chances = areChances(predictions, truth);
  const found = lossFound(predictions, truth, truth.numbers, policy);
  const { low, high } = predictions.numbers?.histogram ?? { low: 0, high: 0 };
  const { n, loss, maeProduction, maeShadow, unlabelled } = found;
  const alike = predictions.repeats?.loss;
  const repeated = designEffect(alike);
  const minutes = predictions.blocks.map((block) => ({
    loss: (chances ? block.squaredLoss : block.loss) ?? 0,
    truth: block.truth ?? 0,
  }));
  const [mean, deviation] = chances ? spreadOf(truth.losses ?? []) : [truth.numbers.loss, truth.numbers.lossDeviation];
  const { bursts, cautious, inBursts } = burstsOf(minutes, mean, deviation, chances ? 'squared' : 'error', policy);
  const skew = bursts >= repeated ? skewOf(minutes, truth, inBursts.pass, policy) : undefined;
  const clustering = {
    factor: Math.max(bursts, repeated),
    cautious: Math.max(cautious, repeated),
    by: bursts > repeated ? ('minutes' as const) : ('inputs' as const),
    cluster: bursts > repeated ? undefined : alike?.by,
  };
  const words = chances
    ? { id: 'truth.score', title: 'Are its probabilities worse?', error: ERRORS.squared }
    : { id: 'truth.error', title: 'Is it less accurate?', error: ERRORS.error };
  const facts = `Its ${words.error} is ${number(maeShadow)}, and production's is ${number(maeProduction)}, over ${counted(truth.rows, 'rows')} with labels${different(predictions)}${unlabelledWords(unlabelled, truth.of)}`;
  const losses = { ...found, range: Math.max(0, high - low) };
  return [
    truthGate(words.id, words.title, predictions, evidence, {
      facts,
      words: ['it is greater by', 'increase', 'it is smaller by'],
      show: percent,
      estimate: loss / errorScale(maeProduction, maeShadow),
      interval: (times, factor) =>
        errorLost(
          { ...losses, n: n * times, factor, skew: skewed(skew, times), seen: seenOf(n * times, repeated, policy) },
          policy,
        ),
      margin: truthMargin(policy),
      n: truth.rows,
      known: truth.rows,
      minutes: [minutes.map((minute) => ({ successes: 0, n: minute.truth }))],
      inputs: alike?.by === undefined ? (alike?.inputs ?? truth.rows) : truth.rows,
      clustering,
      inBursts,
      labels: { rows: truth.of, differing: truth.of, labelled: truth.rows, balancing: 0, unlabelled },
      blocker: truth.losses === undefined && truth.rows < truth.of ? UNCOUNTED : nearerLabels(truth, copiesOf(alike)),
    }),
  ];
}

/**
 * Are the shadow's probabilities of all classes worse? By their Brier scores, as single probabilities are: accuracy does not see a
 * model that is too sure. It decides where it fails; where the policy names it under `decide`, it must be proven, too.
 */
export function judgeScores(predictions: Predictions, truth: TruthSums, evidence: Evidence): Gate[] {
  const { policy } = evidence;
  const { scores } = truth;
  // Labels that name no place are of other classes than the scores.
  if (
    scores === undefined ||
    total(scores, (one) => one.labelled) < truth.rows ||
    !(truth.named === true || namesPlaces(truth))
  )
    return [];
  const found = lossByBands(scores, 'squared', truthMargin(policy));
  const { n, loss, maeProduction, maeShadow, unlabelled } = found;
  const minutes = predictions.blocks.map((block) => ({ loss: block.squaredLoss ?? 0, truth: block.truth ?? 0 }));
  const [mean, deviation] = spreadOf(scores);
  const { bursts, cautious, inBursts } = burstsOf(minutes, mean, deviation, 'squared', policy);
  // A model gives a repeated input the same probabilities as before.
  const inputs = predictions.repeats?.onlyProduction;
  const copies = copiesOf(inputs);
  const skew = bursts >= copies ? skewOf(minutes, truth, inBursts.pass, policy) : undefined;
  const gate = truthGate('truth.score', 'Are its probabilities worse?', predictions, evidence, {
    facts: `The Brier score of its probabilities of all classes is ${number(maeShadow)}, and production's is ${number(maeProduction)}, over ${count(truth.rows)} rows with labels${unlabelledWords(unlabelled, truth.of)}`,
    words: ['it is greater by', 'increase', 'it is smaller by'],
    show: percent,
    estimate: loss / errorScale(maeProduction, maeShadow),
    interval: (times, factor) =>
      errorLost(
        {
          ...found,
          range: BRIER_RANGE,
          n: n * times,
          factor,
          skew: skewed(skew, times),
          seen: seenOf(n * times, copies, policy),
        },
        policy,
      ),
    margin: truthMargin(policy),
    n: truth.rows,
    known: truth.rows,
    minutes: [minutes.map((minute) => ({ successes: 0, n: minute.truth }))],
    inputs: inputs?.by === undefined ? truth.rows / copies : truth.rows,
    clustering: {
      factor: Math.max(bursts, copies),
      cautious: Math.max(cautious, copies),
      by: bursts > copies ? 'minutes' : 'inputs',
      cluster: bursts > copies ? undefined : inputs?.by,
    },
    inBursts,
    labels: { rows: truth.of, differing: truth.of, labelled: truth.rows, balancing: 0, unlabelled },
  });
  return [{ ...gate, gating: gate.gating && (gate.outcome === 'fail' || decides(policy, 'truth.score')) }];
}

/**
 * Are the labels the numbers from 0 on without a gap? Else the class of a number need not be its place: of the classes 0, 2 and 5,
 * 2 is the second. Where rare labels were not counted apart, nobody knows.
 */
function namesPlaces({ cells = [] }: TruthSums): boolean {
  const labels = new Set(cells.map(({ truth }) => truth));
  return [...labels].every((_, i) => labels.has(String(i)));
}

/** Brier scores of several classes lie between 0 and 2. */
const BRIER_RANGE = 2;

/** What an older version summed, of all rows with a label; the deviation is then no more than those of both parts together. */
function unsorted(
  { maeProduction, maeShadow, loss, lossDeviation }: NonNullable<TruthSums['numbers']>,
  n: number,
  policy: Policy,
) {
  const deviation = lossDeviation + policy.truth * errorScale(maeProduction, maeShadow);
  return { maeProduction, maeShadow, loss, deviation, n, unknown: 0, unlabelled: [] };
}

/** Mean and standard deviation of single rows' differences of squares. */
function spreadOf(losses: readonly LossStratum[]): [mean: number, deviation: number] {
  const n = total(losses, (one) => one.labelled);
  if (n === 0) return [0, 0];
  const mean = total(losses, (one) => one.squared.loss) / n;
  return [mean, Math.sqrt(Math.max(0, total(losses, (one) => one.squared.lossSquared) / n - mean * mean))];
}

const BAND_WORDS = {
  equal: 'in which the two numbers are equal within the tolerance',
  above: "in which its number is greater than production's",
  below: "in which its number is less than production's",
  agree: 'on which both give the same class',
  differ: 'on which the classes differ',
} as const;

/** Names the bands of which too little is known, the largest first. */
function unlabelledWords(unlabelled: readonly LossStratum[], rows: number): string {
  const [largest] = unlabelled.toSorted((a, b) => b.rows - a.rows);
  if (largest === undefined) return '';
  const { band, labelled } = largest;
  return `; of ${counted(largest.rows, 'rows')} ${BAND_WORDS[band]} (${percent(largest.rows / Math.max(1, rows))} of all) ${labelled === 0 ? 'none has' : `only ${count(labelled)} have`} a label`;
}
