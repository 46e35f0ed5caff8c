import { expect, test } from 'vitest';
import { answersOf, readingsOf } from '../../../src/analysis/answers/read-answers.ts';
import { seenOf } from '../../../src/analysis/answers/seen.ts';
import { SHAPES } from '../../../src/analysis/answers/shapes/table.ts';
import { GOLDEN } from './golden.ts';

test.each(GOLDEN.map((one) => [one.of, one] as const))('%s', (_, { input, output, shape, kind, answers }) => {
  const seen = seenOf({ input, output });
  if (seen === undefined) throw new Error('no answer');
  expect(readingsOf([seen])[0]).toMatchObject({ shape, kind });
  expect(answersOf({ input, output })).toEqual(answers);
});

test('every shape has a documented answer, and a source', () => {
  const covered = new Set([...GOLDEN.map(({ shape }) => shape), 'path', 'answer-place']);
  expect(SHAPES.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
  for (const { source } of SHAPES) expect(source).toMatch(/^(https:|shadowctl help)/);
});
