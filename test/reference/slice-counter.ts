import type { SliceSums } from '../../src/analysis/predictions.ts';
import { quantile } from '../../src/analysis/statistics/distances.ts';
import type { Features } from '../../src/analysis/answers/features.ts';
import {
  MAX_CATEGORIES,
  MAX_COLUMNS,
  MAX_VALUE_CHARACTERS,
  MIN_INPUTS,
  quarterNames,
} from '../../src/analysis/compare/duckdb/slices.ts';

/** Beyond these rows and columns nothing is sliced: slices are for exploring, and must not cost the memory of the report. */
const MAX_ROWS = 200_000;
/** Keeps inputs of rows with what came of them, and cuts them by column. */
export class SliceCounter {
  readonly #columns = new Map<string, { rows: number[]; values: string[] }>();
  readonly #inputs: number[] = [];
  readonly #hits: boolean[] = [];

  /** @returns the row's number, or -1 where there are enough */
  add(features: Features, input: number): number {
    const row = this.#inputs.length;
    if (row >= MAX_ROWS) return -1;
    this.#inputs.push(input);
    this.#hits.push(false);
    for (const [name, value] of features) {
      let column = this.#columns.get(name);
      if (column === undefined) {
        if (this.#columns.size >= MAX_COLUMNS) continue;
        column = { rows: [], values: [] };
        this.#columns.set(name, column);
      }
      column.rows.push(row);
      column.values.push(value.length > MAX_VALUE_CHARACTERS ? `${value.slice(0, MAX_VALUE_CHARACTERS)}…` : value);
    }
    return row;
  }

  /** The row's two answers are equal, or near enough. */
  hit(row: number): void {
    if (row >= 0) this.#hits[row] = true;
  }

  /** Undefined where no column could be cut. */
  sums(): SliceSums[] | undefined {
    const inputs = this.#inputs.reduce((most, input) => Math.max(most, input + 1), 0);
    const found = [...this.#columns].flatMap(([name, { rows, values }]) => {
      const cut = cutOf(values);
      const parts = cut.names.map(() => ({ rows: 0, hits: 0, inputs: 0, seen: new Uint8Array(inputs) }));
      for (const [i, row] of rows.entries()) {
        const sum = parts[cut.parts[i] ?? NO_PART];
        if (sum === undefined) continue;
        sum.rows += 1;
        if (this.#hits[row] === true) sum.hits += 1;
        const input = this.#inputs[row] ?? 0;
        if (sum.seen[input] === 0) sum.inputs += 1;
        sum.seen[input] = 1;
      }
      // One part is no slice of anything.
      if (parts.filter((sum) => sum.rows > 0).length < 2) return [];
      return parts.flatMap((sum, part) =>
        sum.inputs < MIN_INPUTS
          ? []
          : [{ column: name, part: cut.names[part] ?? '', rows: sum.rows, hits: sum.hits, inputs: sum.inputs }],
      );
    });
    return found.length === 0 ? undefined : found;
  }
}

/** A column in parts: their names, and for each value the number of its part, or `NO_PART`. */
interface Cut {
  names: readonly string[];
  parts: Uint8Array;
}

const NO_PART = 255;

/** How the values of a column fall into parts: numbers into quarters, a few words each on its own. */
function cutOf(values: readonly string[]): Cut {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const numbers = Float64Array.from(values, (value) => (value.trim() === '' ? Number.NaN : Number(value)));
  const finite = numbers.filter(Number.isFinite);
  if (counts.size > MAX_CATEGORIES && finite.length >= 0.9 * values.length) return quarters(numbers, finite.sort());
  const commonest = [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, MAX_CATEGORIES)
    .map(([value]) => value);
  const parts = new Map(commonest.map((value, i) => [value, i]));
  return { names: commonest, parts: Uint8Array.from(values, (value) => parts.get(value) ?? NO_PART) };
}

function quarters(numbers: Float64Array, sorted: Float64Array): Cut {
  const edges = [...new Set([0.25, 0.5, 0.75].map((p) => quantile(sorted, p)))];
  const names = quarterNames(edges);
  const parts = Uint8Array.from(numbers, (x) =>
    Number.isFinite(x) ? edges.reduce((above, edge) => above + (x > edge ? 1 : 0), 0) : names.length - 1,
  );
  return { names, parts };
}
