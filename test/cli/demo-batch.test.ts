import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { parcels } from '../../src/cli/demo/parcels.ts';
import { run } from '../../src/main.ts';
import { capturedIo } from '../support/io.ts';
import { isWhole } from '../support/sizes.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

test.runIf(isWhole('matrix'))(
  'demo batch: the first candidate fails for what it breaks, its part is named, the second passes, and nothing is left',
  { timeout: 240_000 },
  async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'demo-test-'));
    folders.push(cwd);
    const io = { ...capturedIo(), columns: 10_000 };
    const signal = new AbortController().signal;
    const code = await run(['demo', 'batch'], { clock: systemClock, env: {}, cwd, signal, io: () => io });
    const out = io.outLines.join('\n');
    expect({ code, err: io.errLines }, out).toMatchObject({ code: 0 });
    expect(out).toMatch(/FAIL: truth\.regressions/);
    expect(out).toMatch(/column 8 = 1 \(west/);
    expect(out).toMatch(/7 days have labels {2}PASS/);
    expect(await readdir(cwd)).toEqual([]);
  },
);

test('parcels are the same every time, and other days are others', () => {
  expect(parcels(3, 5)).toEqual(parcels(3, 5));
  expect(parcels(3, 5)).not.toEqual(parcels(4, 5));
  expect(parcels('training', 500).filter(({ late }) => late).length).toBeGreaterThan(100);
  expect(parcels(0, 1)[0]?.row.split(',')).toHaveLength(8);
});
