import type { Predictions, TruthOutcome, TruthStratum } from '../predictions.ts';
import { className, OTHERS } from '../answers/strata.ts';
import { counted, percent } from '../../base/units.ts';
import { total } from './loss-sample.ts';
import { needsAdvice } from './needs.ts';
import type { Blocker } from './needs.ts';

/** As rare as this is believed to be no chance, in standard errors. */
const LACKING_ERRORS = 4;

/** So many rows show something: that no label ever says what both models say, or that there are two kinds of them. */
const FEW_ROWS = 20;

/** Below so much agreement beyond chance (Cohen's kappa) of answers and labels there is none to speak of. */
const UNRELATED = 0.1;

/** The same of the area under the curve, beyond one half. */
const NO_CURVE = 0.05;

/** Two standard errors: how much more the rows at hand would have shown by chance, or would not. */
const ERRORS = 2;

/**
 * Why these labels cannot be those of the compared rows, or not all of them; undefined where nothing speaks against them. What does
 * not show in the sums, as labels that came for some outcomes sooner than for others, nobody here can know
 * (docs/judging.md).
 */
export function labelFault({ truth, repeats }: Predictions): Blocker | undefined {
  if (truth === undefined) return undefined;
  const sums = repeats?.agreement;
  const copies = sums === undefined || sums.rows === 0 ? 1 : sums.rowsSquared / sums.rows;
  const { outcomes, binary } = truth;
  if (outcomes !== undefined && !outcomes.some(isOther))
    return neverLabelled(truth.strata ?? [], outcomes) ?? unrelated(outcomes, copies);
  return binary && flatCurves(binary);
}

/** With fewer labels, one model may well be right on all of them. */
const MANY_LABELS = 300;

/**
 * Whose own answers the labels may be: one model is right on every row with a label, and the other is not. A model may be as
 * good as that, so that this decides nothing; who made the labels knows.
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
