import type { SliceSums, SliceTruth } from '../predictions.ts';

/** A quarter of a column's numbers, as `quarterNames` writes the outermost two. */
const RANGE = /^[≤>] -?[\d.]+(e[+-]?\d+)?$/;

/**
 * Slices of two windows. Words are the same in both; numbers are cut at the quartiles of each window, so that a column of numbers is left
 * out unless it was cut alike. A word that one window has not among its commonest counts there for nothing, and inputs that come in
 * both are not known: of them there are at least as many as in either. Good enough to rank by; no gate rests on it.
 */
export function mergeSlices(
  a: readonly SliceSums[] | undefined,
  b: readonly SliceSums[] | undefined,
): SliceSums[] | undefined {
  if (a === undefined || b === undefined) return undefined;
  const columns = [...new Set(a.map(({ column }) => column))].filter((column) =>
    b.some((one) => one.column === column),
  );
  const merged = columns.flatMap((column) => {
    const [left, right] = [a, b].map((all) => all.filter((one) => one.column === column)) as [SliceSums[], SliceSums[]];
    const parts = [...new Set([...left, ...right].map(({ part }) => part))];
    const alike = left.length === parts.length && right.length === parts.length;
    if (!alike && parts.some((part) => RANGE.test(part))) return [];
    return parts.map((part) => {
      const both = [left, right].flatMap((side) => side.filter((one) => one.part === part));
      return both.length === 2 ? mergeSlice(both as [SliceSums, SliceSums]) : (both[0] as SliceSums);
    });
  });
  return merged.length === 0 ? undefined : merged;
}

function mergeSlice([a, b]: readonly [SliceSums, SliceSums]): SliceSums {
  const truth: SliceTruth | undefined = a.truth &&
    b.truth && {
      rows: a.truth.rows + b.truth.rows,
      loss: a.truth.loss + b.truth.loss,
      lossSquared: a.truth.lossSquared + b.truth.lossSquared,
    };
  const merged = {
    column: a.column,
    part: a.part,
    rows: a.rows + b.rows,
    hits: a.hits + b.hits,
    inputs: Math.max(a.inputs, b.inputs),
  } satisfies { [K in keyof Omit<SliceSums, 'truth'>]: SliceSums[K] };
  return truth === undefined ? merged : { ...merged, truth };
}
