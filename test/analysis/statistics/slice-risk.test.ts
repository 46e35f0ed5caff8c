import { expect, test } from 'vitest';
import type { Predictions, SliceSums } from '../../../src/analysis/predictions.ts';
import { sliceRanking } from '../../../src/analysis/statistics/slice-risk.ts';
import { seededRandom } from '../../support/random.ts';

const slice = (part: string, rows: number, hits: number, truth?: SliceSums['truth']): SliceSums => ({
  ...{ column: 'country', part, rows, hits, inputs: rows },
  ...(truth === undefined ? {} : { truth }),
});

/** Predictions with these slices and nothing else that counts here. */
function found(slices: SliceSums[], prices?: Record<string, number>): Predictions {
  const rows = slices.reduce((sum, one) => sum + one.rows, 0);
  const agree = slices.reduce((sum, one) => sum + one.hits, 0);
  return { slices, labels: { rows, agree }, truth: prices && { prices } } as unknown as Predictions;
}

test('risk is volume times rate; the order begins with the least, and what stands out comes last', () => {
  const [ranking] = sliceRanking(
    found([slice('DE', 5_000, 4_900), slice('AT', 800, 784), slice('LI', 300, 200), slice('CH', 1_000, 985)]),
  );
  expect(ranking).toMatchObject({ column: 'country', basis: 'disagreement', differs: true });
  expect(ranking?.parts.map(({ part }) => part)).toEqual(['LI', 'DE', 'CH', 'AT']);
  expect(ranking?.parts.map(({ standsOut }) => standsOut)).toEqual([true, false, false, false]);
  // The other three differ by chance alone: volume orders them.
  expect(ranking?.order).toEqual(['AT', 'CH', 'DE', 'LI']);
  for (const { risk, rate, rows } of ranking?.parts ?? []) expect(risk).toBeCloseTo(rate * rows, 10);
});

test('a small part that looks bad is drawn towards the others, a large one stays', () => {
  const [ranking] = sliceRanking(
    found([slice('a', 4_000, 3_960), slice('b', 4_000, 3_800), slice('c', 4_000, 3_900), slice('few', 30, 26)]),
  );
  const of = (part: string) => ranking?.parts.find((one) => one.part === part);
  expect(of('few')?.seen).toBeCloseTo(4 / 30);
  expect(of('few')?.rate).toBeLessThan(0.075);
  expect(of('b')?.rate).toBeCloseTo(0.05, 2);
});

test('where parts differ by chance alone, all have one rate, and volume orders them', () => {
  const random = seededRandom(7);
  let apart = 0;
  const LOOKS = 200;
  for (let look = 0; look < LOOKS; look += 1) {
    const slices = [50, 100, 200, 2_000].map((rows, i) => {
      let hits = 0;
      for (let row = 0; row < rows; row += 1) if (random.next() >= 0.05) hits += 1;
      return slice(`p${i}`, rows, hits);
    });
    const [ranking] = sliceRanking(found(slices));
    // By its seen rate alone the smallest would come first in every third look or so; by risk never.
    expect(ranking?.parts[0]?.part).toBe('p3');
    if (ranking?.differs === true) apart += 1;
    else expect(new Set(ranking?.parts.map(({ rate }) => rate)).size).toBe(1);
  }
  expect(apart / LOOKS).toBeLessThan(0.1);
});

test('labels decide where each part has them; a shadow that is better lowers the risk', () => {
  const truth = (rows: number, loss: number) => ({ rows, loss, lossSquared: Math.abs(loss) });
  const parts = [
    slice('a', 1_000, 900, truth(400, 40)),
    slice('b', 1_000, 700, truth(400, -60)),
    slice('c', 1_000, 990, truth(400, 0)),
  ];
  const [ranking] = sliceRanking(found(parts));
  expect(ranking).toMatchObject({ basis: 'loss' });
  // By disagreement b would be the riskiest; its answers are the better ones.
  expect(ranking?.parts.map(({ part }) => part)).toEqual(['a', 'c', 'b']);
  expect(ranking?.parts.at(-1)?.risk).toBeLessThan(0);
  expect(sliceRanking(found(parts, { default: 1 }))[0]).toMatchObject({ basis: 'cost' });
  const [few] = sliceRanking(found([slice('a', 1_000, 900, truth(29, 3)), slice('b', 1_000, 700, truth(400, -60))]));
  expect(few).toMatchObject({ basis: 'disagreement' });
});

test('columns come by how much their parts differ; without slices there is no ranking', () => {
  const other = (part: string, rows: number, hits: number) => ({ ...slice(part, rows, hits), column: 'weekday' });
  const slices = [other('mon', 1_000, 950), other('tue', 1_000, 951), slice('DE', 1_000, 999), slice('AT', 1_000, 902)];
  const one = { ...found(slices), labels: { rows: 2_000, agree: 1_901 } } as unknown as Predictions;
  expect(sliceRanking(one).map(({ column, differs }) => [column, differs])).toEqual([
    ['country', true],
    ['weekday', false],
  ]);
  expect(sliceRanking({ ...one, slices: undefined })).toEqual([]);
});

test('beside one part that stands out, a small part without a difference does not look safe by chance', () => {
  const [ranking] = sliceRanking(
    found([slice('LI', 400, 40), slice('DE', 3_000, 2_910), slice('AT', 1_000, 968), slice('few', 40, 40)]),
  );
  const few = ranking?.parts.find(({ part }) => part === 'few');
  expect(few?.seen).toBe(0);
  expect(few?.rate).toBeCloseTo(0.03, 2);
  expect(ranking?.parts.find(({ part }) => part === 'LI')?.rate).toBeCloseTo(0.9, 1);
});
