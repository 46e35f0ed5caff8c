import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { comparable } from './comparable.ts';
import { collectFromFiles } from '../../../src/analysis/observe/from-files.ts';
import type { FromFilesOptions } from '../../../src/analysis/observe/from-files.ts';
import type { Observations } from '../../../src/analysis/observations.ts';
import type { Predictions } from '../../../src/analysis/predictions.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { matrixTest, oneIn } from '../../support/sizes.ts';

const root = mkdtempSync(join(tmpdir(), 'shadowctl-bad-'));
afterAll(() => rmSync(root, { recursive: true }));

function line(id: number, answer: string, type = 'text/csv', encoding = 'CSV'): string {
  const half = (data: string) => ({ observedContentType: type, mode: 'OUTPUT', data, encoding });
  return JSON.stringify({
    captureData: { endpointInput: half(String(id)), endpointOutput: half(answer) },
    eventMetadata: { eventId: `e${id}-${Math.abs(id)}`, inferenceId: `r${id}`, inferenceTime: '2026-01-05T09:00:00Z' },
    eventVersion: '0',
  });
}

let folders = 0;
function write(files: Record<string, string | Uint8Array>): string {
  folders += 1;
  const path = join(root, String(folders));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(path, name, '..'), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

/** What a report over these files sees; in memory, and by DuckDB, which must find the same. */
async function look(files: Record<string, string | Uint8Array>, changed: Partial<FromFilesOptions> = {}) {
  const seen = await lookBy(true, write(files), changed);
  if (!withDuckdb()) return seen;
  const other = await lookBy(false, write(files), changed);
  if (!isTorn(seen) && seen.predictions !== undefined && other.predictions !== undefined)
    expect(counted(other.predictions)).toEqual(counted(seen.predictions));
  return seen;
}

/** Without what is a choice among equals (examples), or of a sample where there are many (slices). */
const counted = (found: Predictions) => comparable({ ...found, top: [], columns: undefined, slices: undefined });

/** How much of a torn file comes out differs by the way of unzipping. */
const isTorn = ({ predictions }: Observations) => /torn gzip/.test(predictions?.shadow.examples.join() ?? '');

function lookBy(inMemory: boolean, path: string, changed: Partial<FromFilesOptions>): Promise<Observations> {
  return collectFromFiles({
    path,
    variants: undefined,
    window: undefined,
    comparison: {
      tolerance: undefined,
      task: undefined,
      truth: undefined,
      spill: root,
      memory: '500MB',
      inMemory,
    },
    ...changed,
  });
}

const withDuckdb = oneIn(3);

const many = (answer: (i: number) => string, n = 400) => Array.from({ length: n }, (_, i) => line(i, answer(i)));

describe('bad input is counted and named, and nothing crashes', () => {
  test('a torn gzip gives what comes before the tear', async () => {
    const whole = gzipSync(many((i) => `${i * 1.5}`, 5000).join('\n'));
    const seen = await look({
      'production/a.jsonl': many((i) => `${i * 1.5}`, 5000).join('\n'),
      'shadow/a.jsonl.gz': whole.subarray(0, whole.length / 2),
    });
    expect(seen.predictions?.shadow.examples[0]).toMatch(/torn gzip/);
    expect(seen.predictions?.shadow.unreadable).toBeGreaterThanOrEqual(1);
    expect(seen.predictions?.pairs).toBeGreaterThan(500);
    expect(seen.predictions?.pairs).toBeLessThan(5000);
  });

  test('a shadow that answers another schema fails, with an example', async () => {
    const seen = await look({
      'production/a.jsonl': many((i) => `${i % 7}.25`).join('\n'),
      'shadow/a.jsonl': many(() => '<b>error</b>,<i>').join('\n'),
    });
    const verdict = judge(seen, DEFAULT_POLICY);
    expect(verdict?.outcome).toBe('fail');
    const failed = verdict?.gates.filter((gate) => gate.outcome === 'fail').map((gate) => gate.id);
    expect(failed).toContain('output.readable');
    expect(verdict?.summary).toContain('<b>error</b>');
  });

  test('a shadow that says one thing to everybody fails', async () => {
    const seen = await look({
      'production/a.jsonl': many((i) => ['sun', 'rain', 'fog'][i % 3] ?? '').join('\n'),
      'shadow/a.jsonl': many(() => 'sun').join('\n'),
    });
    expect(judge(seen, DEFAULT_POLICY)?.gates.find((gate) => gate.id === 'output.varied')).toMatchObject({
      outcome: 'fail',
    });
  });

  matrixTest('two thousand files, most of them empty', async () => {
    const files: Record<string, string> = {};
    for (let i = 0; i < 1000; i += 1) {
      files[`production/${i}.jsonl`] = i % 10 === 0 ? line(i, `${i}`) : '';
      files[`shadow/${i}.jsonl`] = i % 10 === 0 ? line(i, `${i}`) : '\n';
    }
    const seen = await look(files);
    expect(seen.predictions).toMatchObject({ pairs: 100, production: { files: 1000 }, shadow: { files: 1000 } });
  });

  test('as many labels as rows: counted, and shown as the commonest twelve', async () => {
    const seen = await look({
      'production/a.jsonl': many((i) => `user-${i}`, 20_000).join('\n'),
      'shadow/a.jsonl': many((i) => `user-${i}`, 20_000).join('\n'),
    });
    expect(seen.predictions?.labels).toMatchObject({ rows: 20_000, agree: 20_000, classes: 20_000 });
    expect(seen.predictions?.labels?.confusion.labels).toHaveLength(13);
    expect(seen.predictions?.production.distinct).toBe(20_000);
  });

  test('mixed encodings in one file', async () => {
    const mixed = (i: number) =>
      i % 2 === 0 ? line(i, '0.5') : line(i, Buffer.from('0.5').toString('base64'), 'text/csv', 'BASE64');
    const lines = Array.from({ length: 400 }, (_, i) => mixed(i)).join('\n');
    const seen = await look({ 'production/a.jsonl': lines, 'shadow/a.jsonl': lines });
    expect(seen.predictions).toMatchObject({ pairs: 400, production: { unparsed: 0 }, numbers: { bias: 0, mae: 0 } });
  });

  test('classes as whole numbers, every one of them off by one or two, do not pass for numbers that are near', async () => {
    // One a second, for a hundred minutes; a tenth of their spread is more than two.
    const second = (i: number) => new Date(Date.UTC(2026, 0, 5, 9) + i * 1000).toISOString().replace('.000', '');
    const rows = (shift: number) =>
      many((i) => `${4 * ((i * 7) % 50) + shift * (1 + (i % 2))}`, 6000)
        .map((one, i) => one.replace('2026-01-05T09:00:00Z', second(i)))
        .join('\n');
    const seen = await look({ 'production/a.jsonl': rows(0), 'shadow/a.jsonl': rows(1) });
    const verdict = judge(seen, DEFAULT_POLICY);
    expect(verdict?.outcome).toBe('inconclusive');
    expect(verdict?.gates.find(({ id }) => id === 'output.reading')).toMatchObject({
      outcome: 'inconclusive',
      estimate: 2,
    });
    expect(seen.predictions).toMatchObject({ answers: { kind: 'label' }, labels: { rows: 6000, agree: 0 } });
    expect(seen.predictions?.alternatives).toMatchObject([{ answers: { kind: 'number' }, numbers: { beyond: 0 } }]);
  });

  test('InferenceIds that come twice belong to nobody, and are counted', async () => {
    const doubled = [...many((i) => `${i}.5`), ...many((i) => `${i}.25`, 40)].join('\n');
    const { predictions } = await look({
      'production/a.jsonl': doubled,
      'shadow/a.jsonl': many((i) => `${i}.5`).join('\n'),
    });
    expect(predictions).toMatchObject({
      pairs: 360,
      production: { records: 440, ambiguous: 80, unmatched: 0 },
      shadow: { ambiguous: 0, unmatched: 40 },
      numbers: { mae: 0 },
    });
  });

  test('an empty window, and no record at all', async () => {
    const files = { 'production/a.jsonl': many(() => '1').join('\n'), 'shadow/a.jsonl': many(() => '1').join('\n') };
    const { predictions: found } = await look(files, { window: { from: 0, to: 60_000 } });

    expect(found).toMatchObject({
      method: undefined,
      pairs: 0,
      production: { records: 0, outside: 400 },
      blocks: [],
    });
    const none = await look({ 'production/a.jsonl': '\n', 'shadow/a.jsonl': '{}\nxx\n' });
    expect(none.predictions).toMatchObject({
      method: undefined,
      pairs: 0,
      rows: 0,
      shadow: { records: 0, unreadable: 2 },
    });
  });

  matrixTest('clocks that differ are named: harmless for ids, fatal for equal inputs', async () => {
    const lines = many((i) => `${i % 9}`);
    const late = lines.map((one) => one.replace('09:00:00Z', '09:03:01Z'));
    const files = { 'production/a.jsonl': lines.join('\n'), 'shadow/a.jsonl': late.join('\n') };
    expect((await look(files)).predictions).toMatchObject({ pairs: 400, skewMs: 181_000 });
    expect((await look(files)).notes.join()).toMatch(/dated 3 min 1 s later than production/);
    const nameless = (text: string, side: string) =>
      text.replaceAll(/"(inferenceId|eventId)":"[^"]*"/g, `"eventId":"${side}"`);
    const bare = {
      'production/a.jsonl': nameless(files['production/a.jsonl'], 'a'),
      'shadow/a.jsonl': nameless(files['shadow/a.jsonl'], 'b'),
    };
    expect((await look(bare)).predictions).toMatchObject({ method: undefined, pairs: 0, skewMs: 181_000 });
    expect((await look(bare)).notes.join()).toContain('send an InferenceId with each request');
  });

  test('broken strings are broken records, however alike the line before was', async () => {
    const lines = many((i) => `${i}`);
    const broken = [...lines, ...lines.slice(0, 3)];
    broken[400] = lines[0]?.replace('r0', 'r\u00010') ?? '';
    broken[401] = lines[1]?.replace('e1-1', 'e1\\x') ?? '';
    broken[402] = lines[2]?.replace('"data":"2"', '"data":"2\t"') ?? '';
    const files = { 'production/a.jsonl': broken.join('\n'), 'shadow/a.jsonl': lines.join('\n') };
    expect((await look(files)).predictions).toMatchObject({ pairs: 400, production: { records: 400, unreadable: 3 } });
  });

  test('a folder without captures is no variant', async () => {
    const lines = many((i) => `${i}`).join('\n');
    const found = await look({ 'AllTraffic/a.jsonl': lines, 'shadow/a.jsonl': lines, 'spill/of-the-engine.tmp': 'x' });
    expect(found).toMatchObject({ production: { name: 'AllTraffic' }, predictions: { pairs: 400 } });
  });

  test('a folder that does not show what is what, and a path that is nothing', async () => {
    await expect(look({ 'a/x.jsonl': '', 'b/x.jsonl': '' })).rejects.toThrow(
      /which folder of .* is production .* it has a, b/,
    );
    await expect(look({ 'a/x.jsonl': '' }, { variants: ['a', 'c'] })).rejects.toThrow("has no folder 'c'; it has a");
    await expect(look({ 'a/x.txt': '', 'b/x.txt': '' })).rejects.toThrow('(a, b) holds a capture file');
    await expect(look({ 'x.jsonl': '' })).rejects.toMatchObject({
      message: expect.stringMatching(/has no folder in it, so it is not a folder of captures\.$/),
      next: expect.stringContaining('AllTraffic/…/*.jsonl and shadow/…/*.jsonl'),
    });
    await expect(look({}, { path: join(root, 'nowhere') })).rejects.toThrow('There is nothing at');
    writeFileSync(join(root, 'old.json'), '{"schema": "shadowctl-observations/0"}');
    await expect(look({}, { path: join(root, 'old.json') })).rejects.toThrow('"shadowctl-observations/0"');
  });
});
