import { expect, test } from 'vitest';
import type { Capture } from '../../../src/analysis/answers/captures.ts';
import { DEFAULT_RULES } from '../../../src/analysis/answers/compare-rules.ts';
import { comparePredictions } from '../../../src/analysis/compare/memory/compare.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { mergePredictions } from '../../../src/analysis/merge/predictions.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { observed } from './by-hand.ts';

/** Answers of which the policy leaves out what the models predict agree, whatever they say. */

const MINUTES = 90;

function predictionsOf(answer: (i: number, model: string) => unknown, ignore: readonly string[]) {
  const side = (model: string) => {
    const captures = Array.from({ length: MINUTES * 20 }, (_, i): Capture => {
      const json = (value: unknown) => ({
        data: JSON.stringify(value),
        encoding: 'JSON' as const,
        contentType: 'application/json',
      });
      const input = json({ row: i });
      return { inferenceId: `r${i}`, eventId: undefined, at: i * 3000, input, output: json(answer(i, model)) };
    });
    return { files: 1, captures, unreadable: 0, outside: 0, examples: [] };
  };
  return comparePredictions(side('v2'), side('v3'), {
    sampling: 1,
    tolerance: undefined,
    truth: undefined,
    rules: { ...DEFAULT_RULES, ignore: [...ignore] },
  });
}

const rent = (i: number, model: string) => ({
  rent: 500 + (i % 97) + (model === 'v3' ? 40 : 0),
  currency: 'EUR',
  model,
});

const agreement = (predictions: ReturnType<typeof predictionsOf>) =>
  judge(observed({ minutes: MINUTES, predictions }), DEFAULT_POLICY)?.gates.find(({ id }) => id === 'labels.agreement');

test('what the models predict is left out, and the rest never varies: nothing is proven', () => {
  const predictions = predictionsOf(rent, ['$.model', '$.rent']);
  expect(predictions.labels).toMatchObject({ rows: 1800, agree: 1800 });
  expect(predictions.fields?.map(({ path, varies }) => [path, varies])).toEqual([
    ['$.model', false],
    ['$.rent', true],
    ['$.currency', false],
  ]);
  const gate = agreement(predictions);
  expect(gate).toMatchObject({ outcome: 'inconclusive', gating: true });
  expect(gate?.reason).toContain(
    'the same in every answer of production ($.currency), and what varies is left out ($.rent)',
  );
  expect(gate?.needs).toContain("--prediction '$.rent'");
});

test('nor where all is left out, nor of two such windows', () => {
  expect(agreement(predictionsOf(rent, ['$']))).toMatchObject({ outcome: 'inconclusive' });
  const one = predictionsOf(rent, ['$.model', '$.rent']);
  expect(agreement(mergePredictions(one, one, 1))).toMatchObject({ outcome: 'inconclusive' });
});

test('ids and times may be left out where what is predicted is compared', () => {
  const answer = (i: number, model: string) => ({ id: `${model}-${i}`, created: i, title: `t${i % 5}` });
  expect(agreement(predictionsOf(answer, ['$.id', '$.created']))).toMatchObject({ outcome: 'pass' });
  // A field that only some answers have varies, although it says the same wherever it is.
  const flag = (i: number, model: string) => ({ id: `${model}-${i}`, ...(i % 3 === 0 ? { error: 'late' } : {}) });
  expect(agreement(predictionsOf(flag, ['$.id']))).toMatchObject({ outcome: 'pass' });
});
