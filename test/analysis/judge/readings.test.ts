import { describe, expect, test } from 'vitest';
import { judge } from '../../../src/analysis/judge/judge.ts';
import type { Observations } from '../../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import type { AnswerSums, FlagSums, Predictions } from '../../../src/analysis/predictions.ts';
import { simulate } from '../simulated.ts';

const ALIKE = simulate({ minutes: 100, rate: 30, differing: 0.01 });
const UNLIKE = simulate({ minutes: 100, rate: 30, differing: 0.5 });
const form = { shape: 'rows', from: '$', example: undefined };

function sumsOf(kind: string, flags: FlagSums[] = []): AnswerSums {
  return { kind, production: form, shadow: form, measures: [], flags };
}

/** The first reading's sums, and those of another. */
function readTwice(first: Observations, second: Observations): Observations {
  const predictions = { ...(first.predictions as Predictions), answers: sumsOf('scores') };
  return {
    ...first,
    predictions: {
      ...predictions,
      alternatives: [{ ...(second.predictions as Predictions), answers: sumsOf('numbers') }],
    },
  };
}

/** To differ is a fault. */
const SAME: Policy = { ...DEFAULT_POLICY, expect: { kind: 'same' } };

const gateOf = (observations: Observations, id: string, policy = DEFAULT_POLICY) =>
  judge(observations, policy)?.gates.find((gate) => gate.id === id);

describe('two readings', () => {
  test('that give one verdict give that verdict, and are named', () => {
    const passes = judge(readTwice(ALIKE, ALIKE), SAME);
    expect(passes?.outcome).toBe('pass');
    expect(passes?.gates.find(({ id }) => id === 'output.reading')).toMatchObject({ outcome: 'pass', estimate: 2 });
    expect(judge(readTwice(UNLIKE, UNLIKE), SAME)?.outcome).toBe('fail');
  });

  test.each([
    ['the likelier passes', readTwice(ALIKE, UNLIKE)],
    ['the likelier fails', readTwice(UNLIKE, ALIKE)],
  ])('that give two verdicts decide nothing: %s', (_, observations) => {
    const verdict = judge(observations, SAME);
    expect(verdict?.outcome).toBe('inconclusive');
    expect(verdict?.gates.filter(({ gating, outcome }) => gating && outcome === 'fail')).toEqual([]);
    const gate = gateOf(observations, 'output.reading');
    expect(gate).toMatchObject({ outcome: 'inconclusive', gating: true });
    expect(gate?.needs).toContain('--answers scores or --answers numbers');
    // What does not depend on the reading stands.
    expect(gateOf(observations, 'errors')?.outcome).toBe('pass');
  });

  test('a policy that lets the reading inform takes the likeliest', () => {
    const policy = { ...SAME, inform: ['output.reading'] };
    expect(judge(readTwice(ALIKE, UNLIKE), policy)?.outcome).toBe('pass');
    expect(judge(readTwice(UNLIKE, ALIKE), policy)?.outcome).toBe('fail');
  });
});

/** The same pairs as texts, of which the shadow refuses some. */
function texts(of: Observations, refused: number, produced = 0): Observations {
  const predictions = of.predictions as Predictions;
  const minutes = predictions.blocks.map(({ at, rows }) => ({
    at,
    rows,
    onlyProduction: Math.round(produced * rows),
    onlyShadow: Math.round(refused * rows),
  }));
  const total = (name: 'onlyProduction' | 'onlyShadow') => minutes.reduce((sum, minute) => sum + minute[name], 0);
  const flag = {
    name: 'refuses',
    rows: predictions.rows,
    production: total('onlyProduction'),
    shadow: total('onlyShadow'),
    minutes,
  };
  return { ...of, predictions: { ...predictions, task: 'json', answers: sumsOf('text', [flag]) } };
}

describe('texts', () => {
  test('another wording does not fail, and is no proof', () => {
    expect(gateOf(texts(UNLIKE, 0), 'answers.agreement')).toMatchObject({ outcome: 'inconclusive' });
    expect(gateOf(texts(ALIKE, 0), 'answers.agreement')).toMatchObject({ outcome: 'pass' });
    expect(gateOf(texts(ALIKE, 0), 'labels.agreement')).toBeUndefined();
  });

  test('more refusals than production fail, fewer do not', () => {
    expect(gateOf(texts(ALIKE, 0), 'answers.refusals')).toMatchObject({ outcome: 'pass', estimate: 0 });
    expect(gateOf(texts(ALIKE, 0.3), 'answers.refusals')?.outcome).toBe('fail');
    expect(gateOf(texts(ALIKE, 0.3, 0.3), 'answers.refusals')?.outcome).not.toBe('fail');
    expect(gateOf(texts(ALIKE, 0, 0.3), 'answers.refusals')?.outcome).toBe('pass');
    const tolerant = { ...DEFAULT_POLICY, answers: { ...DEFAULT_POLICY.answers, refusals: 0.5 } };
    expect(gateOf(texts(ALIKE, 0.3), 'answers.refusals', tolerant)?.outcome).toBe('pass');
  });

  test('a thousand copies of one input are not a thousand refusals', () => {
    const few = texts(ALIKE, 0.3);
    const { repeats } = few.predictions as Predictions;
    const agreement = repeats?.agreement;
    if (agreement === undefined) throw new Error('the simulation has labels');
    const copies = { ...repeats, inputs: 2, agreement: { ...agreement, rowsSquared: agreement.rows ** 2 / 2 } };
    const again = { ...few, predictions: { ...few.predictions, repeats: copies } as Predictions };
    expect(gateOf(again, 'answers.refusals')?.outcome).toBe('inconclusive');
  });
});
