import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { interrupted } from '../../src/base/errors.ts';
import { run } from '../../src/main.ts';
import { capturedIo } from '../support/io.ts';
import { isWhole } from '../support/sizes.ts';

const folders: string[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function play(signal: AbortSignal, io = capturedIo()) {
  const cwd = await mkdtemp(join(tmpdir(), 'demo-test-'));
  // Other demos run at the same time, and leave theirs to the end.
  const temporary = await mkdtemp(join(tmpdir(), 'demo-test-'));
  folders.push(cwd, temporary);
  vi.stubEnv('TMPDIR', temporary);
  const code = await run(['demo', 'mirror'], { clock: systemClock, env: {}, cwd, signal, io: () => io });
  // Nothing is left in the folder it ran in, nor in the one for temporary files.
  expect(await readdir(cwd)).toEqual([]);
  expect(await readdir(temporary)).toEqual([]);
  return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
}

test.runIf(isWhole('matrix'))(
  'the demo of the mirror: real requests, a pass, and nothing left',
  { timeout: 240_000 },
  async () => {
    const { code, out, err } = await play(new AbortController().signal);
    expect({ code, err: code === 0 ? '' : `${err}\n${out}` }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Verdict: PASS');
    expect(out.replaceAll(/\s+/g, ' ')).toContain('1 350 requests');
    expect(out.replaceAll(/\s+/g, ' ')).toContain('the candidate answered 1 350 copies');
    // It answers callers by steps, judged after each, until the sides are swapped.
    expect(out).toContain('stays as the way back');
    expect(out).toMatch(/model 009 answered\s+[1-9]\d*\s+requests itself/);
    // The servers it names are gone.
    const [, live = ''] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(out) ?? [];
    await expect(fetch(`${live}/ping`)).rejects.toThrow('fetch failed');
  },
);

test('interrupted, it says so and leaves nothing', async () => {
  const control = new AbortController();
  const io = capturedIo();
  const { out } = io;
  io.out = (line = '') => {
    out(line);
    if (io.outLines.at(-1)?.includes('2. Requests') === true) control.abort(interrupted('Interrupted.'));
  };
  const { code, err } = await play(control.signal, io);
  expect(code).toBe(130);
  expect(err).toContain('nothing of it is left');
});
