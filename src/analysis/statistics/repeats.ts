import type { InputSums } from '../predictions.ts';

/**
 * How much less rows count because some repeat the input of others: n rows bound a mean as well as n divided by this
 * many independent ones (Kish 1965). The larger of two answers, never less than 1:
 *
 * - the variance of the ratio Σx / Σn over inputs, divided by that of independent rows (linearized, as survey packages
 *   do): right whatever the inputs are, but with few of them that differ it is itself uncertain;
 * - 1 + ρ (Σn² / Σn − 1), with ρ the intraclass correlation by analysis of variance: how alike the rows of one input
 *   are. Where all rows are equal nobody can tell, and ρ is 1, as for any deterministic model.
 */
export function designEffect(sums: InputSums | undefined): number {
  if (sums === undefined || sums.rows === 0 || sums.inputs >= sums.rows) return 1;
  const { inputs, rows, rowsSquared, sum, sumSquared, cross, between, squares } = sums;
  const mean = sum / rows;
  const variance = squares / rows - mean * mean;
  const clumping = rowsSquared / rows - 1;
  if (!(variance > 1e-12 * (squares / rows))) return 1 + clumping;
  const robust = (sumSquared - 2 * mean * cross + mean * mean * rowsSquared) / (rows * variance);
  const within = Math.max(0, squares - between) / (rows - inputs);
  const correlation = Math.min(1, Math.max(0, 1 - within / variance));
  return Math.max(1, robust, 1 + correlation * clumping);
}

/** Rows per input, as if no copy said anything new (Kish 1965): what is true of deterministic models. 1 where nothing is known. */
export function copiesOf(sums: Pick<InputSums, 'rows' | 'rowsSquared'> | undefined): number {
  return sums === undefined || sums.rows === 0 ? 1 : sums.rowsSquared / sums.rows;
}

/** Of sums of the same rows by their inputs and by what else they hang together by, those that make them count less. */
export function stronger(inputs: InputSums | undefined, clusters: InputSums | undefined): InputSums | undefined {
  return designEffect(clusters) > designEffect(inputs) ? clusters : inputs;
}
