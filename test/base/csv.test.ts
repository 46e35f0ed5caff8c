import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvCell, csvRecords, csvValue, separatorOf } from '../../src/base/csv.ts';

const read = (text: string, separator = separatorOf(text)) =>
  [...csvRecords(text, separator)].map(({ fields, flaw }) => flaw ?? fields?.map(csvValue));

describe('CSV', () => {
  test('what csvCell writes is read again', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ';', '\t', ' '), minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const text = ['one,two', ...rows.map((row) => row.map((one) => csvCell(`x${one}`)).join(','))].join('\r\n');
        expect(read(text)).toEqual([['one', 'two'], ...rows.map((row) => row.map((one) => `x${one}`))]);
      }),
    );
  });

  test('fields joined again are the line again', () => {
    const line = ` 1 , "two, three" ,"say ""no""",4" pipe,`;
    const [record] = csvRecords(line, ',');
    expect(record?.fields).toHaveLength(5);
    expect(record?.fields?.join(',')).toBe(line);
    expect(record?.fields?.map(csvValue)).toEqual([' 1 ', 'two, three', 'say "no"', '4" pipe', '']);
  });

  test.each([
    ['a,b\n"x,1\ny,2\n', [['a', 'b'], 'a quote that is not closed', ['y', '2']]],
    ['a,b\n"x"y,1\nz,2\n', [['a', 'b'], 'text after a closed quote', ['z', '2']]],
    ['a,b\n"x,1\ny",2,3\nz,2\n', [['a', 'b'], 'a quote that is not closed', ['y"', '2', '3'], ['z', '2']]],
  ])('%j', (text, found) => expect(read(text)).toEqual(found));

  test('lines are told, also behind cells of several', () => {
    expect(Array.from(csvRecords('a,b\r\n\r\n"x\r\ny",1\r\nz,2', ','), ({ line, text }) => [line, text])).toEqual([
      [1, 'a,b'],
      [3, '"x\r\ny",1'],
      [5, 'z,2'],
    ]);
  });

  test.each([
    ['a,b\n1,2', ','],
    ['a;b\n1;2', ';'],
    ['a\tb\n1\t2', '\t'],
    ['a|b\n1|2', '|'],
    ['a\n1', ','],
    ['"a;b",c\n1,2', ','],
    // Both stand in the header; the second line tells.
    ['id;price, EUR;label\nr;1;2', ';'],
    ['id,a;b\nr,1', ','],
    ['0,5;1,5\n2;3,5', ';'],
    ['0,5;1,5', ';'],
    ['a,b;c,d\ne,f;g,h', ','],
  ] as const)('%j is separated by %j', (text, separator) => expect(separatorOf(text)).toBe(separator));
});
