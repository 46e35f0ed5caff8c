import { expect, test } from 'vitest';
import { designEffect } from '../../../src/analysis/statistics/repeats.ts';
import { InputCounter } from '../../reference/input-counter.ts';
import { blockSequence, meanAndDeviation } from '../../../src/analysis/statistics/sequences.ts';
import { meanDispersion } from '../../../src/analysis/statistics/proportions.ts';

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
  const options = { alpha: 0.05, blockMinutes: 10, minimumBlocks: 2 };
  const block = (known: number, value: number) => Array.from({ length: 10 }, (_, i) => (i < known ? value : undefined));
  expect(blockSequence([...block(5, 1), ...block(5, 3)], options)).toMatchObject({
    blocks: 2,
    means: [1, 3],
    missing: 0,
  });
  expect(blockSequence([...block(4, 1), ...block(5, 3)], options)).toMatchObject({ blocks: 1, means: [3], missing: 1 });
});

test('what is left over at the end of the blocks waits for more', () => {
  const options = { alpha: 0.05, blockMinutes: 10, minimumBlocks: 2 };
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
