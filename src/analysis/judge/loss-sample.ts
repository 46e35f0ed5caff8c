import type { TruthStratum } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import type { Occurred } from '../statistics/bounded.ts';
import type { Interval } from '../statistics/proportions.ts';
import { boundedMean, pairedDifference } from './paired.ts';

/** Fewer labels of a stratum than this say nothing about the rest of it. */
const MIN_LABELS = 5;

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
  /** Those strata. */
  unlabelled: readonly TruthStratum[];
  /** All compared rows, those on which the models differ, and those of them with a label. */
  rows: number;
  differing: number;
  labelled: number;
}

/**
 * Accuracy can change only where the models differ: rows on which they agree lose nothing, with or without a label. The
 * loss is the sum, over production's classes, of the share of all rows that differ there times the mean loss of those with
 * a label (post-stratification; Holt and Smith 1979). So it does not matter that labels are more frequent in one class than
 * in another. Of a class without labels nothing is known: all of its rows may be lost, or won.
 */
export function lossSample(strata: readonly TruthStratum[]): LossSample {
  const rows = total(strata, (one) => one.rows);
  const differing = strata.filter((one) => one.differ && one.rows > 0);
  const unlabelled = differing.filter(({ labelled, rows: all }) => labelled < MIN_LABELS && labelled < all);
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
    rows,
    differing: total(differing, (one) => one.rows),
    labelled: total(differing, (one) => one.labelled),
  };
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
