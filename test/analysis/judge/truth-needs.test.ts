import { expect, test } from 'vitest';
import { truthGate } from '../../../src/analysis/judge/truth-gate.ts';
import type { TruthFound } from '../../../src/analysis/judge/truth-gate.ts';
import { points } from '../../../src/base/units.ts';
import { blocks, evidenceOf, observed, paired } from './by-hand.ts';

/** Labels of some of the rows on which the models differ, whose inputs repeat. */
function found(changed: Partial<TruthFound> = {}): TruthFound {
  return {
    facts: 'They differ',
    words: ['it loses', 'loss', 'it is better by'],
    show: points,
    estimate: 0.01,
    interval: (times) => [0.01 - 0.1 / Math.sqrt(times), 0.01 + 0.1 / Math.sqrt(times)],
    margin: 0.02,
    n: 400,
    known: 400,
    minutes: [],
    inputs: 400,
    clustering: { factor: 4, by: 'inputs' },
    labels: { rows: 6000, differing: 40_000, labelled: 100, balancing: 0, unlabelled: [] },
    ...changed,
  };
}

const predictions = paired(blocks(100, () => ({})));
const gate = (changed: Partial<TruthFound> = {}) =>
  truthGate('truth.accuracy', '', predictions, evidenceOf(observed({ predictions })), found(changed));

test('while rows that differ have no label, labels of theirs are asked for, not new traffic', () => {
  expect(gate().missing).toHaveProperty('labels');
  expect(gate().needs).toContain('each of an input that has none');
  const all = { rows: 6000, differing: 100, labelled: 100, balancing: 0, unlabelled: [] };
  expect(gate({ labels: all }).missing).toHaveProperty('inputs');
});

test('a loss below 0 is told as what it is: better', () => {
  const minutes = [Array.from({ length: 100 }, () => ({ successes: 0, n: 60 }))];
  const better = { estimate: -0.16, interval: () => [-0.167, -0.15] as const, margin: -0.2, minutes };
  const { outcome, reason } = gate(better);
  expect(outcome).toBe('fail');
  expect(reason).toContain('it is better by at most 16.7 pts');
  expect(reason).not.toContain('-16.7');
});
