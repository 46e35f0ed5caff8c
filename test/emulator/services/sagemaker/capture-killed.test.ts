import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { CreateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { expect, test } from 'vitest';
import { systemClock, type VirtualClock } from '../../../../src/base/clock.ts';
import { config, describeEndpoint, invoke, stand, variant, withModels } from './stand.ts';

test('captures outlive a kill -9 but for the last seconds, and a line that was cut short is left out', async () => {
  let ahead = 0;
  // The machine's clock, brought forward by hand.
  const clock = { ...systemClock, now: () => systemClock.now() + ahead } as unknown as VirtualClock;
  const dir = await mkdtemp(join(tmpdir(), 'shadowctl-killed-'));
  const latencies = { createEndpoint: 0, modelLatency: 0.1, publishCapture: 1_000 };
  const first = await stand({ clock, dir: join(dir, 'state'), latencies });
  await withModels(first);
  await first.s3.send(new CreateBucketCommand({ Bucket: 'captures' }));
  await config(first, 'c', [variant('AllTraffic', 1)], {
    DataCaptureConfig: {
      InitialSamplingPercentage: 100,
      DestinationS3Uri: 's3://captures',
      CaptureOptions: [{ CaptureMode: 'Input' }],
    },
  });
  await first.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'c' }));
  await expect.poll(async () => (await describeEndpoint(first)).EndpointStatus).toBe('InService');
  // To the beginning of a minute, so that all of this happens in one.
  ahead += 60_000 - (clock.now() % 60_000);
  for (let call = 0; call < 3; call += 1) await invoke(first, { InferenceId: `row ${call}` });
  ahead += 6_000;
  await describeEndpoint(first);
  const { store } = first.emulator.world;
  const saved = () => store.table('sagemaker-captures').entries();
  await expect.poll(() => saved().length).toBe(1);
  await store.flush();
  // What a process that is killed in the middle of its next write leaves behind.
  await store.blobs.append(saved()[0]?.[0] ?? '', Buffer.from('{"captureData":{"endpointInp'));
  await cp(join(dir, 'state'), join(dir, 'left'), { recursive: true });
  await first.close();

  ahead += 120_000;
  const second = await stand({ clock, dir: join(dir, 'left'), latencies });
  await expect
    .poll(async () => (await second.s3.send(new ListObjectsV2Command({ Bucket: 'captures' }))).KeyCount)
    .toBe(1);
  const { Contents = [] } = await second.s3.send(new ListObjectsV2Command({ Bucket: 'captures' }));
  const object = await second.s3.send(new GetObjectCommand({ Bucket: 'captures', Key: Contents[0]?.Key }));
  const lines = ((await object.Body?.transformToString()) ?? '').split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.map((line) => JSON.parse(line).eventMetadata.inferenceId)).toEqual(['row 0', 'row 1', 'row 2']);
  await second.close();
  await rm(dir, { recursive: true, force: true });
});
