import { expect, test } from 'vitest';
import { judge } from '../../src/analysis/judge/judge.ts';
import { noiseFloor } from '../../src/analysis/judge/noise-floor.ts';
import type { RecordedFact } from '../../src/state/facts.ts';
import { latestNoise } from '../../src/state/noise.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { simulate } from '../analysis/simulated.ts';
import { matrixTest } from '../support/sizes.ts';

/** To differ fails only where the same is expected. */
const SAME = { ...DEFAULT_POLICY, expect: { kind: 'same' as const } };

/** A model that changes its mind on every tenth request, against itself. */
const itself = simulate({ differing: 0.1, seed: 5 });
const measured = noiseFloor({ ...itself, production: { name: 'AllTraffic', model: 'weather-v1' } });

function agreement(differing: number, noise: typeof measured) {
  const verdict = judge({ ...simulate({ differing }), noise }, SAME);
  return verdict?.gates.find((gate) => gate.id === 'labels.agreement');
}

test('what production does to itself is measured', () => {
  expect(measured).toMatchObject({ model: 'weather-v1', pairs: 6000, labels: { n: 6000 } });
  expect((measured?.labels?.differing ?? 0) / 6000).toBeCloseTo(0.1, 1);
  expect(measured?.numbers?.tolerance).toBeGreaterThan(0);
  expect(noiseFloor({ ...itself, predictions: undefined })).toBeUndefined();
});

test('a candidate is not blamed for it: only what goes beyond counts, with the uncertainty of both', () => {
  expect(agreement(0.13, undefined)).toMatchObject({ outcome: 'fail' });
  const gate = agreement(0.13, measured);
  expect(gate).toMatchObject({ outcome: 'pass' });
  expect(gate?.estimate).toBeCloseTo(0.97, 1);
  expect(gate?.reason).toContain('production differs from itself in');
  // Both shares are bounded: wider than either alone.
  const [low, high] = gate?.interval ?? [0, 0];
  const [alone, top] = agreement(0.13, undefined)?.interval ?? [0, 0];
  expect(high - low).toBeGreaterThan(top - alone);
  expect(gate?.history?.at(-1)).toMatchObject({ low, high });
});

test('a candidate that is worse than the noise fails all the same', () => {
  expect(agreement(0.3, measured)).toMatchObject({ outcome: 'fail' });
});

test('the noise of another model says nothing', () => {
  expect(agreement(0.13, measured && { ...measured, model: 'weather-v0' })).toMatchObject({ outcome: 'fail' });
});

test('the last one in the journal counts', () => {
  const fact = (model: string): RecordedFact => ({
    name: 'noise-floor',
    value: { model, window: { from: 0, to: 1 }, pairs: 1 },
    run: 'r',
    at: '2026-01-05T09:00:00.000Z',
  });
  const shadow = { config: 'c', sample: 1, variant: 'shadow' };
  const later: RecordedFact = { name: 'shadow', value: shadow, run: 'r', at: '2026-01-05T09:00:00.000Z' };
  expect(latestNoise([fact('a'), fact('b'), later])).toMatchObject({ model: 'b' });
  expect(latestNoise([])).toBeUndefined();
});

test('a floor so high that anything would pass decides nothing', () => {
  // 91 % of production's answers differ from themselves: a shadow that always differs is only 9 % beyond it.
  const noiseDominates = measured?.labels && {
    ...measured,
    labels: { ...measured.labels, differing: 5460, factor: 1 },
  };
  const gate = agreement(1, noiseDominates);
  expect(gate).toMatchObject({ outcome: 'inconclusive', needs: expect.stringContaining('--prediction') });
  expect(gate?.reason).toContain('production differs from itself in 91 %, so any answer of the shadow');
});

matrixTest('in every part of the inputs the floor is taken away too', () => {
  const part = (noise: typeof measured) => {
    const verdict = judge(
      { ...simulate({ differing: 0.2, minutes: 600, rate: 40 }), noise },
      { ...SAME, slices: 0.85 },
    );
    return verdict?.gates.find((gate) => gate.id === 'slices');
  };
  expect(part(undefined)).toMatchObject({ outcome: 'fail' });
  expect(part(measured)).toMatchObject({ outcome: 'pass' });
  expect(part(measured)?.reason).toContain('assuming that production is as noisy in every slice as overall');
});

test('neither distances nor the loss against the truth have a floor: two copies have one distribution, and a loss is a mean', () => {
  const policy = { ...DEFAULT_POLICY, distances: { ks: 0.1, psi: 0.1, jensenShannon: 0.1, wasserstein: 0.1 } };
  const plain = simulate({ differing: 0.05 });
  const { predictions } = plain;
  if (predictions === undefined) throw new Error('the simulation has predictions');
  const labels = { production: 5000, shadow: 4990, onlyProduction: 110, onlyShadow: 100 };
  const truth = { rows: 6000, of: 6000, labels, numbers: undefined, unknown: 0 };
  const seen = { ...plain, predictions: { ...predictions, truth } };
  const of = (noise: typeof measured) =>
    judge({ ...seen, noise }, policy)?.gates.filter((gate) => /^(distance|truth)/.test(gate.id));
  expect(of(measured)).toHaveLength(5);
  expect(of(measured)).toEqual(of(undefined));
});
