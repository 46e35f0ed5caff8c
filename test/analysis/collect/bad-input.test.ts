import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { collectFromFiles } from '../../../src/analysis/collect/from-files.ts';
import type { FromFilesOptions } from '../../../src/analysis/collect/from-files.ts';
import { judge } from '../../../src/analysis/judge.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy.ts';

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
async function look(files: Record<string, string | Uint8Array>, changed: Partial<FromFilesOptions> = {}) {
  folders += 1;
  const path = join(root, String(folders));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(path, name, '..'), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return collectFromFiles({
    path,
    variants: undefined,
    window: undefined,
    sampling: 1,
    tolerance: undefined,
    prediction: undefined,
    task: undefined,
    truth: undefined,
    spill: root,
    memory: '500MB',
    ...changed,
  });
}

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
    expect(verdict?.summary).toContain('400 of 400 captured answers (100 %) are no prediction');
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

  test('ten thousand files, most of them empty', async () => {
    const files: Record<string, string> = {};
    for (let i = 0; i < 5000; i += 1) {
      files[`production/${i}.jsonl`] = i % 10 === 0 ? line(i, `${i}`) : '';
      files[`shadow/${i}.jsonl`] = i % 10 === 0 ? line(i, `${i}`) : '\n';
    }
    const seen = await look(files);
    expect(seen.predictions).toMatchObject({ pairs: 500, production: { files: 5000 }, shadow: { files: 5000 } });
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

  test('a folder that does not show what is what, and a path that is nothing', async () => {
    await expect(look({ 'a/x.jsonl': '', 'b/x.jsonl': '' })).rejects.toThrow(
      /which folder of .* is production .* it has a, b/,
    );
    await expect(look({ 'a/x.jsonl': '' }, { variants: ['a', 'c'] })).rejects.toThrow("has no folder 'c'; it has a");
    await expect(look({}, { path: join(root, 'nowhere') })).rejects.toThrow('There is nothing at');
    writeFileSync(join(root, 'old.json'), '{"schema": "shadowctl-observations/0"}');
    await expect(look({}, { path: join(root, 'old.json') })).rejects.toThrow('"shadowctl-observations/0"');
  });
});
