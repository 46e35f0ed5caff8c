import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { collectFromFiles } from '../../../src/analysis/observe/from-files.ts';
import { lineNotes, recordsOfLines } from '../../../src/analysis/observe/from-lines.ts';
import { parseLinePattern } from '../../../src/analysis/observe/line-pattern.ts';

const root = mkdtempSync(join(tmpdir(), 'lines-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const COMMON = parseLinePattern('Input: {request}, Prediction: {answer}');
const records = (text: string, pattern = COMMON) => {
  const found = recordsOfLines([{ source: 'x.log', text }], pattern, 7).get('');
  if (found === undefined) throw new Error('no records');
  return found;
};
const said = (text: string) =>
  records(`Input: [1], Prediction: ${text}`).captures.captures.map(({ output }) => [output?.data, output?.contentType]);

describe('values', () => {
  const JSON_TYPE = 'application/json';
  test.each([
    [`{'a': True, 'b': [1.0, None]}`, '{"a":true,"b":[1,null]}', JSON_TYPE],
    ['{"a": "x"}', '{"a":"x"}', JSON_TYPE],
    [`'cat'`, '"cat"', JSON_TYPE],
    [`b'{"a": 1}'`, '{"a": 1}', JSON_TYPE],
    [`'{"a": 1}'`, '{"a": 1}', JSON_TYPE],
    [`b'0.1,0.9\\n'`, '0.1,0.9', 'text/csv'],
    ['[0.1 0.9]', '[0.1,0.9]', JSON_TYPE],
    ['tensor([0.5])', '[0.5]', JSON_TYPE],
    ['0.73', '0.73', JSON_TYPE],
    ['0.1,0.9', '0.1,0.9', 'text/csv'],
    ['I like it, really', 'I like it, really', 'text/plain'],
    ['True', 'true', JSON_TYPE],
  ])('%s', (text, data, type) => expect(said(text)).toEqual([[data, type]]));

  test('what cannot be read is counted with its reason; other lines are other lines', () => {
    const found = records(
      [
        'starting',
        'Input: [1], Prediction: [0.1 0.2 ... 0.9]',
        'Input: [0.1 0.2 ... 0.9], Prediction: 1',
        'Input: [1], Prediction: {a: b}',
        'Input: , Prediction: 1',
        'Input: [1], Prediction: ',
        'Input: a, Prediction: b, Prediction: c',
        'Input: [1], Predic',
        'Input: [1], Prediction: 1',
      ].join('\n'),
    );
    expect(found).toMatchObject({ lines: 9, others: 2, begun: 1, timeless: 1, captures: { unreadable: 6 } });
    expect(found.captures.captures).toHaveLength(1);
    expect(found.captures.captures[0]?.at).toBe(7);
    expect(found.captures.examples).toEqual([
      'an answer that is shortened (…): Input: [1], Prediction: [0.1 0.2 ... 0.9]',
      'a request that is shortened (…): Input: [0.1 0.2 ... 0.9], Prediction: 1',
      'an answer that is neither JSON nor Python: Input: [1], Prediction: {a: b}',
      'no request: Input: , Prediction: 1',
      'no answer: Input: [1], Prediction:',
    ]);
    expect(lineNotes([['production', found]])).toEqual([
      'production: --line finds 1 records in 9 lines, and 6 more that cannot be read. 1 line begins to fit, but does not go on like that, such as line 8 of x.log.',
      'The lines show no time, so they count as one moment, and nothing is decided that needs minutes of traffic: put {time} into --line.',
    ]);
  });

  test('several in a line, and over lines, are all found, with the times before them', () => {
    const found = records(
      '2026-03-02T09:00:00Z Input: [1], Prediction: [[1]\n [2]]\n2026-03-02T09:00:01Z Input: [2], Prediction: 3\n',
    );
    expect(found.captures.captures.map(({ at, output }) => [at - Date.UTC(2026, 2, 2, 9), output?.data])).toEqual([
      [0, '[[1],[2]]'],
      [1000, '3'],
    ]);
    const pattern = parseLinePattern('<{id}={answer}>');
    expect(records('<a=[1]> <b=[2]>\n<c=3>', pattern).captures.captures.map(({ inferenceId }) => inferenceId)).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  test('logs of entries in JSON, as CloudWatch and Docker write them', () => {
    const line = 'Input: {"a": "x"}, Prediction: 1';
    const cloudWatch = JSON.stringify(
      {
        events: [
          { timestamp: 1772442000250, message: line },
          { timestamp: 1772442001250, message: 'other' },
        ],
      },
      undefined,
      2,
    );
    const docker = `${JSON.stringify({ log: `${line}\n`, time: '2026-03-02T09:00:00.250Z' })}\n${JSON.stringify({ log: 'other\n' })}`;
    for (const text of [cloudWatch, docker]) {
      const found = records(text);
      expect(found).toMatchObject({ lines: 2, others: 1, timeless: 0 });
      expect(found.captures.captures).toMatchObject([
        { at: Date.UTC(2026, 2, 2, 9) + 250, input: { data: '{"a":"x"}' }, output: { data: '1' } },
      ]);
    }
  });
});

describe('files', () => {
  const comparison = {
    tolerance: undefined,
    path: undefined,
    task: undefined,
    truth: undefined,
    fields: undefined,
    memory: '1GB',
    spill: root,
  };
  const collect = (path: string, line = COMMON, variants?: readonly [string, string]) =>
    collectFromFiles({ path: join(root, path), line, variants, window: undefined, comparison });
  const put = (path: string, text: string | Uint8Array) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  /** A request a minute, in Python on one side and JSON on the other. */
  const log = (name: string, answer: (i: number) => string, python: boolean) =>
    Array.from({ length: 10 }, (_, i) => {
      const time = new Date(Date.UTC(2026, 2, 2, 9, i)).toISOString().replace('T', ' ').slice(0, 19);
      return `${time},5 ${name} Input: ${python ? `{'a': [${i}, None]}` : `{"a": [${i}, null]}`}, Prediction: ${answer(i)}`;
    }).join('\n');
  const production = log('A', (i) => `'${i % 2}'`, true);
  const shadow = log('B', (i) => `"${i % 5 === 0 ? 9 : i % 2}"`, false);

  test('a log each, paired by input, whatever language wrote it', async () => {
    put('two/production.log', production.slice(0, production.indexOf('\n', 300) + 1));
    put('two/production.log.1.gz', gzipSync(production.slice(production.indexOf('\n', 300) + 1)));
    put('two/shadow.log', Buffer.from(`\u{FEFF}${shadow}`, 'utf16le'));
    put('two/.DS_Store', Buffer.from([0, 0, 1]));
    const seen = await collect('two');
    expect(seen).toMatchObject({ production: { name: 'production' }, shadow: { name: 'shadow' } });
    expect(seen.predictions).toMatchObject({ method: 'input', pairs: 10, labels: { rows: 10, agree: 8 } });
    expect(seen.window.from).toBe(Date.UTC(2026, 2, 2, 9));
  });

  test('a folder each, by id', async () => {
    put('deep/a/1.txt', 'r1 -> 0.5\nr2 -> 0.75\n');
    put('deep/b/x/2.txt', 'r2 -> 0.5\nr1 -> 0.5\n');
    const seen = await collect('deep', parseLinePattern('{id} -> {answer}'), ['a', 'b']);
    expect(seen.predictions).toMatchObject({ method: 'inferenceId', pairs: 2, numbers: { bias: -0.125 } });
  });

  test('one log of both', async () => {
    put('app.log', `${production}\n${shadow}`);
    const pattern = parseLinePattern('{time},5 {variant} Input: {request}, Prediction: {answer}');
    expect((await collect('app.log', pattern, ['A', 'B'])).predictions).toMatchObject({
      pairs: 10,
      labels: { agree: 8 },
    });
    await expect(collect('app.log', pattern)).rejects.toThrow('Cannot tell which variant of');
    await expect(collect('app.log')).rejects.toThrow('do not say which model they belong to');
  });

  test('a pattern that fits nothing says where it ends', async () => {
    await expect(collect('two', parseLinePattern('Input: {request}, Predicted: {answer}'))).rejects.toMatchObject({
      message: expect.stringContaining('fits none of the 10 lines of production'),
      next: expect.stringMatching(/^Line 1 of \S+production\.log comes nearest, and has no ', Predicted:'/),
    });
    await expect(collect('two', parseLinePattern('in={request} out={answer}'))).rejects.toMatchObject({
      next: expect.stringContaining("None holds 'in='"),
    });
    put('picture/production.log', Buffer.from('89504e470d0a1a0a', 'hex'));
    put('picture/shadow.log', shadow);
    await expect(collect('picture')).rejects.toThrow('is a picture, not a log');
  });
});
