import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { collectFromFiles } from '../../../src/analysis/observe/from-files.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { noData } from '../../../src/report/content/no-data.ts';
import { windowText } from '../../../src/report/words.ts';
import { reportOn } from '../../report/sample.ts';

const root = mkdtempSync(join(tmpdir(), 'captures-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const half = (data: string) => ({ observedContentType: 'application/json', mode: 'X', data, encoding: 'JSON' });
const record = (i: number, answer: string) => ({
  captureData: { endpointInput: half(`[${i}]`), endpointOutput: half(answer) },
  eventMetadata: { eventId: `e${i}`, inferenceId: `r${i}`, inferenceTime: `2026-03-02T09:0${i}:00Z` },
  eventVersion: '0',
});
const six = (answer = (i: number) => `{"predicted_label":"it's ${i % 2}"}`) =>
  Array.from({ length: 6 }, (_, i) => record(i, answer(i)));

function put(path: string, content: string | Uint8Array) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}
const comparison = {
  tolerance: undefined,
  path: undefined,
  task: undefined,
  truth: undefined,
  fields: undefined,
  memory: '1GB',
  spill: join(root, 'spill'),
};
const collect = (path: string, variants?: readonly [string, string]) =>
  collectFromFiles({ path: join(root, path), variants, window: undefined, comparison });

const lines = (records: readonly object[]) => records.map((one) => JSON.stringify(one)).join('\n');
/** As Python's repr: no string here holds both quotes. */
const python = (value: unknown): string =>
  typeof value === 'string'
    ? value.includes("'")
      ? `"${value.replaceAll('"', '\\"')}"`
      : `'${value}'`
    : `{${Object.entries(value as object)
        .map(([key, one]) => `'${key}': ${python(one)}`)
        .join(', ')}}`;

describe('capture files as tools leave them', () => {
  test.each<[string, string | Uint8Array]>([
    ['a byte order mark', `\u{FEFF}${lines(six())}`],
    ['UTF-16', Buffer.from(`\u{FEFF}${lines(six())}`, 'utf16le')],
    [
      'over several lines',
      six()
        .map((one) => JSON.stringify(one, undefined, 2))
        .join('\n'),
    ],
    [
      'glued',
      six()
        .map((one) => JSON.stringify(one))
        .join(''),
    ],
    ['two files without a line end between them', `${lines(six().slice(0, 3))}${lines(six().slice(3))}`],
    ['two files with marks', `\u{FEFF}${lines(six().slice(0, 3))}\n\u{FEFF}${lines(six().slice(3))}`],
    ['one list', JSON.stringify(six(), undefined, 1)],
    ['commas at line ends', lines(six()).replaceAll('\n', ',\n')],
    ['Python', six().map(python).join('\n')],
    [
      'gzip of records over lines',
      gzipSync(
        six()
          .map((one) => JSON.stringify(one, undefined, 2))
          .join('\n'),
      ),
    ],
    ['old line ends', lines(six()).replaceAll('\n', '\r')],
  ])('%s', async (what, content) => {
    const end = typeof content !== 'string' && content[0] === 0x1f ? 'jsonl.gz' : 'jsonl';
    put(`${what}/AllTraffic/1.${end}`, content);
    put(`${what}/shadow/1.jsonl`, lines(six()));
    const { predictions, notes } = await collect(what);
    expect(predictions).toMatchObject({ pairs: 6, labels: { agree: 6 }, production: { records: 6, unreadable: 0 } });
    expect(notes.filter((note) => note.startsWith('1 capture file is not JSON Lines'))).toHaveLength(1);
  });

  test('what cannot be read is counted by reason, whatever stands around it', async () => {
    const [first, second, ...rest] = six();
    put(
      'torn/AllTraffic/1.jsonl',
      `${JSON.stringify(first)}{"captureData":{"endpointInp\n${lines([second ?? {}, { other: 1 }, ...rest])}`,
    );
    put('torn/shadow/1.jsonl', `${lines(six())}\n{"captureData":`);
    const { predictions } = await collect('torn');
    expect(predictions).toMatchObject({
      pairs: 6,
      production: {
        records: 6,
        unreadable: 2,
        unreadableBy: [
          { why: 'no captureData or eventMetadata', count: 1 },
          { why: 'not JSON', count: 1 },
        ],
      },
      shadow: { records: 6, unreadable: 1, unreadableBy: [{ why: 'not JSON', count: 1 }] },
    });
  });

  test('an answer nested too deep is an unreadable answer', async () => {
    const deep = '['.repeat(8000) + ']'.repeat(8000);
    put('deep/AllTraffic/1.jsonl', lines(six()));
    put('deep/shadow/1.jsonl', lines(six((i) => (i === 2 ? deep : `{"predicted_label":"it's ${i % 2}"}`))));
    expect((await collect('deep')).predictions).toMatchObject({ pairs: 5, shadow: { records: 6, unparsed: 1 } });
  });
});

describe('folders of captures', () => {
  const hour = '2026/03/02/09/00-00-000-a.jsonl';

  test.each(['', 'weather/', 'bucket/prefix/weather/'])('with the variants in %j', async (between) => {
    const top = `level ${between.length}`;
    for (const variant of ['AllTraffic', 'shadow']) put(`${top}/${between}${variant}/${hour}`, lines(six()));
    const { predictions, notes } = await collect(top);
    expect(predictions?.pairs).toBe(6);
    expect(notes.some((note) => note.startsWith('The folders of the variants were found below'))).toBe(between !== '');
  });

  test('a level too high without the folders of hours', async () => {
    for (const variant of ['a', 'b']) put(`plain/weather/${variant}/1.jsonl`, lines(six()));
    expect((await collect('plain', ['a', 'b'])).predictions?.pairs).toBe(6);
    await expect(collect('plain')).rejects.toThrow('Cannot tell which folder');
  });

  test.each(['AllTraffic', 'AllTraffic/2026', 'AllTraffic/2026/03/02/09'])('a level too low: %s', async (below) => {
    for (const variant of ['AllTraffic', 'shadow']) put(`low/${variant}/${hour}`, lines(six()));
    await expect(collect(`low/${below}`)).rejects.toMatchObject({
      message: expect.stringContaining('lies within one variant'),
      next: expect.stringContaining(`such as ${join(root, 'low')},`),
    });
  });

  test('of several endpoints', async () => {
    for (const endpoint of ['one', 'two']) put(`many/${endpoint}/AllTraffic/${hour}`, lines(six()));
    await expect(collect('many')).rejects.toThrow('holds the captures of several endpoints: one, two');
  });

  test('of one variant only', async () => {
    put(`single/weather/AllTraffic/${hour}`, lines(six()));
    await expect(collect('single')).rejects.toThrow('Cannot tell which folder');
  });
});

describe('where nothing can be read', () => {
  const many = (answer: string) =>
    Array.from({ length: 400 }, (_, i) => {
      const one = record(i % 10, answer);
      return { ...one, eventMetadata: { ...one.eventMetadata, inferenceId: `r${i}`, eventId: `e${i}` } };
    });

  test.each([
    ['a path', { path: ['nowhere'] }, { path: '$.nowhere' }, 'at $.nowhere'],
    ['a kind', { kind: 'boxes' }, { kind: 'boxes' }, 'holds boxes'],
  ])(
    '%s that fits no answer says so first, with one of them, and asks for no more of the same',
    async (_, asked, said, words) => {
      put('unread/AllTraffic/1.jsonl', lines(many('{"some":"thing"}')));
      put('unread/shadow/1.jsonl', lines(many('{"some":"thing"}')));
      const observations = await collectFromFiles({
        path: join(root, 'unread'),
        variants: undefined,
        window: undefined,
        comparison: { ...comparison, answers: asked },
      });
      expect(windowText(observations.window)).not.toContain('1970');
      const verdict = judge(observations, { ...DEFAULT_POLICY, answers: { ...DEFAULT_POLICY.answers, ...said } });
      expect(verdict?.outcome).toBe('inconclusive');
      expect(verdict?.summary).toMatch(/^None of the 800 answers of both sides holds /);
      expect(verdict?.summary).toContain(words);
      expect(verdict?.summary).toContain('for example {"some":"thing"}');
      expect(verdict?.gates.find(({ id }) => id === 'output.readable')?.outcome).toBe('inconclusive');
      expect(verdict?.gates.filter(({ missing }) => missing !== undefined)).toEqual([]);
    },
  );

  test('a folder of something else is no endpoint, and of no time', async () => {
    put('garbage/AllTraffic/1.jsonl', 'one\ntwo\n');
    put('garbage/shadow/1.jsonl', 'three\n');
    const observations = await collect('garbage');
    expect(windowText(observations.window)).not.toContain('1970');
    const nothing = noData(reportOn(observations));
    expect(nothing?.why).toMatch(/^None of the 3 lines of the files in garbage is a record of a capture/);
    expect(nothing?.command).toBeUndefined();
    put('empty/AllTraffic/1.jsonl', '');
    put('empty/shadow/1.jsonl', '');
    expect(noData(reportOn(await collect('empty')))?.why).toBe('The 2 files in empty hold no record of a capture.');
  });

  test('a window without a record says that, and one with an end alone begins with the first', async () => {
    put('window/AllTraffic/1.jsonl', lines(six()));
    put('window/shadow/1.jsonl', lines(six()));
    const within = (to: string) =>
      collectFromFiles({
        path: join(root, 'window'),
        variants: undefined,
        window: { from: 0, to: Date.parse(to) },
        comparison,
      });
    expect(windowText((await within('2026-03-02T09:04:00Z')).window)).toContain('2026-03-02 09:00 – 09:04');
    const before = await within('2026-03-01T09:00:00Z');
    expect(windowText(before.window)).not.toContain('1970');
    expect(noData(reportOn(before))?.why).toBe('None of the 12 records in window lies in this window.');
  });
});
