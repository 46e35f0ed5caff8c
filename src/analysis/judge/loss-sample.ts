import type { TruthStratum } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import type { Occurred } from '../statistics/bounded.ts';
import type { Interval } from '../statistics/proportions.ts';
import { boundedMean, pairedDifference } from './paired.ts';

/** Fewer labels of a stratum than this say nothing about the rest of it. */
export const MIN_LABELS = 5;

/**
 * Rows of one class on which the models differ have a label less often than those on which they agree, by a fifth or more,
 * and not by chance (as three standard errors are): then labels were not chosen by lot.
 */
export const CHOSEN_SHARE = 0.8;
const CHOSEN_ERRORS = 3;

/** A stratum, with how many labels it lacks where they depend on what the shadow answered. */
export type MarkedStratum = TruthStratum & { chosen?: number };

/** What labels say of the loss of accuracy, over all compared rows. */
export interface LossSample {
  /** Differences of rows (1: only production is right), weighed so that their mean is the loss of the rows that they speak for. */
  values: readonly Occurred[];
  /** Sum of the counts, and how far a value may lie from 0. */
  n: number;
  widest: number;
  /** Of all rows: the loss that is known of strata with too few labels, and the share of all rows that have none there. */
  known: number;
  unknown: number;
  /** Those strata: with too few labels, or with labels that were not chosen by lot. */
  unlabelled: readonly TruthStratum[];
  /** Labels of differing rows that it takes until those that were not chosen by lot are no longer rarer than the others. */
  balancing: number;
  /** All compared rows, those on which the models differ, and those of them with a label. */
  rows: number;
  differing: number;
  labelled: number;
}

/**
 * Accuracy can change only where the models differ: rows on which they agree lose nothing, with or without a label. The
 * loss is the sum, over production's classes, of the share of all rows that differ there times the mean loss of those with
 * a label (post-stratification; Holt and Smith 1979). So it does not matter that labels are more frequent in one class than
 * in another. Of a class without labels nothing is known: all of its rows may be lost, or won. Nor is it of the rows without a
 * label where labels are rarer among those that differ than among those that agree, or where they are `chosen` by what the shadow
 * said: labels may be missing where the shadow is wrong.
 */
export function lossSample(strata: readonly MarkedStratum[]): LossSample {
  const rows = total(strata, (one) => one.rows);
  const differing = strata.filter((one) => one.differ && one.rows > 0);
  const short = new Map(differing.map((one) => [one, Math.max(one.chosen ?? 0, labelsShort(one, strata))]));
  const unlabelled = differing.filter(
    (one) => one.labelled < one.rows && (one.labelled < MIN_LABELS || (short.get(one) ?? 0) > 0),
  );
  const told = differing.filter((one) => !unlabelled.includes(one));
  const [labelled, speaksFor] = [total(told, (one) => one.labelled), total(told, (one) => one.rows)];
  // As many of the rows on which the models agree as if all had been drawn with one chance.
  const drawn = speaksFor === 0 ? 1 : labelled / speaksFor;
  const values = told.flatMap(({ rows: all, labelled: n, onlyProduction, onlyShadow }): Occurred[] => {
    const weight = (all / n) * drawn;
    return [
      { value: weight, count: onlyProduction },
      { value: -weight, count: onlyShadow },
      { value: 0, count: n - onlyProduction - onlyShadow },
    ];
  });
  const agreeing = (rows - total(differing, (one) => one.rows)) * drawn;
  return {
    values: [...values, { value: 0, count: agreeing }],
    n: labelled + agreeing,
    widest: Math.max(1, ...values.map(({ value }) => value)),
    known: rows === 0 ? 0 : total(unlabelled, (one) => one.onlyProduction - one.onlyShadow) / rows,
    unknown: rows === 0 ? 1 : total(unlabelled, (one) => one.rows - one.labelled) / rows,
    unlabelled,
    balancing: total(unlabelled, (one) => short.get(one) ?? 0),
    rows,
    differing: total(differing, (one) => one.rows),
    labelled: total(differing, (one) => one.labelled),
  };
}

/** How many labels a class lacks where its models differ, if they were chosen otherwise than where they agree; else 0. */
function labelsShort(one: TruthStratum, strata: readonly TruthStratum[]): number {
  const agreeing = strata.filter(({ differ, production }) => !differ && production === one.production);
  const [rows, labelled] = [total(agreeing, (each) => each.rows), total(agreeing, (each) => each.labelled)];
  if (rows === 0 || one.rows === 0) return 0;
  const short = CHOSEN_SHARE * (labelled / rows) * one.rows - one.labelled;
  // Two shares of labelled rows, by the normal approximation with their common share.
  const common = (labelled + one.labelled) / (rows + one.rows);
  const error = Math.sqrt(common * (1 - common) * (1 / rows + 1 / one.rows));
  const apart = labelled / rows - one.labelled / one.rows;
  return short > 0 && apart > CHOSEN_ERRORS * error ? Math.ceil(short) : 0;
}

/** The loss as far as it is known. */
export function lossEstimate({ values, n, known, unlabelled, rows }: LossSample): number {
  const without = rows === 0 ? 0 : total(unlabelled, (one) => one.rows) / rows;
  return (n === 0 ? 0 : total(values, ({ value, count: k }) => value * k) / n) * (1 - without) + known;
}

/** Bounds of the loss, each at alpha. @param times as many labels, each counting for `factor` times less */
export function lossBounds(sample: LossSample, times: number, factor: number, policy: Policy): Interval {
  const { known, unknown, unlabelled, rows } = sample;
  const values = sample.values.map(({ value, count: k }) => ({ value, count: (k * times) / factor }));
  const without = rows === 0 ? 0 : total(unlabelled, (one) => one.rows) / rows;
  const [low, high] = boundedMean(values, -sample.widest, sample.widest, policy);
  // Nobody loses more than there is.
  return [Math.max(-1, low * (1 - without) + known - unknown), Math.min(1, high * (1 - without) + known + unknown)];
}

/** The sum of a number over a list. */
export function total<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((sum, one) => sum + of(one), 0);
}

/** Labels that it takes at least until a shadow that is right where production is may pass, of so many differing rows. */
export function labelsToPass(sample: Pick<LossSample, 'rows' | 'differing'>, policy: Policy): number | undefined {
  const share = sample.rows === 0 ? 0 : sample.differing / sample.rows;
  if (share === 0) return undefined;
  // Three of four differing rows are right of one model alone, as with most classes.
  const holds = (labels: number) => {
    const each = 0.375 * labels;
    const passing = pairedDifference({ first: each, second: each, n: labels / share, factor: 1 }, policy);
    return passing[1] < policy.truth;
  };
  let high = 1;
  while (!holds(high)) {
    high *= 2;
    if (high > 1e8) return undefined;
  }
  let low = high / 2;
  while (high - low > Math.max(1, low / 50)) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
