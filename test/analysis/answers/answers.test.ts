import { jsonValues, MAX_DEPTH } from '../../../src/analysis/answers/json.ts';
import { expect, test } from 'vitest';
import { countRows } from '../../../src/analysis/answers/row-count.ts';
import { answersOf, readAnswers } from '../../../src/analysis/answers/read-answers.ts';
import { readCapture } from '../../../src/analysis/answers/captures.ts';
import type { Payload } from '../../../src/analysis/answers/captures.ts';
import { parsePath } from '../../../src/analysis/answers/path.ts';

const json = (data: string): Payload => ({ data, encoding: 'JSON', contentType: 'application/json' });
const csv = (data: string): Payload => ({ data, encoding: 'CSV', contentType: 'text/csv; charset=utf-8' });

const read = (output: Payload) => answersOf({ input: undefined, output });

test.each([
  ['linear-learner regression', json('{"predictions": [{"score": 0.4}]}'), [{ number: 0.4 }]],
  [
    'linear-learner binary',
    json('{"predictions": [{"score": 0.99, "predicted_label": 1}]}'),
    [{ label: '1', number: 0.99 }],
  ],
  [
    'linear-learner multiclass',
    json('{"predictions": [{"score": [0.1, 0.2, 0.7], "predicted_label": 2}]}'),
    [{ label: '2', scores: [0.1, 0.2, 0.7] }],
  ],
  ['many rows', json('{"predictions": [{"score": 1.5}, {"score": 2}]}'), [{ number: 1.5 }, { number: 2 }]],
  [
    'JSON Lines',
    { data: '{"score": 1}\n{"score": 2}', encoding: 'JSON', contentType: 'application/jsonlines' },
    [{ number: 1 }, { number: 2 }],
  ],
  ['xgboost score', csv('0.036397725343704224'), [{ number: 0.036397725343704224 }]],
  ['xgboost rows', csv('0.1\n0.9\n'), [{ number: 0.1 }, { number: 0.9 }]],
  ['xgboost softprob', csv('0.1,0.7,0.2'), [{ label: '1', scores: [0.1, 0.7, 0.2] }]],
  ['a word', csv('sunny'), [{ label: 'sunny' }]],
  [
    'base64',
    { data: Buffer.from('0.5').toString('base64'), encoding: 'BASE64', contentType: 'text/csv' },
    [{ number: 0.5 }],
  ],
  ['free JSON, members in order', json('{"b": {"x": 1}, "a": [1, "z"]}'), [{ other: '{"a":[1,"z"],"b":{"x":1}}' }]],
] satisfies [string, Payload, object[]][])('%s', (_, payload, answers) => {
  expect(read(payload)).toEqual(answers);
});

test('xgboost up to 1.3-1 puts all rows on one line: the request says which it is', () => {
  expect(answersOf({ input: csv('1,2\n3,4'), output: csv('0.1,0.7') })).toEqual([{ number: 0.1 }, { number: 0.7 }]);
  expect(answersOf({ input: csv('1,2'), output: csv('0.3,0.7') })).toEqual([{ label: '1', scores: [0.3, 0.7] }]);
  // Two numbers that are no probabilities of all classes may be anything.
  expect(answersOf({ input: csv('1,2'), output: csv('0.1,0.7') })).toEqual([{ other: '[0.1,0.7]' }]);
});

test('a path finds predictions anywhere', () => {
  const payload = json('{"out": {"items": [{"p": 0.25}, {"p": 0.75}]}}');
  const at = (path: string) => ({ shape: 'path', kind: 'number', given: { path: parsePath(path) } });
  expect(readAnswers(payload, at('$.out.items[*].p'))).toEqual([{ number: 0.25 }, { number: 0.75 }]);
  expect(readAnswers(payload, at("$['out'].items[1].p"))).toEqual([{ number: 0.75 }]);
  expect(readAnswers(payload, at('$.nowhere'))).toBeUndefined();
  expect(() => parsePath('$.a[x]')).toThrow("'[x]'");
});

test.each([
  ['a list nested 50 000 deep', json(`${'['.repeat(50_000)}1${']'.repeat(50_000)}`)],
  ['an object nested 50 000 deep', json(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`)],
  ['half-written JSON', json('{"predictions": [{"sc')],
  ['NaN', csv('nan')],
  ['an HTML error page as CSV of several columns', csv('<html>,<b>')],
  ['null', json('{"predictions": [null]}')],
  ['empty', csv('')],
  ['a number whose square nobody can sum', json('{"predictions": [{"score": 1e200}]}')],
  ['an infinite score beside a label', json('{"predictions": [{"score": 1e999, "predicted_label": 1}]}')],
  ['such a number as CSV', csv('-1e151')],
])('%s is no prediction', (_, payload) => {
  expect(read(payload)).toBeUndefined();
});

test('rows of a request', () => {
  expect(countRows(csv('1,2\n3,4'))).toBe(2);
  expect(countRows(json('{"instances": [{"features": [1]}, {"features": [2]}, {"features": [3]}]}'))).toBe(3);
});

test("AWS's own sample records", () => {
  // facts 2.3: printed by AWS's Model Monitor and Clarify notebooks
  const line =
    '{"captureData":{"endpointInput":{"observedContentType":"application/json","mode":"INPUT","data":"{\\"instances\\": [{\\"features\\": [28, 2, 133937]}]}","encoding":"JSON"},"endpointOutput":{"observedContentType":"application/json","mode":"OUTPUT","data":"{\\"predictions\\": [{\\"score\\": 0.9899773597717285, \\"predicted_label\\": 1}]}","encoding":"JSON"}},"eventMetadata":{"eventId":"7ddb2d7c-4d6a-4e67-a68e-23870399829d","inferenceTime":"2024-01-19T19:27:57Z"},"eventVersion":"0"}';
  const capture = readCapture(line);
  expect(capture).toMatchObject({
    eventId: '7ddb2d7c-4d6a-4e67-a68e-23870399829d',
    at: Date.UTC(2024, 0, 19, 19, 27, 57),
  });
  if (typeof capture === 'string' || capture.output === undefined) throw new Error('no capture');
  expect(readAnswers(capture.output)).toEqual([{ label: '1', number: 0.9899773597717285 }]);
  expect(readCapture(line.slice(0, 80))).toBe('not JSON');
  expect(readCapture('{"a":1}')).toBe('no captureData or eventMetadata');
});

test('JSON nested too deep is no value; brackets in strings are no nesting', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
  expect(jsonValues(nested(MAX_DEPTH))).toHaveLength(1);
  expect(jsonValues(nested(MAX_DEPTH + 1))).toBeUndefined();
  const text = `["${'['.repeat(3000)}", "\\"${'{'.repeat(3000)}\\\\"]`;
  expect(jsonValues(text)).toEqual([JSON.parse(text)]);
});

test('scores of classes that are numbers stand in the order of the numbers, not of their digits', () => {
  const scores = Array.from({ length: 12 }, (_, i) => (i === 10 ? 0.45 : 0.05));
  const record = JSON.stringify(Object.fromEntries(scores.map((score, i) => [String(i), score])));
  expect(read(json(record))).toEqual([{ label: '10', scores }]);
  const labels = scores.map((_, i) => i).toReversed();
  const named = JSON.stringify({ labels, probabilities: scores.toReversed(), predicted_label: 10 });
  expect(read(json(named))).toEqual([{ label: '10', scores }]);
});
