import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PutObjectCommand, CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateEndpointCommand, CreateEndpointConfigCommand, CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { readFileSync } from 'node:fs';
import { connect, type Aws } from '../../src/aws/clients.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { VirtualClock } from '../../src/base/clock.ts';
import { startEmulator, type Emulator } from '../../src/emulator/http/server.ts';
import { run } from '../../src/main.ts';
import { printCommand, printText } from '../../src/base/text.ts';
import type { Io } from '../../src/ui/io.ts';
import { algorithmImage } from '../../src/resources/artifact/images.ts';
import { expect } from 'vitest';
import { SHORT } from './latencies.ts';
import { flow } from './traffic.ts';

export const ENDPOINT = 'weather';
const START = Date.UTC(2026, 0, 5, 9);
const FIXTURES = resolve(import.meta.dirname, '../../fixtures');
export const ARTIFACT = join(FIXTURES, 'artifacts/009-model.tar.gz');
/** A canary of a good model on the stage's endpoint, as words. */
export const GOOD_CANARY: readonly string[] = [
  ...['canary', '--endpoint', ENDPOINT, '--adopt', '--yes'],
  ...['--artifact', ARTIFACT, '--algorithm', 'linear-learner'],
];
const ROLE = 'arn:aws:iam::000000000000:role/sagemaker';

/** What one command line did. */
export interface Said {
  code: number;
  out: string;
  err: string;
}

/** An emulator of its own, the program, and a live endpoint to work on, all in virtual time. */
export interface Stage {
  clock: VirtualClock;
  emulator: Emulator;
  aws: Aws;
  cwd: string;
  /** Runs a command line; `signal` interrupts it. */
  shadowctl(argv: readonly string[], signal?: AbortSignal, env?: Record<string, string>): Promise<Said>;
  /** Runs `work` while requests flow, `perSecond` of them; gives the statuses seen. */
  traffic<T>(work: () => Promise<T>, perSecond?: number): Promise<{ result: T; answered: number; failed: number }>;
  close(): Promise<void>;
}

export async function openStage(
  options: {
    instances?: number;
    settings?: Partial<Parameters<typeof startEmulator>[0]>;
    columns?: number;
    interactive?: boolean;
  } = {},
): Promise<Stage> {
  const clock = new VirtualClock(START);
  const emulator = await startEmulator({
    clock,
    ...options.settings,
    latencies: { ...SHORT, ...options.settings?.latencies },
  });
  const cwd = mkdtempSync(join(tmpdir(), 'shadowctl-canary-'));
  const env = {
    AWS_ENDPOINT_URL: emulator.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    SAGEMAKER_ROLE_ARN: ROLE,
  };
  const aws = connect({
    region: 'us-east-1',
    endpointUrl: emulator.url,
    profile: undefined,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const shadowctl: Stage['shadowctl'] = async (argv, signal = new AbortController().signal, more = {}) => {
    const said = { out: '', err: '' };
    const io: Io = {
      out: (line = '') => void (said.out += `${printText(line)}\n`),
      err: (line = '') => void (said.err += `${printText(line)}\n`),
      alert: (line) => void (said.err += `${printText(line)}\n`),
      command: (line) => printCommand(line),
      rewind: (rows) => void (rows > 0 && (said.err += `\u001b[${rows}A\u001b[J`)),
      interactive: options.interactive ?? false,
      terminal: false,
      color: false,
      columns: options.columns ?? 80,
      rows: 24,
      ask: async () => undefined,
    };
    const code = await run(argv, { clock, env: { ...env, ...more }, cwd, signal, io: () => io });
    return { code, ...said };
  };
  const stage: Stage = {
    clock,
    emulator,
    aws,
    cwd,
    shadowctl,
    async traffic(work, perSecond = 1) {
      const done = new AbortController();
      let count = { answered: 0, failed: 0 };
      const results: Awaited<ReturnType<typeof work>>[] = [];
      await clock.all<void>([
        async () => {
          try {
            results.push(await work());
          } finally {
            done.abort();
          }
        },
        async () => {
          count = await flow(clock, emulator, { endpoint: ENDPOINT, perSecond, signal: done.signal });
        },
      ]);
      return { result: results[0] as Awaited<ReturnType<typeof work>>, ...count };
    },
    async close() {
      aws.close();
      await emulator.close();
      rmSync(cwd, { recursive: true, force: true });
    },
  };
  await liveEndpoint(stage, options.instances ?? 3);
  return stage;
}

/** An endpoint somebody else made, on model 005. */
async function liveEndpoint(stage: Stage, instances: number): Promise<void> {
  const s3 = await stage.aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  await s3.send(
    new PutObjectCommand({
      Bucket: 'models',
      Key: '005.tar.gz',
      Body: readFileSync(join(FIXTURES, 'artifacts/005-model.tar.gz')),
    }),
  );
  await s3.send(new PutObjectCommand({ Bucket: 'models', Key: '009.tar.gz', Body: readFileSync(ARTIFACT) }));
  const sagemaker = await stage.aws.sagemaker();
  const Image = algorithmImage('linear-learner', 'us-east-1').uri;
  await sagemaker.send(
    new CreateModelCommand({
      ModelName: 'm1',
      ExecutionRoleArn: ROLE,
      PrimaryContainer: { Image, ModelDataUrl: 's3://models/005.tar.gz' },
    }),
  );
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'v1',
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          ModelName: 'm1',
          InstanceType: 'ml.m5.large',
          InitialInstanceCount: instances,
          InitialVariantWeight: 1,
        },
      ],
    }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: ENDPOINT, EndpointConfigName: 'v1' }));
  // As long as it takes to create, seen to its end in one look, not twenty.
  await stage.clock.sleep(5 * 60_000);
  expect(await describeEndpoint(stage.aws, ENDPOINT)).toMatchObject({ EndpointStatus: 'InService' });
}
