import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSession } from '../../../src/lifecycle/create-session.ts';
import { batchNames, openBatch } from '../../../src/lifecycle/batch/store.ts';
import { someBatchDay } from '../../support/batch-day.ts';
import { type TestWorld, testWorld } from '../../support/world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
  await (await world.aws.s3()).send(new CreateBucketCommand({ Bucket: 'team' }));
});
afterAll(() => world.close());

describe.each([
  ['a folder', '.shadowctl'],
  ['a bucket', 's3://team/state'],
])('in %s', (_, place) => {
  const session = () => createSession({ aws: world.aws, folder: world.root, clock: world.clock, state: { place } });

  test('days are kept beside the journal of the batch, a rerun replaces its day, and no endpoint is seen there', async () => {
    const store = await openBatch(session(), 'nightly');
    expect(await store.days()).toEqual([]);
    const first = someBatchDay();
    const second = someBatchDay({ day: '2026-11-30' });
    await expect(store.write(first)).rejects.toThrow('without its lock');
    await store.journal.locked('batch run', async () => {
      await store.journal.append({ type: 'run', run: 'r-1', command: 'batch run', by: 'me' });
      await store.write(second);
      await store.write({ ...first, attempt: 1 });
      await store.write({ ...first, attempt: 2 });
    });
    const again = await openBatch(session(), 'nightly');
    expect(await again.days()).toEqual(['2026-11-29', '2026-11-30']);
    expect(await again.readAll()).toEqual([{ ...first, attempt: 2 }, second]);
    expect(await again.read('2026-11-28')).toBeUndefined();
    expect(await batchNames(session())).toEqual(['nightly']);
    const root = await session().state();
    expect(await root.accounts()).toEqual([]);
    expect(await root.endpoints('000000000000', 'us-east-1')).toEqual([]);
    expect(again.path).toMatch(/batches\/000000000000\/us-east-1\/nightly\/days\/?$/);
  });
});

test('a damaged day is named, and what is wrong with it', async () => {
  const session = createSession({ aws: world.aws, folder: world.root, clock: world.clock });
  const store = await openBatch(session, 'nightly');
  writeFileSync(join(store.path, '2026-12-01.json'), '{"schema":"shadowctl-batch-day/9"}');
  await expect(store.readAll()).rejects.toMatchObject({
    kind: 'cannot-run',
    message: expect.stringContaining('2026-12-01'),
  });
  await expect(openBatch(session, 'a_b')).rejects.toMatchObject({ kind: 'usage' });
});
