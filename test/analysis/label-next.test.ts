import { expect, test } from 'vitest';
import { lossBounds, lossSample } from '../../src/analysis/judge/loss-sample.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { seededRandom } from '../support/random.ts';
import { labelsUntil } from '../bench/calibrate-labels.ts';

test('labels of the rows that --label-next writes settle equal models at 12 % discordance within 390', () => {
  const needed = Array.from({ length: 15 }, (_, i) => labelsUntil(seededRandom(i + 1), [0.06, 0.06, 0.04], 10));
  const sorted = needed.map(({ labels }) => labels).toSorted((a, b) => a - b);
  expect(needed.filter(({ outcome }) => outcome === 'pass').length).toBeGreaterThan(13);
  expect(sorted[7]).toBeLessThanOrEqual(390);
});

test('what only one class loses is not lost among the others', () => {
  // Production says b in 2 % of rows, and the shadow never does: all are lost.
  const stratum = (production: string, rows: number, labelled: number, onlyProduction: number, onlyShadow: number) => ({
    production,
    differ: true,
    rows,
    labelled,
    onlyProduction,
    onlyShadow,
  });
  const agree = { production: 'a', differ: false, rows: 8000, labelled: 0, onlyProduction: 0, onlyShadow: 0 };
  const sample = lossSample([agree, stratum('a', 1500, 500, 0, 200), stratum('b', 500, 200, 180, 0)]);
  const [low, high] = lossBounds(sample, 1, 1, DEFAULT_POLICY);
  // 0.05 × 0.9 − 0.15 × 0.4
  expect(low).toBeLessThan(-0.015);
  expect(high).toBeGreaterThan(-0.015);
});
