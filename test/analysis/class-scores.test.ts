import { describe, expect, test } from 'vitest';
import { brierApart, brierScore, placeOfClass, probabilitiesOf } from '../../src/analysis/answers/brier.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import type { Random } from '../support/random.ts';
import { told } from './labelled.ts';
import type { Row } from './labelled.ts';

const softmax = (logits: readonly number[]) => {
  const all = logits.map(Math.exp);
  const sum = all.reduce((total, one) => total + one, 0);
  return all.map((one) => one / sum);
};
const written = (probabilities: readonly number[]) => probabilities.map((one) => one.toFixed(6)).join(',');

/** Three classes; production's probabilities are calibrated, and the shadow's follow from its logits. */
const world =
  (shadow: (logits: readonly number[], random: Random) => readonly number[], labelled = () => true) =>
  (random: Random): Row => {
    const logits = [0, 1, 2].map(() => 1.2 * random.normal());
    const p = softmax(logits);
    const lot = random.next();
    const truth = lot < (p[0] ?? 0) ? 0 : lot < (p[0] ?? 0) + (p[1] ?? 0) ? 1 : 2;
    return { production: written(p), shadow: written(softmax(shadow(logits, random))), truth, labelled: labelled() };
  };

const judged = (row: (random: Random) => Row, changed: Partial<Policy> = {}, rate = 30) => told(row, changed, 90, rate);

describe('probabilities of several classes', () => {
  test('a model that is too sure is as accurate, and fails by its Brier score', () => {
    const { gate, truth } = judged(world((logits) => logits.map((one) => 3 * one)));
    expect(gate('truth.accuracy')).toMatchObject({ outcome: 'pass' });
    expect(gate('truth.score')).toMatchObject({ outcome: 'fail', gating: true });
    expect(truth?.scores).toMatchObject([{ band: 'agree', rows: 2700, labelled: 2700 }]);
  });

  test('one that is calibrated passes against one that is too sure, and informs unless decide names it', () => {
    const row = world((logits) => logits.map((one) => 3 * one));
    const swapped = (random: Random) => {
      const one = row(random);
      return { ...one, production: one.shadow, shadow: one.production };
    };
    expect(judged(swapped).gate('truth.score')).toMatchObject({ outcome: 'pass', gating: false });
    expect(judged(swapped, { decide: ['truth.score'] }).gate('truth.score')).toMatchObject({ gating: true });
  });

  test('rows on which the classes differ and that have no label count at their worst', () => {
    const row = world((logits, random) => logits.map((one) => one + 0.5 * random.normal()));
    const easy = (random: Random) => {
      const one = row(random);
      return { ...one, labelled: place(one.production) === place(one.shadow) };
    };
    const { gate, truth } = judged(easy);
    expect(truth?.scores?.map(({ band, labelled }) => [band, labelled > 0])).toEqual([
      ['agree', true],
      ['differ', false],
    ]);
    expect(gate('truth.score')?.outcome).not.toBe('pass');
  });

  test('is not asked of scores that are no probabilities, or of labels that name no place', () => {
    const raw = (random: Random) => {
      const one = world((logits) => logits)(random);
      return { ...one, shadow: '0.5,2,0.1', production: '0.5,1,0.1' };
    };
    expect(judged(raw, {}, 10).truth?.scores).toBeUndefined();
    const words = (random: Random) => ({ ...world((logits) => logits)(random), truth: 'rain' });
    expect(judged(words, {}, 10).gate('truth.score')).toBeUndefined();
  });
});

function place(words: string | number): number {
  const list = String(words).split(',').map(Number);
  return list.indexOf(Math.max(...list));
}

test('Brier scores by hand', () => {
  expect(brierScore([0.7, 0.2, 0.1], 0)).toBeCloseTo(0.09 + 0.04 + 0.01, 12);
  expect(brierScore([0, 1], 0)).toBe(2);
  expect(probabilitiesOf({ scores: [0.2, 0.8] }, '1')).toEqual([0.2, 0.8]);
  expect(probabilitiesOf({ scores: [0.2, 0.8] }, 'yes')).toBeUndefined();
  expect(probabilitiesOf({ scores: [0.2, 0.9] }, '1')).toBeUndefined();
  expect([placeOfClass('2', 3), placeOfClass('3', 3), placeOfClass('1.5', 3), placeOfClass('', 3)]).toEqual([
    2,
    undefined,
    undefined,
    undefined,
  ]);
  const [a, b] = [
    [0.7, 0.2, 0.1],
    [0.1, 0.1, 0.8],
  ];
  for (const of of [0, 1, 2])
    expect(Math.abs(brierScore(a ?? [], of) - brierScore(b ?? [], of))).toBeLessThanOrEqual(
      2 * brierApart(a ?? [], b ?? []),
    );
});
