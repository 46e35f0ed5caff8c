import { describe, expect, test } from 'vitest';
import type { Capture } from '../../src/analysis/answers/captures.ts';
import { comparePredictions } from '../../src/analysis/compare/memory/compare.ts';
import { judge } from '../../src/analysis/judge/judge.ts';
import { METRICS } from '../../src/analysis/observations.ts';
import type { MetricTable } from '../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import { UNCHOSEN } from '../../src/analysis/compare/readings.ts';
import type { Task } from '../../src/analysis/predictions.ts';
import { type Random, seededRandom } from '../support/random.ts';
import { readTruth } from './read-truth.ts';

/**
 * Captures of models that must not pass, each beside one of its kind that must: what hides in a mean, in a pairing or in the labels. They came of
 * a search for wrong passes through the command itself.
 */

const COLORS = ['red', 'green', 'blue', 'black'];
const RATE = 20;
const START = Date.UTC(2026, 2, 2, 9);

/** Free JSON, as each record shows it by itself. */
const FORM = { shape: '', from: '', example: undefined };

interface Row {
  input: string;
  production: string;
  shadow: string;
  label?: string | undefined;
}

interface World {
  row: (random: Random, i: number) => Row;
  /** The id under which the shadow's record of the i-th request stands. */
  shadowId?: (i: number) => number;
  rows?: number;
  task?: Task;
}

function verdictOf({ row, shadowId = (i) => i, rows = 6000, task }: World, policy: Partial<Policy> = {}) {
  const random = seededRandom(31);
  const sides: [Capture[], Capture[]] = [[], []];
  const labels = ['inferenceId,label'];
  for (let i = 0; i < rows; i += 1) {
    const { input, production, shadow, label } = row(random, i);
    const record = (id: number, answer: string): Capture => ({
      inferenceId: `r-${id}`,
      eventId: undefined,
      at: START + (i * 60_000) / RATE,
      input: input.startsWith('{')
        ? { data: input, encoding: 'JSON', contentType: 'application/json' }
        : { data: input, encoding: 'CSV', contentType: 'text/csv' },
      output: answer.startsWith('{')
        ? { data: answer, encoding: 'JSON', contentType: 'application/json' }
        : { data: answer, encoding: 'CSV', contentType: 'text/csv' },
    });
    sides[0].push(record(i, production));
    sides[1].push(record(shadowId(i), shadow));
    if (label !== undefined) labels.push(`r-${i},${label}`);
  }
  const set = (captures: readonly Capture[]) => ({ files: 1, captures, unreadable: 0, outside: 0, examples: [] });
  const truth = labels.length === 1 ? undefined : readTruth(labels.join('\n'), 'truth.csv');
  const none = Object.fromEntries(METRICS.map((name) => [name, []])) as unknown as MetricTable;
  const verdict = judge(
    {
      schema: 'shadowctl-observations/1',
      endpoint: 'weather',
      region: undefined,
      window: { from: START, to: START + (rows * 60_000) / RATE },
      production: { name: 'AllTraffic' },
      shadow: { name: 'shadow' },
      sampling: 1,
      metrics: { times: [], production: none, shadow: none },
      predictions: comparePredictions(set(sides[0]), set(sides[1]), {
        sampling: 1,
        tolerance: 0.5,
        truth,
        ...(task === 'json' ? { task, reading: { ...UNCHOSEN, forms: { production: FORM, shadow: FORM } } } : {}),
      }),
      notes: [],
    },
    { ...DEFAULT_POLICY, ...policy },
    'shadow',
  );
  const open = verdict?.gates.filter(({ gating, outcome }) => gating && outcome !== 'pass') ?? [];
  return {
    outcome: verdict?.outcome,
    open: open.map(({ id }) => id),
    reasons: open.map(({ reason }) => reason).join(' '),
  };
}

const color = (random: Random) => COLORS[Math.floor(4 * random.next())] ?? '';
const another = (random: Random, one: string) => {
  const others = COLORS.filter((name) => name !== one);
  return others[Math.floor(others.length * random.next())] ?? '';
};
/** One of fifty, of which each has a fiftieth of the rows. */
const city = (random: Random) => `city${Math.floor(50 * random.next())}`;
const or = (random: Random, chance: number, one: string, other: string) => (random.next() < chance ? one : other);

describe('one of fifty values of a column, in which everything is wrong', () => {
  const world = (bad: number): World => ({
    row: (random, i) => {
      const [where, production] = [city(random), color(random)];
      const right = where === 'city17' ? 1 - bad : 0.99;
      return { input: `${where},${i}`, production, shadow: or(random, right, production, another(random, production)) };
    },
  });

  test('is found among all others, without labels', () => {
    expect(verdictOf(world(0.01))).toMatchObject({ outcome: 'pass', open: [] });
    const found = verdictOf(world(1));
    expect(found).toMatchObject({ outcome: 'inconclusive', open: ['slices.apart'] });
    expect(found.reasons).toContain('column 1 = city17');
  });

  test('and by labels, though it is better in all', () => {
    const labelled: World = {
      row: (random, i) => {
        const [where, label] = [city(random), color(random)];
        const production = or(random, 0.88, label, another(random, label));
        const shadow = or(random, where === 'city17' ? 0 : 0.92, label, another(random, label));
        return { input: `${where},${i}`, production, shadow, label };
      },
    };
    const found = verdictOf(labelled);
    expect(found).toMatchObject({ outcome: 'inconclusive', open: ['truth.slices'] });
    expect(found.reasons).toContain('column 1 = city17');
  });
});

describe('ids that belong to other requests', () => {
  let last = 'red';
  const following: World['row'] = (random, i) => {
    if (random.next() < 0.03) last = color(random);
    return { input: `${i},x`, production: last, shadow: last };
  };

  test('are noticed where answers follow on others like them', () => {
    expect(verdictOf({ row: following })).toMatchObject({ outcome: 'pass' });
    const found = verdictOf({ row: following, shadowId: (i) => i + 1 });
    expect(found).toMatchObject({ outcome: 'inconclusive', open: ['output.pairs'] });
    expect(found.reasons).toContain('hold two different inputs');
    expect(verdictOf({ row: following, shadowId: (i) => i + 1 }, { inform: ['output.pairs'] })).toMatchObject({
      outcome: 'pass',
    });
  });

  test('are noticed where one in fifty does', () => {
    const swapped = (i: number) => (i % 100 === 3 ? i + 1 : i % 100 === 4 ? i - 1 : i);
    expect(verdictOf({ row: following, shadowId: swapped })).toMatchObject({ open: ['output.pairs'] });
    const rarely = (i: number) => (i % 1000 === 3 ? i + 1 : i % 1000 === 4 ? i - 1 : i);
    expect(verdictOf({ row: following, shadowId: rarely })).toMatchObject({ outcome: 'pass' });
  });
});

describe('a rare class', () => {
  const world = (share: number, shadow: (random: Random, says: string) => string): World => ({
    row: (random, i) => {
      const production = or(random, share, 'fraud', or(random, 0.5, 'ok', 'review'));
      return { input: `${i},x`, production, shadow: shadow(random, production) };
    },
  });

  test('that is given three times as often', () => {
    const found = verdictOf(world(0.01, (random, says) => or(random, 0.02, 'fraud', says)));
    expect(found).toMatchObject({ outcome: 'inconclusive', open: ['labels.byClass'] });
    expect(found.reasons).toMatch(/rows that the shadow calls 'fraud', production calls \d\d/);
  });

  test('that is given half as often, and one that is given as often', () => {
    const halved = verdictOf(world(0.012, (random, says) => (says === 'fraud' ? or(random, 0.5, 'ok', says) : says)));
    expect(halved).toMatchObject({ outcome: 'inconclusive', open: ['labels.byClass'] });
    const equal = world(0.012, (random, says) => or(random, 0.02, or(random, 0.5, 'ok', 'review'), says));
    expect(verdictOf(equal)).toMatchObject({ outcome: 'pass' });
  });
});

describe('a flag of JSON answers that is rarely true', () => {
  const world = (shadow: (score: number) => boolean): World => ({
    task: 'json',
    row: (random, i) => {
      const score = Math.round(1e4 * random.next()) / 1e4;
      const answer = (block: boolean) => JSON.stringify({ score, block });
      return { input: `${i},x`, production: answer(score > 0.97), shadow: answer(shadow(score)) };
    },
  });

  test('and never in the shadow', () => {
    const found = verdictOf(world(() => false));
    expect(found).toMatchObject({ outcome: 'inconclusive', open: ['output.values'] });
    expect(found.reasons).toContain('In $.block, production says true in');
    expect(
      verdictOf(
        world(() => false),
        { expect: { kind: 'same' } },
      ).outcome,
    ).toBe('fail');
    expect(verdictOf(world((score) => score > 0.95)).open).toEqual(['output.values']);
    expect(verdictOf(world((score) => score > 0.972))).toMatchObject({ outcome: 'pass' });
  });
});

test("labels that are all the shadow's own answers do not make it better", () => {
  const world = (truth: (label: string, shadow: string) => string): World => ({
    row: (random, i) => {
      const label = color(random);
      const production = or(random, 0.95, label, another(random, label));
      const shadow = or(random, 0.96, label, another(random, label));
      return { input: `${i},x`, production, shadow, label: truth(label, shadow) };
    },
  });
  const found = verdictOf(world((_, shadow) => shadow));
  expect(found).toMatchObject({ outcome: 'inconclusive', open: ['truth.accuracy'] });
  expect(found.reasons).toContain("equal the shadow's own answers");
  expect(verdictOf(world((label) => label))).toMatchObject({ outcome: 'pass' });
});

describe('the longest texts, in which everything is wrong', () => {
  const world = (bad: number): World => ({
    row: (random, i) => {
      const [isLong, production] = [random.next() < 0.04, color(random)];
      const words = isLong ? 300 + 100 * random.next() : 8 + 40 * random.next();
      const right = isLong ? 1 - bad : 1;
      return {
        input: JSON.stringify({ text: `${i} ${'word '.repeat(words)}` }),
        production,
        shadow: or(random, right, production, another(random, production)),
      };
    },
  });

  test('are found by their length', () => {
    expect(verdictOf(world(0.01))).toMatchObject({ outcome: 'pass', open: [] });
    const found = verdictOf(world(1));
    expect(found).toMatchObject({ outcome: 'inconclusive', open: ['slices.apart'] });
    expect(found.reasons).toContain('length of text >');
  });
});
