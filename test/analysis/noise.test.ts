import { expect, test } from 'vitest';
import { judge } from '../../src/analysis/judge.ts';
import { latestNoise, NOISE_FACT, noiseFloor } from '../../src/analysis/noise.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy.ts';
import { simulate } from './simulated.ts';

/** A model that changes its mind on every tenth request, against itself. */
const itself = simulate({ differing: 0.1, seed: 5 });
const measured = noiseFloor({ ...itself, production: { name: 'AllTraffic', model: 'weather-v1' } });

function agreement(differing: number, noise: typeof measured) {
  const verdict = judge({ ...simulate({ differing }), noise }, DEFAULT_POLICY);
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
  const fact = (model: string) => ({ name: NOISE_FACT, value: { model } });
  expect(latestNoise([fact('a'), fact('b'), { name: 'shadow', value: {} }])).toEqual({ model: 'b' });
  expect(latestNoise([])).toBeUndefined();
});
