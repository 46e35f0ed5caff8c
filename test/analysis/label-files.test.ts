import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelRows } from '../../src/analysis/answers/label-rows.ts';
import { labelText } from '../../src/analysis/answers/label-text.ts';
import { readTruths } from '../../src/analysis/answers/truth.ts';
import { readTruth } from './read-truth.ts';

const LINES = ['inferenceId,label', 'r-1,cat', 'r-2,dög', 'r-3,cat', ''].join('\n');
const labels = (bytes: Uint8Array) => {
  const truth = readTruths([labelText(bytes, 'labels')]);
  return { found: Object.fromEntries(truth.entries()), notes: truth.notes, size: truth.size };
};
const ALL = { 'r-1': 'cat', 'r-2': 'dög', 'r-3': 'cat' };

describe('the bytes of a file of labels', () => {
  const utf16be = Buffer.from(`\u{FEFF}${LINES}`, 'utf16le').swap16();
  test.each([
    ['UTF-8', Buffer.from(LINES)],
    ['UTF-8 with its mark', Buffer.from(`\u{FEFF}${LINES}`)],
    ['UTF-16, as Excel writes it', Buffer.from(`\u{FEFF}${LINES}`, 'utf16le')],
    ['UTF-16 the other way round', utf16be],
    ['UTF-16 without its mark', Buffer.from(LINES, 'utf16le')],
    ['Windows line ends', Buffer.from(LINES.replaceAll('\n', '\r\n'))],
    ['gzip', gzipSync(LINES)],
    ['gzip of UTF-16', gzipSync(Buffer.from(`\u{FEFF}${LINES}`, 'utf16le'))],
    ['two gzip files in one', Buffer.concat([gzipSync(LINES.slice(0, 25)), gzipSync(LINES.slice(25))])],
    ['semicolons', Buffer.from(LINES.replaceAll(',', ';'))],
    ['tabs', Buffer.from(LINES.replaceAll(',', '\t'))],
  ])('%s', (_, bytes) => expect(labels(bytes)).toEqual({ found: ALL, notes: [], size: 3 }));

  test('a torn gzip file counts up to the tear, which is told', () => {
    const many = `inferenceId,label\n${Array.from({ length: 20_000 }, (_, i) => `r-${i},${(i * 7919) % 1009}`).join('\n')}`;
    const whole = gzipSync(many);
    const { size, notes } = labels(whole.subarray(0, whole.length / 2));
    expect(size).toBeGreaterThan(5_000);
    expect(size).toBeLessThan(15_000);
    expect(notes[0]).toBe('labels: The gzip file is truncated: the part before the break counts.');
  });

  test('Latin-1 is told of', () => {
    expect(labels(Buffer.from(LINES, 'latin1')).notes).toEqual([
      'labels: 1 character is not UTF-8; labels with them will not be found equal.',
    ]);
  });

  test.each([
    ['a Parquet file', Buffer.from('PAR1\u0015\u0004')],
    ['a zip or Excel file', Buffer.from('PK\u0003\u0004\u0014')],
    ['a binary file', Buffer.from([1, 2, 3, 4, 0, 9, 9])],
  ])('%s is refused by name', (what, bytes) =>
    expect(() => labelText(bytes, 'x')).toThrow(`x is ${what}, not a file of labels.`),
  );

  test('gzip that is broken is refused', () => {
    const bytes = Buffer.from(gzipSync(LINES));
    bytes.fill(7, 12, 30);
    expect(() => labelText(bytes, 'x')).toThrow('cannot be unpacked');
  });
});

describe('rows that cannot be used are counted and named', () => {
  test.each([
    [
      'half-written',
      '{"inferenceId":"a","label":1}\n{"inferenceId":"b","label":2}\n{"inferenceId":"c","la',
      2,
      ['x: 1 line cannot be read (left out); it is line 3.'],
    ],
    [
      'no object',
      '{"id":"a","label":1}\n7\n{"id":"b","label":2}\n[1]\n{"id":"c","label":3}',
      3,
      ['x: 2 lines cannot be read (left out); the first is line 2.'],
    ],
    [
      'without id or label',
      '{"id":"a","label":1}\n{"label":1}\n{"id":"b","label":null}\n{"id":"c"}',
      1,
      ['x: 1 line has no id (left out); it is line 2.', 'x: 2 lines have no label (left out); the first is line 3.'],
    ],
    ['too few values', 'id,label\na,1\nb\nc,3\n', 2, ['x: 1 line cannot be read (left out); it is line 3.']],
    ['twice the same', 'id,label\na,1\na,1\nb,2\n', 2, ['x: 1 line gives a label again (counted once); it is line 3.']],
    [
      'contradicting',
      'id,label\na,1\nb,2\na,3\na,1\n',
      1,
      ['x: 2 lines have another label for an id that had one (neither counts); the first is line 4.'],
    ],
    [
      'features with two truths',
      'f,g,label\n1,2,a\n1,2,b\n3,4,a\n3,4,a\n',
      1,
      ['x: 1 line has another label for features that had one (neither counts); it is line 3.'],
    ],
    [
      'a quote that is not closed',
      'id,label\na,"1\nb,2\nc,3\n',
      2,
      ['x: 1 line cannot be read (left out); it is line 2.'],
    ],
    [
      'two quotes that do not belong together',
      'id,label\na,"1\nb,2\nc,3"\nd,4\ne,5\n',
      3,
      ['x: 1 line has a label or an id over several lines (is a quote left open?); it is line 2.'],
    ],
  ] as [string, string, number, string[]][])('%s', (_, text, size, notes) => {
    const truth = readTruth(text, 'x');
    expect([truth.size, truth.notes]).toEqual([size, notes]);
  });

  test('a file that is mostly something else is refused', () => {
    expect(() => readTruth('label\none, two\nthree, four\n', 'x')).toThrow(
      'x, line 2: 2 values under a header of 1: one, two; so 2 of 2 lines cannot be read.',
    );
    expect(() => readTruth('{"a": 1}\n', 'x')).toThrow('no column that looks like a label');
    expect(() => readTruth('id,label\n', 'x')).toThrow('x holds no labels.');
    expect(() => readTruth('', 'x')).toThrow('x holds no labels.');
    expect(() => readTruth('<html>\n<body>\n', 'x')).toThrow('no column that looks like a label');
  });
});

describe('shapes of labels', () => {
  test('quoted cells hold separators, quotes and line ends', () => {
    const text = 'id,label,note\r\n"a","1","two\r\nlines, and ""more"""\r\nb,2,\r\n"c" ,3,x\r\nd,4,plain\r\n';
    expect([...labelRows(text)]).toEqual([
      { line: 2, values: { id: 'a', label: '1', note: 'two\r\nlines, and "more"' } },
      { line: 4, values: { id: 'b', label: '2', note: '' } },
      { line: 5, values: undefined, why: 'a quote that is not closed: "c" ,3,x' },
      { line: 6, values: { id: 'd', label: '4', note: 'plain' } },
    ]);
  });

  test('whatever is quoted comes back', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ';', ' ') });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const text = ['id,label', ...rows.map((row) => row.map(quote).join(','))].join('\n');
        expect([...labelRows(text)].map(({ values }) => [values?.id, values?.label])).toEqual(rows);
      }),
    );
  });

  test("one JSON list, and SageMaker's own records with a label a row", () => {
    expect(
      Object.fromEntries(readTruth('[\n{"id": "a", "label": 1},\n{"id": "b", "label": 2.5}\n]', 'x').entries()),
    ).toEqual({ a: '1', b: '2.5' });
    const record = (id: string, data: string, encoding = 'CSV') =>
      JSON.stringify({ groundTruthData: { data, encoding }, eventMetadata: { eventId: id }, eventVersion: '0' });
    const text = [
      record('a', '1'),
      record('b', '0\n1'),
      record('c', Buffer.from('7').toString('base64'), 'BASE64'),
    ].join('\n');
    const truth = readTruth(text, 'x');
    expect(Object.fromEntries(truth.entries())).toEqual({ a: '1', 'b#0': '0', 'b#1': '1', c: '7' });
    expect(truth.of('b', 1, undefined)).toBe('1');
  });

  test('several files are one set of labels; they must be of one kind', () => {
    const file = (source: string, text: string) => ({ source, text, flaws: [] });
    const truth = readTruths([
      file('1', 'id,label\na,1\n'),
      file('2', '{"id":"b","label":2}\n'),
      file('3', 'id,label\n'),
    ]);
    expect(Object.fromEntries(truth.entries())).toEqual({ a: '1', b: '2' });
    expect(() => readTruths([file('1', 'id,label\na,1\n'), file('2', 'f,label\n1,1\n')])).toThrow(
      '2 has no ids, unlike the files before it.',
    );
    expect(() => readTruths([file('1', ''), file('2', '')])).toThrow('2 files hold no labels.');
  });
});
