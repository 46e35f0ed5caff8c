import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeBatch, encodeBatch } from '../../../src/emulator/storage/line.ts';
import { createMemoryStore } from '../../../src/emulator/storage/memory.ts';
import { openStore } from '../../../src/emulator/storage/open.ts';
import { compareUtf8 } from '../../../src/emulator/storage/table.ts';
import type { Store } from '../../../src/emulator/storage/store.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shadowctl-store-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** All kinds of store must behave alike. */
const KINDS: [string, () => Promise<Store>][] = [
  ['in memory', () => openStore(undefined)],
  ['in memory that is full', async () => createMemoryStore(20)],
  ['on disk', () => openStore(dir)],
];

describe.each(KINDS)('a store %s', (_, open) => {
  it('does as a plain map does, listed in order', async () => {
    const store = await open();
    const key = fc.stringMatching(/^[ab/é\u{1f680}\ufb01]{0,4}$/u);
    const step = fc.oneof(
      fc.record({ do: fc.constant('set' as const), key, value: fc.integer() }),
      fc.record({ do: fc.constant('delete' as const), key }),
      fc.record({ do: fc.constant('list' as const), key }),
    );
    let run = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        run += 1;
        const table = store.table<number>(`run ${run}`);
        const model = new Map<string, number>();
        for (const one of steps) {
          if (one.do === 'set') {
            table.set(one.key, one.value);
            model.set(one.key, one.value);
          }
          const deleted = one.do === 'delete' && table.delete(one.key);
          expect(deleted).toBe(one.do === 'delete' && model.delete(one.key));
          // Sorted once, a table is kept sorted: some runs list early, some late.
          const listed = one.do === 'list' ? table.entries(one.key) : [];
          expect(listed).toEqual(one.do === 'list' ? expected(model, one.key) : []);
          expect(table.size).toBe(model.size);
          expect(table.get(one.key)).toBe(model.get(one.key));
        }
      }),
    );
    await store.close();
  });

  it('keeps bytes under any key, in ranges, and appends in order', async () => {
    const { blobs, close } = await open().then((store) => ({ blobs: store.blobs, close: () => store.close() }));
    for (const key of ['a', 'a/b', '../../../etc/passwd', 'x'.repeat(5000), '', 'ä/🚀', 'con', 'a\0b']) {
      await blobs.put(key, Buffer.from(key));
      expect(Buffer.from((await blobs.get(key)) ?? [1]).toString()).toBe(key);
    }
    const input = Buffer.from('0123456789');
    await blobs.put('digits', input);
    input.fill(0);
    const text = async (range?: { start: number; end: number }) =>
      Buffer.from((await blobs.get('digits', range)) ?? []).toString();
    expect([
      await text(),
      await text({ start: 2, end: 4 }),
      await text({ start: 8, end: 99 }),
      await text({ start: 20, end: 30 }),
    ]).toEqual(['0123456789', '234', '89', '']);
    await Promise.all(Array.from({ length: 50 }, (_, i) => blobs.append('log', Buffer.from(`${i},`))));
    expect(Buffer.from((await blobs.get('log')) ?? []).toString()).toBe(
      Array.from({ length: 50 }, (_, i) => `${i},`).join(''),
    );
    await blobs.delete('digits');
    await blobs.delete('digits');
    expect(await blobs.get('digits')).toBeUndefined();
    await close();
  });
});

describe('bytes in memory', () => {
  it('beyond a bound lie in a temporary folder, whatever is done to them, and are gone when the store is closed', async () => {
    const spills = async () =>
      (await readdir(tmpdir())).filter((name) => name.startsWith(`shadowctl-spill-${process.pid}-`));
    const before = await spills();
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.record({
      do: fc.constantFrom('put' as const, 'append' as const, 'delete' as const, 'get' as const),
      key,
      size: fc.nat(40),
      pause: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { blobs, close } = createMemoryStore(60);
        const model = new Map<string, string>();
        await blobs.append('first', Buffer.alloc(100));
        // Nobody waits for what is under way: order alone must see to it.
        const work: Promise<void>[] = [];
        const read = async (one: string, expected: string | undefined) => {
          const found = await blobs.get(one);
          expect(found && Buffer.from(found).toString()).toBe(expected);
        };
        for (const [index, one] of steps.entries()) {
          const text = String.fromCharCode(65 + (index % 26)).repeat(one.size);
          const old = model.get(one.key);
          if (one.do === 'get') work.push(read(one.key, old));
          else if (one.do === 'delete') {
            model.delete(one.key);
            work.push(blobs.delete(one.key));
          } else {
            model.set(one.key, one.do === 'put' ? text : (old ?? '') + text);
            work.push(blobs[one.do](one.key, Buffer.from(text)));
          }
          if (one.pause) await new Promise(setImmediate);
        }
        await Promise.all(work);
        for (const one of ['a', 'b', 'c', 'd']) await read(one, model.get(one));
        await close();
      }),
      { numRuns: 60 },
    );
    const store = createMemoryStore(1000);
    for (let part = 0; part < 10; part += 1) await store.blobs.append(`b${part}`, Buffer.alloc(300, part));
    expect((await spills()).length).toBe(before.length + 1);
    for (let part = 0; part < 10; part += 1)
      expect(await store.blobs.get(`b${part}`).then((bytes) => bytes && Buffer.from(bytes))).toEqual(
        Buffer.alloc(300, part),
      );
    await store.close();
    expect(await spills()).toEqual(before);
  });
});

describe('a store on disk', () => {
  it('comes back as it was, dates, bytes and odd numbers included', async () => {
    const value = {
      at: new Date(5),
      bytes: new Uint8Array([0, 255]),
      n: [Number.NaN, Number.POSITIVE_INFINITY, -1.5],
      $date: 'not one',
      nested: { $bytes: [1] },
      none: null,
    };
    let store = await openStore(dir);
    store.table('a').set('k', value);
    store.table('a').set('gone', 1);
    store.table('a').delete('gone');
    await store.blobs.put('b', Buffer.from('bytes'));
    await store.close();
    store = await openStore(dir);
    expect(store.table('a').entries()).toEqual([['k', value]]);
    expect(Buffer.from((await store.blobs.get('b')) ?? []).toString()).toBe('bytes');
    await store.close();
  });

  it('keeps its blobs inside its folder', async () => {
    const store = await openStore(join(dir, 'inner'));
    await store.blobs.put('../outside', Buffer.from('x'));
    await store.blobs.append('/absolute', Buffer.from('x'));
    await store.close();
    expect(await readdir(dir)).toEqual(['inner']);
    expect((await readdir(join(dir, 'inner'))).sort()).toEqual(['blobs', 'state.jsonl']);
  });

  it('does not grow with changes to the same records, and comes back right after a compaction', async () => {
    let store = await openStore(dir);
    const table = store.table<{ round: number; pad: string }>('t');
    for (let round = 0; round < 60; round += 1) {
      for (let key = 0; key < 20; key += 1) table.set(`k${key}`, { round, pad: String(round % 10).repeat(20_000) });
      table.set(`once ${round}`, { round, pad: '' });
      await store.flush();
    }
    // 60 rounds of 400 kB were written; 400 kB are alive.
    const { size } = await stat(join(dir, 'state.jsonl'));
    expect(size).toBeLessThan(10_000_000);
    await store.close();
    store = await openStore(dir);
    const again = store.table<{ round: number; pad: string }>('t');
    expect(again.size).toBe(80);
    expect(again.get('k7')).toEqual({ round: 59, pad: '9'.repeat(20_000) });
    expect(again.get('once 3')).toEqual({ round: 3, pad: '' });
    await store.close();
  });

  it('keeps what changes while it is being compacted', async () => {
    let store = await openStore(dir);
    const table = store.table<string>('t');
    for (let key = 0; key < 40; key += 1) table.set(`k${key}`, 'a'.repeat(250_000));
    // 10 MB: the first flush writes them and compacts.
    const progress = { done: false, rounds: 0 };
    const flushed = store.flush().finally(() => {
      progress.done = true;
    });
    while (!progress.done) {
      progress.rounds += 1;
      table.set(`during ${progress.rounds}`, 'new');
      if (progress.rounds % 3 === 0) table.delete(`during ${progress.rounds - 1}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await flushed;
    expect(progress.rounds).toBeGreaterThan(5);
    const expected = table.entries();
    await store.close();
    store = await openStore(dir);
    expect(store.table('t').entries()).toEqual(expected);
    await store.close();
  });

  it('flushes nothing when nothing has changed', async () => {
    const store = await openStore(dir);
    store.table('t').set('k', 1);
    await store.flush();
    const before = await stat(join(dir, 'state.jsonl'));
    for (let i = 0; i < 1000; i += 1) await store.flush();
    expect((await stat(join(dir, 'state.jsonl'))).mtimeMs).toBe(before.mtimeMs);
    await store.close();
  });

  it('says so when it cannot write, and loses nothing', async () => {
    const store = await openStore(dir);
    store.table<unknown>('t').set('k', new Map());
    await expect(store.flush()).rejects.toThrow('may not hold a Map');
    store.table<unknown>('t').set('k', 'sound');
    await store.close();
    const again = await openStore(dir);
    expect(again.table('t').get('k')).toBe('sound');
    await again.close();
  });
});

describe('a line of the log', () => {
  it('gives back what JSON can hold, and what it cannot', () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array(),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('value')),
        fc.dictionary(fc.constantFrom('$date', '$bytes', '$number', '$object', 'a', 'b'), tie('value')),
      ),
    }));
    fc.assert(
      fc.property(value, (one) => {
        const [[, , back] = []] = decodeBatch(encodeBatch([['t', 'k', one]]));
        expect(normal(back)).toEqual(normal(one));
      }),
    );
  });

  it('is refused when it is something else', () => {
    for (const line of ['{}', '[1]', '[["t"]]', '[["t",1]]', 'null'])
      expect(() => decodeBatch(line)).toThrow(SyntaxError);
  });
});

describe('the order of keys', () => {
  it('is that of their bytes in UTF-8', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});

function expected(model: Map<string, number>, prefix: string): [string, number][] {
  const found = [...model].filter(([key]) => key.startsWith(prefix));
  return found.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** JSON knows no negative zero. */
function normal(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(normal);
  if (value === null || typeof value !== 'object' || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, normal(inner)]));
}
