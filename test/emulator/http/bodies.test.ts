import { PutMetricDataCommand, CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';
import { exchange } from '../wire/exchange.ts';

let emulator: Emulator;
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

beforeAll(async () => {
  emulator = await startEmulator({ clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)) });
});
afterAll(() => emulator.close());

function post(
  headers: Record<string, string>,
  body: Uint8Array | string,
  path = '/',
): Promise<{ status: number; text: string }> {
  const lines = Object.entries({ Host: 'localhost', ...headers, 'Content-Length': Buffer.byteLength(body) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
  return exchange(emulator.port, Buffer.concat([Buffer.from(head), Buffer.from(body)])).then((reply) => {
    if (reply === undefined) throw new Error('The connection was broken.');
    return { status: reply.status, text: reply.body.toString() };
  });
}

const LIST = { 'X-Amz-Target': 'SageMaker.ListEndpoints', 'Content-Type': 'application/x-amz-json-1.1' };

describe('bodies', () => {
  it('are unpacked, whatever the protocol', async () => {
    const refused = { status: 400, text: expect.stringContaining("Value '0' at 'maxResults'") };
    expect(await post({ ...LIST, 'Content-Encoding': 'gzip' }, gzipSync('{"MaxResults":0}'))).toMatchObject(refused);
    expect(await post({ ...LIST, 'Content-Encoding': 'deflate' }, deflateSync('{"MaxResults":0}'))).toMatchObject(
      refused,
    );
    const form = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Encoding': 'gzip' };
    expect(await post(form, gzipSync('Action=GetCallerIdentity&Version=2011-06-15'))).toMatchObject({ status: 200 });
  });

  it('come gzipped from the SDK when they are large', async () => {
    const client = new CloudWatchClient({ endpoint: emulator.url, region: 'us-east-1', credentials });
    const MetricData = Array.from({ length: 500 }, (_, i) => ({
      MetricName: `Metric${i}`,
      Value: i,
      Dimensions: [{ Name: 'Some', Value: 'Dimension' }],
    }));
    let encoding: unknown;
    client.middlewareStack.add(
      (next) => (args) => {
        encoding = (args.request as { headers: Record<string, string> }).headers['content-encoding'];
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await client.send(new PutMetricDataCommand({ Namespace: 'Large', MetricData }));
    expect(encoding).toBe('gzip');
  });

  it('are refused where they are damaged, or packed in an unknown way', async () => {
    const type = 'SerializationException';
    expect(await post({ ...LIST, 'Content-Encoding': 'gzip' }, 'no gzip')).toMatchObject({
      status: 400,
      text: expect.stringContaining(type),
    });
    expect(await post({ ...LIST, 'Content-Encoding': 'gzip' }, gzipSync('{}').subarray(0, 15))).toMatchObject({
      status: 400,
      text: expect.stringContaining(type),
    });
    expect(await post({ ...LIST, 'Content-Encoding': 'br' }, '{}')).toMatchObject({
      status: 400,
      text: expect.stringContaining('br'),
    });
  });

  it('are bounded, before unpacking and after', async () => {
    const bomb = gzipSync(Buffer.alloc(17 * 2 ** 20));
    expect(bomb.byteLength).toBeLessThan(100_000);
    const refused = { status: 413, text: expect.stringContaining('RequestEntityTooLargeException') };
    expect(await post({ ...LIST, 'Content-Encoding': 'gzip' }, bomb)).toMatchObject(refused);
    expect(await post(LIST, Buffer.alloc(16 * 2 ** 20 + 1, ' '))).toMatchObject(refused);
    // White space is an empty body.
    expect(await post(LIST, Buffer.alloc(16 * 2 ** 20, ' '))).toMatchObject({ status: 200 });
  });

  it('of InvokeEndpoint may have 6 MiB and not a byte more', async () => {
    const runtime = new SageMakerRuntimeClient({ endpoint: emulator.url, region: 'us-east-1', credentials });
    const invoke = (bytes: number) =>
      runtime.send(new InvokeEndpointCommand({ EndpointName: 'absent', Body: Buffer.alloc(bytes) }));
    await expect(invoke(6_291_456)).rejects.toMatchObject({
      message: expect.stringContaining('Endpoint absent of account'),
    });
    await expect(invoke(6_291_457)).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining(
        "at 'body' failed to satisfy constraint: Member must have length less than or equal to 6291456",
      ),
    });
    await expect(invoke(8 * 2 ** 20 + 1)).rejects.toMatchObject({ $metadata: { httpStatusCode: 413 } });
  });

  it('may be cut off by the client without harm', async () => {
    const head = `POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: SageMaker.ListEndpoints\r\nContent-Length: 100\r\n\r\n{`;
    const socket = (await import('node:net')).connect(emulator.port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    socket.destroy();
    expect(await post(LIST, '{}')).toMatchObject({ status: 200 });
  });
});
