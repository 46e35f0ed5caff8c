import type { AlikeColumn, SliceSums, SliceTruth } from '../../predictions.ts';
import { quantile } from '../../statistics/distances.ts';
import type { Features } from '../../answers/features.ts';
import { mostAlike, sumsOver } from '../alike.ts';
import { MAX_CATEGORIES, MAX_COLUMNS, MAX_VALUE_CHARACTERS, MIN_INPUTS, quarterNames } from '../slice-parts.ts';

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

  /** Undefined where no column could be cut. */
  sums(): SliceSums[] | undefined {
    const found = [...this.#columns].flatMap(([column, { inputs, values }]) => {
      const weights = inputs.map((input) => this.#rows[input] ?? 0);
      const { names, parts } = cutOf(values, weights);
      const sums = names.map((part) => ({
        ...{ column, part, rows: 0, hits: 0, inputs: 0 },
        ...(this.#labelled ? { truth: { ...NOTHING } } : {}),
      }));
      for (const [i, input] of inputs.entries()) {
        const sum = sums[parts[i] ?? NO_PART];
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
      // One part is no slice of anything.
      if (sums.filter((sum) => sum.rows > 0).length < 2) return [];
      return sums.filter((sum) => sum.inputs >= MIN_INPUTS);
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

/** How the values of a column fall into parts: numbers into quarters of their rows, a few words each on its own. */
function cutOf(values: readonly string[], weights: readonly number[]): Cut {
  const counts = new Map<string, number>();
  let rows = 0;
  for (const [i, value] of values.entries()) {
    const weight = weights[i] ?? 0;
    counts.set(value, (counts.get(value) ?? 0) + weight);
    rows += weight;
  }
  const numbers = new Map<string, number>();
  let finite = 0;
  for (const [value, weight] of counts) {
    const number = value.trim() === '' ? Number.NaN : Number(value);
    if (!Number.isFinite(number)) continue;
    numbers.set(value, number);
    finite += weight;
  }
  if (counts.size > MAX_CATEGORIES && finite >= 0.9 * rows) return quarters(values, numbers, counts);
  const commonest = [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, MAX_CATEGORIES)
    .map(([value]) => value);
  const parts = new Map(commonest.map((value, i) => [value, i]));
  return { names: commonest, parts: Uint8Array.from(values, (value) => parts.get(value) ?? NO_PART) };
}

/**
 * @param numbers what those values are that are numbers
 * @param counts how many rows have each value
 */
function quarters(
  values: readonly string[],
  numbers: ReadonlyMap<string, number>,
  counts: ReadonlyMap<string, number>,
): Cut {
  const sorted = [...numbers].map(([value, number]) => ({ number, rows: counts.get(value) ?? 0 }));
  sorted.sort((a, b) => a.number - b.number);
  const edges = [...new Set([0.25, 0.5, 0.75].map((p) => quantileOfRows(sorted, p)))];
  const names = quarterNames(edges);
  const partOf = new Map<string, number>();
  for (const [value, x] of numbers) partOf.set(value, edges.filter((edge) => x > edge).length);
  return { names, parts: Uint8Array.from(values, (value) => partOf.get(value) ?? names.length - 1) };
}

/** The same as `quantile` of the number of every row. */
function quantileOfRows(sorted: readonly { number: number; rows: number }[], p: number): number {
  const position = (sorted.reduce((sum, { rows }) => sum + rows, 0) - 1) * p;
  const at = (place: number) => {
    let left = place;
    for (const { number, rows } of sorted) if ((left -= rows) < 0) return number;
    return Number.NaN;
  };
  return quantile([at(Math.floor(position)), at(Math.ceil(position))], position - Math.floor(position));
}
