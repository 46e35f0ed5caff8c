import { expect, test } from 'vitest';
import { judge } from '../../src/analysis/judge/judge.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { InputCounter } from '../../src/analysis/compare/memory/input-counter.ts';
import { simulate } from './simulated.ts';

/** 6 000 pairs of which 94 % agree, as if they were `inputs` inputs sent again and again. */
function agreement(inputs: number) {
  const observations = simulate({ differing: 0.06 });
  const { predictions } = observations;
  if (predictions === undefined) throw new Error('the simulation has predictions');
  const counter = new InputCounter();
  for (let i = 0; i < predictions.rows; i += 1) counter.add(i % inputs, (i % inputs) % 50 < 3 ? 0 : 1);
  const none = { beyond: undefined, onlyProduction: undefined, onlyShadow: undefined, loss: undefined };
  const repeats = { inputs, known: predictions.rows, agreement: counter.sums(), ...none };
  const verdict = judge({ ...observations, predictions: { ...predictions, repeats } }, DEFAULT_POLICY);
  return verdict?.gates.find((gate) => gate.id === 'labels.agreement');
}

test('a few inputs again and again prove no more than those few', () => {
  expect(agreement(6000)?.outcome).toBe('pass');
  const few = agreement(300);
  expect(few).toMatchObject({ outcome: 'inconclusive' });
  expect(few?.reason).toContain('of 300 different inputs are equal');
  expect(few?.needs).toMatch(/^about [\d ]+ inputs that have not been sent yet/);
  // The picture ends where the gate does.
  const last = few?.history?.at(-1);
  expect([last?.low, last?.high]).toEqual(few?.interval);
});

test('fewer inputs than the policy demands decide nothing, however many pairs', () => {
  expect(agreement(100)).toMatchObject({ outcome: 'inconclusive', needs: '200 more different inputs' });
  expect(agreement(100)?.reason).toContain('only 100 different inputs in 6 000 pairs');
});
