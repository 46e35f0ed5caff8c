import { describe, expect, test } from 'vitest';
import type { CaptureSet, Payload } from '../../../src/analysis/answers/captures.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import { type Random, seededRandom } from '../../support/random.ts';
import { RECORDS, SECONDS, START, verdictOf } from './verdict-of.ts';

const json = (value: unknown): Payload => ({
  data: JSON.stringify(value),
  encoding: 'JSON',
  contentType: 'application/json',
});
const row = (i: number): Payload => ({ data: `${i},0.5`, encoding: 'CSV', contentType: 'text/csv' });

describe('the class stays, and the ranks below it are shuffled', () => {
  const NAMES = ['ant', 'bee', 'cat', 'dog', 'elk', 'fox'];
  const probabilities = (random: Random, noise: number, of: readonly number[]) => {
    const weights = of.map((one) => Math.exp(one + noise * random.normal()));
    const all = weights.reduce((sum, one) => sum + one, 0);
    return weights.map((one) => one / all);
  };
  const belowShuffled = (random: Random, list: readonly number[]) => {
    const first = list.indexOf(Math.max(...list));
    const rest = list.filter((_, i) => i !== first);
    const drawn = () => rest.splice(Math.floor(rest.length * random.next()), 1)[0] as number;
    return list.map((one, i) => (i === first ? one : drawn()));
  };
  const ranked = (list: readonly number[]) =>
    list.map((score, i) => ({ label: NAMES[i], score })).toSorted((a, b) => b.score - a.score);
  const named = (list: readonly number[]) => Object.fromEntries(list.map((score, i) => [NAMES[i], score]));

  test.each<[string, (list: readonly number[]) => Payload]>([
    ['probabilities in a list', (list) => json([list])],
    ['probabilities by name', (list) => json(named(list))],
    ['ranked classes, all of them', (list) => json(ranked(list))],
    ['ranked classes, the first three', (list) => json(ranked(list).slice(0, 3))],
    [
      'scores of any size',
      (list) =>
        json({
          predictions: [{ score: list.map((one) => 9 * one - 4), predicted_label: list.indexOf(Math.max(...list)) }],
        }),
    ],
  ])('%s', async (_, answer) => {
    const random = seededRandom(23);
    const logits = Array.from({ length: RECORDS }, () => NAMES.map(() => 3 * random.normal()));
    const side = (change: (list: readonly number[]) => readonly number[], noise = 0) => ({
      files: 1,
      captures: logits.map((of, i) => ({
        inferenceId: `r-${i}`,
        eventId: undefined,
        at: START + i * SECONDS * 1000,
        input: row(i),
        output: answer(change(probabilities(random, noise, of))),
      })),
      unreadable: 0,
      outside: 0,
      examples: [],
    });
    const production = side((list) => list);
    const asked = async (shadow: CaptureSet, policy: Partial<Policy> = {}) => {
      const { outcome, gates } = await verdictOf({ production, shadow }, { ...DEFAULT_POLICY, ...policy });
      return { outcome, open: gates?.filter((gate) => gate.gating && gate.outcome !== 'pass').map(({ id }) => id) };
    };
    const shuffled = side((list) => belowShuffled(random, list));
    expect(await asked(shuffled)).toEqual({ outcome: 'inconclusive', open: ['labels.others'] });
    expect(await asked(shuffled, { expect: { kind: 'same' } })).toEqual({ outcome: 'fail', open: ['labels.others'] });
    // A model that was trained anew moves all of its scores a little.
    expect(await asked(side((list) => list, 0.05))).toEqual({ outcome: 'pass', open: [] });
  });
});
