import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import {
  CreateModelCommand,
  StopTransformJobCommand,
  waitUntilTransformJobCompletedOrStopped,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemClock, VirtualClock } from '../../../../src/base/clock.ts';
import { QUICK_LATENCIES } from '../../../../src/emulator/world/options.ts';
import { create, describeJob, get, keys, type ModelServer, modelServer, put, rows } from './batch.ts';
import { type Stand, stand, START, withModels } from './stand.ts';

let server: ModelServer;
let dir: string;
beforeAll(async () => {
  server = await modelServer();
  dir = await mkdtemp(join(tmpdir(), 'shadowctl-'));
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true });
});

async function withMine(it: Stand): Promise<void> {
  await it.s3.send(new CreateBucketCommand({ Bucket: 'data' }));
  await it.sagemaker.send(
    new CreateModelCommand({
      ModelName: 'mine',
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/SageMaker',
      PrimaryContainer: { Image: 'mine' },
    }),
  );
}

test('a job goes on where it was when the emulator ended: waiting, done but not stored, and over', async () => {
  const start = (seconds: number) => stand({ dir, clock: new VirtualClock(START + seconds * 1000) });
  let it = await start(0);
  await withModels(it);
  await it.s3.send(new CreateBucketCommand({ Bucket: 'data' }));
  await put(it, 'in/a', rows(2));
  await create(it, 'restarted');
  await it.close();
  it = await start(100);
  expect((await describeJob(it, 'restarted')).TransformJobStatus).toBe('InProgress');
  it.at(250);
  const working = await describeJob(it, 'restarted');
  expect(working.TransformStartTime).toEqual(new Date(START + 210_000));
  await it.close();
  it = await start(1000);
  const done = await describeJob(it, 'restarted');
  expect(done).toMatchObject({ TransformJobStatus: 'Completed', TransformStartTime: working.TransformStartTime });
  expect(Number(done.TransformEndTime)).toBeLessThan(START + 310_000);
  expect(await get(it, 'out/a.out')).toMatch(/^\{"predicted_label"/);
  await it.close();
  it = await start(2000);
  expect(await describeJob(it, 'restarted')).toEqual(done);
  expect(await get(it, 'out/a.out')).toMatch(/^\{"predicted_label"/);
  await it.close();
});

test('on the machine’s clock a job works beside everything else, can be stopped, and begins again after the end of its emulator', async () => {
  const folder = join(dir, 'real');
  const latencies = { ...QUICK_LATENCIES, launchTransformJob: 0, runTransformJob: 0, stopTransformJob: 0 };
  const start = () =>
    stand({ dir: folder, clock: systemClock as never, latencies, containers: [`mine=${server.url}`] });
  let it = await start();
  const { blobs } = it.emulator.world.store;
  const [made, discarded] = [vi.spyOn(blobs, 'put'), vi.spyOn(blobs, 'delete')];
  await withMine(it);
  await put(it, 'in/a', 'a\n');
  await put(it, 'in/b', 'b\n');
  const usual = server.answer;
  // It answers one object, and never the other.
  server.answer = (sent) => (sent.path === '/invocations' && sent.body === 'b\n' ? undefined : usual(sent));
  const asked = { ModelName: 'mine' };
  // Of two instances one has done its part by then.
  const TransformResources = { InstanceType: 'ml.m5.xlarge', InstanceCount: 2 } as const;
  await create(it, 'held', { ...asked, TransformResources });
  await create(it, 'broken-off', { ...asked, output: { S3OutputPath: 's3://data/broken-off' } });
  const busy = async () => {
    while (server.sent.filter(({ body }) => body === 'b\n').length < 2) await describeJob(it, 'held');
  };
  await busy();
  expect((await describeJob(it, 'held')).TransformJobStatus).toBe('InProgress');
  await it.sagemaker.send(new StopTransformJobCommand({ TransformJobName: 'held' }));
  const wait = { client: it.sagemaker, minDelay: 1, maxDelay: 1, maxWaitTime: 30 };
  await waitUntilTransformJobCompletedOrStopped(wait, { TransformJobName: 'held' });
  expect((await describeJob(it, 'held')).TransformJobStatus).toBe('Stopped');
  expect(await keys(it, 'out/')).toEqual([]);
  await it.close();
  // What was made for nothing is not kept.
  const outputs = made.mock.calls.map(([key]) => key).filter((key) => key.startsWith('sagemaker/transforms/'));
  expect(outputs).toHaveLength(2);
  expect(discarded.mock.calls.map(([key]) => key)).toEqual(expect.arrayContaining(outputs));
  server.answer = usual;
  it = await start();
  const again = { ...wait, client: it.sagemaker };
  await waitUntilTransformJobCompletedOrStopped(again, { TransformJobName: 'broken-off' });
  expect((await describeJob(it, 'broken-off')).TransformJobStatus).toBe('Completed');
  expect(await keys(it, 'broken-off/')).toEqual(['broken-off/a.out', 'broken-off/b.out']);
  await it.close();
});
