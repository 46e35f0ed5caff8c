import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filterOf } from '../../../../src/emulator/services/logs/filter.ts';
import { AwsError } from '../../../../src/emulator/model/aws-error.ts';

const LINES = [
  '[ERROR 400] BAD REQUEST',
  '[ERROR 401] UNAUTHORIZED REQUEST',
  '[ERROR 419] MISSING ARGUMENTS',
  '[WARN] disk at 81 %',
  'ValueError: Exception on /invocations [POST]',
];

const found = (pattern: string, lines: readonly string[] = LINES) =>
  lines.flatMap((line, i) => (filterOf(pattern)(line) ? [i] : []));

// The first ones are AWS's own examples ("Filter pattern syntax").
test.each([
  ['', [0, 1, 2, 3, 4]],
  ['ERROR', [0, 1, 2]],
  ['ERROR ARGUMENTS', [2]],
  ['?ERROR ?WARN', [0, 1, 2, 3]],
  ['ERROR -400', [1, 2]],
  ['-ERROR', [3, 4]],
  ['"BAD REQUEST"', [0]],
  ['"[ERROR 401]"', [1]],
  ['ERROR -"BAD REQUEST"', [1, 2]],
  ['error', []],
  ['Error', []],
  ['ValueError', [4]],
  ['AUTHORIZED', []],
  ['"81 %"', [3]],
])('terms %s', (pattern, wanted) => {
  expect(found(pattern)).toEqual(wanted);
});

const EVENTS = [
  '{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],"objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"ThisFlag":true}',
  '{"eventType":"Other","latency":120.5,"user":{"id":1,"email":"John.Doe@example.com"},"ThisFlag":false}',
  '{"eventType":"Other","latency":80,"user":{"id":2}}',
  'no JSON: eventType UpdateTrail',
];

test.each([
  ['{ $.eventType = "UpdateTrail" }', [0]],
  ['{$.eventType="UpdateTrail"}', [0]],
  ['{ $.eventType = UpdateTrail }', [0]],
  ['{ $.eventType = "Up*Trail" }', [0]],
  ['{ $.eventType = * }', [0, 1, 2]],
  ['{ $.sourceIPAddress != 123.123.* }', [0]],
  ['{ $.arrayKey[0] = "value" }', [0]],
  ['{ $.objectList[1].id = 2 }', [0]],
  ['{ $.objectList[*].name = "b" }', [0]],
  ['{ $.SomeObject IS NULL }', [0]],
  ['{ $.SomeOtherObject NOT EXISTS }', [0, 1, 2]],
  ['{ $.user EXISTS }', [1, 2]],
  ['{ $.ThisFlag IS TRUE }', [0]],
  ['{ $.ThisFlag IS FALSE }', [1]],
  ['{ $.latency > 100 }', [1]],
  ['{ $.latency <= 80 }', [2]],
  ['{ $.latency >= 80 && $.latency < 120.5 }', [2]],
  ['{ ($.user.id = 1) && ($.user.email = "John.Doe@example.com") }', [1]],
  ['{ $.user.id = 2 || $.eventType = "UpdateTrail" }', [0, 2]],
  ['{ ($.user.id = 2 || $.latency > 100) && $.eventType = "Other" }', [1, 2]],
  ['{ $[\'eventType\'] = "UpdateTrail" }', [0]],
])('selectors %s', (pattern, wanted) => {
  expect(found(pattern, EVENTS)).toEqual(wanted);
});

test.each(['{ $.a', '{ $.a = }', '{ a = 1 }', '{ $.a ~ 1 }', '{ $.a > "x" } }', '{ $.a IS MAYBE }', '"open'])(
  'refuses %s',
  (pattern) => {
    expect(() => filterOf(pattern)).toThrow(/Invalid filter pattern/);
  },
);

test.each(['[ip, user, code=4*]', '%ERR.*%'])('%s is said not to be built', (pattern) => {
  expect(() => filterOf(pattern)).toThrow(expect.objectContaining({ code: 'NotImplemented' }));
});

test('no pattern and no message bring it down', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '$',
    '.a',
    '[0]',
    '"',
    '=',
    '(',
    ')',
    '&&',
    '||',
    '*',
    ' ',
    '-',
    '?',
    '\\',
    '1',
  );
  const pattern = fc.oneof(
    fc.string(),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(pattern, fc.oneof(fc.string(), fc.json()), (text, message) => {
      try {
        expect(typeof filterOf(text)(message)).toBe('boolean');
      } catch (problem) {
        expect(problem).toBeInstanceOf(AwsError);
      }
    }),
    { numRuns: 500 },
  );
});

// Were the stars tried one against another, this would take longer than a lifetime: it would never end.
test('many stars end', () => {
  const filter = filterOf(`{ $.a = "${'*a'.repeat(300)}b" }`);
  expect(filter(JSON.stringify({ a: 'a'.repeat(20_000) }))).toBe(false);
});
