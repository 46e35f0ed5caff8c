import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateEndpointCommand,
  CreateModelCommand,
  CreateEndpointConfigCommand,
  DescribeEndpointCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { QUICK_LATENCIES } from '../../../../src/emulator/world/options.ts';
import { type Emulator, startEmulator } from '../../../../src/emulator/http/server.ts';
import { variant } from './stand.ts';

/** A server of the user's own, on the wall clock: unhealthy at first, slow to answer. */
let server: Server;
let emulator: Emulator;
let healthyAt = Number.POSITIVE_INFINITY;
/** What the server does before it answers a ping. */
let beforePing: () => Promise<unknown>;
beforeEach(async () => {
  beforePing = async () => {};
  server = createServer((request, response) => {
    if (request.url === '/ping') {
      void beforePing().then(() => {
        response.statusCode = systemClock.now() >= healthyAt ? 200 : 503;
        response.end();
      });
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void systemClock.sleep(30).then(() => {
        response.setHeader('content-type', 'text/plain');
        response.setHeader('x-amzn-sagemaker-custom-attributes', 'seen=1');
        response.end(Buffer.concat(chunks).toString().toUpperCase());
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  emulator = await begin(2_000);
});

/** An emulator that waits this long for the server to become healthy. */
function begin(failHealthCheck: number): Promise<Emulator> {
  const { port } = server.address() as AddressInfo;
  return startEmulator({
    clock: systemClock,
    latencies: { ...QUICK_LATENCIES, createEndpoint: 100, failHealthCheck },
    containers: [`mine=http://127.0.0.1:${port}`],
  });
}
afterEach(async () => {
  await emulator.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function create(): Promise<{ status: string | undefined; reason: string | undefined }> {
  const client = {
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  };
  const sagemaker = new SageMakerClient(client);
  const container = { Image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:3' };
  await sagemaker.send(new CreateModelCommand({ ModelName: 'm', PrimaryContainer: container }));
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'c',
      ProductionVariants: [variant('A', 2, { ModelName: 'm' })],
    }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'e', EndpointConfigName: 'c' }));
  for (;;) {
    const now = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'e' }));
    if (now.EndpointStatus !== 'Creating') {
      sagemaker.destroy();
      return { status: now.EndpointStatus, reason: now.FailureReason };
    }
    await systemClock.sleep(50);
  }
}

test('is waited for until it is healthy, and takes the time it really takes', async () => {
  healthyAt = systemClock.now() + 600;
  expect(await create()).toEqual({ status: 'InService', reason: undefined });
  expect(systemClock.now()).toBeGreaterThanOrEqual(healthyAt);
  const runtime = new SageMakerRuntimeClient({
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const before = systemClock.now();
  const reply = await runtime.send(new InvokeEndpointCommand({ EndpointName: 'e', Body: Buffer.from('abc') }));
  runtime.destroy();
  expect(Buffer.from(reply.Body).toString()).toBe('ABC');
  expect(reply.CustomAttributes).toBe('seen=1');
  expect(systemClock.now() - before).toBeGreaterThanOrEqual(29);
  const now = systemClock.now();
  const [point] = emulator.world.metrics.read(
    {
      account: '000000000000',
      region: 'us-east-1',
      namespace: 'AWS/SageMaker',
      name: 'ModelLatency',
      dimensions: [
        { Name: 'EndpointName', Value: 'e' },
        { Name: 'VariantName', Value: 'A' },
      ],
    },
    { startMs: now - 120_000, endMs: now + 60_000, periodSeconds: 60, now: now + 120_000 },
  );
  expect(point?.max).toBeGreaterThan(29_000);
  expect(point?.max).toBeLessThan(5_000_000);
});

test('may call the emulator itself before it is healthy', async () => {
  healthyAt = 0;
  let answered = 0;
  beforePing = async () => {
    const reply = await fetch(emulator.url);
    answered = reply.status;
  };
  expect(await create()).toEqual({ status: 'InService', reason: undefined });
  expect(answered).toBe(200);
});

test('fails the endpoint when it stays unhealthy', async () => {
  healthyAt = Number.POSITIVE_INFINITY;
  await emulator.close();
  emulator = await begin(400);
  expect(await create()).toEqual({
    status: 'Failed',
    reason:
      'The primary container for production variant A did not pass the ping health check. Please check CloudWatch logs for this endpoint.',
  });
});
