import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareRecords } from '../../../src/analysis/compare/compare.ts';
import type { ComparisonOptions } from '../../../src/analysis/compare/options.ts';
import type { Observations } from '../../../src/analysis/observations.ts';
import type { Verdict } from '../../../src/analysis/judge/verdict.ts';
import { interrupted } from '../../../src/base/errors.ts';
import { writeCaptures } from '../../bench/captures.ts';

/** More than are compared in memory. */
const RECORDS = 25_000;
const folder = mkdtempSync(join(tmpdir(), 'shadowctl-many-'));
const captures = join(folder, 'captures');
beforeAll(() => writeCaptures(captures, RECORDS, 2));
afterAll(() => rmSync(folder, { recursive: true }));

test('the built program reads many captures with every core', () => {
  const bin = resolve(import.meta.dirname, '..', '..', '..', 'bin', 'shadowctl.js');
  const orphan = join(folder, '.shadowctl', 'cache', 'spill-2147483647');
  mkdirSync(orphan, { recursive: true });
  const words = ['report', '--files', captures, '--variants', 'AllTraffic,shadow', '--format', 'json'];
  const ended = spawnSync(process.execPath, [bin, ...words], { encoding: 'utf8', cwd: folder, maxBuffer: 1e8 });
  expect(ended.stderr.replaceAll(/^(collecting|reading captures: \d+ %|pairing|summing)\n/gm, '')).toBe('');
  expect(ended.status).toBe(0);
  const report = JSON.parse(ended.stdout) as { observations: Observations; verdict: Verdict };
  expect(report.verdict.outcome).toBe('pass');
  const { predictions, notes } = report.observations;
  expect(predictions).toMatchObject({ pairs: RECORDS, task: 'binary', production: { records: RECORDS, unmatched: 0 } });
  // A quarter of each of forty columns, of one in four requests.
  expect(predictions?.slices).toHaveLength(160);
  for (const slice of predictions?.slices ?? []) expect(slice.rows).toBeGreaterThan(RECORDS / 4 / 4 / 2);
  expect(notes.join()).toContain("from one in 4 of production's requests");
  expect(readdirSync(join(folder, '.shadowctl', 'cache'))).toEqual([]);
}, 60_000);

function compare(changed: Partial<ComparisonOptions>) {
  const listed = (side: string) => ({
    files: readdirSync(join(captures, side)).map((name) => join(captures, side, name)),
  });
  return compareRecords(
    { production: listed('AllTraffic'), shadow: listed('shadow'), window: { from: 0, to: 8.64e15 }, sampling: 1 },
    {
      tolerance: undefined,
      task: undefined,
      truth: undefined,
      spill: folder,
      memory: '500MB',
      // Unbuilt there is no file that a thread could begin with.
      threads: 1,
      ...changed,
    },
  );
}

test.each(['reading-captures', 'pairing', 'summing'])(
  'interrupted while %s, it ends at once and leaves nothing',
  async (when) => {
    const controller = new AbortController();
    const seen: string[] = [];
    const work = compare({
      signal: controller.signal,
      progress(doing) {
        seen.push(doing.step);
        if (doing.step === when) controller.abort(interrupted('Interrupted.'));
      },
    });
    await expect(work).rejects.toThrow('Interrupted.');
    expect(seen.at(-1)).toBe(when);
    expect(readdirSync(folder).filter((name) => name.startsWith('spill'))).toEqual([]);
  },
);

test('a disk that refuses what does not fit into memory is no defect', async () => {
  writeFileSync(join(folder, 'blocked'), '');
  await expect(compare({ spill: join(folder, 'blocked') })).rejects.toMatchObject({
    kind: 'cannot-run',
    message: expect.stringMatching(/^Could not write to .*blocked: a file is in the way of the folder/),
  });
});
