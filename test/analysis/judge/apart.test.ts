import { expect, test } from 'vitest';
import { apartOf } from '../../../src/analysis/judge/apart.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { nearSpread, usualTolerance } from '../../../src/analysis/statistics/distances.ts';
import { seededRandom } from '../../support/random.ts';
import { blocks, numbersOf, paired } from './by-hand.ts';

test('no mean error is larger than the mean distance allows, and the bound holds it', () => {
  const random = seededRandom(3);
  let above = 0;
  for (let trial = 0; trial < 80; trial += 1) {
    const minutes = Array.from({ length: 100 }, () => Array.from({ length: 60 }, () => 0.3 * random.normal()));
    const all = minutes.flat();
    const mean = (of: (d: number) => number) => all.reduce((sum, d) => sum + of(d), 0) / all.length;
    const list = blocks(100, (i) => ({ abs: (minutes[i] ?? []).reduce((sum, d) => sum + Math.abs(d), 0) }));
    const numbers = numbersOf({ mae: mean(Math.abs), rmse: Math.sqrt(mean((d) => d * d)) });
    const apart = apartOf(paired(list, { kind: 'numbers', numbers }), DEFAULT_POLICY);
    expect(apart?.mean).toBeCloseTo(mean(Math.abs));
    if ((apart?.most ?? 0) < 0.3 * Math.sqrt(2 / Math.PI)) above += 1;
    // Row by row, whatever the truth is.
    const errors = all.map((d) => {
      const truth = random.normal();
      return [Math.abs(truth), Math.abs(truth - d)] as const;
    });
    const grown = errors.reduce((sum, [production, shadow]) => sum + shadow - production, 0) / all.length;
    expect(grown).toBeLessThanOrEqual(apart?.mean ?? 0);
  }
  expect(above).toBeLessThanOrEqual(4);
});

test('numbers count as equal within a tenth of the spread; scores beside a label within half of it', () => {
  const spread = { mean: 0, deviation: 2, min: -9, p10: -2.563, p50: 0, p90: 2.563, max: 9 };
  expect(nearSpread(spread)).toBeCloseTo(0.2);
  expect(usualTolerance(false, spread, spread)).toBeCloseTo(0.2);
  expect(usualTolerance(true, spread, spread)).toBeCloseTo(1);
  const chances = { ...spread, deviation: 0.1, min: 0, p10: 0.9, p90: 1, max: 1 };
  expect(usualTolerance(true, chances, chances)).toBe(0.1);
  // A few numbers far from all others do not widen it.
  expect(nearSpread({ ...spread, deviation: 50 })).toBeCloseTo(0.2);
});
