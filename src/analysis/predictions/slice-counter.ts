import type { SliceSums } from '../observations.ts';
import { quantile } from '../statistics/distances.ts';

/** Values of one row's input by column: `column 1` of CSV, keys of JSON. */
export type Features = readonly (readonly [column: string, value: string])[];

/** Beyond these nothing is sliced: slices are for exploring, and must not cost the memory of the report. */
const MOST_ROWS = 200_000;
const MOST_COLUMNS = 50;
/** Numbers with more different values than this are cut at their quartiles. */
const CATEGORIES = 8;
/** A slice of fewer rows says nothing. */
const FEWEST = 30;

/** Keeps inputs of rows with what came of them, and cuts them by column. */
export class SliceCounter {
  readonly #columns = new Map<string, { rows: number[]; values: string[] }>();
  readonly #inputs: number[] = [];
  readonly #hits: boolean[] = [];

  /** @returns the row's number, or -1 where there are enough */
  add(features: Features, input: number): number {
    const row = this.#inputs.length;
    if (row >= MOST_ROWS) return -1;
    this.#inputs.push(input);
    this.#hits.push(false);
    for (const [name, value] of features) {
      let column = this.#columns.get(name);
      if (column === undefined) {
        if (this.#columns.size >= MOST_COLUMNS) continue;
        column = { rows: [], values: [] };
        this.#columns.set(name, column);
      }
      column.rows.push(row);
      column.values.push(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    }
    return row;
  }

  /** The row's two answers are equal, or near enough. */
  hit(row: number): void {
    if (row >= 0) this.#hits[row] = true;
  }

  /** Undefined where no column could be cut. */
  sums(): SliceSums[] | undefined {
    const found = [...this.#columns].flatMap(([name, { rows, values }]) => {
      const cut = cutOf(values);
      const parts = new Map<string, { rows: number; hits: number; inputs: Set<number> }>();
      for (const [i, row] of rows.entries()) {
        const part = cut(values[i] ?? '');
        if (part === undefined) continue;
        const sum = parts.get(part) ?? { rows: 0, hits: 0, inputs: new Set<number>() };
        sum.rows += 1;
        if (this.#hits[row] === true) sum.hits += 1;
        sum.inputs.add(this.#inputs[row] ?? -1);
        parts.set(part, sum);
      }
      // One part is no slice of anything.
      if (parts.size < 2) return [];
      return [...parts]
        .filter(([, sum]) => sum.inputs.size >= FEWEST)
        .map(([part, sum]) => ({ column: name, part, rows: sum.rows, hits: sum.hits, inputs: sum.inputs.size }));
    });
    return found.length === 0 ? undefined : found;
  }
}

/** How the values of a column fall into parts: numbers into quarters, a few words each on its own. */
function cutOf(values: readonly string[]): (value: string) => string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const numbers = values.filter((value) => value.trim() !== '' && Number.isFinite(Number(value))).map(Number);
  if (counts.size > CATEGORIES && numbers.length >= 0.9 * values.length) {
    const sorted = Float64Array.from(numbers).sort();
    const edges = [...new Set([0.25, 0.5, 0.75].map((p) => quantile(sorted, p)))];
    const short = (value: number) => String(Number(value.toPrecision(4)));
    return (value) => {
      const x = Number(value);
      if (value.trim() === '' || !Number.isFinite(x)) return 'no number';
      const above = edges.filter((edge) => x > edge).length;
      const [low, high] = [edges[above - 1], edges[above]];
      if (low === undefined) return `≤ ${short(high ?? x)}`;
      return high === undefined ? `> ${short(low)}` : `${short(low)} … ${short(high)}`;
    };
  }
  const commonest = new Set(
    [...counts]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, CATEGORIES)
      .map(([value]) => value),
  );
  return (value) => (commonest.has(value) ? value : undefined);
}
