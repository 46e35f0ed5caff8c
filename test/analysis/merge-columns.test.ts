import { describe, expect, test } from 'vitest';
import type { Capture } from '../../src/analysis/answers/captures.ts';
import { comparePredictions } from '../../src/analysis/compare/memory/compare.ts';
import type { MemoryOptions } from '../../src/analysis/compare/memory/compare.ts';
import { judge } from '../../src/analysis/judge/judge.ts';
import type { Gate } from '../../src/analysis/judge/verdict.ts';
import { mergeDays } from '../../src/analysis/merge/days.ts';
import { mergeObservations } from '../../src/analysis/merge/merge.ts';
import { METRICS } from '../../src/analysis/observations.ts';
import type { MetricTable, Observations } from '../../src/analysis/observations.ts';
import type { Predictions } from '../../src/analysis/predictions.ts';
import { redact } from '../../src/analysis/redact.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import { seededRandom } from '../support/random.ts';
import { readTruth } from './read-truth.ts';
import { simulate, START } from './simulated.ts';

/**
 * Windows that are added must not hide what each of them shows: a part of the inputs in which the shadow is much worse, whether it is a
 * word or a quarter of numbers that each window cuts by itself.
 */

const MINUTE = 60_000;
const MINUTES = 90;

interface Row {
  city: string;
  size: number;
}

interface World {
  /** Does the shadow answer otherwise than production? */
  differs: (row: Row, lot: number, window: number) => boolean;
  /** Of rows that differ, who is right by the label; undefined: rows have no labels. */
  right?: 'production' | 'either';
  /** Of differing rows, those with a label. */
  labelled?: (row: Row) => boolean;
  /** Rows whose inputs come again in every window. */
  again?: (row: Row) => boolean;
}

/** One of several windows: cities are the same in each, sizes are others. */
function windowOf(
  window: number,
  { differs, right, labelled = () => true, again = () => false }: World,
  rate = 30,
): Observations {
  const random = seededRandom(100 + window);
  const sides: [Capture[], Capture[]] = [[], []];
  const labels = ['inferenceId,label'];
  const start = START + window * MINUTES * MINUTE;
  for (let i = 0; i < MINUTES * rate; i += 1) {
    const lot = random.next();
    const city = lot < 0.08 ? 'villas' : lot < 0.5 ? 'flats' : 'houses';
    const row = { city, size: Math.round(1e6 * (window * 0.02 + random.next())) / 1e4 };
    const [first, second] = random.next() < 0.5 ? ['yes', 'no'] : ['no', 'yes'];
    const apart = differs(row, random.next(), window);
    const id = `r-${window}-${i}`;
    for (const [s, answer] of [first, apart ? second : first].entries())
      sides[s]?.push({
        inferenceId: id,
        eventId: undefined,
        at: start + i * (MINUTE / rate),
        input: {
          data: again(row) ? `${row.city},1,${i % 100}` : `${row.city},${row.size},${i}`,
          encoding: 'CSV',
          contentType: 'text/csv',
        },
        output: { data: answer, encoding: 'CSV', contentType: 'text/csv' },
      });
    if (right === undefined || (apart && !labelled(row))) continue;
    labels.push(
      `${id},${!apart || right === 'production' || row.city === 'villas' || random.next() < 0.5 ? first : second}`,
    );
  }
  const set = (captures: readonly Capture[]) => ({ files: 1, captures, unreadable: 0, outside: 0, examples: [] });
  const whole = simulate({ minutes: MINUTES, rate: rate, captured: false });
  const options: MemoryOptions = {
    sampling: 1,
    tolerance: 0.5,
    ...(right === undefined ? {} : { truth: readTruth(labels.join('\n'), 'truth.csv') }),
  };
  return {
    ...whole,
    window: { from: start, to: start + MINUTES * MINUTE },
    metrics: { ...whole.metrics, times: whole.metrics.times.map((at) => at + window * MINUTES * MINUTE) },
    predictions: comparePredictions(set(sides[0]), set(sides[1]), options),
  };
}

/** As saved files give them back. */
const added = (...windows: Observations[]) =>
  mergeObservations(structuredClone(windows).map((observations, i) => ({ name: `${i}.json`, observations })));

/** The same as days of a batch, which knows no metrics. */
function days(worlds: readonly World[]): Observations {
  const none = Object.fromEntries(METRICS.map((name) => [name, []])) as unknown as MetricTable;
  return mergeDays(
    worlds.map((world, i) => {
      const seen = windowOf(i, world, 10);
      const rows = seen.predictions?.rows ?? 0;
      return {
        ...{ day: `2026-11-${10 + i}`, from: seen.window.from, to: seen.window.to },
        rows: { delivered: rows, judged: rows, withoutCounterpart: 0, unreadable: 0, inFailedObject: 0, late: 0 },
        observations: { ...seen, metrics: { times: [], production: none, shadow: none } },
      };
    }),
  );
}

const judged = (seen: Observations, policy: Partial<Policy> = {}) => {
  const verdict = judge(seen, { ...DEFAULT_POLICY, ...policy }, 'shadow');
  const gate = (id: string): Gate | undefined => verdict?.gates.find((one) => one.id === id);
  return { outcome: verdict?.outcome, gate, reasons: verdict?.gates.map(({ reason }) => reason).join(' ') ?? '' };
};

const FEW = (_: Row, lot: number) => lot < 0.01;
const CITY = ({ city }: Row, lot: number) => lot < (city === 'villas' ? 0.45 : 0.01);
/** A quarter of each window's sizes, which lie between twice the window and 100 more. */
const LARGE = ({ size }: Row, lot: number, window: number) => lot < (size > 2 * window + 75 ? 0.3 : 0.01);
const WINDOWS = [0, 1];

describe('a part of the inputs that is much worse in each of two windows', () => {
  test('nothing is held up where nothing is worse', () => {
    for (const world of [{ differs: FEW }, { differs: FEW, right: 'either' as const }]) {
      const windows = WINDOWS.map((i) => windowOf(i, world, 60));
      expect(windows.map((one) => judged(one).outcome)).toEqual(['pass', 'pass']);
      expect(judged(added(...windows)).outcome).toBe('pass');
    }
  });

  test.each<[string, World, string, string]>([
    ['a word, without labels', { differs: CITY }, 'slices.apart', 'column 1 = villas'],
    ['a quarter of numbers, without labels', { differs: LARGE }, 'slices.apart', 'column 2 >'],
    ['a word, by labels', { differs: CITY, right: 'either' }, 'truth.slices', 'column 1 = villas'],
    [
      'a quarter of numbers, by labels',
      { differs: (row, lot, window) => lot < 0.2 * Number(LARGE(row, 0.2, window)) + 0.001, right: 'production' },
      'truth.slices',
      'column 2 >',
    ],
  ])('is seen in both together: %s', (_, world, id, where) => {
    const windows = WINDOWS.map((i) => windowOf(i, world));
    for (const one of [...windows, added(...windows)]) {
      const { outcome, gate } = judged(one);
      expect(gate(id)?.outcome).toBe('inconclusive');
      expect(gate(id)?.reason).toContain(where);
      expect(outcome).not.toBe('pass');
    }
    const seven = judged(days(Array.from({ length: 8 }, () => world)));
    expect(seven.gate(id)?.reason).toContain(where);
    expect(seven.outcome).not.toBe('pass');
  });

  test('labels that are missing for one part are missing in both together', () => {
    const world: World = { differs: CITY, right: 'either', labelled: ({ city }) => city !== 'villas' };
    const windows = WINDOWS.map((i) => windowOf(i, world));
    for (const one of [...windows, added(...windows), days([world, world, world, world, world, world, world, world])]) {
      expect(judged(one).reasons).toContain('labels are missing by slice: of');
      expect(judged(one).outcome).not.toBe('pass');
    }
  });

  /** As an older version saved it, or --redact. */
  const without = (seen: Observations, ...names: ('columns' | 'slices' | 'missing')[]): Observations => ({
    ...seen,
    predictions: {
      ...(seen.predictions as Predictions),
      ...Object.fromEntries(names.map((name) => [name, undefined])),
    },
  });

  test('one whose other window has no inputs is seen in both together', () => {
    const [one, other] = WINDOWS.map((i) => windowOf(i, { differs: CITY })) as [Observations, Observations];
    expect(judged(added(one, without(other, 'columns', 'slices'))).gate('slices.apart')?.outcome).toBe('inconclusive');
  });

  test('what one window cannot say keeps both from passing, and says why', () => {
    const [one, other] = WINDOWS.map((i) => windowOf(i, { differs: FEW }, 60)) as [Observations, Observations];
    for (const [older, words] of [
      [without(other, 'columns'), 'a slice in which it is worse would not be seen'],
      [without(other, 'missing'), 'the requests that were not answered'],
    ] as const) {
      const { outcome, gate } = judged(added(one, older));
      expect(outcome).toBe('inconclusive');
      expect(gate('windows.sums')).toMatchObject({ outcome: 'inconclusive', gating: true, test: 'rule' });
      expect(gate('windows.sums')?.reason).toContain(words);
    }
    const both = added(without(one, 'columns'), without(other, 'columns'));
    expect(judged(both).gate('windows.sums')?.outcome).toBe('inconclusive');
    const inform = { ...DEFAULT_POLICY, inform: ['slices', 'truth'] };
    expect(judge(both, inform, 'shadow')?.outcome).toBe('pass');
    expect(judged(added(one, redact(other))).gate('windows.sums')?.outcome).toBe('inconclusive');
  });
});

describe('what the policy asks of every part', () => {
  const windows = (world: World) => added(...[0, 1, 2].map((window) => windowOf(window, world)));

  test('passes over windows that are added, and counts for less where inputs of a part come again in each', () => {
    const policy = { slices: 0.9, decide: ['stability'] };
    const { gate } = judged(windows({ differs: FEW }), policy);
    expect(gate('slices')).toMatchObject({ outcome: 'pass' });
    expect(gate('stability')).toMatchObject({ outcome: 'pass' });
    const again = windows({ differs: FEW, again: ({ city }) => city === 'villas' });
    expect(judged(again, policy).gate('slices')?.interval?.[0]).toBeLessThan(gate('slices')?.interval?.[0] ?? 0);
  });

  test('fails where one part differs', () => {
    const policy = { slices: 0.9, decide: ['stability'], expect: { kind: 'same' } } as const;
    expect(judged(windows({ differs: CITY }), policy).gate('slices')).toMatchObject({ outcome: 'fail' });
  });
});
