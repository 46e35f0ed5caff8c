import type { FitSums, Predictions, TruthOutcome, TruthStratum } from '../predictions.ts';
import { className, OTHERS } from '../answers/strata.ts';
import { counted, number, percent } from '../../base/units.ts';
import { areBinary, areChances } from './chances.ts';
import { total } from './loss-sample.ts';
import { needsAdvice } from './needs.ts';
import type { Blocker } from './needs.ts';
import { copiesOf } from '../statistics/repeats.ts';

/** As rare as this is believed to be no chance, in standard errors. */
const LACKING_ERRORS = 4;

/** So many rows show something: that no label ever says what both models say, or that there are two kinds of them. */
const FEW_ROWS = 20;

/** Below so much agreement beyond chance (Cohen's kappa) of answers and labels there is none to speak of. */
const UNRELATED = 0.1;

/** The same of the area under the curve, beyond one half. */
const NO_CURVE = 0.05;

/** A line through answers and labels is one that counts from so much correlation on. */
const CORRELATED = 0.5;

/** Of calibrated answers the line has the slope 1: beyond these, labels rise with the answers by another measure. */
const SLOPES = [2 / 3, 3 / 2] as const;

/** So much of the mean squared error is left, at the most, where the rest is a matter of the unit. */
const LEFT = 0.4;

/** And where the slope is 1: models that share an offset are not rare, but one of ten times what else they are off by is. */
const LEFT_OF_OFFSET = 0.01;

/** Numbers beyond these are no probabilities, and hardly what a regression on labels of 0 and 1 says. */
const NEAR_CHANCES = [-0.5, 1.5] as const;

/** What sums of doubles leave of nothing, as a share of them. */
const ROUNDED = 1e-9;

/** Two standard errors: how much more the rows at hand would have shown by chance, or would not. */
const ERRORS = 2;

/**
 * Why these labels cannot be those of the compared rows, or not all of them; undefined where nothing speaks against them. What does
 * not show in the sums, as labels that came for some outcomes sooner than for others, nobody here can know
 * (docs/judging.md).
 */
export function labelFault(predictions: Predictions): Blocker | undefined {
  const { truth, repeats } = predictions;
  if (truth === undefined) return undefined;
  const { outcomes, binary } = truth;
  if (outcomes !== undefined && !outcomes.some(isOther))
    return neverLabelled(truth.strata ?? [], outcomes) ?? unrelated(outcomes, copiesOf(repeats?.agreement));
  if (truth.numbers === undefined || truth.fit === undefined) return binary && flatCurves(binary);
  const fits = { production: fitOf(truth.fit, 'production'), shadow: fitOf(truth.fit, 'shadow') };
  const { rows, truth: ones } = truth.fit;
  // The less of 0 and 1 vary, the less can anything rise with them.
  const most = UNRELATED * (areBinary(truth) ? 2 * Math.sqrt((ones / rows) * (1 - ones / rows)) : 1);
  const unrelatedTo = () => unrelatedNumbers(fits, rows, { copies: copiesOf(repeats?.loss), most });
  if (areChances(predictions, truth)) {
    // Ranks over windows that were added are not known.
    const { production, shadow } = binary ?? {};
    return binary && (production === undefined || shadow === undefined ? unrelatedTo() : flatCurves(binary));
  }
  const { low, high } = predictions.numbers?.histogram ?? { low: 0, high: 1 };
  const beyond = areBinary(truth) && (low < NEAR_CHANCES[0] || high > NEAR_CHANCES[1]);
  return unrelatedTo() ?? (beyond ? noChances(fits, rows, { low, high }) : otherUnit(fits, rows));
}

/** With fewer labels, one model may well be right on all of them. */
const MANY_LABELS = 300;

/**
 * Whose own answers the labels may be: one model is right on every row with a label, and the other is not. A model may be as
 * good as that; who made the labels knows. So this fails nothing, and where it is the shadow's, it keeps from a pass.
 */
export function suspectedSource({ truth }: Predictions): 'production' | 'shadow' | undefined {
  const { rows = 0, labels } = truth ?? {};
  if (labels === undefined || rows < MANY_LABELS) return undefined;
  const { production, shadow } = labels;
  if (production === rows && rows - shadow >= FEW_ROWS) return 'production';
  return shadow === rows && rows - production >= FEW_ROWS ? 'shadow' : undefined;
}

function isOther({ production, truth }: TruthOutcome): boolean {
  return production === OTHERS && truth === OTHERS;
}

/** A class that both models give, and no label names: it is written otherwise, or its labels have not come. */
function neverLabelled(strata: readonly TruthStratum[], outcomes: readonly TruthOutcome[]): Blocker | undefined {
  const right = total(outcomes, (one) => (isRight(one.production, one.truth) ? one.rows : 0));
  // Where nothing fits, another sentence says so.
  if (right === 0) return undefined;
  const agreeing = strata.filter(({ differ, production }) => !differ && production !== OTHERS);
  const named = agreeing.filter(({ production }) => outcomes.some(({ truth }) => isRight(production, truth)));
  const drawn =
    total(named, (one) => one.labelled) /
    Math.max(
      1,
      total(named, (one) => one.rows),
    );
  const found = agreeing
    .filter((one) => !named.includes(one))
    .find((one) => one.labelled >= FEW_ROWS || lacks(one, drawn));
  if (found === undefined) return undefined;
  const { production, rows, labelled } = found;
  const isLacking = lacks(found, drawn);
  return {
    reason: isLacking
      ? `no label is ${production}, which both models say in ${counted(rows, 'rows')}, and of these ${percent(labelled / rows)} have one, where ${percent(drawn)} of the others do: its labels seem to be missing`
      : `no label is ${production}, which both models say in ${counted(labelled, 'rows')} that have one: labels and answers are probably not written alike, or its labels are missing`,
    missing: 0,
    needs: needsAdvice(
      isLacking
        ? 'labels of all outcomes, or of rows that are drawn at random'
        : `labels in the words of the answers (${production}), of all outcomes`,
    ),
  };
}

/** So few rows of a class have a label that it is no chance, where the share `drawn` of the others has one. */
function lacks({ rows, labelled }: TruthStratum, drawn: number): boolean {
  const expected = drawn * rows;
  return expected >= FEW_ROWS && expected - labelled > LACKING_ERRORS * Math.sqrt(expected);
}

/** As `className` writes the label; an answer may be written in several ways. */
function isRight(answer: string, truth: string): boolean {
  return answer === truth || className(answer) === truth;
}

/**
 * Where both models say the same, what they say has nothing to do with the label: then labels were joined to other rows, and
 * every shadow would be as right as production. Chance is Cohen's, of the two margins; its error under independence is
 * that of Fleiss, Cohen and Everitt (1969).
 */
function unrelated(outcomes: readonly TruthOutcome[], copies: number): Blocker | undefined {
  const same = outcomes.filter(({ production, shadow }) => production === shadow);
  const n = total(same, (one) => one.rows);
  const answers = sharesOf(same, ({ production }) => className(production), n);
  const truths = sharesOf(same, ({ truth }) => truth, n);
  const chance = total([...answers], ([name, share]) => share * (truths.get(name) ?? 0));
  const equal = total(same, (one) => (isRight(one.production, one.truth) ? one.rows : 0)) / n;
  // One answer to nearly everything, or one label, can agree by chance alone.
  if ([answers, truths].some((shares) => n * (1 - Math.max(0, ...shares.values())) < FEW_ROWS)) return undefined;
  const margins = total([...answers], ([name, share]) => {
    const other = truths.get(name) ?? 0;
    return share * other * (share + other);
  });
  const error = Math.sqrt((Math.max(0, chance + chance ** 2 - margins) * copies) / n) / (1 - chance);
  const kappa = (equal - chance) / (1 - chance);
  if (kappa > ERRORS * error || kappa + ERRORS * error > UNRELATED) return undefined;
  return {
    reason: `labels have nothing to do with the answers: of ${counted(n, 'rows')} with a label on which both models agree, ${percent(equal)} are right, and chance would give ${percent(chance)}. They may belong to other rows`,
    missing: 0,
    needs: needsAdvice('labels of these very requests: compare some by hand with what --label-next writes'),
  };
}

function sharesOf(
  outcomes: readonly TruthOutcome[],
  name: (outcome: TruthOutcome) => string,
  n: number,
): Map<string, number> {
  const shares = new Map<string, number>();
  for (const one of outcomes) shares.set(name(one), (shares.get(name(one)) ?? 0) + one.rows / n);
  return shares;
}

/** The same of scores against labels of 0 and 1: neither model ranks those that are 1 above the others. */
function flatCurves({
  rows,
  ones,
  production,
  shadow,
}: NonNullable<NonNullable<Predictions['truth']>['binary']>): Blocker | undefined {
  const zeros = rows - ones;
  if (production === undefined || shadow === undefined || ones === 0 || zeros === 0) return undefined;
  // Of ranks, without any relation (Mann and Whitney 1947).
  const error = Math.sqrt((rows + 1) / (12 * ones * zeros));
  const isFlat = (area: number) => area - 0.5 <= ERRORS * error && area - 0.5 + ERRORS * error <= NO_CURVE;
  if (!isFlat(production) || !isFlat(shadow)) return undefined;
  return {
    reason: `labels have nothing to do with the numbers: the area under the curve is ${production.toFixed(2)} of production's and ${shadow.toFixed(2)} of the shadow's, over ${counted(rows, 'rows')}, and chance gives 0.50. They may belong to other rows`,
    missing: 0,
    needs: needsAdvice('labels of these very requests: compare some by hand with what --label-next writes'),
  };
}

/** A straight line through the answers of one model and the labels. */
interface Fit {
  correlation: number;
  /** By how much the label rises with the answer. */
  slope: number;
  /** Of the label where the answer is 0. */
  offset: number;
  /** The share of the mean squared error that the line leaves. */
  left: number;
}

/** @returns undefined where all answers, or all labels, are alike */
function fitOf(sums: FitSums, who: 'production' | 'shadow'): Fit | undefined {
  const { rows, truth, truthSquared } = sums;
  const [x, xx, xy] = [sums[who] / rows, sums[`${who}Squared`] / rows, sums[`${who}Truth`] / rows];
  const [y, yy] = [truth / rows, truthSquared / rows];
  const [answers, labels] = [xx - x * x, yy - y * y];
  if (!(answers > ROUNDED * xx) || !(labels > ROUNDED * yy)) return undefined;
  const together = xy - x * y;
  const slope = together / answers;
  const correlation = together / Math.sqrt(answers * labels);
  return {
    correlation,
    slope,
    offset: y - slope * x,
    left: (labels * (1 - correlation ** 2)) / Math.max(xx - 2 * xy + yy, ROUNDED * yy),
  };
}

type Fits = Record<'production' | 'shadow', Fit | undefined>;

/**
 * Numbers that rise with the labels of neither model, as `unrelated` has it of classes. The error of a correlation without any
 * relation is one over the root of the rows (Fisher 1915).
 */
function unrelatedNumbers(
  { production, shadow }: Fits,
  rows: number,
  { copies, most }: { copies: number; most: number },
): Blocker | undefined {
  const error = Math.sqrt(copies / rows);
  const isFlat = (fit: Fit) => fit.correlation <= ERRORS * error && fit.correlation + ERRORS * error <= most;
  const fits = [production, shadow].filter((fit) => fit !== undefined);
  if (fits.length === 0 || !fits.every(isFlat)) return undefined;
  const words = fits.map(({ correlation }) => correlation.toFixed(2)).join(' and ');
  return {
    reason: `labels have nothing to do with the numbers: over ${counted(rows, 'rows')} they are correlated by ${words}. They may belong to other rows`,
    missing: 0,
    needs: needsAdvice('labels of these very requests: compare some by hand with what --label-next writes'),
  };
}

/**
 * Labels in another unit, or another transformation, than the answers of both models: cents for euros, or logarithms. The errors are
 * then those of the unit, and a shadow that scatters more is hardly further off.
 */
function otherUnit({ production, shadow }: Fits, rows: number): Blocker | undefined {
  if (production === undefined || shadow === undefined || rows < FEW_ROWS) return undefined;
  const fits = [production, shadow];
  const low = fits.every(({ slope }) => slope < SLOPES[0]);
  const high = fits.every(({ slope }) => slope > SLOPES[1]);
  const most = low || high ? LEFT : LEFT_OF_OFFSET;
  if (!fits.every(({ correlation, left }) => correlation >= CORRELATED && left <= most)) return undefined;
  const { slope, offset, left } = production;
  return {
    reason: `labels seem to be in another unit than the answers: they are about ${number(slope, 3)} times production's number ${offset < 0 ? '−' : '+'} ${number(Math.abs(offset), 3)}, which explains ${percent(1 - left)} of its squared error, and likewise the shadow's`,
    missing: 0,
    needs: needsAdvice('labels in the unit of the answers'),
  };
}

/** Labels of 0 and 1, and numbers that are no probabilities of them, as logits and percentages are not. */
function noChances(fits: Fits, rows: number, { low, high }: { low: number; high: number }): Blocker | undefined {
  const both = [fits.production, fits.shadow];
  if (rows < FEW_ROWS || !both.every((fit) => fit !== undefined && fit.left <= LEFT)) return undefined;
  return {
    reason: `the labels are 0 and 1, and the answers lie between ${number(low, 3)} and ${number(high, 3)}: they are no probabilities, so that how far they are off says nothing`,
    missing: 0,
    needs: needsAdvice('probabilities in the answers, or labels in the unit of the answers'),
  };
}
