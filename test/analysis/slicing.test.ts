import { expect, test } from 'vitest';
import type { ColumnCell, ColumnSums, SliceSums } from '../../src/analysis/predictions.ts';
import { addColumns, slicesOf } from '../../src/analysis/slicing.ts';

/** Columns in cells, and the slices that one window or several make of them. */

const sums = (rows: number, hits = rows, inputs = rows) => ({ rows, hits, inputs });
const word = (value: string, rows: number, hits = rows): ColumnCell => ({ of: 'word', value, ...sums(rows, hits) });
const range = (least: number, most: number, rows: number, hits = rows): ColumnCell => ({
  ...{ of: 'range', least, most },
  ...sums(rows, hits),
});
const rest = (rows: number, hits = rows): ColumnCell => ({ of: 'rest', ...sums(rows, hits) });
const column = (...cells: ColumnCell[]): ColumnSums[] => [{ column: 'c', cells }];
const seen = (slices: SliceSums[] | undefined) => slices?.map(({ part, rows, hits }) => [part, rows, hits]);
const add = (a: ColumnSums[], b: ColumnSums[]) => addColumns(a, b, 1);

test('every row of a column is in a slice: rare words are among all others', () => {
  const cells = 'abcdefghij'.split('').map((value, i) => word(value, 200 - i));
  expect(seen(slicesOf(column(...cells, rest(40, 0))))?.slice(-2)).toEqual([
    ['h', 193, 193],
    ['all others', 192 + 191 + 40, 192 + 191],
  ]);
  // Words of few inputs are no slice of their own, and are not lost.
  expect(seen(slicesOf(column(word('a', 900), word('b', 29, 0), word('c', 5, 0))))).toEqual([
    ['a', 900, 900],
    ['all others', 34, 0],
  ]);
  expect(slicesOf(column(word('a', 900), word('b', 29)))).toHaveLength(1);
});

test('a column of one value, or of values that are each their own, makes no slice', () => {
  expect(slicesOf(column(word('a', 900)))).toBeUndefined();
  expect(slicesOf(column(word('a', 12), rest(4000)))).toBeUndefined();
  expect(slicesOf(undefined)).toBeUndefined();
});

test('words of two windows are added, wherever they stand in either', () => {
  const both = add(column(word('a', 100, 90), word('b', 50, 40)), column(word('a', 200, 190), rest(60, 50)));
  expect(seen(slicesOf(both))).toEqual([
    ['a', 300, 280],
    ['b', 50, 40],
    ['all others', 60, 50],
  ]);
  const [one = []] = [add(column(word('a', 100)), column(word('a', 100)))].map(([first]) => first?.cells ?? []);
  expect(one).toHaveLength(1);
  // Of inputs that come in both, as many less.
  expect(addColumns(column(word('a', 100)), column(word('a', 100)), 0.5)[0]?.cells[0]?.inputs).toBe(100);
});

test('numbers that each window cut by itself fall into common quarters, and no row is lost', () => {
  const cut = (from: number, bad: number) =>
    column(...Array.from({ length: 16 }, (_, i) => range(from + i, from + i + 1, 100, i >= 12 ? bad : 100)));
  const same = slicesOf(add(cut(0, 40), cut(0.3, 60)));
  expect(same?.map(({ part }) => part)).toEqual(['≤ 4.3', '4.3 … 8.3', '8.3 … 12.3', '> 12.3']);
  expect(seen(same)?.map(([, ...counts]) => counts)).toEqual([
    [800, 800],
    [800, 800],
    [800, 800],
    [800, 400],
  ]);
  // Of windows that have nothing in common, the lower half is the first's.
  expect(seen(slicesOf(add(cut(0, 100), cut(100, 40))))?.map(([, ...counts]) => counts)).toEqual([
    [800, 800],
    [800, 800],
    [800, 800],
    [800, 560],
  ]);
  let many = cut(0, 40);
  for (let i = 1; i < 40; i += 1) many = add(many, cut(i / 100, 40));
  expect(many[0]?.cells.length).toBeLessThanOrEqual(128);
  const found = slicesOf(many) ?? [];
  expect(found.reduce((sum, { rows }) => sum + rows, 0)).toBe(40 * 1600);
  expect((found[3]?.hits ?? 0) / (found[3]?.rows ?? 1)).toBeLessThan(0.5);
});

test('few values in one window are words, and numbers where both have many', () => {
  const hours = (from: number) => column(...Array.from({ length: 6 }, (_, i) => word(String(from + i), 100)));
  expect(seen(slicesOf(hours(0)))).toHaveLength(6);
  expect(slicesOf(add(hours(0), hours(6)))?.map(({ part, rows }) => [part, rows])).toEqual([
    ['≤ 2', 300],
    ['2 … 5', 300],
    ['5 … 8', 300],
    ['> 8', 300],
  ]);
  const mixed = add(hours(0), column(range(0, 5, 400), range(5, 11, 400), { of: 'text', ...sums(50) }));
  expect(slicesOf(mixed)?.reduce((sum, { rows }) => sum + rows, 0)).toBe(1450);
  expect(slicesOf(mixed)?.at(-1)).toMatchObject({ part: 'no number', rows: 50 });
});
