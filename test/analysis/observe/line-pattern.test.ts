import { describe, expect, test } from 'vitest';
import { matchLine, parseLinePattern } from '../../../src/analysis/observe/line-pattern.ts';
import { timeIn } from '../../../src/analysis/observe/line-time.ts';

const COMMON = 'Input: {request}, Prediction: {answer}';
const fields = (pattern: string, line: string) => {
  const match = matchLine(parseLinePattern(pattern), line, 0);
  return match.kind === 'fits' ? match.fields : match;
};

describe('a line', () => {
  test.each<[string, string, object]>([
    [
      COMMON,
      `INFO Input: {'a': "x, Prediction: 1"}, Prediction: [0.5]`,
      { request: `{'a': "x, Prediction: 1"}`, answer: '[0.5]' },
    ],
    [COMMON, 'Input:[1,2],Prediction:cat ', { request: '[1,2]', answer: 'cat' }],
    [COMMON, 'Input: a b, Prediction: 0.5\r', { request: 'a b', answer: '0.5' }],
    [COMMON, 'Input: (a) b, Prediction: c', { request: '(a) b', answer: 'c' }],
    [
      COMMON,
      'Input: b\'{"a": 1}\', Prediction: array([[0.1, 0.9]], dtype=float32)',
      { request: 'b\'{"a": 1}\'', answer: 'array([[0.1, 0.9]], dtype=float32)' },
    ],
    [
      '{time} [{variant}] id={id} in={request} out={answer} ms={*}',
      '2026-03-02 09:00:00,123 [a] id=r-1 in={} out={"b": 1} ms=3',
      { time: '2026-03-02 09:00:00,123', variant: 'a', id: 'r-1', request: '{}', answer: '{"b": 1}', '*': '3' },
    ],
    ['{variant} {id} -> {answer}', 'modelA r-7 -> dog', { variant: 'modelA', id: 'r-7', answer: 'dog' }],
    ['{{{request}}} = {answer}', '{1,2} = 3', { request: '1,2', answer: '3' }],
  ])('%s fits %s', (pattern, line, found) => expect(fields(pattern, line)).toEqual(found));

  test('a value in brackets may go on over the lines behind it', () => {
    const text = 'Input: [1], Prediction: [[0.1 0.9]\n [0.2 0.8]]\nInput: [2]';
    expect(matchLine(parseLinePattern(COMMON), text, 0)).toEqual({
      kind: 'fits',
      start: 0,
      end: text.indexOf('\nInput'),
      fields: { request: '[1]', answer: '[[0.1 0.9]\n [0.2 0.8]]' },
    });
  });

  test.each<[string, object]>([
    ['hello', { kind: 'other', found: 0, missing: 'Input:' }],
    ['Input: {"a": 1}, Predicted: 2', { kind: 'other', found: 1, missing: ', Prediction:' }],
    ['Input: a, Prediction: b, Prediction: c', { kind: 'ambiguous', between: ', Prediction:' }],
  ])('%s does not', (line, found) => expect(fields(COMMON, line)).toEqual(found));

  test('what stands behind an answer in brackets is not thrown away', () => {
    expect(fields(COMMON, 'Input: [1], Prediction: [0] [0.9]')).toEqual({ request: '[1]', answer: '[0] [0.9]' });
  });
});

test.each([
  ['{request} {answer}', 'nothing tells where {request} ends and {answer} begins'],
  ['{id}{answer}', 'nothing tells where {id} ends'],
  ['Input: {request}', '{answer} is missing'],
  ['Prediction: {answer}', 'neither {request} nor {id}'],
  ['{input} -> {answer}', '{input} is not known'],
  ['{id} {answer} and {answer}', '{answer} occurs twice'],
])('%s is refused', (pattern, why) => expect(() => parseLinePattern(pattern)).toThrow(why));

test.each([
  ['2026-03-02T09:00:00.250Z x', 250, false],
  ['[2026-03-02 09:00:00,250] INFO', 250, true],
  ['2026/03/02 09:00:00', 0, true],
  ['2026-03-02 10:00:00+01:00', 0, false],
  ['2026-03-02T10:00:00+0100', 0, false],
  ['1.2.3.4 [02/Mar/2026:10:00:00 +0100]', 0, false],
  ['1772442000 x', 0, false],
  ['1772442000.250 x', 250, false],
  ['1772442000250', 250, false],
])('the time of %s', (text, ms, zoneless) => {
  expect(timeIn(text)).toEqual({ at: Date.UTC(2026, 2, 2, 9) + ms, zoneless });
});

test.each(['no time', '12:30', '2026-13-45 09:00:00', 'id 1772442000'])('%s shows none', (text) =>
  expect(timeIn(text)).toBeUndefined(),
);
