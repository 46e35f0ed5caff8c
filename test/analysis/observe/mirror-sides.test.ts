import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { newRun, RUNS_FOLDER } from '../../../src/analysis/mirrored/run.ts';
import { openMirrorFolder } from '../../../src/analysis/observe/mirror/folder.ts';

const folders: string[] = [];
afterEach(() => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true, force: true });
});

/** A folder with a run for each pair of sides, in this order. */
function recorded(pairs: readonly (readonly [live: string, shadow: string])[]): string {
  const path = mkdtempSync(join(tmpdir(), 'shadowctl-sides-'));
  folders.push(path);
  mkdirSync(join(path, RUNS_FOLDER));
  for (const [i, [live, url]] of pairs.entries()) {
    const shadows = [{ name: 'c', url, share: 1, timeoutMs: 1000 }];
    const run = { ...newRun({ run: `r${i}`, from: i * 1000, live, shadows }), wholeUntil: i * 1000 + 900 };
    writeFileSync(join(path, RUNS_FOLDER, `r${i}.json`), JSON.stringify(run));
  }
  return path;
}

test.each([
  ['restarts change no evidence', ['ab', 'ab'], ['r0', 'r1'], [], false],
  ['another server under the name has its own', ['ab', 'ac', 'ac'], ['r1', 'r2'], ['c at b beside a'], false],
  ['two addresses by turns are other models each time', ['ab', 'ba', 'ab'], ['r2'], ['c at a beside b'], true],
])('%s', async (_, pairs, same, others, resumed) => {
  const path = recorded(pairs.map((pair) => [pair[0] ?? '', pair[1] ?? ''] as const));
  const found = await openMirrorFolder(path, undefined);
  expect({ runs: found.runs.map(({ run }) => run), others: found.others, resumed: found.resumed }).toEqual({
    runs: same,
    others,
    resumed,
  });
});
