import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonRecords } from '../../src/base/json-records.ts';

const seen = (text: string) => [...jsonRecords(text)].map(({ value, flaw }) => flaw ?? value);

/** As Python's `repr` writes it. */
function repr(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
    const plain = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
    return quote + (quote === "'" ? plain.replaceAll("'", "\\'") : plain) + quote;
  }
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([key, one]) => `${repr(key)}: ${repr(one)}`)
      .join(', ')}}`;
  return JSON.stringify(value);
}

const WRITERS = [
  (value: unknown) => JSON.stringify(value),
  (value: unknown) => JSON.stringify(value, undefined, 2),
  repr,
];
const LAYOUTS: readonly ((records: string[]) => string)[] = [
  (records) => records.join('\n'),
  (records) => `${records.join('\r\n')}\r\n\r\n`,
  (records) => records.join(''),
  (records) => records.join(','),
  (records) => records.join(',\n'),
  (records) => records.join(' '),
  (records) => `[${records.join(',')}]`,
  (records) => `[\n${records.join(',\n')}\n]\n`,
  (records) => `(${records.join(', ')},)`,
  (records) => records.map((record) => `[${record}]`).join('\n'),
  (records) => `\u{FEFF}${records.join('\n\u{FEFF}')}`,
];

/** Text that tempts: quotes, brackets, line ends, commas. */
const word = fc.string({
  unit: fc.constantFrom('a', '"', "'", '{', '}', '[', ',', '\n', '\\', ':', ' '),
  maxLength: 6,
});
const plain = fc.oneof(word, fc.integer({ min: -1000, max: 1000 }), fc.boolean(), fc.constant(null));
const value = fc.oneof(plain, fc.array(plain, { maxLength: 3 }), fc.dictionary(word, plain, { maxKeys: 3 }));
const record = fc.dictionary(word, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true });

describe('records of a text', () => {
  test('are the same in every layout, of JSON and of Python', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...WRITERS),
        fc.constantFrom(...LAYOUTS),
        (records, write, lay) => {
          expect(seen(lay(records.map(write)))).toEqual(records);
        },
      ),
    );
  });

  test.each([
    ['a torn last line', '{"a":1}\n{"a":2', [{ a: 1 }, 'broken off in the middle']],
    [
      'a torn line before others',
      '{"a":1}\n{"a":\n{"a":3}\n{"a":4}',
      [{ a: 1 }, 'broken off in the middle', { a: 3 }, { a: 4 }],
    ],
    ['a torn string', '{"a":"x\n{"a":3}', ['broken off in the middle', { a: 3 }]],
    [
      'a torn record over lines',
      '{\n  "a": {\n    "b": 1\n{\n  "a": {\n    "b": 2\n  }\n}',
      ['broken off in the middle', { a: { b: 2 } }],
    ],
    [
      'a torn line with a bracket of its own further down',
      '{"a":1,\n{"a":2}\n}\n{"a":3}',
      ['broken off in the middle', { a: 2 }, 'neither JSON nor Python', { a: 3 }],
    ],
    ['a torn list', '[\n {"a":1},\n {"a":2},\n {"a"', [{ a: 1 }, { a: 2 }, 'broken off in the middle']],
    ['a broken one among glued ones', '{"a":1}{"a":oops}{"a":3}', [{ a: 1 }, 'neither JSON nor Python', { a: 3 }]],
    ['lines of text', '{"a":1}\nhello\n7\n{"a":2}', [{ a: 1 }, 'neither JSON nor Python', 7, { a: 2 }]],
    ['text after a record', '{"a":1} oops\n{"a":2}', ['text after the record', { a: 2 }]],
    ['a list of numbers', '[1, 2]\n{"a":2}', [[1, 2], { a: 2 }]],
  ])('%s', (_, text, found) => expect(seen(text)).toEqual(found));

  test('their lines are told', () => {
    const text = '\n{"a":1}\n\n{\n "a": 2\n} {"a":\n3}\nx\n{"a":4}';
    expect([...jsonRecords(text)].map(({ line, lines }) => [line, lines])).toEqual([
      [2, 1],
      [4, 3],
      [6, 2],
      [8, 1],
      [9, 1],
    ]);
  });

  test.each([
    ['glued on one line', '{"a":1}'.repeat(60_000)],
    ['never closed', '{"a":\n'.repeat(60_000)],
    ['closed too often', '{"a":1}}\n'.repeat(60_000)],
    ['lists that open only', '[{"a":1},'.repeat(60_000)],
  ])('%s: takes time in proportion to its length', (_, text) => {
    const started = performance.now();
    let found = 0;
    for (const { line } of jsonRecords(text)) found += line > 0 ? 1 : 0;
    expect(found).toBe(60_000);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
