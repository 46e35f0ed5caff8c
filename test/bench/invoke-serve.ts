import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  type CreateEndpointConfigInput,
  CreateModelCommand,
  DescribeEndpointCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { systemClock } from '../../src/base/clock.ts';
import { QUICK_LATENCIES } from '../../src/emulator/world/options.ts';

const IMAGE = '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1';
const PATIENCE = 30_000;

/** A server in a process of its own. */
export interface Served {
  child: ChildProcess;
  port: number;
  /** Milliseconds from before the emulator was loaded until its health answered. */
  readyMs: number;
  /** Bytes resident now. */
  resident(): Promise<number>;
  end(): Promise<void>;
}

/** Is the server that the program's arguments name: `floor ANSWER`, `emulator [FOLDER]`. False for other arguments. */
export async function serve(): Promise<boolean> {
  const [role, argument = ''] = process.argv.slice(2);
  if (role === 'floor') serveFloor(argument);
  else if (role === 'emulator') await serveEmulator(argument);
  else return false;
  process.on('message', () => process.send?.({ resident: process.memoryUsage().rss }));
  return true;
}

function serveFloor(answer: string): void {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
      response.end(answer);
    });
  });
  server.listen(0, '127.0.0.1', () =>
    process.send?.({ port: (server.address() as AddressInfo).port, readyMs: performance.now() }),
  );
}

async function serveEmulator(dir: string): Promise<void> {
  const from = performance.now();
  const { startEmulator } = await import('../../src/emulator/http/server.ts');
  // Nothing is slept: the model takes what it takes.
  const latencies = { ...QUICK_LATENCIES, createEndpoint: 0, modelLatency: 0, overheadLatency: 0 };
  const { url, port } = await startEmulator({ clock: systemClock, latencies, ...(dir !== '' && { dir }) });
  await new Promise<void>((resolve, reject) => {
    get(`${url}/_shadowctl/health`, (health) => {
      if (health.statusCode === 200) resolve();
      else reject(new Error(`Health answered ${health.statusCode}.`));
    }).on('error', reject);
  });
  process.send?.({ port, readyMs: performance.now() - from });
}

export function start(role: 'floor' | 'emulator', argument: string): Promise<Served> {
  const child = fork(process.argv[1] ?? '', [role, argument]);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The ${role} ended with ${code}.`)));
    child.once('message', (message) => {
      const { port, readyMs } = message as { port: number; readyMs: number };
      child.removeAllListeners('exit');
      resolve({
        child,
        port,
        readyMs,
        resident: () =>
          new Promise((answer) => {
            child.once('message', (told) => answer((told as { resident: number }).resident));
            child.send('resident');
          }),
        end: () =>
          new Promise((ended) => {
            child.once('exit', () => ended());
            child.kill('SIGKILL');
          }),
      });
    });
  });
}

/** Three endpoints over the same model: `alone`, `captured` (everything) and `shadowed` (captured, with a shadow). */
export async function prepare(port: number, artifact: string): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const options = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials };
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const sagemaker = new SageMakerClient(options);
  await s3.send(new CreateBucketCommand({ Bucket: 'bench' }));
  await s3.send(new PutObjectCommand({ Bucket: 'bench', Key: 'model.tar.gz', Body: readFileSync(artifact) }));
  const PrimaryContainer = { Image: IMAGE, ModelDataUrl: 's3://bench/model.tar.gz' };
  const ExecutionRoleArn = 'arn:aws:iam::000000000000:role/bench';
  await sagemaker.send(new CreateModelCommand({ ModelName: 'bench', ExecutionRoleArn, PrimaryContainer }));
  const variant = {
    ModelName: 'bench',
    InitialInstanceCount: 1,
    InstanceType: 'ml.m5.large',
    InitialVariantWeight: 1,
  } as const;
  const DataCaptureConfig: CreateEndpointConfigInput['DataCaptureConfig'] = {
    EnableCapture: true,
    InitialSamplingPercentage: 100,
    DestinationS3Uri: 's3://bench/capture',
    CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
  };
  const ShadowProductionVariants = [{ ...variant, VariantName: 'shadow' }];
  for (const [name, more] of [
    ['alone', {}],
    ['captured', { DataCaptureConfig }],
    ['shadowed', { DataCaptureConfig, ShadowProductionVariants }],
  ] as const) {
    const ProductionVariants = [{ ...variant, VariantName: 'production' }];
    await sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants, ...more }));
    await sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
    await inService(sagemaker, name);
  }
  s3.destroy();
  sagemaker.destroy();
}

async function inService(sagemaker: SageMakerClient, name: string): Promise<void> {
  for (const until = systemClock.now() + PATIENCE; systemClock.now() < until; await systemClock.sleep(50)) {
    const { EndpointStatus, FailureReason } = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: name }));
    if (EndpointStatus === 'InService') return;
    if (EndpointStatus === 'Failed') throw new Error(FailureReason);
  }
  throw new Error(`Endpoint ${name} did not come into service.`);
}
