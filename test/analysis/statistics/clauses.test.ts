import { expect, test } from 'vitest';
import { designEffect } from '../../../src/analysis/statistics/repeats.ts';
import { InputCounter } from '../../../src/analysis/compare/memory/input-counter.ts';
import { blockSequence, meanAndDeviation } from '../../../src/analysis/statistics/sequences.ts';
import { jensenShannon } from '../../../src/analysis/statistics/distances.ts';
import { clopperPearson, meanDispersion, proportionSequence } from '../../../src/analysis/statistics/proportions.ts';
import { benjaminiHochberg, slicesByClass, slicesByColumn } from '../../../src/analysis/statistics/slices.ts';
import { chiSquaredAbove } from '../../../src/analysis/statistics/symmetry.ts';
import { paired, repeatsOf, sumsOf } from '../judge/by-hand.ts';

test('inputs that come often and answer otherwise than the rest: the linearized variance is the larger', () => {
  const counter = new InputCounter();
  for (let i = 0; i < 10; i += 1) counter.add(0, i < 9 ? 1 : 0);
  for (let input = 1; input <= 10; input += 1) counter.add(input, 0);
  // By hand: mean 0.45, variance 0.2475; ((9 − 10 · 0.45)² + 10 · 0.45²) / (20 · 0.2475) = 22.275 / 4.95.
  // By correlation: 1 + (1 − 0.1 / 0.2475) · 4.5 = 3.68.
  expect(designEffect(counter.sums())).toBeCloseTo(4.5, 12);
});

test('answers that are all alike within an input: the correlation is the larger, and none counts for more than itself', () => {
  const alike = new InputCounter();
  for (let i = 0; i < 40; i += 1) alike.add(i % 4, i % 4 === 0 ? 1 : 0);
  // 4 inputs of 10 rows each, ρ = 1: 1 + 9.
  expect(designEffect(alike.sums())).toBeCloseTo(10, 12);
  const opposed = new InputCounter();
  for (let i = 0; i < 40; i += 1) opposed.add(i % 20, i < 20 ? 1 : 0);
  // Each input once right and once wrong: rows of one input differ more than others.
  expect(designEffect(opposed.sums())).toBe(1);
});

test('a block counts from exactly half of its minutes on', () => {
  const options = { alpha: 0.05, blockMinutes: 10, minimumBlocks: 2, looks: 'always' as const };
  const block = (known: number, value: number) => Array.from({ length: 10 }, (_, i) => (i < known ? value : undefined));
  expect(blockSequence([...block(5, 1), ...block(5, 3)], options)).toMatchObject({
    blocks: 2,
    means: [1, 3],
    missing: 0,
  });
  expect(blockSequence([...block(4, 1), ...block(5, 3)], options)).toMatchObject({ blocks: 1, means: [3], missing: 1 });
});

test('what is left over at the end of the blocks waits for more', () => {
  const options = { alpha: 0.05, blockMinutes: 10, minimumBlocks: 2, looks: 'always' as const };
  expect(
    blockSequence(
      Array.from({ length: 19 }, () => 1),
      options,
    ),
  ).toMatchObject({ blocks: 1, missing: 1 });
  expect(
    blockSequence(
      Array.from({ length: 20 }, () => 1),
      options,
    ),
  ).toMatchObject({ blocks: 2, missing: 0 });
});

test('one value does not vary, two do', () => {
  expect(meanAndDeviation([5])).toEqual({ mean: 5, deviation: 0 });
  expect(meanAndDeviation([1, 3])).toEqual({ mean: 2, deviation: Math.SQRT2 });
});

test('one minute cannot show that losses come in bursts, two can', () => {
  const [loss, gain] = [
    { loss: 4, truth: 1 },
    { loss: -4, truth: 1 },
  ];
  expect(meanDispersion([loss], 0, 1)).toBe(1);
  // (16 + 16) / (1 · (2 − 1))
  expect(meanDispersion([loss, gain], 0, 1)).toBe(32);
  expect(meanDispersion([loss, { loss: 0, truth: 0 }, gain], 0, 1)).toBe(32);
  expect(meanDispersion([loss, gain], 0, 0)).toBe(1);
});

test('bins that one side, or neither, has filled are counted', () => {
  // Shares 1/2, 1/2, 0 and 1, 0, 0: (1/4) log2(2/3) + (1/4) log2(2) + (1/2) log2(4/3), in bits.
  const byHand = 0.25 * Math.log2(2 / 3) + 0.25 + 0.5 * Math.log2(4 / 3);
  expect(jensenShannon([5, 5, 0], [7, 0, 0])).toBeCloseTo(byHand, 12);
  expect(jensenShannon([7, 0, 0], [5, 5, 0])).toBeCloseTo(byHand, 12);
});

test('of no requests every share is possible', () => {
  expect(clopperPearson(0, 0, 0.05)).toEqual([0, 1]);
  expect(proportionSequence(0, 0, 0.05)).toEqual([0, 1]);
});

test('parts of the inputs whose rows repeat count for less', () => {
  const labels = { rows: 400, agree: 340, confusion: { labels: [], counts: [] }, classes: 2, kappa: undefined };
  const slices = [{ column: 'c', part: 'x', rows: 100, hits: 75, inputs: 100 }];
  // Each input twice, always alike: 400 rows are 200, those of the part 50.
  const repeats = repeatsOf(200, { agreement: sumsOf(200, 2, (i) => (i < 170 ? 1 : 0)) });
  const [found] = slicesByColumn({ ...paired([]), slices, labels, repeats });
  expect(found?.p).toBeCloseTo(chiSquaredAbove(0.12 ** 2 / (0.85 * 0.15 * (1 / 50 + 1 / 150)), 1), 12);
});

test('classes are held to the false discoveries of all of them', () => {
  const counts = [
    [90, 10],
    [4, 96],
  ];
  const confusion = { labels: ['rain', 'sun'], counts };
  const found = slicesByClass({ rows: 200, agree: 186, confusion, classes: 2, kappa: undefined });
  const p = found.map((slice) => slice.p);
  expect(p.every((one) => one > 0 && one < 0.5)).toBe(true);
  expect(found.map((slice) => slice.adjusted)).toEqual(benjaminiHochberg(p));
});
