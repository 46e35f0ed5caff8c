import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../src/base/clock.ts';
import { claimWatch, lockHolder, takeLock, whoAmI } from '../../src/state/lock.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadowctl-lock-'));
  path = join(folder, 'weather.jsonl.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const clock = new VirtualClock(Date.UTC(2026, 0, 5, 9, 0, 0, 123));
/** No process has this number. */
const NOBODY = 2 ** 22 + 1;
const held = (holder: object) => writeFile(path, JSON.stringify(holder));

test('a free lock is taken without a word, says who holds it, and is gone after', async () => {
  const lock = await takeLock(path, 'deploy', clock);
  expect(lock.after).toBeUndefined();
  expect(whoAmI()).toBe(`${userInfo().username}@${hostname()}`);
  expect(await lockHolder(path)).toMatchObject({ by: whoAmI(), why: 'deploy', since: '2026-01-05T09:00:00.123Z' });
  await lock.release();
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  [
    { by: 'me@there', host: 'there', pid: 7, why: 'canary', since: '2026-01-05T08:00:00.123Z' },
    'This endpoint is locked by me@there (process 7) for `canary` since 2026-01-05T08:00:00Z.',
  ],
  // Version 0.1 of the emulator wrote neither who nor what for.
  [
    { host: 'there', pid: 7, since: '2026-01-05T08:00:00Z' },
    'This endpoint is locked by there (process 7) since 2026-01-05T08:00:00Z.',
  ],
  // Only the fraction at the end is left out.
  [{ host: 'there', pid: 7, since: '.5Z or so' }, 'This endpoint is locked by there (process 7) since .5Z or so.'],
])('%j is named', async (holder, message) => {
  await held(holder);
  await expect(takeLock(path, 'cleanup', clock)).rejects.toMatchObject({
    kind: 'cannot-run',
    message,
    next: expect.stringContaining(path),
  });
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(holder);
});

test('what was taken over is told', async () => {
  await held({ by: 'me@here', host: hostname(), pid: NOBODY, why: 'canary', since: '2026-01-05T08:00:00.5Z' });
  expect(await lockHolder(path)).toBeUndefined();
  const { after } = await takeLock(path, 'cleanup', clock);
  expect(after).toMatchObject({ by: 'me@here', pid: NOBODY, why: 'canary' });
});

test('a damaged lock is named with what it holds, and stays', async () => {
  await writeFile(path, 'garbage');
  await expect(takeLock(path, 'cleanup', clock)).rejects.toMatchObject({
    kind: 'cannot-run',
    message: expect.stringContaining('but "garbage"'),
  });
  expect(await readFile(path, 'utf8')).toBe('garbage');
});

test('one watches at a time, a watcher that has ended is no hindrance, and a folder that takes no file is none', async () => {
  const first = await claimWatch(path, 'canary', clock.now());
  expect(await lockHolder(path)).toMatchObject({ by: whoAmI(), why: 'canary', since: '2026-01-05T09:00:00.123Z' });
  expect(await claimWatch(path, 'watch', clock.now())).toBeUndefined();
  await first?.release();
  await writeFile(path, 'garbage');
  const second = await claimWatch(path, 'watch', clock.now());
  expect(second).toBeDefined();
  await second?.release();
  expect(await readdir(folder)).toEqual([]);
  expect(await claimWatch(join(folder, 'none', 'lock'), 'watch', clock.now())).toBeUndefined();
});
