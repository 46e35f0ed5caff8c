import type { AlikeColumn, InputSums } from '../predictions.ts';
import { designEffect } from '../statistics/repeats.ts';

/** Of fewer values the slices tell; of more than this share of the rows, few rows have one in common. */
const FEWEST_VALUES = 10;
const LARGEST_SHARE = 1 / 5;
/** By so much less rows must count if they hang together, to be worth a word. */
const LEAST_FACTOR = 2;

/**
 * The column whose rows of one value agree, or differ, most together: of a user, say, or a conversation. It may be a mere
 * property of the inputs, so this decides nothing.
 */
export function mostAlike(columns: readonly { column: string; sums: InputSums }[]): AlikeColumn | undefined {
  const found = columns
    .filter(({ sums }) => sums.inputs >= FEWEST_VALUES && sums.inputs <= sums.rows * LARGEST_SHARE)
    .map(({ column, sums }) => ({ column, values: sums.inputs, factor: designEffect(sums) }))
    .filter(({ factor }) => factor > LEAST_FACTOR)
    .toSorted((a, b) => b.factor - a.factor || (a.column < b.column ? -1 : 1));
  return found[0];
}

/** Sums over values of n rows and x hits each, as of inputs; undefined where there are none. */
export function sumsOver(values: readonly { n: number; x: number }[]): InputSums | undefined {
  if (values.length === 0) return undefined;
  const sums = { inputs: values.length, rows: 0, rowsSquared: 0, sum: 0, sumSquared: 0, cross: 0, between: 0 };
  for (const { n, x } of values) {
    sums.rows += n;
    sums.rowsSquared += n * n;
    sums.sum += x;
    sums.sumSquared += x * x;
    sums.cross += x * n;
    sums.between += (x * x) / n;
  }
  return { ...sums, squares: sums.sum };
}
