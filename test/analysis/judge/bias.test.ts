import { describe, expect, test } from 'vitest';
import { judgeAnswers } from '../../../src/analysis/judge/predictions.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Predictions } from '../../../src/analysis/predictions.ts';
import { blocks, evidenceOf, numbersOf, observed, paired, repeatsOf, sumsOf } from './by-hand.ts';

/** The shadow's numbers lie `lean` of production's deviation (2) higher, and scatter around that by `scatter` of it. */
function leaning(lean: number, scatter: number, minutes = 100, changed: Partial<Predictions> = {}) {
  const rows = 60 * minutes;
  const [d, s] = [2 * lean, 2 * scatter];
  const numbers = numbersOf({ rows, bias: d, deviation: s, beyond: 0 });
  const list = blocks(minutes, () => ({
    agree: 0,
    beyond: 0,
    d: 60 * d,
    dd: 60 * (d * d + s * s),
    abs: 60 * Math.abs(d),
  }));
  return paired(list, { kind: 'numbers', numbers, ...changed });
}

function judged(predictions: Predictions, policy: Partial<Policy> = {}) {
  return judgeAnswers(evidenceOf(observed({ predictions }), policy)).find(({ id }) => id === 'numbers.bias');
}

test.each([
  ['none', 0, 0.3, 'pass'],
  ['none, of numbers that are a thousandth larger', 0.002, 0.001, 'pass'],
  ['less than allowed', -0.02, 0.3, 'pass'],
  ['as much as allowed', 0.05, 0.3, 'inconclusive'],
  ['of every row, each within the tolerance', 0.45, 0.01, 'fail'],
  ['the other way', -0.45, 0.3, 'fail'],
])('a lean: %s', (_, lean, scatter, outcome) => {
  for (const kind of [undefined, 'better', 'same'] as const)
    expect(judged(leaning(lean, scatter), { expect: kind && { kind } })).toMatchObject({
      outcome,
      gating: true,
      estimate: Math.abs(lean),
    });
});

test('it waits as long as other questions about answers do', () => {
  expect([79, 80].map((minutes) => judged(leaning(0, 0.3, minutes))?.outcome)).toEqual(['inconclusive', 'pass']);
  expect([19, 20].map((minutes) => judged(leaning(0.45, 0.1, minutes))?.outcome)).toEqual(['inconclusive', 'fail']);
});

test('inputs that repeat are not many', () => {
  const repeats = repeatsOf(320, { beyond: sumsOf(320, 6000 / 320, () => 0) });
  expect(judged(leaning(0, 1))?.outcome).toBe('pass');
  expect(judged(leaning(0, 1, 100, { repeats }))?.outcome).toBe('inconclusive');
});

test('a tolerance that the policy gives is no lean; nor is one asked of labels, or of numbers that are all the same', () => {
  const answers = { ...DEFAULT_POLICY.answers, absolute: 1 };
  expect(judged(leaning(0.45, 0.01), { answers })).toMatchObject({ outcome: 'pass', margin: 0.5 });
  expect(judged(leaning(0.45, 0.01), { bias: 0.5 })).toMatchObject({ outcome: 'pass' });
  const { numbers } = leaning(0.45, 0.01);
  expect(
    judged(
      paired(
        blocks(100, () => ({})),
        { numbers },
      ),
    ),
  ).toBeUndefined();
  const still = numbers && { ...numbers, production: { ...numbers.production, deviation: 0 } };
  expect(judged(leaning(0.45, 0.01, 100, { numbers: still }))).toBeUndefined();
});

test('between a twentieth and a tenth of a deviation labels settle it, unless it should be the same', () => {
  const lean = leaning(0.075, 0.01);
  expect(judged(lean)).toMatchObject({ outcome: 'inconclusive', margin: 0.05, missing: undefined });
  expect(judged(lean)?.needs).toContain('--labels');
  expect(judged(lean, { expect: { kind: 'same' } })?.outcome).toBe('fail');
  expect(judged(lean, { bias: 0.1 })).toMatchObject({ outcome: 'pass', margin: 0.1 });
  expect(judged(lean, { bias: 0.05 })).toMatchObject({ outcome: 'fail', margin: 0.05 });
  const truth = { rows: 6000, of: 6000, unknown: 0, labels: undefined, numbers: undefined };
  expect(judged({ ...lean, truth })).toMatchObject({ outcome: 'pass', margin: 0.1 });
});

describe('labels say which of the two leans', () => {
  /** Labels of some rows; production's mean lies `off` deviations above theirs. The shadow's lies `lean` above production's. */
  function known(lean: number, off: number, changed: { rows?: number; above?: number } = {}) {
    const found = leaning(lean, 0.3);
    const all = found.rows;
    const { rows = all, above = rows / 2 } = changed;
    const [p, s] = [2 * off, 2 * (off + lean)];
    // Labels scatter by 2 around 10, and production's numbers by 1 around them.
    const fit = {
      rows,
      truth: 10 * rows,
      truthSquared: 104 * rows,
      production: (10 + p) * rows,
      productionSquared: (104 + 20 * p + p * p + 1) * rows,
      productionTruth: (104 + 10 * p) * rows,
      shadow: (10 + s) * rows,
      shadowSquared: (104 + 20 * s + s * s + 1) * rows,
      shadowTruth: (104 + 10 * s) * rows,
    };
    const nothing = { production: 0, productionSquared: 0, loss: 0, lossSquared: 0, cross: 0 };
    const band = (name: 'above' | 'below', labelled: number) => ({
      band: name,
      ...{ rows: all / 2, apart: all, labelled, error: nothing, squared: nothing },
    });
    const truth = {
      ...{ rows, of: all, unknown: 0, labels: undefined, fit },
      numbers: { maeProduction: 1, maeShadow: 1, loss: 0, lossDeviation: 0.1 },
      losses: [band('above', above), band('below', rows - above)],
    };
    const blocks = found.blocks.map((block) => ({ ...block, truth: rows / 100 }));
    return { ...found, truth, blocks };
  }

  test.each([
    ['production, and the shadow does not', 0.2, -0.2, 'pass'],
    ['production by more than the shadow', 0.2, -0.3, 'pass'],
    ['both by as much, to either side', 0.4, -0.2, 'pass'],
    ['the shadow', 0.2, 0, 'fail'],
    ['the shadow further to the same side', 0.2, 0.2, 'fail'],
    ['the shadow by a little more than is allowed', 0.3, -0.08, 'inconclusive'],
  ])('%s', (_, lean, off, outcome) => {
    expect(judged(known(lean, off))?.outcome).toBe(outcome);
    // What should be the same is held against production.
    expect(judged(known(lean, off), { expect: { kind: 'same' } })?.outcome).toBe('fail');
  });

  test('too few of them say nothing, nor do those of one side alone, nor a lean that was allowed already', () => {
    expect(judged(known(0.2, -0.2, { rows: 1200 }))?.outcome).toBe('pass');
    expect(judged(known(0.2, -0.2, { rows: 200 }))?.outcome).toBe('fail');
    expect(judged(known(0.2, -0.2, { rows: 1200, above: 1000 }))?.outcome).toBe('fail');
    expect(judged(known(0.02, 0.2))).toMatchObject({ outcome: 'pass', estimate: 0.02 });
  });
});
