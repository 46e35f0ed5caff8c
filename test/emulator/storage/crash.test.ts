import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { createObjectStore } from '../../../src/emulator/world/objects/store.ts';
import { openStore } from '../../../src/emulator/storage/open.ts';
import { sampled } from '../../support/sizes.ts';
import { bundle, start } from './bundle.ts';

// Real processes on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

let program: string;
let dir: string;
beforeAll(async () => {
  program = await bundle('writer.ts');
});
afterAll(() => rm(dirname(program), { recursive: true }));
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shadowctl-state-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A process is killed at another point of its work in each. */
const LIVES = Array.from({ length: 9 }, (_, life) => life);

interface Round {
  round: number;
  pad: string;
}

/** Are the bytes those whose length says what they must be? The writer's sizes are a multiple of 256 and a little more. */
function isWhole(blob: Uint8Array | undefined): boolean {
  return blob !== undefined && Buffer.alloc(blob.length, blob.length % 256).equals(blob);
}

describe('a kill -9', () => {
  it('in the middle of writing loses nothing that was promised, and leaves what belongs together together', async () => {
    let before = 0;
    for (const life of sampled(LIVES.slice(0, 8), 3)) {
      const writer = start(program, dir, 'flush');
      expect(await writer.line()).toBe(`opened ${before}`);
      let kept = before;
      // Killed at another point of its work each time.
      for (let lines = 0; lines < 1 + life * 4; lines += 1) kept = Number((await writer.line()).split(' ')[1]);
      writer.child.kill('SIGKILL');
      await writer.ended;
      const store = await openStore(dir);
      const left = store.table<Round>('left').get('same');
      expect(left).toEqual(store.table<Round>('right').get('same'));
      expect(left?.round).toBeGreaterThanOrEqual(kept);
      expect(isWhole(await store.blobs.get('replaced'))).toBe(true);
      before = left?.round ?? 0;
      await store.close();
    }
  });

  it('leaves bytes that are replaced whole, the old or the new', async () => {
    for (const life of sampled(LIVES.slice(0, 9), 3)) {
      const writer = start(program, dir, 'blobs');
      for (let lines = 0; lines < 3; lines += 1) await writer.line();
      await new Promise((resolve) => setTimeout(resolve, life * 3));
      writer.child.kill('SIGKILL');
      await writer.ended;
      const store = await openStore(dir);
      expect(isWhole(await store.blobs.get('replaced'))).toBe(true);
      // Of what was begun and never finished nothing is left.
      expect(await readdir(join(dir, 'blobs'))).toHaveLength(1);
      await store.close();
    }
  });

  it('never leaves an object in S3 without its bytes', async () => {
    for (const life of sampled(LIVES.slice(0, 6), 2)) {
      const writer = start(program, dir, 'objects');
      for (let lines = 0; lines < 3 + life * 3; lines += 1) await writer.line();
      await new Promise((resolve) => setTimeout(resolve, life));
      writer.child.kill('SIGKILL');
      await writer.ended;
      const store = await openStore(dir);
      expect(isWhole(await createObjectStore(store, systemClock).get('000000000000', 'b', 'same'))).toBe(true);
      await store.close();
    }
  });

  it('while nobody flushes loses the last moments only', async () => {
    const writer = start(program, dir, 'gather');
    await writer.line();
    await new Promise((resolve) => setTimeout(resolve, 600));
    writer.child.kill('SIGKILL');
    await writer.ended;
    const store = await openStore(dir);
    expect(store.table<Round>('left').get('same')?.round).toBeGreaterThan(0);
    expect(store.table<Round>('left').get('same')).toEqual(store.table<Round>('right').get('same'));
    await store.close();
  });

  it('leaves a lock that the next process takes over, while a living one is respected', async () => {
    const holder = start(program, dir, 'idle');
    await holder.line();
    await expect(openStore(dir)).rejects.toThrow(`in use by process ${holder.child.pid} since`);
    const second = start(program, dir, 'idle');
    await expect(second.line()).rejects.toThrow('in use by process');
    holder.child.kill('SIGKILL');
    await holder.ended;
    const third = start(program, dir, 'idle');
    expect(await third.line()).toBe('opened 0');
    third.child.kill('SIGKILL');
    await third.ended;
  });
});

describe('the lock', () => {
  it('of another host is respected, and says how to go on', async () => {
    const lock = { pid: 1, host: 'elsewhere', since: '2026-01-05T09:00:00.000Z', started: undefined };
    await writeFile(join(dir, 'lock'), JSON.stringify(lock));
    const problem = await openStore(dir).catch((error: unknown) => error);
    expect(problem).toMatchObject({
      message: expect.stringContaining('process 1 on elsewhere since 2026'),
      next: expect.stringContaining('delete'),
    });
  });

  it.runIf(process.platform === 'linux')('of a number that a later process bears is stale', async () => {
    const lock = { pid: process.ppid, host: hostname(), since: '2026-01-05T09:00:00.000Z', started: 'another boot/1' };
    await writeFile(join(dir, 'lock'), JSON.stringify(lock));
    const store = await openStore(dir);
    expect(JSON.parse(await readFile(join(dir, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    await store.close();
  });

  it('that was never written to its end is stale', async () => {
    await writeFile(join(dir, 'lock'), '{"pid":');
    const store = await openStore(dir);
    expect(JSON.parse(await readFile(join(dir, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    await store.close();
  });

  it('keeps this process from opening a folder twice', async () => {
    const store = await openStore(dir);
    await expect(openStore(dir)).rejects.toThrow('already open');
    await store.close();
    await (await openStore(dir)).close();
  });
});

describe('a damaged log', () => {
  const fill = async () => {
    const store = await openStore(dir);
    for (let i = 0; i < 3; i += 1) {
      store.table('t').set(`k${i}`, i);
      await store.flush();
    }
    await store.close();
  };
  const entries = async () => {
    const store = await openStore(dir);
    const found = store.table('t').entries();
    await store.close();
    return found;
  };
  const all = [
    ['k0', 0],
    ['k1', 1],
    ['k2', 2],
  ];

  it.each([`[["t","k3","${'x'.repeat(50)}`, '[["t","k3",3', '[["t","k3",3]', '{}', '\0\0\0', '[["t","k3"'])(
    'forgives a torn last line, case %#',
    async (torn) => {
      await fill();
      const sound = await readFile(join(dir, 'state.jsonl'), 'utf8');
      await appendFile(join(dir, 'state.jsonl'), torn);
      expect(await entries()).toEqual(all);
      expect(await readFile(join(dir, 'state.jsonl'), 'utf8')).toBe(sound);
    },
  );

  it('forgives a torn last line at every byte', async () => {
    await fill();
    const whole = await readFile(join(dir, 'state.jsonl'));
    const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (let length = lastLine; length < whole.length; length += 1) {
      await writeFile(join(dir, 'state.jsonl'), whole.subarray(0, length));
      expect(await entries()).toEqual(all.slice(0, 2));
    }
  });

  it('forgives no other line, and says what to do', async () => {
    await fill();
    const text = await readFile(join(dir, 'state.jsonl'), 'utf8');
    await writeFile(join(dir, 'state.jsonl'), text.replace('[["t","k1",1]]', '[["t","k1",1'));
    const problem = await openStore(dir).catch((error: unknown) => error);
    expect(problem).toMatchObject({
      message: expect.stringContaining('damaged: line 3'),
      next: expect.stringContaining('begin afresh'),
    });
  });

  it('of another version is refused, and says what to do', async () => {
    await writeFile(join(dir, 'state.jsonl'), '{"format":"shadowctl emulator state","version":2}\n[["t","k",1]]\n');
    const problem = await openStore(dir).catch((error: unknown) => error);
    expect(problem).toMatchObject({
      message: expect.stringContaining('has version 2; this shadowctl reads version 1'),
      next: expect.stringContaining('--dir'),
    });
    // Refusing must not hold the folder nor touch the file.
    await writeFile(join(dir, 'state.jsonl'), 'not ours\n');
    await expect(openStore(dir)).rejects.toThrow('damaged: line 1');
    expect(await readFile(join(dir, 'state.jsonl'), 'utf8')).toBe('not ours\n');
  });

  it('a compaction that was cut short leaves no trace', async () => {
    await fill();
    await writeFile(
      join(dir, 'state.jsonl.new'),
      '{"format":"shadowctl emulator state","version":1}\n[["t","k0",99]]\n',
    );
    expect(await entries()).toEqual(all);
  });
});
