import { expect, test } from 'vitest';
import { judge } from '../../src/analysis/judge/judge.ts';
import type { Observations } from '../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { type Simulation, simulate } from './simulated.ts';

/** What a rollout sees: metrics of two variants that answer different requests. */
function measured(changed: Partial<Simulation>): Observations {
  const { shadow, ...seen } = simulate({ ...changed, captured: false });
  return { ...seen, shadow: { name: 'candidate', model: shadow?.model }, sampling: undefined, predictions: undefined };
}

test.each([
  ['good', {}, 'pass'],
  ['failing', { failing: { production: 0, shadow: 0.5 } }, 'fail'],
  ['slow', { slower: 3 }, 'fail'],
  ['a few minutes old', { minutes: 3 }, 'inconclusive'],
  ['one minute old', { minutes: 1 }, 'inconclusive'],
] as const)('a candidate that is %s is judged as a shadow is, and is not called one', (_, changed, outcome) => {
  const seen = measured(changed);
  const verdict = judge(seen, DEFAULT_POLICY, 'candidate');
  expect(verdict?.outcome).toBe(outcome);
  const words = (of: typeof verdict) => [
    of?.summary,
    ...(of?.gates ?? []).flatMap((gate) => [gate.title, gate.reason]),
  ];
  expect(words(verdict).join('\n')).not.toMatch(/shadow/i);
  // The same numbers lead to the same answers, under the other name.
  const asShadow = judge(seen, DEFAULT_POLICY);
  expect(asShadow?.gates.map((gate) => [gate.id, gate.outcome])).toEqual(
    verdict?.gates.map((gate) => [gate.id, gate.outcome]),
  );
  expect(words(asShadow).join('\n').replaceAll('shadow', 'candidate')).toBe(words(verdict).join('\n'));
});

test('a policy that lets only answers decide proves nothing of a candidate: its answers are not compared', () => {
  const policy = { ...DEFAULT_POLICY, inform: ['errors', 'latency'] };
  expect(judge(measured({}), policy, 'candidate')?.outcome).toBe('inconclusive');
});

test('what a shadow costs production is not asked of a candidate', () => {
  const policy = { ...DEFAULT_POLICY, decide: ['effect'] };
  expect(judge(measured({}), policy, 'candidate')?.outcome).toBe('pass');
  expect(judge(measured({}), policy)?.outcome).toBe('inconclusive');
});
