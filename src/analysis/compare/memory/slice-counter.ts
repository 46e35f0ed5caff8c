import type { AlikeColumn, ColumnCell, ColumnSums, SliceTruth } from '../../predictions.ts';
import { quantile } from '../../statistics/distances.ts';
import type { Features } from '../../answers/features.ts';
import { mostAlike, sumsOver } from '../alike.ts';
import {
  CELL_QUANTILES,
  MAX_CATEGORIES,
  MAX_COLUMNS,
  MAX_VALUE_CHARACTERS,
  MAX_WORDS,
  MIN_WORD_INPUTS,
  NUMERIC,
} from '../../slicing.ts';

/** Beyond so many inputs nothing is sliced: slices are for exploring, and must not cost the memory of the report. */
const MAX_SLICED = 200_000;

const NOTHING = { rows: 0, loss: 0, lossSquared: 0, production: 0, near: 0 };

interface Column {
  inputs: number[];
  values: string[];
}

/** Keeps inputs with what came of their rows, and cuts them by column. Equal inputs are kept once. */
export class SliceCounter {
  readonly #columns = new Map<string, Column>();
  /** By the number of the input. */
  readonly #rows: number[] = [];
  readonly #hits: number[] = [];
  readonly #truth: Required<SliceTruth>[] = [];
  #labelled = false;

  /**
   * Counts a row of an input.
   *
   * @param input its number, from 0 on: new ones follow on those before
   * @param features what it holds; asked for where the input is new
   */
  add(input: number, features: () => Features): void {
    if (input >= MAX_SLICED) return;
    const rows = this.#rows[input];
    this.#rows[input] = (rows ?? 0) + 1;
    if (rows !== undefined) return;
    this.#hits[input] = 0;
    for (const [name, value] of features()) {
      let column = this.#columns.get(name);
      if (column === undefined) {
        if (this.#columns.size >= MAX_COLUMNS) continue;
        column = { inputs: [], values: [] };
        this.#columns.set(name, column);
      }
      column.inputs.push(input);
      column.values.push(value.length > MAX_VALUE_CHARACTERS ? `${value.slice(0, MAX_VALUE_CHARACTERS)}…` : value);
    }
  }

  /** The two answers of a row of this input are equal, or near enough. */
  hit(input: number): void {
    if (input < MAX_SLICED) this.#hits[input] = (this.#hits[input] ?? 0) + 1;
  }

  /** So they are of a row with a label, which `lose` was told of. */
  near(input: number): void {
    const sum = this.#truth[input];
    if (sum !== undefined) sum.near += 1;
  }

  /** A row of this input has a label, by which the shadow loses so much more than production, which loses `production`. */
  lose(input: number, loss: number, production: number): void {
    if (input >= MAX_SLICED) return;
    this.#labelled = true;
    const sum = (this.#truth[input] ??= { ...NOTHING });
    sum.rows += 1;
    sum.loss += loss;
    sum.lossSquared += loss * loss;
    sum.production += production;
  }

  /** The column whose rows of one value are most alike; undefined where none may say which rows hang together. */
  alike(): AlikeColumn | undefined {
    return mostAlike(
      [...this.#columns].flatMap(([column, { inputs, values }]) => {
        const numbers = new Map<string, { n: number; x: number }>();
        for (const [i, value] of values.entries()) {
          const input = inputs[i] ?? 0;
          const sum = numbers.get(value) ?? { n: 0, x: 0 };
          numbers.set(value, { n: sum.n + (this.#rows[input] ?? 0), x: sum.x + (this.#hits[input] ?? 0) });
        }
        const sums = sumsOver([...numbers.values()]);
        return sums === undefined ? [] : [{ column, sums }];
      }),
    );
  }

  /** The columns in cells, of which slices are made; undefined without any. */
  columns(): ColumnSums[] | undefined {
    const found = [...this.#columns].map(([column, { inputs, values }]) => {
      const weights = inputs.map((input) => this.#rows[input] ?? 0);
      const { cells, places } = cutOf(values, weights);
      const sums = cells.map((cell) => ({
        ...{ ...cell, rows: 0, hits: 0, inputs: 0 },
        ...(this.#labelled ? { truth: { ...NOTHING } } : {}),
      }));
      for (const [i, input] of inputs.entries()) {
        const sum = sums[places[i] ?? 0];
        if (sum === undefined) continue;
        sum.rows += weights[i] ?? 0;
        sum.hits += this.#hits[input] ?? 0;
        sum.inputs += 1;
        const told = this.#truth[input];
        if (sum.truth === undefined || told === undefined) continue;
        sum.truth.rows += told.rows;
        sum.truth.loss += told.loss;
        sum.truth.lossSquared += told.lossSquared;
        sum.truth.production += told.production;
        sum.truth.near += told.near;
      }
      return { column, cells: sums.filter(({ rows }) => rows > 0) };
    });
    return found.length === 0 ? undefined : found;
  }
}

/** A column in cells, and for each value the number of its cell. */
interface Cut {
  cells: readonly Pick<ColumnCell, 'of' | 'value' | 'least' | 'most'>[];
  places: Uint8Array;
}

/** How the values of a column fall into cells: numbers by their quantiles, words each on its own if they are not too rare. */
function cutOf(values: readonly string[], weights: readonly number[]): Cut {
  const counts = new Map<string, { rows: number; inputs: number }>();
  let rows = 0;
  for (const [i, value] of values.entries()) {
    const weight = weights[i] ?? 0;
    const seen = counts.get(value);
    if (seen === undefined) counts.set(value, { rows: weight, inputs: 1 });
    else {
      seen.rows += weight;
      seen.inputs += 1;
    }
    rows += weight;
  }
  const numbers = new Map<string, number>();
  let finite = 0;
  for (const [value, seen] of counts) {
    const number = value.trim() === '' ? Number.NaN : Number(value);
    if (!Number.isFinite(number)) continue;
    numbers.set(value, number);
    finite += seen.rows;
  }
  if (counts.size > MAX_CATEGORIES && finite >= NUMERIC * rows) return ranges(values, numbers, counts);
  const commonest = [...counts]
    .sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1))
    .slice(0, MAX_WORDS)
    .flatMap(([value, { inputs }]) => (inputs >= MIN_WORD_INPUTS ? [value] : []));
  const places = new Map(commonest.map((value, i) => [value, i]));
  return {
    cells: [...commonest.map((value) => ({ of: 'word' as const, value })), { of: 'rest' }],
    places: Uint8Array.from(values, (value) => places.get(value) ?? commonest.length),
  };
}

/**
 * @param numbers what those values are that are numbers
 * @param counts how many rows have each value
 */
function ranges(
  values: readonly string[],
  numbers: ReadonlyMap<string, number>,
  counts: ReadonlyMap<string, { rows: number }>,
): Cut {
  const sorted = [...numbers].map(([value, number]) => ({ number, rows: counts.get(value)?.rows ?? 0 }));
  sorted.sort((a, b) => a.number - b.number);
  const edges = [...new Set(quantilesOfRows(sorted, CELL_QUANTILES))];
  const placeOf = new Map<string, number>();
  for (const [value, x] of numbers) placeOf.set(value, edges.filter((edge) => x > edge).length);
  const cells = [...edges, sorted.at(-1)?.number].map((most, i) => ({
    of: 'range' as const,
    least: i === 0 ? sorted[0]?.number : edges[i - 1],
    most,
  }));
  return {
    cells: [...cells, { of: 'text' }],
    places: Uint8Array.from(values, (value) => placeOf.get(value) ?? cells.length),
  };
}

/** The same as `quantile` of the number of every row. */
function quantilesOfRows(sorted: readonly { number: number; rows: number }[], shares: readonly number[]): number[] {
  let all = 0;
  const ends = sorted.map(({ rows }) => (all += rows));
  const at = (place: number) => {
    let [first, last] = [0, ends.length - 1];
    while (first < last) {
      const half = (first + last) >> 1;
      if ((ends[half] ?? 0) > place) last = half;
      else first = half + 1;
    }
    return sorted[first]?.number ?? Number.NaN;
  };
  return shares.map((share) => {
    const position = (all - 1) * share;
    return quantile([at(Math.floor(position)), at(Math.ceil(position))], position - Math.floor(position));
  });
}
