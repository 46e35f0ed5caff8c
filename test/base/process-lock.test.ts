import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimLock, readLock } from '../../src/base/process-lock.ts';
import { startOf } from '../../src/base/process-alive.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadowctl-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const about = { by: 'me@here', why: 'deploy', now: Date.UTC(2026, 0, 5, 9) };
/** No process has this number. */
const NOBODY = 2 ** 22 + 1;
const holder = {
  id: 'x',
  by: 'me@here',
  host: hostname(),
  pid: NOBODY,
  why: 'canary',
  since: '2026-01-05T08:00:00.000Z',
};
const held = (more: object) => writeFile(path, JSON.stringify({ ...holder, ...more }));

async function taken() {
  const claim = await claimLock(path, about);
  if (claim.kind !== 'taken') throw new Error(claim.kind);
  return claim.lock;
}

test('it says who, what for and since when, and leaves nothing behind', async () => {
  const lock = await taken();
  expect(await readLock(path)).toMatchObject({
    kind: 'held',
    holder: { by: 'me@here', host: hostname(), pid: process.pid, why: 'deploy', since: '2026-01-05T09:00:00.000Z' },
  });
  expect(await claimLock(path, { ...about, why: 'cleanup' })).toMatchObject({
    kind: 'held',
    holder: { why: 'deploy' },
  });
  await lock.release();
  expect(await readLock(path)).toEqual({ kind: 'free' });
  expect(await readdir(folder)).toEqual([]);
});

describe.each(['null', '{}', '[]', '5', '"x"', 'garbage', '', '{"pid":', '{"host":"h","pid":0,"since":""}'])(
  'a lock that holds %s',
  (content) => {
    test('is damaged, and stays', async () => {
      await writeFile(path, content);
      expect(await readLock(path)).toEqual({ kind: 'damaged', content });
      expect(await claimLock(path, about)).toEqual({ kind: 'damaged', content });
      expect(await readFile(path, 'utf8')).toBe(content);
      expect(await readdir(folder)).toEqual(['lock']);
    });

    test("is taken over where the caller knows that it is nobody's", async () => {
      await writeFile(path, content);
      expect(await claimLock(path, { ...about, takeDamaged: true })).toMatchObject({
        kind: 'taken',
        lock: { after: 'damaged' },
      });
    });
  },
);

describe('a holder', () => {
  test('that has ended is taken over, and told', async () => {
    await held({});
    expect(await taken()).toMatchObject({ after: { why: 'canary' } });
  });

  test('of another host is respected', async () => {
    await held({ host: 'elsewhere' });
    expect(await claimLock(path, about)).toMatchObject({ kind: 'held' });
  });

  test('that lives is respected', async () => {
    await held({ pid: process.ppid });
    expect(await claimLock(path, about)).toMatchObject({ kind: 'held' });
    await held({ pid: process.ppid, started: startOf(process.ppid) });
    expect(await claimLock(path, about)).toMatchObject({ kind: 'held' });
  });

  test("with this process's number that is not this process is one that has ended", async () => {
    await held({ pid: process.pid });
    expect(await readLock(path)).toMatchObject({ kind: 'stale' });
  });

  test.runIf(process.platform === 'linux')('whose number a later process bears has ended', async () => {
    await held({ pid: process.ppid, started: 'another boot/1' });
    expect(await readLock(path)).toMatchObject({ kind: 'stale' });
  });

  test.runIf(process.platform === 'linux')(
    'whose number counts in another container cannot be seen: it is respected',
    async () => {
      await held({ pidNamespace: 'pid:[1]' });
      expect(await claimLock(path, about)).toMatchObject({ kind: 'held' });
    },
  );

  test.runIf(process.platform === 'linux')('that has ended and that nobody has collected has ended', async () => {
    // `sleep` never waits for the child that the shell left it.
    const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 20'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    await held({ pid: Number(line.toString()) });
    await expect.poll(async () => (await readLock(path)).kind).toBe('stale');
    parent.kill('SIGKILL');
  });
});

test('of many that find the same stale lock, one gets it', async () => {
  const after = async (turns: number) => {
    for (let turn = 0; turn < turns; turn += 1) await setImmediate();
    return claimLock(path, about);
  };
  for (let round = 0; round < 40; round += 1) {
    await held({});
    // Some find the lock stale while another is about to take it over.
    const claims = await Promise.all(Array.from({ length: 12 }, (_, i) => after(i * (round % 8))));
    const winners = claims.flatMap((claim) => (claim.kind === 'taken' ? [claim.lock] : []));
    expect(winners).toHaveLength(1);
    expect(await readLock(path)).toMatchObject({ kind: 'held', holder: { why: 'deploy' } });
    await winners[0]?.release();
  }
  expect(await readdir(folder)).toEqual([]);
});

test("a process that was killed while it took a lock over is in nobody's way", async () => {
  await held({});
  await writeFile(`${path}.takeover`, JSON.stringify(holder));
  expect(await taken()).toMatchObject({ after: { why: 'canary' } });
  expect(await readdir(folder)).toEqual(['lock']);
});

test('the lock of another, made after ours was deleted by hand, stays', async () => {
  const lock = await taken();
  await held({ host: 'elsewhere' });
  await lock.release();
  expect(await readLock(path)).toMatchObject({ kind: 'held', holder: { id: 'x' } });
});

test.each([
  { ...holder, pid: 1.5 },
  { ...holder, pid: '7' },
  { ...holder, host: '' },
  { ...holder, since: undefined },
  { ...holder, why: 5 },
])('%j says nothing that a lock says', async (content) => {
  await writeFile(path, JSON.stringify(content));
  expect(await readLock(path)).toMatchObject({ kind: 'damaged' });
});

test('of a damaged lock its beginning is told', async () => {
  await writeFile(path, 'x'.repeat(100));
  expect(await readLock(path)).toEqual({ kind: 'damaged', content: 'x'.repeat(60) });
});

test('a lock whose content comes a moment later is held', async () => {
  await writeFile(path, '');
  const [state] = await Promise.all([readLock(path), setTimeout(10).then(() => held({ host: 'elsewhere' }))]);
  expect(state).toMatchObject({ kind: 'held' });
});

test('what is no file, or lies in no folder, is an error and leaves nothing behind', async () => {
  await mkdir(path);
  await expect(readLock(path)).rejects.toThrow('EISDIR');
  await expect(claimLock(path, about)).rejects.toThrow('EISDIR');
  expect(await readdir(folder)).toEqual(['lock']);
  await expect(claimLock(join(folder, 'never', 'lock'), about)).rejects.toThrow('ENOENT');
});

test('releasing a lock that was deleted by hand does nothing, nor one that is damaged since', async () => {
  const lock = await taken();
  await rm(path);
  await lock.release();
  expect(await readdir(folder)).toEqual([]);
  const other = await taken();
  await writeFile(path, 'garbage');
  await other.release();
  expect(await readFile(path, 'utf8')).toBe('garbage');
});

test('a lock that was free had nobody before', async () => {
  expect((await taken()).after).toBeUndefined();
});

test('while a living process takes a stale lock over, another waits', async () => {
  await held({});
  const guard = `${path}.takeover`;
  await writeFile(guard, JSON.stringify({ ...holder, pid: process.ppid }));
  let done = false;
  const claim = claimLock(path, about).finally(() => (done = true));
  await setTimeout(100);
  expect(done).toBe(false);
  expect(await readLock(path)).toMatchObject({ kind: 'stale', holder: { why: 'canary' } });
  await rm(guard);
  expect(await claim).toMatchObject({ kind: 'taken', lock: { after: { why: 'canary' } } });
});

test("a damaged sign of a takeover is in nobody's way", async () => {
  await held({});
  await writeFile(`${path}.takeover`, 'garbage');
  expect(await taken()).toMatchObject({ after: { why: 'canary' } });
  expect(await readdir(folder)).toEqual(['lock']);
});
