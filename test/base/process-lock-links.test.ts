import type * as fs from 'node:fs/promises';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { claimLock, readLock } from '../../src/base/process-lock.ts';

/* A disk without links: each link fails with this code; and a full one, on which files come into being and nothing can be written. */
let code = 'EPERM';
let full: 'drafts' | 'locks' | undefined;
const noRoom = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    link: () => Promise.reject(Object.assign(new Error(code), { code })),
    writeFile: async (...args: Parameters<typeof real.writeFile>) => {
      await real.writeFile(...args);
      if (full === 'drafts') throw noRoom();
    },
    open: async (...args: Parameters<typeof real.open>) => {
      const file = await real.open(...args);
      if (full === 'locks') file.writeFile = () => Promise.reject(noRoom());
      return file;
    },
  };
});

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadowctl-links-'));
  path = join(folder, 'lock');
});
afterEach(() => {
  full = undefined;
  return rm(folder, { recursive: true, force: true });
});

const about = { by: 'me@here', why: 'deploy', now: Date.UTC(2026, 0, 5, 9) };

test.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])(
  '%s: a lock is taken, held, taken over and released',
  async (given) => {
    code = given;
    const stale = { host: hostname(), pid: 2 ** 22 + 1, why: 'canary', since: '2026-01-05T08:00:00Z' };
    await writeFile(path, JSON.stringify(stale));
    const claim = await claimLock(path, about);
    if (claim.kind !== 'taken') throw new Error(claim.kind);
    expect(claim.lock.after).toMatchObject({ why: 'canary' });
    expect(await readLock(path)).toMatchObject({ kind: 'held', holder: { why: 'deploy' } });
    expect(await claimLock(path, about)).toMatchObject({ kind: 'held', holder: { why: 'deploy' } });
    await claim.lock.release();
    expect(await readdir(folder)).toEqual([]);
  },
);

test.each(['drafts', 'locks'] as const)('a full disk (%s) is told as one, and leaves nothing', async (what) => {
  code = 'EPERM';
  full = what;
  await expect(claimLock(path, about)).rejects.toMatchObject({
    kind: 'cannot-run',
    message: expect.stringContaining('the disk is full (ENOSPC)'),
  });
  expect(await readdir(folder)).toEqual([]);
});

test('any other failure is told', async () => {
  code = 'EACCES';
  await expect(claimLock(path, about)).rejects.toThrow('EACCES');
  expect(await readdir(folder)).toEqual([]);
});
