import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { takeLease } from '../../src/state/lease.ts';
import type { Clock } from '../../src/base/clock.ts';
import { stateObjects } from '../../src/aws/state-objects.ts';
import { type Journal, type JournalEvent, openJournal, recordFact } from '../../src/state/journal.ts';
import type { ObjectPort } from '../../src/state/objects.ts';
import { objectState } from '../../src/state/object-state.ts';
import type { StateRoot } from '../../src/state/store.ts';
import { type TestWorld, testWorld } from '../support/world.ts';

/* Journals in a bucket, against the emulator's S3. */

const PLACE = { account: '000000000000', region: 'us-east-1', endpoint: 'weather' };
const run: JournalEvent = { type: 'run', run: 'r-1', command: 'deploy', by: 'me' };

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
  await (await world.aws.s3()).send(new CreateBucketCommand({ Bucket: 'team' }));
});
afterEach(() => world.close());

const port = (change: Partial<ObjectPort> = {}): ObjectPort => ({
  ...stateObjects(world.aws, world.clock, { bucket: 'team', key: 'shadowctl' }),
  ...change,
});
const root = (change: Partial<ObjectPort> = {}, lockTimeout = 0): StateRoot =>
  objectState(port(change), world.clock, { lockTimeout });
const open = (from = root()): Promise<Journal> => openJournal(from, PLACE, world.clock);

async function keys(): Promise<string[]> {
  const { Contents = [] } = await (await world.aws.s3()).send(new ListObjectsV2Command({ Bucket: 'team' }));
  return Contents.map(({ Key = '' }) => Key.replace('shadowctl/000000000000/us-east-1/weather/', ''));
}

test('what one machine appends another reads, an object an event, and the lock is gone afterwards', async () => {
  const journal = await open();
  expect(journal.events()).toEqual([]);
  expect(journal.path).toBe('s3://team/shadowctl/000000000000/us-east-1/weather/');
  await journal.locked('test', async () => {
    expect(await keys()).toEqual(['lock.json']);
    await journal.append(run);
    await recordFact({ journal, id: 'r-1' }, { name: 'clean', value: {} });
  });
  expect(await keys()).toEqual([1, 2, 3].map((n) => `events/00000000000${n}.json`));
  expect((await open()).events()).toEqual([
    { type: 'open', version: 1, ...PLACE, at: '2026-01-05T09:00:00.000Z' },
    { ...run, at: '2026-01-05T09:00:00.000Z' },
    { type: 'fact', run: 'r-1', name: 'clean', value: {}, at: '2026-01-05T09:00:00.000Z' },
  ]);
  expect(await root().endpoints('000000000000', 'us-east-1')).toEqual(['weather']);
  expect(await root().endpoints('000000000000', 'eu-west-1')).toEqual([]);
});

test('who finds the lock held is told by whom and what for; the lock is kept up while work goes on', async () => {
  const [ours, theirs] = [await open(), await open()];
  await ours.locked('deploy', async () => {
    // Three leases long.
    await world.clock.sleep(180_000);
    await expect(theirs.locked('canary', async () => undefined)).rejects.toThrow(/is locked by .* for `deploy`/);
    expect(await theirs.store.holder()).toMatchObject({ why: 'deploy', pid: process.pid });
    await ours.append(run);
  });
  expect(await theirs.store.holder()).toBe(undefined);
  await theirs.locked('canary', () => theirs.append(run));
  expect(theirs.events()).toHaveLength(3);
});

test('a lock is waited for as long as was asked, and taken when it is free', async () => {
  const [ours, theirs] = [await open(), await open(root({}, 120_000))];
  const order: string[] = [];
  await world.clock.all([
    () =>
      ours.locked('deploy', async () => {
        await world.clock.sleep(30_000);
        order.push('ours ends');
      }),
    async () => {
      await world.clock.sleep(1_000);
      await theirs.locked('canary', async () => void order.push('theirs begins'));
    },
  ]);
  expect(order).toEqual(['ours ends', 'theirs begins']);
});

test('a lease that ran out is taken over, and whoever held it writes nothing more', async () => {
  const [ours, theirs] = [await open(), await open()];
  await ours.locked('deploy', async () => {
    await ours.append(run);
    // The machine sleeps: nobody renews.
    world.clock.advance(61_000);
    await theirs.locked('canary', async () => {
      expect(theirs.notes()).toMatchObject([{ kind: 'lock-taken-over', from: { why: 'deploy' } }]);
      expect(() => ours.requireLock()).toThrow(/lock on the state was lost/);
      await expect(ours.append(run)).rejects.toThrow(/lock on the state was lost/);
      await theirs.append(run);
    });
  });
  expect((await open()).events()).toHaveLength(3);
  // What the first one leaves is not the lock of another.
  expect(await (await open()).store.holder()).toBe(undefined);
});

test('of two who write the same event, one is told, whatever their locks say', async () => {
  const [ours, theirs] = [await open(), await open()];
  await ours.locked('deploy', async () => {
    await ours.append(run);
    // A person took the lock away, and another came.
    expect(await theirs.store.breakLock()).toMatchObject({ why: 'deploy' });
    await theirs.locked('canary', async () => {
      await theirs.append({ ...run, run: 'r-2' });
      await expect(ours.append(run)).rejects.toThrow(/event 3 is there already/);
    });
  });
  expect((await open()).events().map((event) => ('run' in event ? event.run : ''))).toEqual(['', 'r-1', 'r-2']);
});

test('a reply that is lost is no refusal: what lies there is what was written', async () => {
  const objects = port();
  let lost = 0;
  const journal = await open(
    root({
      async put(key, text, condition) {
        if (key.includes('events/') && lost++ === 0) await objects.put(key, text, condition);
        return objects.put(key, text, condition);
      },
    }),
  );
  await journal.locked('deploy', () => journal.append(run));
  expect((await open()).events()).toHaveLength(2);
});

test('many events are written together, too, and are the same events; each stays where it is', async () => {
  const journal = await open();
  await journal.locked('deploy', async () => {
    for (let i = 0; i < 45; i += 1) await journal.append({ ...run, run: `r-${i}` });
  });
  const before = journal.events();
  await journal.locked('deploy', () => journal.append({ ...run, run: 'r-45' }));
  expect((await keys()).filter((key) => key.startsWith('upto'))).toEqual(['upto/000000000046.jsonl']);
  expect((await keys()).filter((key) => key.startsWith('events'))).toHaveLength(47);
  // What is read: the events together, and those after them.
  const objects = port();
  const read: string[] = [];
  const counted = await open(root({ get: (key) => (read.push(key), objects.get(key)) }));
  expect(counted.events()).toEqual([...before, expect.objectContaining({ run: 'r-45' })]);
  expect(read).toHaveLength(2);
});

test('who slept while others wrote much writes nothing between them', async () => {
  const [ours, theirs] = [await open(), await open()];
  await ours.locked('deploy', async () => {
    await ours.append(run);
    await theirs.store.breakLock();
    for (let round = 0; round < 2; round += 1)
      await theirs.locked('canary', async () => {
        for (let i = 0; i < 45; i += 1) await theirs.append({ ...run, run: 'r-2' });
      });
    await expect(ours.append(run)).rejects.toThrow(/event 3 is there already/);
  });
});

test('a lease that is renewed by two at a time is not taken for another one', async () => {
  let now = 0;
  let wake: () => void = () => undefined;
  const clock: Clock = {
    virtual: true,
    now: () => now,
    sleep: (_, signal) =>
      new Promise((resolve, reject) => {
        wake = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason));
      }),
    all: (branches) => Promise.all(branches.map((branch) => branch())),
  };
  // Each look is at another second of the store's clock.
  const objects = port();
  let looks = 0;
  const get: ObjectPort['get'] = async (key) => {
    const found = await objects.get(key);
    looks += 1;
    return found && { ...found, now: found.now + looks * 1_000 };
  };
  const lease = await takeLease(port({ get }), clock, 'lock.json', 'deploy', { most: 0 });
  await lease.whileHeld(async () => {
    await new Promise((resolve) => void setImmediate(resolve));
    now = 35_000;
    // The one that keeps it up, and the one that is about to write.
    wake();
    await lease.renewed();
  });
  // Both have ended by now.
  now = 55_000;
  lease.require();
  await lease.release();
});

test('whoever waits for a lock can stop waiting', async () => {
  const stop = new AbortController();
  const theirs = await open(objectState(port(), world.clock, { lockTimeout: 120_000, signal: stop.signal }));
  const ours = await open();
  await ours.locked('deploy', async () => {
    const waiting = theirs.locked('canary', async () => undefined);
    stop.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
  });
});

test('a missing event is damage, named with the place', async () => {
  const journal = await open();
  await journal.locked('deploy', () => journal.append(run));
  const Key = 'shadowctl/000000000000/us-east-1/weather/events/000000000001.json';
  await (await world.aws.s3()).send(new DeleteObjectCommand({ Bucket: 'team', Key }));
  await expect(open()).rejects.toThrow(/damaged: event 1 is missing/);
});

test.each([
  [
    'If-None-Match',
    (objects: ObjectPort): Partial<ObjectPort> => ({
      put: async (key, text, condition) => {
        const there = condition === 'absent' ? await objects.get(key) : undefined;
        return objects.put(key, text, there === undefined ? condition : { etag: there.etag });
      },
    }),
  ],
  [
    'If-Match on PutObject',
    (objects: ObjectPort): Partial<ObjectPort> => ({
      put: async (key, text, condition) => {
        const there = condition === 'absent' ? undefined : await objects.get(key);
        return objects.put(key, text, there === undefined ? condition : { etag: there.etag });
      },
    }),
  ],
  [
    'If-Match on DeleteObject',
    (objects: ObjectPort): Partial<ObjectPort> => ({
      delete: (key) => objects.delete(key),
    }),
  ],
])('a store that ignores %s is refused, and nothing of the lock stays', async (condition, ignoring) => {
  const journal = await open(root(ignoring(port())));
  await expect(journal.locked('deploy', async () => undefined)).rejects.toThrow(`ignores the condition ${condition}`);
  expect(await keys()).toEqual([]);
});

test('a key of KMS and the owner of the bucket are told to S3', async () => {
  const asked = stateObjects(
    world.aws,
    world.clock,
    { bucket: 'team', key: '' },
    { owner: '999999999999', kmsKey: 'alias/state' },
  );
  await expect(asked.get('x')).rejects.toMatchObject({ code: 'AccessDenied' });
  const own = stateObjects(world.aws, world.clock, { bucket: 'team', key: '' }, { kmsKey: 'alias/state' });
  await own.put('x', '{}', 'absent');
  const { ServerSideEncryption } = await (await world.aws.s3()).send(
    new GetObjectCommand({ Bucket: 'team', Key: 'x' }),
  );
  expect(ServerSideEncryption).toBe('aws:kms');
});

test('one watches at a time; another looks on without the lock, and without a word', async () => {
  const [ours, theirs] = [await open(), await open()];
  await ours.store.watching('canary', async () => {
    expect(await theirs.store.watcher()).toMatchObject({ why: 'canary' });
    expect(await theirs.store.watching('watch', async () => 'looked')).toBe('looked');
    expect(await theirs.store.watcher()).toMatchObject({ why: 'canary' });
  });
  expect(await theirs.store.watcher()).toBeUndefined();
  await expect(ours.store.watching('canary', () => Promise.reject(new Error('ended')))).rejects.toThrow('ended');
  expect(await keys()).not.toContain('watcher.json');
});

test('with 39 events each lies alone, from 40 on they are put together as well', async () => {
  const journal = await open();
  const together = async () => (await keys()).filter((key) => key.startsWith('upto'));
  await journal.locked('deploy', async () => {
    // The first event opens the journal.
    for (let i = 0; i < 38; i += 1) await journal.append(run);
  });
  await journal.locked('deploy', () => journal.append(run));
  expect(await together()).toEqual([]);
  await journal.locked('deploy', async () => undefined);
  expect(await together()).toEqual(['upto/000000000040.jsonl']);
  // And again once as many have followed.
  await journal.locked('deploy', async () => {
    for (let i = 0; i < 39; i += 1) await journal.append(run);
  });
  await journal.locked('deploy', async () => undefined);
  expect(await together()).toHaveLength(1);
});

test('events that were put together and are no longer whole are damage, named with the place', async () => {
  const journal = await open();
  await journal.locked('deploy', async () => {
    for (let i = 0; i < 40; i += 1) await journal.append(run);
  });
  await journal.locked('deploy', async () => undefined);
  const Key = 'shadowctl/000000000000/us-east-1/weather/upto/000000000041.jsonl';
  await (await world.aws.s3()).send(new PutObjectCommand({ Bucket: 'team', Key, Body: '{}\n' }));
  await expect(open()).rejects.toMatchObject({
    kind: 'cannot-run',
    message: expect.stringContaining('upto/000000000041.jsonl holds 1 events'),
  });
});

test('an event is fetched once, and one that was not there is asked for again', async () => {
  const objects = port();
  let asked = 0;
  const from = root({ get: (key) => ((asked += key.includes('events/') ? 1 : 0), objects.get(key)) });
  const journal = await open(from);
  await journal.locked('deploy', () => journal.append(run));
  const before = asked;
  const again = await open(from);
  expect(again.events()).toHaveLength(2);
  const first = asked - before;
  await open(from);
  expect([first, asked - before]).toEqual([2, 2]);
});
