import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelRows } from '../../src/analysis/answers/label-rows.ts';
import { labelText } from '../../src/analysis/answers/label-text.ts';
import { inputRows, readTruths } from '../../src/analysis/answers/truth.ts';
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
      ['x: 1 line cannot be read, broken off in the middle (left out); it is line 3.'],
    ],
    [
      'no object',
      '{"id":"a","label":1}\n7\n{"id":"b","label":2}\n[1]\n{"id":"c","label":3}',
      3,
      ['x: 2 lines cannot be read, not an object (left out); the first is line 2.'],
    ],
    [
      'without id or label',
      '{"id":"a","label":1}\n{"label":1}\n{"id":"b","label":null}\n{"id":"c"}',
      1,
      ['x: 1 line has no id (left out); it is line 2.', 'x: 2 lines have no label (left out); the first is line 3.'],
    ],
    [
      'too few values',
      'id,label\na,1\nb\nc,3\n',
      2,
      ['x: 1 line cannot be read, another number of values than the header (left out); it is line 3.'],
    ],
    [
      'each for its own reason',
      '{"id":"a","label":1}\n{"id":"b"\n{"id":"c","label":oops}\n{"id":"d","label":2}\n{"id":"e","la\n{"id":"f","label":2}',
      3,
      [
        'x: 2 lines cannot be read, broken off in the middle (left out); the first is line 2.',
        'x: 1 line cannot be read, neither JSON nor Python (left out); it is line 3.',
      ],
    ],
    [
      'files put together, header and all',
      'id,label\na,1\nid,label\nb,2\n',
      2,
      ['x: 1 line cannot be read, the header again (left out); it is line 3.'],
    ],
    [
      'what pandas writes for nothing',
      `{'id': 'a', 'label': nan}\n{"id": "b", "label": NaN}\n{'id': 'c', 'label': 'nan'}\n{'id': 'd', 'label': None}\n{'id': 'e', 'label': 1.0}`,
      1,
      ['x: 4 lines have no label (left out); the first is line 1.'],
    ],
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
      ['x: 1 line cannot be read, a quote that is not closed (left out); it is line 2.'],
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
    // No name of a column is a number: the header was left out.
    expect(() => readTruth('4\n5\n', 'x')).toThrow('has no header: its first line looks like data (4)');
    expect(() => readTruth('0.5,7,cat\n0.6,8,dog\n', 'x', 'label')).toThrow('has no header');
    expect(() => readTruth('r1,cat\nr2,dog\n', 'x')).toThrow('no column that looks like a label');
    expect(() => readTruth('{"id":"a","label":1\n{"id":"b","label":2\n{"id":"c","label":3}', 'x')).toThrow(
      'x, line 1: broken off in the middle: {"id":"a","label":1; so 2 of 3 lines cannot be read.',
    );
    expect(() => readTruth('x,y,label\n1,2,a\n', 'x')).toThrow(
      'x has several columns that look like a label: y, label.',
    );
    expect(() => readTruth('id,label\n', 'x')).toThrow('x holds no labels.');
    expect(() => readTruth('', 'x')).toThrow('x holds no labels.');
    expect(() => readTruth('<html>\n<body>\n', 'x')).toThrow('no column that looks like a label');
  });
});

describe('shapes of labels', () => {
  test('quoted cells hold separators, quotes and line ends', () => {
    const text = 'id,label,note\r\n"a","1","two\r\nlines, and ""more"""\r\nb,2,\r\n"c" ,3,x\r\nd,4,plain\r\n';
    expect(Array.from(labelRows(text), ({ line, values }) => ({ line, values }))).toEqual([
      { line: 2, values: { id: 'a', label: '1', note: 'two\r\nlines, and "more"' } },
      { line: 4, values: { id: 'b', label: '2', note: '' } },
      { line: 5, values: { id: 'c', label: '3', note: 'x' } },
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

  const record = (data: unknown, encoding: string, ids: object = { eventId: 'a' }) => ({
    groundTruthData: { data, encoding },
    eventMetadata: ids,
    eventVersion: '0',
  });
  const found = (text: string, column?: string) => Object.fromEntries(readTruth(text, 'x', column).entries());

  test.each([
    ['a text', record('cat', 'CSV'), { a: 'cat' }],
    ['a number in place of a text', record(1, 'JSON'), { a: '1' }],
    ['a text of JSON', record('"cat"', 'JSON'), { a: 'cat' }],
    ['a truth value', record(true, 'JSON'), { a: 'true' }],
    ['a list, a label a row', record([1, 0], 'JSON'), { 'a#0': '1', 'a#1': '0' }],
    ['a list in a text', record('[1, 0]', 'JSON'), { 'a#0': '1', 'a#1': '0' }],
    ['an object', record({ label: 'cat' }, 'JSON'), { a: 'cat' }],
    ['an object in a text, a line a row', record('{"label":1}\n{"label":0}', 'JSON'), { 'a#0': '1', 'a#1': '0' }],
    ['a number as id', record('1', 'CSV', { eventId: 7 }), { 7: '1' }],
    ["the caller's id beside SageMaker's", record('1', 'CSV', { eventId: 'e', inferenceId: 'r' }), { r: '1', e: '1' }],
    ["the caller's id alone", record('1', 'CSV', { inferenceId: 'r' }), { r: '1' }],
    ['no id', record('1', 'CSV', {}), {}],
    ['nothing', record(null, 'JSON'), {}],
  ])("SageMaker's record of %s", (_, value, labels) => expect(found(JSON.stringify(value))).toEqual(labels));

  test('a label with both ids counts once, and is found by either', () => {
    const truth = readTruth(JSON.stringify(record('1', 'CSV', { eventId: 'e', inferenceId: 'r' })), 'x');
    expect([truth.size, truth.of('e', 0, undefined), truth.of('r', 0, undefined)]).toEqual([1, '1', '1']);
  });

  test.each([
    ['Python, a line each', `{'id': 'a', 'label': 'x'}\n{'id': 'b', 'label': "it's"}`, { a: 'x', b: "it's" }],
    ['Python, put together by commas', `{'id': 'a', 'label': True},{'id': 'b', 'label': 1.0}`, { a: 'true', b: '1' }],
    ['a comma at each line end', `{"id": "a", "label": 1},\n{"id": "b", "label": 2},\n`, { a: '1', b: '2' }],
    ['over lines, glued', `{\n  "id": "a",\n  "label": 1\n}{\n  "id": "b",\n  "label": 2\n}`, { a: '1', b: '2' }],
    [
      'records within a record',
      `{"n": 2, "records": [{"id": "a", "label": 1}, {"id": "b", "label": 2}]}`,
      { a: '1', b: '2' },
    ],
    ['ids too large for numbers', `{"id": 12345678901234567890, "label": 1}`, { '12345678901234567890': '1' }],
    ['columns as pandas flattens them', 'eventMetadata.eventId,groundTruthData.data\na,1', { a: '1' }],
    ['a line for Excel, decimal commas', 'sep=;\r\nid;label\r\na;0,5\r\n', { a: '0.5' }],
    ['old line ends', 'id,label\ra,1\rb,2', { a: '1', b: '2' }],
    ['spaces around quotes', 'id, label\n"a" , "x, y"\n', { a: 'x, y' }],
  ])('%s', (_, text, labels) => {
    const truth = readTruths([labelText(Buffer.from(text), 'x')]);
    expect([Object.fromEntries(truth.entries()), truth.notes]).toEqual([labels, []]);
  });

  test('columns stand in the order of the header, whatever their names', () => {
    expect(readTruth('b,10,2,label\nx,y,z,1\n', 't').of('', 0, 'x,y,z')).toBe('1');
    expect(() => readTruth('a,a,label\n1,2,3\n', 't')).toThrow("two of its columns are called 'a'");
    expect(readTruth('id,a,a,label\nr,1,2,3\n', 't').of('r', 0, undefined)).toBe('3');
  });

  test('features find their request however it spells them', () => {
    const truth = readTruth('a,text,label\n1.0,"one, two",x\n2,y,z\n', 'x');
    const key = (data: string, encoding: 'CSV' | 'JSON') => inputRows({ data, encoding, contentType: undefined });
    const labels = (keys: string[]) => keys.map((one) => truth.of('', 0, one));
    expect(labels(key('1,"one, two"\n 2.00 , y', 'CSV'))).toEqual(['x', 'z']);
    expect(labels(key('{"instances": [{"features": [1.0, "one, two"]}, [2, "y"]]}', 'JSON'))).toEqual(['x', 'z']);
    expect(labels(key('{"a": 1, "text": "one, two"}\n{"features": [2, "y"]}', 'JSON'))).toEqual(['x', 'z']);
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
