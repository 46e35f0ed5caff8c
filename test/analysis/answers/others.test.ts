import { describe, expect, test } from 'vitest';
import type { CaptureSet, Payload } from '../../../src/analysis/answers/captures.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { mergePredictions } from '../../../src/analysis/merge/predictions.ts';
import { judgeOthers } from '../../../src/analysis/judge/scores.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import type { Predictions } from '../../../src/analysis/predictions.ts';
import { evidenceOf, observed } from '../judge/by-hand.ts';
import { type Random, seededRandom } from '../../support/random.ts';
import { RECORDS, SECONDS, START, verdictOf } from './verdict-of.ts';

const json = (value: unknown): Payload => ({
  data: JSON.stringify(value),
  encoding: 'JSON',
  contentType: 'application/json',
});
const othersOf = (predictions: Predictions) =>
  judgeOthers(predictions, evidenceOf(observed({ predictions })), true)[0]?.outcome;
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

  test('a list that lacks its last place is not near, whatever stands in the others', async () => {
    const random = seededRandom(29);
    const lists = Array.from({ length: RECORDS }, () =>
      probabilities(
        random,
        0,
        NAMES.map(() => 3 * random.normal()),
      ),
    );
    const shorter = (list: readonly number[]) => (list.at(-1) === Math.max(...list) ? list : list.slice(0, -1));
    const side = (change: (list: readonly number[], i: number) => readonly number[]) => ({
      files: 1,
      captures: lists.map((list, i) => ({
        inferenceId: `r-${i}`,
        eventId: undefined,
        at: START + i * SECONDS * 1000,
        input: row(i),
        output: json({ predictions: [change(list, i)] }),
      })),
      unreadable: 0,
      outside: 0,
      examples: [],
    });
    const production = side((list) => list);
    for (const of of [1, 3]) {
      const shadow = side((list, i) => (i % of === 0 ? shorter(list) : list));
      const { outcome, gates } = await verdictOf({ production, shadow }, DEFAULT_POLICY);
      expect(outcome, `one in ${of}`).toBe('inconclusive');
      expect(gates?.find(({ id }) => id === 'labels.others')?.outcome).toBe('inconclusive');
    }
  });

  test('a window too small to learn much from counts what is hardly near as far, and many of them are judged', async () => {
    const random = seededRandom(31);
    const side = (count: number, change: (list: readonly number[]) => readonly number[]) => ({
      files: 1,
      captures: Array.from({ length: count }, (_, i) => ({
        inferenceId: `r-${i}`,
        eventId: undefined,
        at: START + i * SECONDS * 1000,
        input: row(i),
        output: json([change(probabilities(seededRandom(i + 1), 1, [9, 5, 4, 3, 2, 1]))]),
      })),
      unreadable: 0,
      outside: 0,
      examples: [],
    });
    const shuffled = (list: readonly number[]) => belowShuffled(random, list);
    const hardly = (list: readonly number[]) => list.map((one) => one * (1 + 1e-4 * random.normal()));
    const window = async (count: number, change = shuffled) =>
      (await verdictOf({ production: side(count, (list) => list), shadow: side(count, change) })).predictions;
    const [large, small] = [await window(300), await window(15)];
    expect(small.labels?.others?.beyond).toBeGreaterThanOrEqual(13);
    const later = { ...small, blocks: small.blocks.map((block) => ({ ...block, at: block.at + 86_400_000 })) };
    for (const both of [mergePredictions(large, later, 1), mergePredictions(later, large, 1)]) {
      const counted = both.blocks.filter(({ others }) => others !== undefined);
      expect(counted.reduce((sum, { rows }) => sum + rows, 0)).toBe(315);
    }
    const added = (one: Predictions) =>
      Array.from(
        { length: 25 },
        (_, i): Predictions => ({
          ...one,
          // Inputs of other windows are others.
          repeats: undefined,
          blocks: one.blocks.map((block) => ({ ...block, at: block.at + i * 3_600_000 })),
        }),
      ).reduce((sum, next) => mergePredictions(sum, next, 1));
    expect(othersOf(added(small))).toBe('inconclusive');
    expect(othersOf(added(await window(15, hardly)))).toBe('pass');
  });
});
