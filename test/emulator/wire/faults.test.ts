import { ListEndpointsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';

let emulator: Emulator;
let clock: VirtualClock;
let options: {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  maxAttempts: number;
};

beforeEach(async () => {
  clock = new VirtualClock(Date.UTC(2026, 0, 5, 9));
  emulator = await startEmulator({ clock });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  options = { endpoint: emulator.url, region: 'us-east-1', credentials, maxAttempts: 1 };
});
afterEach(() => emulator.close());

async function control(method: string, path: string, body?: unknown) {
  const response = await fetch(`${emulator.url}/_shadowctl/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>) };
}

describe('the control endpoint', () => {
  it('tells how it is', async () => {
    clock.advance(90_000);
    const { status, body } = await control('GET', 'health');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ok',
      uptimeSeconds: 90,
      time: '2026-01-05T09:01:30.000Z',
      virtualTime: true,
      faults: 0,
    });
    expect(body?.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('adds, lists and forgets faults', async () => {
    const added = await control('POST', 'faults', { kind: 'throttle', service: 'sagemaker', times: 2 });
    expect(added).toEqual({ status: 201, body: { id: 'fault-1', kind: 'throttle', service: 'sagemaker', times: 2 } });
    await control('POST', 'faults', { kind: 'delay', milliseconds: 5 });
    expect((await control('GET', 'faults')).body?.faults).toHaveLength(2);
    expect(await control('DELETE', 'faults/fault-1')).toEqual({ status: 204, body: undefined });
    expect((await control('DELETE', 'faults/fault-1')).status).toBe(404);
    expect((await control('GET', 'faults')).body).toEqual({
      faults: [{ id: 'fault-2', kind: 'delay', milliseconds: 5 }],
    });
    await control('DELETE', 'faults');
    expect((await control('GET', 'faults')).body).toEqual({ faults: [] });
  });

  it.each([
    [{ kind: 'earthquake' }, 'kind'],
    [{ kind: 'delay', share: 2 }, 'share'],
    [{ kind: 'delay', service: 'redshift' }, 'service'],
    [{ kind: 'error', status: 200 }, 'status'],
    [{ kind: 'error', wrong: 1 }, 'wrong'],
    [[], 'fault'],
    [null, 'fault'],
  ])('refuses %j and says where it is wrong', async (fault, where) => {
    const { status, body } = await control('POST', 'faults', fault);
    expect(status).toBe(400);
    expect(body?.message).toContain(where);
    expect((await control('GET', 'faults')).body).toEqual({ faults: [] });
  });

  it('refuses what is no JSON, and paths it does not have', async () => {
    const response = await fetch(`${emulator.url}/_shadowctl/faults`, { method: 'POST', body: '{' });
    expect(response.status).toBe(400);
    expect((await control('GET', 'unknown')).status).toBe(404);
    expect((await control('PUT', 'faults')).status).toBe(404);
  });
});

describe('faults on the wire', () => {
  it('throttles as AWS does, for as many calls as asked', async () => {
    await control('POST', 'faults', { kind: 'throttle', service: 'sagemaker', operation: 'ListEndpoints', times: 1 });
    const client = new SageMakerClient(options);
    await expect(client.send(new ListEndpointsCommand({}))).rejects.toMatchObject({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
      $metadata: { httpStatusCode: 400 },
    });
    expect(await client.send(new ListEndpointsCommand({}))).toMatchObject({ Endpoints: [] });
  });

  it('is overcome by the SDK, which tries again', async () => {
    emulator.world.faults.add({ kind: 'throttle', times: 1 });
    const client = new SageMakerClient({ ...options, maxAttempts: 2 });
    const { $metadata } = await client.send(new ListEndpointsCommand({}));
    expect($metadata.attempts).toBe(2);
  });

  it('fails with the status asked for, in the protocol of each service', async () => {
    emulator.world.faults.add({ kind: 'error', status: 503 });
    await expect(new SageMakerClient(options).send(new ListEndpointsCommand({}))).rejects.toMatchObject({
      name: 'ServiceUnavailable',
    });
    await expect(
      new S3Client({ ...options, forcePathStyle: true }).send(new ListBucketsCommand({})),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    const invoke = new InvokeEndpointCommand({ EndpointName: 'e', Body: Buffer.from('1') });
    await expect(new SageMakerRuntimeClient(options).send(invoke)).rejects.toMatchObject({
      name: 'ServiceUnavailable',
    });
  });

  it('applies only to the endpoint it names', async () => {
    emulator.world.faults.add({ kind: 'error', endpoint: 'failed' });
    const runtime = new SageMakerRuntimeClient(options);
    const invoke = (EndpointName: string) =>
      runtime.send(new InvokeEndpointCommand({ EndpointName, Body: Buffer.from('1') }));
    await expect(invoke('failed')).rejects.toMatchObject({ name: 'InternalFailure' });
    await expect(invoke('spared')).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('takes its time on the clock it was given', async () => {
    emulator.world.faults.add({ kind: 'delay', milliseconds: 60_000 });
    await new SageMakerClient(options).send(new ListEndpointsCommand({}));
    expect(clock.now()).toBe(Date.UTC(2026, 0, 5, 9, 1));
  });

  it('does the work and drops the reply', async () => {
    const s3 = new S3Client({ ...options, forcePathStyle: true });
    emulator.world.faults.add({ kind: 'drop-reply', operation: 'CreateBucket', times: 1 });
    await expect(s3.send(new CreateBucketCommand({ Bucket: 'made-all-the-same' }))).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    await s3.send(new HeadBucketCommand({ Bucket: 'made-all-the-same' }));
  });

  it('denies in the words of each service', async () => {
    emulator.world.faults.add({ kind: 'deny' });
    const s3 = new S3Client({ ...options, forcePathStyle: true });
    await expect(s3.send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(
        /^User: arn:aws:iam::000000000000:root is not authorized to perform: s3:ListAllMyBuckets because/,
      ) as string,
      $metadata: { httpStatusCode: 403 },
    });
    await expect(new SageMakerClient(options).send(new ListEndpointsCommand({}))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('not authorized to perform: sagemaker:ListEndpoints') as string,
    });
  });

  it('does the work and cuts the reply in the middle', async () => {
    const s3 = new S3Client({ ...options, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'cut' }));
    await s3.send(new PutObjectCommand({ Bucket: 'cut', Key: 'k', Body: Buffer.alloc(100_000, 'x') }));
    emulator.world.faults.add({ kind: 'cut-reply', operation: 'GetObject', times: 1 });
    const reply = await s3.send(new GetObjectCommand({ Bucket: 'cut', Key: 'k' }));
    expect(reply.ContentLength).toBe(100_000);
    let bytes = 0;
    const read = async () => {
      for await (const chunk of reply.Body as AsyncIterable<Buffer>) bytes += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(bytes).toBe(50_000);
  });

  it('applies to about the share of the calls it was given', async () => {
    emulator.world.faults.add({ kind: 'throttle', share: 0.25 });
    const client = new SageMakerClient(options);
    let failed = 0;
    for (let i = 0; i < 200; i++) await client.send(new ListEndpointsCommand({})).catch(() => (failed += 1));
    // Four standard deviations about 50.
    expect(failed).toBeGreaterThan(25);
    expect(failed).toBeLessThan(75);
  });
});
