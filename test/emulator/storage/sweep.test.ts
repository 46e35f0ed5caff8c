import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { openStore } from '../../../src/emulator/storage/open.ts';
import { config, describeEndpoint, invoke, stand, START, variant, withEndpoint } from '../services/sagemaker/stand.ts';

let dir: string;
let state: string;
let copy: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shadowctl-sweep-'));
  state = join(dir, 'state');
  copy = join(dir, 'copy');
});
afterEach(() => rm(dir, { recursive: true }));

/** The names of the files in which a folder keeps its bytes. */
const filesOf = async (folder: string) =>
  (await readdir(join(folder, 'blobs'), { recursive: true, withFileTypes: true })).flatMap((one) =>
    one.isFile() ? [one.name] : [],
  );

test('after a kill -9 the bytes of every record are kept, and all others go', async () => {
  let it = await stand({ dir: state });
  await withEndpoint(it);
  await it.s3.send(new CreateBucketCommand({ Bucket: 'captures' }));
  const { UploadId } = await it.s3.send(new CreateMultipartUploadCommand({ Bucket: 'captures', Key: 'large' }));
  await it.s3.send(
    new UploadPartCommand({ Bucket: 'captures', Key: 'large', UploadId, PartNumber: 1, Body: Buffer.from('part') }),
  );
  await config(it, 'config-2', [variant('AllTraffic', 1, { ModelName: 'm009' })], {
    DataCaptureConfig: {
      InitialSamplingPercentage: 100,
      DestinationS3Uri: 's3://captures',
      CaptureOptions: [{ CaptureMode: 'Input' }],
    },
  });
  await it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'config-2' }));
  it.at(800);
  await invoke(it);
  await it.emulator.world.capture.flush();
  await it.emulator.world.logs.flush();
  await it.emulator.world.store.flush();
  // What a process that dies now would leave: bytes whose record was never written.
  await it.emulator.world.store.blobs.put('s3/999999', Buffer.from('never named'));
  // With the lock of a process that is gone: a copy's is that of this process, which is another life of it.
  await cp(state, copy, { recursive: true });
  await it.close();
  const before = await filesOf(copy);
  it = await stand({ dir: copy, clock: new VirtualClock(START + 800_000) });
  const left = await filesOf(copy);
  expect(before.filter((name) => !left.includes(name))).toHaveLength(1);
  // Objects, a part, log chunks, a capture on its way, the artifact of the fleet.
  expect(left.length).toBeGreaterThan(5);
  expect(await it.emulator.world.store.blobs.get('s3/999999')).toBeUndefined();
  expect(await describeEndpoint(it)).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'config-2' });
  await invoke(it);
  await it.close();
});

test('after an orderly end nobody is asked what is in use', async () => {
  const first = await openStore(state);
  await first.blobs.put('kept', Buffer.from('x'));
  await first.close();
  const second = await openStore(state);
  await second.sweep(() => {
    throw new Error('asked');
  });
  expect(await second.blobs.get('kept')).toBeDefined();
  await second.close();
});
