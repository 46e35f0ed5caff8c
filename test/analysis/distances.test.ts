import { expect, test } from 'vitest';
import { judge } from '../../src/analysis/judge/judge.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import { simulate } from './simulated.ts';

const observations = simulate();

function gate(distances: Policy['distances'], changed: Partial<Policy> = {}) {
  const verdict = judge(observations, { ...DEFAULT_POLICY, ...changed, distances });
  return verdict?.gates.find((one) => one.id.startsWith('distance.'));
}

test('without a limit no distance is a gate', () => {
  expect(gate({})).toBeUndefined();
});

test('every distance is bounded: near the limit nothing is proven', () => {
  // The shadow's scores lie 0.005 lower on average, of a range of one half: a distance of about 0.01.
  expect(gate({ ks: 0.2 })).toMatchObject({ outcome: 'pass', gating: true });
  expect(gate({ ks: 0.02 })).toMatchObject({ outcome: 'inconclusive' });
  expect(gate({ psi: 0.1 })).toMatchObject({ id: 'distance.psi', outcome: 'pass' });
  expect(gate({ psi: 0.02 })).toMatchObject({ outcome: 'inconclusive' });
  expect(gate({ jensenShannon: 0.1 })).toMatchObject({ id: 'distance.jensenShannon', outcome: 'pass' });
  expect(gate({ jensenShannon: 0.002 })).toMatchObject({ outcome: 'inconclusive' });
  expect(gate({ wasserstein: 0.02 })).toMatchObject({ outcome: 'pass' });
  expect(gate({ wasserstein: 0.006 })).toMatchObject({ outcome: 'inconclusive' });
  expect(gate({ wasserstein: 0.006 })?.estimate).toBeCloseTo(0.005, 3);
});

test('a shadow whose numbers lie elsewhere fails by any of them', () => {
  const { predictions } = observations;
  if (predictions?.numbers === undefined) throw new Error('the simulation has numbers');
  const apart = { ks: 0.8, wasserstein: 0.3, psi: 4, jensenShannon: 0.6 };
  const numbers = { ...predictions.numbers, distances: apart, mae: 0.3 };
  const far = { ...observations, predictions: { ...predictions, numbers } };
  for (const name of Object.keys(apart) as (keyof typeof apart)[]) {
    const found = judge(far, { ...DEFAULT_POLICY, distances: { [name]: 0.1 } })?.gates;
    expect(found?.find((one) => one.id === `distance.${name}`)).toMatchObject({ outcome: 'fail' });
  }
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

test.each(['psi', 'ks'] as const)('one look is narrower for %s too', (name) => {
  const top = (looks: Policy['looks']) => gate({ [name]: 0.2 }, { looks })?.interval?.[1] ?? 0;
  expect(top('once')).toBeLessThan(top('always'));
});

test('rows that repeat inputs are fewer: the bounds are wider', () => {
  const { predictions } = observations;
  if (predictions === undefined) throw new Error('the simulation has predictions');
  const sums = {
    inputs: 600,
    rows: 6000,
    rowsSquared: 60_000,
    sum: 6000,
    sumSquared: 60_000,
    cross: 60_000,
    between: 6000,
    squares: 6000,
  };
  const repeats = {
    inputs: 600,
    known: 6000,
    agreement: sums,
    beyond: undefined,
    onlyProduction: undefined,
    onlyShadow: undefined,
    loss: undefined,
  };
  const seen = { ...observations, predictions: { ...predictions, repeats } };
  for (const name of ['ks', 'psi', 'jensenShannon', 'wasserstein'] as const) {
    const policy = { ...DEFAULT_POLICY, distances: { [name]: 0.2 } };
    const top = (found: typeof observations) =>
      judge(found, policy)?.gates.find((one) => one.id === `distance.${name}`)?.interval?.[1] ?? 0;
    expect(top(seen)).toBeGreaterThan(1.5 * top(observations));
  }
});
