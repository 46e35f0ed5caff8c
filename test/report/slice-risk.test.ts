import { expect, test } from 'vitest';
import type { Predictions } from '../../src/analysis/predictions.ts';
import { riskSection } from '../../src/report/content/differences.ts';

const slice = (part: string, rows: number, hits: number) => ({ column: 'country', part, rows, hits, inputs: rows });
const found = (slices: ReturnType<typeof slice>[]) =>
  ({
    slices,
    labels: {
      rows: slices.reduce((sum, one) => sum + one.rows, 0),
      agree: slices.reduce((sum, one) => sum + one.hits, 0),
    },
  }) as unknown as Predictions;

test('slices that differ: in which order they can go to the candidate, and the riskiest first', () => {
  const section = riskSection(found([slice('DE', 5_000, 4_900), slice('AT', 800, 784), slice('LI', 300, 200)]));
  expect(section?.sentences).toEqual(['By country, those with the least risk first: AT, DE, LI (stands out).']);
  expect(section?.tables[0]?.rows.map(([where, rows, seen]) => [where, rows, seen])).toEqual([
    ['DE', '5 000', '2 %'],
    ['LI', '300', '33.3 %'],
    ['AT', '800', '2 %'],
  ]);
});

test('where they differ by chance alone, no order is said to be proven', () => {
  expect(riskSection(found([slice('DE', 500, 490), slice('AT', 500, 491)]))).toMatchObject({
    sentences: [],
    tables: [],
    remark: 'The slices of country differ no more than by chance: that proves no order.',
  });
  expect(riskSection(found([]))).toBeUndefined();
});
