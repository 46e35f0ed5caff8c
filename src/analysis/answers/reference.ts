import { createHash } from 'node:crypto';
import { csvTable, csvValue, decimalPoint } from '../../base/csv.ts';
import { usageError } from '../../base/errors.ts';
import { quantile } from '../statistics/distances.ts';
import { isUsable } from './answer.ts';

/** A distribution of numbers that is expected, at some of its values. */
export interface Reference {
  /** SHA-256 of the numbers. */
  digest: string;
  /** How many numbers it is of. */
  rows: number;
  /** Values, least first, with the shares of its numbers that are less, and no greater. */
  edges: readonly { at: number; below: number; upTo: number }[];
}

/** It is looked at so many of its quantiles, the deciles among them. */
const PARTS = 100;

/** Fewer numbers say little about how they are spread. */
const MIN_NUMBERS = 100;

const NAMES = /^(score|scores|prediction|value|number|y|y[-_ ]?hat)$/i;

/**
 * Reads the numbers of a file: one a line, or a column of CSV with a header (the one that is named, or called `score` or
 * `prediction`, or the only one).
 *
 * @throws Problem (usage) where there are too few, or what is there is no number
 */
export function readReference(text: string, source: string, column?: string): Reference {
  const { separator, records } = csvTable(text);
  let place: number | undefined;
  const numbers: number[] = [];
  for (const { fields, line } of records) {
    const cells = (fields ?? []).map((cell) => csvValue(cell).trim());
    if (cells.every((cell) => cell === '')) continue;
    if (place === undefined) {
      const found = placeOf(cells, source, column);
      place = found.place;
      if (found.header) continue;
    }
    const cell = cells[place] ?? '';
    const value = Number(separator === ';' ? decimalPoint(cell) : cell);
    if (cell === '' || !isUsable(value))
      throw usageError(
        `${source}, line ${line}: '${cell.slice(0, 40)}' is not a number.`,
        'reference takes a file of numbers, one a line, or a column of CSV: reference: scores.csv:score',
      );
    numbers.push(value);
  }
  if (numbers.length < MIN_NUMBERS)
    throw usageError(
      `${source} holds ${numbers.length} numbers, and a reference takes at least ${MIN_NUMBERS}.`,
      'Give the scores of a whole set, such as those of validation.',
    );
  const sorted = Float64Array.from(numbers).sort();
  const at = Array.from({ length: PARTS - 1 }, (_, i) => quantile(sorted, (i + 1) / PARTS));
  return {
    digest: createHash('sha256').update(sorted).digest('hex'),
    rows: sorted.length,
    edges: [...new Set(at)].map((edge) => ({
      at: edge,
      below: countOf(sorted, (value) => value < edge) / sorted.length,
      upTo: countOf(sorted, (value) => value <= edge) / sorted.length,
    })),
  };
}

/** Its quartiles, as far as they differ. */
export function quartilesOf({ edges }: Pick<Reference, 'edges'>): number[] {
  const at = [0.25, 0.5, 0.75].flatMap((share) => edges.find(({ upTo }) => upTo >= share)?.at ?? []);
  return [...new Set(at)];
}

/** Of sorted values how many, from the first on, are so. */
function countOf(sorted: Float64Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function placeOf(
  cells: readonly string[],
  source: string,
  column: string | undefined,
): { place: number; header: boolean } {
  const header = cells.some((cell) => cell !== '' && Number.isNaN(Number(decimalPoint(cell))));
  if (column !== undefined) {
    const place = cells.indexOf(column);
    if (place < 0)
      throw usageError(`${source} has no column '${column}'.`, `Its first line is: ${cells.slice(0, 20).join(', ')}`);
    return { place, header: true };
  }
  if (cells.length === 1) return { place: 0, header };
  const place = header ? cells.findIndex((cell) => NAMES.test(cell)) : -1;
  if (place < 0)
    throw usageError(
      `${source} has ${cells.length} columns, and none is called score or prediction.`,
      `Name the one that is meant: reference: ${source}:COLUMN`,
    );
  return { place, header };
}
