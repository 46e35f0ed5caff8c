import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compareRecords } from '../../../src/analysis/compare/compare.ts';
import type { Predictions } from '../../../src/analysis/predictions.ts';
import { comparable } from './comparable.ts';
import type { Capture, CaptureSet } from '../../../src/analysis/answers/captures.ts';
import type { MemoryOptions } from '../../../src/analysis/compare/memory/compare.ts';
import { designEffect } from '../../../src/analysis/statistics/repeats.ts';
import { readTruth } from '../read-truth.ts';
import { oneIn } from '../../support/sizes.ts';

const START = Date.UTC(2026, 0, 5, 9);
const folder = mkdtempSync(join(tmpdir(), 'shadowctl-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));

const OPTIONS: MemoryOptions = { sampling: 1, tolerance: 0.1 };

let events = 0;
function capture(id: string | undefined, input: string, output: string | undefined, second = 0): Capture {
  events += 1;
  return {
    inferenceId: id,
    eventId: `event-${events}`,
    at: START + second * 1000,
    input: { data: input, encoding: 'CSV', contentType: 'text/csv' },
    output: output === undefined ? undefined : { data: output, encoding: 'CSV', contentType: 'text/csv' },
  };
}

const withDuckdb = oneIn(3);

/** What is found in memory of records that are read already, as of logs; DuckDB must find the same. */
async function compare(production: CaptureSet, shadow: CaptureSet, options: MemoryOptions): Promise<Predictions> {
  const { sampling, ...rest } = options;
  const sides = { production: { captures: production }, shadow: { captures: shadow } };
  const records = { ...sides, window: { from: 0, to: 8.64e15 }, sampling };
  const by = (inMemory: boolean) => compareRecords(records, { ...rest, memory: '500MB', spill: folder, inMemory });
  const { predictions } = await by(true);
  if (withDuckdb()) expect(comparable((await by(false)).predictions)).toEqual(comparable(predictions));
  return predictions;
}

function set(...captures: Capture[]): CaptureSet {
  return { files: 1, captures, unreadable: 0, outside: 0, examples: [] };
}

describe('pairing', () => {
  test('by InferenceId; a doubled id belongs to nobody and is counted', async () => {
    const found = await compare(
      set(capture('a', '1', '10'), capture('b', '2', '20'), capture('b', '2', '20'), capture('c', '3', '30')),
      set(capture('a', '1', '11'), capture('b', '2', '20'), capture('d', '3', '30')),
      OPTIONS,
    );
    expect(found).toMatchObject({ method: 'inferenceId', pairs: 1, coverage: 0.25 });
    expect(found.production).toMatchObject({ records: 4, ambiguous: 2, unmatched: 1 });
    expect(found.shadow).toMatchObject({ records: 3, ambiguous: 0, unmatched: 2 });
  });

  test('requests that were sent again with their id are told apart by input and order, or counted as ambiguous', async () => {
    const again = (...answers: string[]) =>
      set(
        capture('a', '1', answers[0] ?? '', 1),
        capture('a', '1', answers[1] ?? '', 9),
        capture('a', '2', answers[2] ?? '', 5),
        capture('b', '3', '30'),
      );
    const found = await compare(again('10', '11', '20'), again('10', '11', '20'), OPTIONS);
    expect(found).toMatchObject({ pairs: 4, retried: 3, coverage: 1, labels: { rows: 4, agree: 4 } });
    expect(found.production).toMatchObject({ ambiguous: 0, unmatched: 0 });
    const fewer = await compare(
      again('10', '11', '20'),
      set(capture('a', '1', '10'), capture('a', '2', '20'), capture('b', '3', '30')),
      OPTIONS,
    );
    expect(fewer).toMatchObject({
      pairs: 1,
      retried: 0,
      production: { ambiguous: 3 },
      shadow: { ambiguous: 2, unmatched: 0 },
    });
    const other = await compare(
      again('10', '11', '20'),
      set(capture('a', '1', '10'), capture('a', '2', '11'), capture('a', '2', '20'), capture('b', '3', '30')),
      OPTIONS,
    );
    expect(other).toMatchObject({ pairs: 1, production: { ambiguous: 3 }, shadow: { ambiguous: 3 } });
  });

  test('by eventId where it is shared', async () => {
    const ours = capture(undefined, '1', '10');
    const found = await compare(set(ours), set({ ...capture(undefined, 'x', '12'), eventId: ours.eventId }), OPTIONS);
    expect(found).toMatchObject({ method: 'eventId', pairs: 1 });
  });

  test('by input near in time; what could belong to two is left out', async () => {
    const found = await compare(
      set(
        capture(undefined, 'x', '1', 0),
        capture(undefined, 'y', '2', 0),
        capture(undefined, 'y', '2', 2),
        capture(undefined, 'z', '3', 0),
      ),
      set(
        capture(undefined, 'x', '1', 1),
        capture(undefined, 'y', '2', 1),
        capture(undefined, 'y', '2', 3),
        capture(undefined, 'z', '3', 60),
      ),
      OPTIONS,
    );
    expect(found).toMatchObject({ method: 'input', pairs: 1 });
    expect(found.production).toMatchObject({ ambiguous: 2, unmatched: 1 });
    expect(found.shadow).toMatchObject({ ambiguous: 2, unmatched: 1 });
  });

  test('by input, only where no other of the same side is within ten seconds', async () => {
    const found = await compare(
      set(capture(undefined, 'x', '1', 0), capture(undefined, 'x', '2', 8), capture(undefined, 'y', '3', 0)),
      set(capture(undefined, 'x', '1', 4), capture(undefined, 'y', '3', 5)),
      OPTIONS,
    );
    expect(found).toMatchObject({ method: 'input', pairs: 1, production: { ambiguous: 2 } });
    const apart = await compare(
      set(capture(undefined, 'x', '1', 0), capture(undefined, 'x', '2', 11)),
      set(capture(undefined, 'x', '1', 1), capture(undefined, 'x', '2', 12)),
      OPTIONS,
    );
    expect(apart).toMatchObject({ method: 'input', pairs: 2 });
  });

  test('by what pairs by far the most: a few callers who send an id leave nobody out, and that is said', async () => {
    const side = (shift: number) =>
      set(
        ...Array.from({ length: 10 }, (_, i) =>
          capture(i < 2 ? `id-${i}` : undefined, `x${i}`, `${i}`, 20 * i + shift),
        ),
      );
    const [production, shadow] = [side(0), side(1)];
    expect(await compare(production, shadow, OPTIONS)).toMatchObject({ method: 'input', pairs: 10 });
    const records = { production: { captures: production }, shadow: { captures: shadow } };
    for (const inMemory of [true, false]) {
      const { notes } = await compareRecords(
        { ...records, window: { from: 0, to: 8.64e15 }, sampling: 1 },
        { tolerance: 0.1, memory: '500MB', spill: folder, inMemory },
      );
      expect(notes).toContain(
        "Only 2 pairs share the caller's InferenceId, so that requests were paired by equal input at about the same time: 10 pairs.",
      );
    }
  });

  test('ids that pair few count where inputs do not pair by far more, and where the shadow has few answers', async () => {
    // Four pairs by id; by input six, of which two could be anybody's.
    const alike = (shift: number) =>
      set(
        ...Array.from({ length: 10 }, (_, i) =>
          capture(i < 4 ? `id-${i}` : undefined, i < 6 ? `x${i}` : 'same', `${i}`, (i < 6 ? 20 : 1) * i + shift),
        ),
      );
    expect(await compare(alike(0), alike(1), OPTIONS)).toMatchObject({ method: 'inferenceId', pairs: 4 });
    const all = Array.from({ length: 30 }, (_, i) => capture(`id-${i}`, `x${i}`, `${i}`, 20 * i));
    const few = Array.from({ length: 3 }, (_, i) => capture(`id-${i}`, `x${i}`, `${i}`, 20 * i + 1));
    expect(await compare(set(...all), set(...few), OPTIONS)).toMatchObject({ method: 'inferenceId', pairs: 3 });
  });

  test('half of the traffic sampled is full coverage at a sampling of one half', async () => {
    const ours = Array.from({ length: 10 }, (_, i) => capture(`r${i}`, '1', '1'));
    const theirs = Array.from({ length: 5 }, (_, i) => capture(`r${i}`, '1', '1'));
    expect((await compare(set(...ours), set(...theirs), { ...OPTIONS, sampling: 0.5 })).coverage).toBe(1);
  });
});

describe('what is compared', () => {
  test('numbers: bias, errors, correlation, tolerance', async () => {
    const values: [number, number][] = [
      [1, 1.1],
      [2, 1.9],
      [3, 3.5],
      [4, 3.9],
      [7, 6.2],
    ];
    const found = await compare(
      set(...values.map(([ours], i) => capture(`r${i}`, `${i}`, String(ours)))),
      set(...values.map(([, theirs], i) => capture(`r${i}`, `${i}`, String(theirs)))),
      { ...OPTIONS, tolerance: 0.2, task: 'regression' },
    );
    // d = np.array([.1, -.1, .5, -.1, -.8]); d.mean(), abs(d).mean(), sqrt((d**2).mean()), d.std(ddof=1); stats.pearsonr
    expect(found.numbers?.bias).toBeCloseTo(-0.08, 12);
    expect(found.numbers?.mae).toBeCloseTo(0.32, 12);
    expect(found.numbers?.rmse).toBeCloseTo(0.4289522117905444, 12);
    expect(found.numbers?.deviation).toBeCloseTo(0.4711687595755899, 12);
    expect(found.numbers?.correlation).toBeCloseTo(0.9873355481191542, 12);
    expect(found.numbers?.beyond).toBe(2);
    expect(found.top.map((pair) => pair.id).slice(0, 2)).toEqual(['r4', 'r2']);
  });

  test('labels: agreement, kappa and confusion matrix', async () => {
    // conf = [[45, 5], [10, 40]]; (po - pe) / (1 - pe) = 0.7
    const cells: [string, string, number][] = [
      ['0', '0', 45],
      ['0', '1', 5],
      ['1', '0', 10],
      ['1', '1', 40],
    ];
    const pairs = cells.flatMap(([ours, theirs, n]) => Array.from({ length: n }, () => [ours, theirs] as const));
    const found = await compare(
      set(...pairs.map(([ours], i) => capture(`r${i}`, `${i}`, `class-${ours}`, i))),
      set(...pairs.map(([, theirs], i) => capture(`r${i}`, `${i}`, `class-${theirs}`, i))),
      OPTIONS,
    );
    expect(found.task).toBe('binary');
    expect(found.labels?.kappa).toBeCloseTo(0.7, 12);
    expect(found.labels?.confusion).toEqual({
      labels: ['class-0', 'class-1'],
      counts: [
        [45, 5],
        [10, 40],
      ],
    });
  });

  test('a shadow that answers another number of rows is left out and counted', async () => {
    const found = await compare(set(capture('a', '1\n2', '1\n2')), set(capture('a', '1\n2', '1\n2\n3')), OPTIONS);
    expect(found).toMatchObject({ pairs: 1, rows: 0, differentRows: 1 });
  });

  test('a failed call has no answer, and garbage is counted with an example', async () => {
    const found = await compare(
      set(capture('a', '1', '1')),
      set(capture('a', '1', undefined), capture('b', '1', '<p>,<q>')),
      OPTIONS,
    );
    expect(found.shadow).toMatchObject({ withoutAnswer: 1, unparsed: 1, examples: ['<p>,<q>'] });
  });
});

describe('truth', () => {
  const captures = (answers: string[]) => set(...answers.map((answer, i) => capture(`r${i}`, `${i}.0, 5`, answer)));

  test('by the features that were sent', async () => {
    const truth = readTruth('a,b,label\n0.0,5,sun\n1.0,5,rain\n2.0,5,fog\n9,9,sun\n', 'truth.csv');
    const found = await compare(captures(['sun', 'sun', 'rain']), captures(['sun', 'rain', 'rain']), {
      ...OPTIONS,
      truth,
    });
    expect(found.truth).toMatchObject({
      rows: 3,
      of: 3,
      unknown: 1,
      labels: { production: 1, shadow: 2, onlyProduction: 0, onlyShadow: 1 },
    });
  });

  test('by InferenceId, from JSON Lines; numbers as 2.0 and 2 are one class', async () => {
    const truth = readTruth('{"inferenceId": "r0", "y": 2}\n{"inferenceId": "r1", "y": "1"}', 'truth.jsonl', 'y');
    const found = await compare(captures(['2.0', '2']), captures(['1', '1']), {
      ...OPTIONS,
      task: 'multiclass',
      truth,
    });
    expect(found.truth?.labels).toEqual({ production: 1, shadow: 1, onlyProduction: 1, onlyShadow: 1 });
  });

  test("a request's label is that of its first row, unless rows have their own", async () => {
    const batch = set(capture('a', '1\n2\n3', 'sun\nsun\nsun'), capture('b', '4', 'sun'));
    const one = readTruth('{"inferenceId": "a", "label": "sun"}\n{"inferenceId": "b", "label": "sun"}', 't');
    expect((await compare(batch, batch, { ...OPTIONS, truth: one })).truth).toMatchObject({ rows: 2, of: 4 });
    const own = readTruth('{"inferenceId": "a#2", "label": "rain"}\n{"inferenceId": "a#1", "label": "sun"}', 't');
    expect((await compare(batch, batch, { ...OPTIONS, truth: own })).truth).toMatchObject({
      rows: 2,
      labels: { production: 1, shadow: 1 },
    });
  });

  test('features with two truths say nothing', async () => {
    const truth = readTruth('a,b,label\n0.0,5,sun\n0.0,5,rain\n', 'truth.csv');
    expect((await compare(captures(['sun']), captures(['sun']), { ...OPTIONS, truth })).truth?.rows).toBe(0);
  });

  test('what cannot be read says where', async () => {
    expect(() => readTruth('a,b,label\n1,2\n', 't.csv')).toThrow('t.csv, line 2: 2 values under a header of 3: 1,2');
    expect(() => readTruth('a,b\n1,2\n', 't.csv')).toThrow('no column that looks like a label');
    expect(() => readTruth('a,b\n1,2\n', 't.csv', 'c')).toThrow("no column 'c'");
    expect(() => readTruth('', 't.csv')).toThrow('holds no labels');
  });
});

describe('inputs that repeat', () => {
  test('are counted by row, and the worst pairs are of different inputs', async () => {
    const answers = ['sun', 'sun', 'rain', 'fog'];
    const ours = Array.from({ length: 40 }, (_, i) => capture(`r${i}`, `${i % 4},7`, 'sun', i));
    const theirs = Array.from({ length: 40 }, (_, i) => capture(`r${i}`, `${i % 4},7`, answers[i % 4], i));
    const found = await compare(set(...ours), set(...theirs), OPTIONS);
    expect(found.repeats).toMatchObject({ inputs: 4, known: 40 });
    expect(designEffect(found.repeats?.agreement)).toBeCloseTo(10, 10);
    expect(found.top.map((pair) => [pair.id, pair.shadow, pair.times])).toEqual([
      ['r2', 'rain', 10],
      ['r3', 'fog', 10],
    ]);
  });

  test('rows of a batch are their lines; where no input was captured every row is its own', async () => {
    const batch = (id: string, input: string) => capture(id, input, '1\n2');
    const found = await compare(
      set(batch('a', '5\n6'), batch('b', '6\n5')),
      set(batch('a', '5\n6'), batch('b', '6\n5')),
      OPTIONS,
    );
    expect(found.repeats).toMatchObject({ inputs: 2, known: 4 });
    const blind = (id: string) => ({ ...capture(id, '', '1'), input: undefined });
    const unseen = await compare(set(blind('a'), blind('b')), set(blind('a'), blind('b')), OPTIONS);
    expect(unseen.repeats).toMatchObject({ inputs: 2, known: 0 });
  });
});
