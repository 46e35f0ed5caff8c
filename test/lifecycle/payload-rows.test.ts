import { describe, expect, test } from 'vitest';
import { payloadRows, withoutMember, type PayloadOptions } from '../../src/lifecycle/traffic/payload-rows.ts';

const read = (text: string, source: string, options: PayloadOptions = {}) =>
  payloadRows(text, { source, option: '--data' }, options);
const bodies = (text: string, source: string, options: PayloadOptions = {}) =>
  read(text, source, options).rows.map(({ body }) => body);
const labelled = (text: string, source: string, options: PayloadOptions) =>
  read(text, source, options).rows.map(({ body, label, line }) => [body, label, line]);

const REVIEWS = `review,stars\n"A good product, really",5\n"He said ""no"" and left",1\n"Two lines\nof text",3\nplain text,4\n`;

describe('CSV', () => {
  test('quoted cells hold commas, quotes and line ends, and are sent as they stand', () => {
    expect(labelled(REVIEWS, 'reviews.csv', { labels: 'stars' })).toEqual([
      ['"A good product, really"', '5', 2],
      ['"He said ""no"" and left"', '1', 3],
      ['"Two lines\nof text"', '3', 4],
      ['plain text', '4', 6],
    ]);
    expect(bodies(REVIEWS, 'reviews.csv', { header: true })).toHaveLength(4);
    expect(labelled('1,a,7\n', 'x', { labels: 'column 2' })).toEqual(labelled('1,a,7\n', 'x', { labels: '1' }));
    expect(labelled('1,"a, b",7\r\n2,c,8\r\n\r\n', 'x', { labels: '1' })).toEqual([
      ['1,7', 'a, b', 1],
      ['2,8', 'c', 2],
    ]);
  });

  test.each([
    ['semicolons', 'a;b;label\n"x; y";0,5;1\n"say ""no"", ok";2;0\n', 'x.csv', '\n'],
    ['tabs', 'a\tb\tlabel\nx; y\t0.5\t1\nsay "no", ok\t2\t0\n', 'x.tsv', '\n'],
    ['what Excel says', 'sep=;\na;b;label\nx; y;0,5;1\n"say ""no"", ok";2;0\n', 'x.csv', '\n'],
  ])('%s become commas', (_, text, source) => {
    const found = read(text.replace('sep=;\na;b;label\nx; y', 'sep=;\na;b;label\n"x; y"'), source, { labels: 'label' });
    expect(found).toMatchObject({ contentType: 'text/csv', form: 'recoded' });
    expect(found.rows.map(({ body, label }) => [body, label])).toEqual([
      ['x; y,0.5', '1'],
      ['"say ""no"", ok",2', '0'],
    ]);
  });

  test('a content type of its own keeps the separators', () => {
    const type = 'text/tab-separated-values';
    expect(read('1\t2,5\n', 'x.csv', { contentType: type })).toEqual({
      contentType: type,
      rows: [{ body: '1\t2,5', label: undefined, line: 1 }],
      form: undefined,
    });
  });

  test('a first line of words is sent only where that is said', () => {
    expect(() => read('good\nbad\n', 'x.csv')).toThrow('line 1 of x.csv looks like a header (good)');
    expect(bodies('good\nbad\n', 'x.csv', { header: false })).toEqual(['good', 'bad']);
    expect(bodies('good\nbad\n', 'x.csv', { header: true })).toEqual(['bad']);
    expect(bodies('0,5;1,5\n', 'x.csv')).toEqual(['0.5,1.5']);
    expect(() => read('a\n', 'x.csv', { header: true })).toThrow('contains a header, but no rows');
  });

  test.each<[string, PayloadOptions, string]>([
    ['1,2\n1,"2\n', {}, 'line 2 of x.csv holds a quotation mark that is never closed'],
    ['1,2\n1,"2"3\n', {}, 'line 2 of x.csv holds text after a closed quotation mark'],
    ['1,2\n1,2,3\n', {}, 'line 2 of x.csv has 3 columns, line 1 has 2'],
    ['a,b\n1,2\n', { labels: 'c' }, 'x.csv has no column "c"'],
    ['a,b\n1,2\n', { labels: 'b', header: false }, 'without a header there is no column "b"'],
    ['1,2\n', { labels: '2' }, 'no column 2 for the labels; it has 2 columns'],
    [' \n', {}, 'holds no rows'],
  ])('%j is refused', (text, options, message) => {
    expect(() => read(text, 'x.csv', options)).toThrow(message);
  });
});

describe('libsvm', () => {
  const text = '5 1:0.1 3:0.2\n4 qid:3 2:1 # note\n-1.5e2\n';

  test.each<[string, PayloadOptions, string]>([
    ['data.libsvm', {}, 'text/libsvm'],
    ['data.txt', { contentType: 'text/x-libsvm' }, 'text/x-libsvm'],
  ])('by the name %s or the type', (source, options, contentType) => {
    expect(read(text, source, options)).toMatchObject({ contentType, form: undefined });
    expect(bodies(text, source, options)).toEqual(text.trim().split('\n'));
  });

  test('by its look, where that is unmistakable', () => {
    expect(read('5 1:0.1 3:0.2\n4 2:1\n', 'data').contentType).toBe('text/libsvm');
    expect(read('5\n4\n', 'data').contentType).toBe('text/csv');
  });

  test('its label becomes 0, for readers take the first word for it', () => {
    expect(labelled('5 1:0.1\n4:2 2:1\n', 'd.libsvm', { contentType: 'text/libsvm' })).toHaveLength(2);
    expect(labelled('5 1:0.1\n-1 2:1\n', 'd.libsvm', { labels: '0' })).toEqual([
      ['0 1:0.1', '5', 1],
      ['0 2:1', '-1', 2],
    ]);
    expect(() => read('1:0.1\n', 'd.libsvm', { labels: '0' })).toThrow('does not begin with a label');
    expect(() => read(text, 'd.libsvm', { labels: 'y' })).toThrow('no column "y"');
  });

  test('other lines, and a header, are refused', () => {
    expect(() => read('5 1:0.1\nlabel f1 f2\n', 'd.libsvm')).toThrow('line 2 of d.libsvm is not libsvm: label f1 f2');
    expect(() => read(text, 'd.libsvm', { header: true })).toThrow('--header: d.libsvm is read as libsvm');
  });
});

describe('plain text', () => {
  test('a line is a request, as it stands', () => {
    const options = { contentType: 'text/plain; charset=utf-8' };
    expect(bodies('hello "world\n  good bye, all\n\n{x\n', 'texts.csv', options)).toEqual([
      'hello "world',
      '  good bye, all',
      '{x',
    ]);
    expect(bodies('text\nhello\n', 'texts.txt', { ...options, header: true })).toEqual(['hello']);
    expect(() => read('a\n', 'texts.txt', { ...options, labels: '0' })).toThrow('no column that could hold the labels');
  });

  test('a type that says nothing of lines leaves it to the name', () => {
    expect(read('{"a":1}\n', 'x.jsonl', { contentType: 'application/x-own' })).toMatchObject({
      contentType: 'application/x-own',
      rows: [{ body: '{"a":1}' }],
    });
  });
});

describe('JSON', () => {
  test.each<[string, string, string, string[]]>([
    ['values a line', 'x.jsonl', '{"a": 1.0}\r\n\r\n[1, 2]\r\n"text"\n', ['{"a": 1.0}', '[1, 2]', '"text"']],
    ['a list on its line is one request', 'x.jsonl', '[{"a":1},{"a":2}]\n', ['[{"a":1},{"a":2}]']],
    ['one value over lines', 'x.json', '{\n "instances": [[1.0]]\n}\n', ['{\n "instances": [[1.0]]\n}']],
    ['one list of lists', 'x.json', '[[1,2],[3,4]]', ['[[1,2],[3,4]]']],
    ['glued values', 'x.jsonl', '{"a":1}{"a":2.50}', ['{"a":1}', '{"a":2.50}']],
    ['commas at line ends', 'x.jsonl', '{"a":1},\n{"a":2},\n', ['{"a":1}', '{"a":2}']],
  ])('%s', (_, source, text, expected) => {
    expect(read(text, source)).toMatchObject({ contentType: 'application/json', form: undefined });
    expect(bodies(text, source)).toEqual(expected);
  });

  test('of a file that is one list, each object is a request', () => {
    const found = read('[\n {"inputs": "a", "stars": 5},\n {"inputs": "b", "stars": 1.0}\n]', 'x.json', {
      labels: 'stars',
    });
    expect(found.form).toBe('list');
    expect(found.rows).toEqual([
      { body: '{"inputs": "a"}', label: '5', line: 2 },
      { body: '{"inputs": "b"}', label: '1', line: 3 },
    ]);
  });

  test('Python becomes JSON', () => {
    expect(read(`{'a': True, 'b': "it's"}\n{'a': None}`, 'x.jsonl')).toMatchObject({ form: 'python' });
    expect(bodies(`{'a': True, 'b': "it's"}\n{'a': None}`, 'x.jsonl')).toEqual([`{"a":true,"b":"it's"}`, '{"a":null}']);
    expect(() => read(`{'a': nan}`, 'x.jsonl')).toThrow('line 1 of x.jsonl holds NaN, which JSON does not have');
  });

  test.each<[string, PayloadOptions, string]>([
    ['{"a": 1}\n{"a": \n', {}, 'line 2 of x.jsonl is not JSON: broken off in the middle'],
    ['{"a": 1}\nhello\n', {}, 'line 2 of x.jsonl is not JSON: neither JSON nor Python: hello'],
    ['{"a": 1}\n{"b": 1}\n', { labels: 'a' }, 'Line 2 of x.jsonl has no key "a"'],
    ['{"a": 1}\n', { header: true }, '--header: x.jsonl is read as JSON'],
  ])('%j is refused', (text, options, message) => {
    expect(() => read(text, 'x.jsonl', options)).toThrow(message);
  });

  test.each([
    ['{"a": 1.0, "label": 2, "id": 12345678901234567890}', '{"a": 1.0,"id": 12345678901234567890}'],
    ['{"label": {"x": [1, "}"]}, "a": "la\\"bel\\": 1, "}', '{"a": "la\\"bel\\": 1, "}'],
    ['{"a": {"label": 1}, "label":null}', '{"a": {"label": 1}}'],
    ['{"label": 1}', '{}'],
    ['{"la\\u0062el": 1, "b": []}', '{"b": []}'],
  ])('%s without its label', (json, rest) => expect(withoutMember(json, 'label')).toBe(rest));
});
