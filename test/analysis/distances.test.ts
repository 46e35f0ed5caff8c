import { expect, test } from 'vitest';
import { judge } from '../../src/analysis/judge.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy.ts';
import type { Policy } from '../../src/analysis/policy.ts';
import { simulate } from './simulated.ts';

const observations = simulate();

function gate(distances: Policy['distances'], changed: Partial<Policy> = {}) {
  const verdict = judge(observations, { ...DEFAULT_POLICY, ...changed, distances });
  return verdict?.gates.find((one) => one.id.startsWith('distance.'));
}

test('without a limit no distance is a gate', () => {
  expect(gate({})).toBeUndefined();
});

test('the Kolmogorov-Smirnov distance is bounded; the others are held to their estimate', () => {
  // The shadow's scores lie 0.005 lower on average, of a range of one half: a distance of about 0.01.
  expect(gate({ ks: 0.2 })).toMatchObject({ outcome: 'pass', gating: true });
  expect(gate({ ks: 0.02 })).toMatchObject({ outcome: 'inconclusive' });
  expect(gate({ psi: 0.1 })).toMatchObject({ id: 'distance.psi', outcome: 'pass', interval: undefined });
  expect(gate({ wasserstein: 0.004 })).toMatchObject({ outcome: 'fail' });
  expect(gate({ wasserstein: 0.006 })?.estimate).toBeCloseTo(0.005, 3);
});

test('one look is narrower than all', () => {
  const width = (looks: Policy['looks']) => {
    const [low, high] = gate({ ks: 0.2 }, { looks })?.interval ?? [0, 0];
    return high - low;
  };
  expect(width('once')).toBeLessThan(width('always'));
  // 6 000 rows, alpha / 2 = 0.025: sqrt(log(2 / 0.025) / 12000) = 0.019109…, on both sides; ks lies below 2 × that
  const ks = observations.predictions?.numbers?.distances.ks ?? 0;
  expect(width('once')).toBeCloseTo(ks + 2 * 0.019109, 4);
});
