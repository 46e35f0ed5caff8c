import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.ts';
import { config, describeEndpoint, invoke, type Stand, stand, START, variant, withEndpoint } from './stand.ts';

let dir: string;
let it: Stand;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shadowctl-'));
  it = await stand({ dir });
});
afterEach(async () => {
  await it.close();
  await rm(dir, { recursive: true });
});

/** Closes the emulator and starts another on the same folder, this many seconds after START. */
async function restart(seconds: number, meanwhile: () => Promise<void> = async () => {}) {
  await it.close();
  await meanwhile();
  it = await stand({ dir, clock: new VirtualClock(START + seconds * 1000) });
}

test('an endpoint in the middle of a canary goes on where it was', async () => {
  await withEndpoint(it);
  await it.s3.send(new CreateBucketCommand({ Bucket: 'captures' }));
  await config(it, 'config-2', [variant('AllTraffic', 3, { ModelName: 'm009' })], {
    DataCaptureConfig: {
      InitialSamplingPercentage: 100,
      DestinationS3Uri: 's3://captures',
      CaptureOptions: [{ CaptureMode: 'Input' }],
    },
  });
  it.at(300);
  await it.sagemaker.send(
    new UpdateEndpointCommand({
      EndpointName: 'Weather',
      EndpointConfigName: 'config-2',
      DeploymentConfig: {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: {
            Type: 'CANARY',
            CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 },
            WaitIntervalInSeconds: 300,
          },
        },
      },
    }),
  );
  it.at(500);
  for (let index = 0; index < 30; index += 1) await invoke(it);
  const before = await describeEndpoint(it);
  // The machines keep their artifacts, whatever becomes of S3.
  for (const number of ['005', '009'])
    await it.s3.send(new DeleteObjectCommand({ Bucket: 'models', Key: `${number}.tar.gz` }));

  await restart(510);
  expect(await describeEndpoint(it)).toEqual(before);
  for (let index = 0; index < 30; index += 1) await invoke(it);
  it.at(600);
  const { Contents = [] } = await it.s3.send(new ListObjectsV2Command({ Bucket: 'captures' }));
  expect(Contents.length).toBe(2);

  await restart(2000);
  expect(await describeEndpoint(it)).toMatchObject({
    EndpointStatus: 'InService',
    EndpointConfigName: 'config-2',
    LastModifiedTime: new Date(START + 830_000),
  });
  await invoke(it);
});

test('a rollback that shadowctl 0.1 had begun goes on', async () => {
  await withEndpoint(it);
  await config(it, 'config-2', [variant('AllTraffic', 3, { ModelName: 'm009' })]);
  it.emulator.world.faults.add({ kind: 'insufficient-capacity' });
  it.at(300);
  await it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'config-2' }));
  it.at(490);
  expect(await describeEndpoint(it)).toMatchObject({ EndpointStatus: 'Updating' });
  await restart(500, async () => {
    const file = join(dir, 'state.jsonl');
    const state = await readFile(file, 'utf8');
    expect(state).toContain('"rollback":');
    await writeFile(file, state.replaceAll('"rollback":', '"undoing":'));
  });
  it.at(600);
  expect(await describeEndpoint(it)).toMatchObject({
    EndpointStatus: 'InService',
    EndpointConfigName: 'config-1',
    FailureReason: expect.stringContaining('InsufficientInstanceCapacity'),
  });
});
