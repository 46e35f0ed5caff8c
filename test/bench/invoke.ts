/**
 * How fast is InvokeEndpoint? The emulator, in a process of its own, beside a bare node:http server that answers the
 * same bytes: both loaded in turns by the same client on the same machine, so that what counts is the ratio.
 *
 *     npx esbuild test/bench/invoke.ts --bundle --platform=node --format=esm --outfile=/tmp/bench/invoke.mjs \
 *       --main-fields=module,main --external:@duckdb/node-api \
 *       --banner:js="import { createRequire as benchRequire } from 'node:module'; const require = benchRequire(import.meta.url);"
 *     node /tmp/bench/invoke.mjs [seconds a round] [connections] [artifact]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { systemClock } from '../../src/clock.ts';
import { QUICK } from '../../src/emulator/options.ts';
import { startEmulator } from '../../src/emulator/server.ts';

const BODY = '0.0,5.6,-3.2,1.2,0.000000,1.000000';
const IMAGE = '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1';
const ROUNDS = 3;

/** A server in a process of its own; what it is follows from the program's first argument. */
async function serve(role: string): Promise<void> {
  if (role === 'floor') {
    const answer = process.argv[3] ?? '';
    const server = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
        response.end(answer);
      });
    });
    server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
    return;
  }
  // Nothing is slept: the model takes what it takes.
  const latencies = { ...QUICK, createEndpoint: 0, modelLatency: 0, overheadLatency: 0 };
  const { port } = await startEmulator({ clock: systemClock, dir: process.argv[3] ?? '', latencies });
  process.send?.({ port });
  process.on('message', () => process.send?.({ rss: process.memoryUsage().rss }));
}

function start(role: string, argument: string): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(process.argv[1] ?? '', [role, argument]);
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve({ child, port: (message as { port: number }).port }));
    child.once('exit', (code) => reject(new Error(`The ${role} ended with ${code}.`)));
  });
}

/** Two endpoints over the same model: alone, and with a shadow and capture of everything. */
async function prepare(port: number, artifact: string): Promise<void> {
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
  const DataCaptureConfig = {
    EnableCapture: true,
    InitialSamplingPercentage: 100,
    DestinationS3Uri: 's3://bench/capture',
    CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }] as { CaptureMode: 'Input' | 'Output' }[],
  };
  for (const name of ['alone', 'shadowed']) {
    const shadow =
      name === 'shadowed'
        ? { ShadowProductionVariants: [{ ...variant, VariantName: 'shadow' }], DataCaptureConfig }
        : {};
    const ProductionVariants = [{ ...variant, VariantName: 'production' }];
    await sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants, ...shadow }));
    await sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
    for (;;) {
      const { EndpointStatus, FailureReason } = await sagemaker.send(
        new DescribeEndpointCommand({ EndpointName: name }),
      );
      if (EndpointStatus === 'InService') break;
      if (EndpointStatus === 'Failed') throw new Error(FailureReason);
      await systemClock.sleep(50);
    }
  }
}

interface Load {
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  answer: string;
}

/** Keeps `connections` requests in flight over raw sockets: a client that costs as little as one can. */
async function load(port: number, endpoint: string, seconds: number, connections: number): Promise<Load> {
  const credential = 'Credential=test/20260105/us-east-1/sagemaker/aws4_request, SignedHeaders=host, Signature=00';
  const head = [
    `POST /endpoints/${endpoint}/invocations HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Content-Type: text/csv',
    `Authorization: AWS4-HMAC-SHA256 ${credential}`,
    `Content-Length: ${BODY.length}`,
  ];
  const request = Buffer.from(`${head.join('\r\n')}\r\n\r\n${BODY}`);
  const took: number[] = [];
  let answer = '';
  const from = performance.now();
  const until = from + seconds * 1000;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      let text = '';
      let sent = 0;
      const next = () => {
        sent = performance.now();
        if (sent < until) socket.write(request);
        else socket.end(resolve);
      };
      socket.on('connect', next).on('error', reject);
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        const length = end < 0 ? undefined : /content-length: (\d+)/i.exec(text)?.[1];
        if (length === undefined || text.length < end + 4 + Number(length)) return;
        if (!text.startsWith('HTTP/1.1 200')) {
          reject(new Error(text));
          return;
        }
        took.push(performance.now() - sent);
        answer = text.slice(end + 4);
        text = '';
        next();
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  const perSecond = took.length / ((performance.now() - from) / 1000);
  const sorted = took.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { perSecond, p50: at(0.5), p99: at(0.99), answer };
}

async function main(): Promise<void> {
  const [seconds = '3', connections = '32', artifact = 'fixtures/artifacts/009-model.tar.gz'] = process.argv.slice(2);
  const dir = await mkdtemp(join(tmpdir(), 'shadowctl-bench-'));
  const emulator = await start('emulator', dir);
  await prepare(emulator.port, artifact);
  const { answer } = await load(emulator.port, 'alone', 0.5, 1);
  const floor = await start('floor', answer);
  const best = new Map<string, Load>();
  // In turns, the best of each: whatever else the machine does strikes all alike.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, port] of [
      ['floor', floor.port],
      ['alone', emulator.port],
      ['shadowed', emulator.port],
    ] as const) {
      const one = await load(port, name, Number(seconds), Number(connections));
      if (one.perSecond > (best.get(name)?.perSecond ?? 0)) best.set(name, one);
    }
  }
  const lowest = best.get('floor')?.perSecond ?? Number.NaN;
  for (const [name, { perSecond, p50, p99 }] of best) {
    const ratio = `${((perSecond / lowest) * 100).toFixed(0)} % of the floor`;
    const line = `${name.padEnd(9)} ${perSecond.toFixed(0).padStart(6)} requests/s  p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms  ${ratio}\n`;
    process.stdout.write(line);
  }
  const memory = new Promise<number>((resolve) => {
    emulator.child.once('message', (message) => resolve((message as { rss: number }).rss));
  });
  emulator.child.send('memory');
  process.stdout.write(`emulator  ${((await memory) / 2 ** 20).toFixed(0)} MiB resident\n`);
  emulator.child.removeAllListeners('exit').kill();
  floor.child.removeAllListeners('exit').kill();
  await rm(dir, { recursive: true });
}

const role = process.argv[2];
await (role === 'floor' || role === 'emulator' ? serve(role) : main());
