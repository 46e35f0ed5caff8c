import { describe, expect, test } from 'vitest';
import { judge } from '../../../src/analysis/judge/judge.ts';
import type { Observations } from '../../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import type { Capture } from '../../../src/analysis/answers/captures.ts';
import { DEFAULT_RULES } from '../../../src/analysis/answers/compare-rules.ts';
import { comparePredictions } from '../../../src/analysis/compare/memory/compare.ts';
import type { MemoryOptions } from '../../../src/analysis/compare/memory/compare.ts';
import { simulate, START } from '../simulated.ts';

const COUNT = 600;

function side(answer: (i: number) => unknown): {
  files: 1;
  captures: Capture[];
  unreadable: 0;
  outside: 0;
  examples: [];
} {
  const captures = Array.from({ length: COUNT }, (_, i) => ({
    inferenceId: `r${i}`,
    eventId: undefined,
    at: START + i * 1000,
    input: { data: `{"n": ${i}}`, encoding: 'JSON' as const, contentType: 'application/json' },
    output: { data: JSON.stringify(answer(i)), encoding: 'JSON' as const, contentType: 'application/json' },
  }));
  return { files: 1, captures, unreadable: 0, outside: 0, examples: [] };
}

function compared(
  ours: (i: number) => unknown,
  theirs: (i: number) => unknown,
  options: Partial<MemoryOptions> = {},
): Observations {
  const predictions = comparePredictions(side(ours), side(theirs), { sampling: 1, tolerance: undefined, ...options });
  return { ...simulate({ captured: false }), predictions };
}

const form = { shape: 'rows', from: '$', example: undefined };
/** As `--answers json` has it. */
const WHOLE = {
  production: { shape: 'rows', kind: 'json' },
  shadow: { shape: 'rows', kind: 'json' },
  forms: { production: form, shadow: form },
};

const article = (i: number) => ({
  id: `a${i}`,
  title: `T${i}`,
  ranks: [
    { key: 'x', weight: i / 10 },
    { key: 'y', weight: 1 },
  ],
});
const gateOf = (observations: Observations, id: string) =>
  judge(observations, DEFAULT_POLICY)?.gates.find((gate) => gate.id === id);

describe('free JSON, field by field', () => {
  test('the field that differs is named, the others are equal', () => {
    const { predictions } = compared(article, (i) => ({ ...article(i), title: i % 3 === 0 ? 'other' : `T${i}` }));
    expect(predictions?.task).toBe('json');
    expect(predictions?.fields?.[0]).toMatchObject({
      path: '$.title',
      rows: COUNT,
      differing: 200,
      example: { production: '"T0"', shadow: '"other"' },
    });
    expect(predictions?.fields?.map((field) => [field.path, field.differing])).toEqual([
      ['$.title', 200],
      ['$.id', 0],
      ['$.ranks[*].key', 0],
      ['$.ranks[*].weight', 0],
    ]);
    expect(predictions?.labels?.agree).toBe(400);
  });

  test('rules: what is ignored does not count, and numbers may differ within a tolerance', () => {
    const moved = (i: number) => ({
      ...article(i),
      id: `b${i}`,
      ranks: [
        { key: 'x', weight: i / 10 + 0.005 },
        { key: 'y', weight: 1 },
      ],
    });
    expect(compared(article, moved).predictions?.labels?.agree).toBe(0);
    const { fields } = readPolicy({ fields: { ignore: ['$.id'], tolerance: { '$.ranks[*].weight': 0.01 } } }, 'x.yaml');
    const { predictions } = compared(article, moved, { rules: { ...DEFAULT_RULES, ...fields } });
    expect(predictions?.labels?.agree).toBe(COUNT);
    expect(predictions?.fields?.find((field) => field.path === '$.id')).toMatchObject({
      ignored: true,
      differing: COUNT,
    });
    expect(predictions?.fields?.find((field) => field.path === '$.ranks[*].weight')?.largest).toBeCloseTo(0.005, 9);
    // All below a name, and any member of a name.
    for (const ignore of [['$.ranks', '$.id'], ['$.ranks[*].weight', '$.id'], ['$.*']])
      expect(compared(article, moved, { rules: { ...DEFAULT_RULES, ignore } }).predictions?.labels?.agree).toBe(COUNT);
    expect(compared(article, moved, { rules: { ...DEFAULT_RULES, ignore: ['$.i'] } }).predictions?.labels?.agree).toBe(
      0,
    );
  });

  test('a path that is none is refused', () => {
    expect(() => readPolicy({ fields: { ignore: ['id'] } }, 'x.yaml')).toThrow('is not a path like');
  });

  test('--answers json takes answers whole that would be labels', () => {
    const scored = (score: number) => () => ({ label: 'a', score });
    const { predictions } = compared(scored(0.5), scored(0.6), { reading: WHOLE });
    expect(predictions?.fields?.[0]).toMatchObject({ path: '$.score', differing: COUNT });
  });
});

describe('a shadow that answers another schema is named', () => {
  test('a field that is missing', () => {
    const observations = compared(article, (i) => ({ id: `a${i}`, headline: `T${i}`, ranks: article(i).ranks }));
    expect(gateOf(observations, 'output.schema')).toMatchObject({
      outcome: 'fail',
      reason: 'It lacks $.title in 100 % of 600 answers.',
    });
  });

  test('a field of another kind', () => {
    const observations = compared(article, (i) => ({ ...article(i), title: i }));
    expect(gateOf(observations, 'output.schema')).toMatchObject({
      outcome: 'fail',
      reason: 'Its $.title has a different type in 600 of 600 answers, like 0 for "T0".',
    });
  });

  test('labels against numbers: nothing can be compared, and that is no pass', () => {
    const observations = compared(
      (i) => ({ predicted_label: i % 2 }),
      (i) => ({ score: i / 1000 }),
    );
    expect(gateOf(observations, 'output.schema')).toMatchObject({ outcome: 'fail', estimate: 1 });
  });

  test('another number of rows', () => {
    const observations = compared(
      () => ({ predictions: [{ score: 1.5 }] }),
      () => ({ predictions: [{ score: 1.5 }, { score: 2.5 }] }),
    );
    expect(gateOf(observations, 'output.schema')?.reason).toContain('a different number of rows than production');
  });

  test('the same schema passes, and is worth no line where answers are no free JSON', () => {
    expect(gateOf(compared(article, article), 'output.schema')).toMatchObject({ outcome: 'pass' });
    expect(gateOf(simulate(), 'output.schema')).toBeUndefined();
  });
});
