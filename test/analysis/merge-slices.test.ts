import { expect, test } from 'vitest';
import { mergeSlices } from '../../src/analysis/merge/slices.ts';

const slice = (column: string, part: string, rows: number, hits: number, inputs = rows) => ({
  column,
  part,
  rows,
  hits,
  inputs,
});

test('words are added, also those that one window lacks; inputs are those of the larger window', () => {
  const a = [slice('country', 'DE', 100, 90, 80), slice('country', 'AT', 50, 40)];
  const b = [slice('country', 'DE', 200, 190, 60), slice('country', 'LI', 40, 10)];
  expect(mergeSlices(a, b)).toEqual([
    slice('country', 'DE', 300, 280, 80),
    slice('country', 'AT', 50, 40),
    slice('country', 'LI', 40, 10),
  ]);
});

test('labels are added where both windows have them', () => {
  const truth = { rows: 30, loss: 3, lossSquared: 5 };
  const a = [{ ...slice('c', 'x', 60, 50), truth }, slice('c', 'y', 60, 50)];
  const b = [
    { ...slice('c', 'x', 60, 50), truth },
    { ...slice('c', 'y', 60, 50), truth },
  ];
  expect(mergeSlices(a, b)).toEqual([
    { ...slice('c', 'x', 120, 100, 60), truth: { rows: 60, loss: 6, lossSquared: 10 } },
    slice('c', 'y', 120, 100, 60),
  ]);
});

test('numbers that were cut elsewhere are left out; those that were cut alike are added', () => {
  const cut = (edge: string) => [slice('age', `≤ ${edge}`, 50, 50), slice('age', `> ${edge}`, 50, 50)];
  expect(mergeSlices(cut('30'), cut('31.5'))).toBeUndefined();
  expect(mergeSlices(cut('30'), cut('30'))).toEqual([
    slice('age', '≤ 30', 100, 100, 50),
    slice('age', '> 30', 100, 100, 50),
  ]);
  expect(mergeSlices(cut('30'), undefined)).toBeUndefined();
});
