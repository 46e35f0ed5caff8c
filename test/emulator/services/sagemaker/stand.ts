import { readFile } from 'node:fs/promises';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  type CreateEndpointConfigInput,
  CreateModelCommand,
  DescribeEndpointCommand,
  type DescribeEndpointOutput,
  type ProductionVariant,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { VirtualClock } from '../../../../src/base/clock.ts';
import type { EmulatorOptions } from '../../../../src/emulator/world/options.ts';
import { type Emulator, startEmulator } from '../../../../src/emulator/http/server.ts';

export const START = Date.UTC(2026, 0, 5, 9);
export const LINEAR_LEARNER = '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1';
/** A row of the fixtures' test data. */
export const ROW = '0,10,5,3,1,0';

/** An emulator under a virtual clock with clients, and two artifacts in the bucket `models`. */
export interface Stand {
  emulator: Emulator;
  clock: VirtualClock;
  sagemaker: SageMakerClient;
  runtime: SageMakerRuntimeClient;
  cloudwatch: CloudWatchClient;
  s3: S3Client;
  /** Brings the clock to this many seconds after START. */
  at(seconds: number): void;
  close(): Promise<void>;
}

export async function stand({
  clock = new VirtualClock(START),
  ...options
}: Partial<EmulatorOptions> & { clock?: VirtualClock } = {}): Promise<Stand> {
  const emulator = await startEmulator({ clock, ...options });
  const client = {
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
  const clients = {
    sagemaker: new SageMakerClient(client),
    runtime: new SageMakerRuntimeClient(client),
    cloudwatch: new CloudWatchClient(client),
    s3: new S3Client({ ...client, forcePathStyle: true }),
  };
  return {
    emulator,
    clock,
    ...clients,
    at: (seconds) => clock.advance(START + seconds * 1000 - clock.now()),
    close: async () => {
      for (const one of Object.values(clients)) one.destroy();
      await emulator.close();
    },
  };
}

/** Puts the artifacts 005 and 009 into the bucket `models` and makes the models `m005` and `m009` of them. */
export async function withModels({ sagemaker, s3 }: Stand): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  for (const number of ['005', '009']) {
    const file = new URL(`../../../../fixtures/artifacts/${number}-model.tar.gz`, import.meta.url);
    await s3.send(new PutObjectCommand({ Bucket: 'models', Key: `${number}.tar.gz`, Body: await readFile(file) }));
    await sagemaker.send(
      new CreateModelCommand({
        ModelName: `m${number}`,
        ExecutionRoleArn: 'arn:aws:iam::000000000000:role/SageMaker',
        PrimaryContainer: { Image: LINEAR_LEARNER, ModelDataUrl: `s3://models/${number}.tar.gz` },
      }),
    );
  }
}

export function variant(name: string, count: number, more: Partial<ProductionVariant> = {}): ProductionVariant {
  return {
    VariantName: name,
    ModelName: 'm005',
    InstanceType: 'ml.m5.xlarge',
    InitialInstanceCount: count,
    InitialVariantWeight: 1,
    ...more,
  };
}

export async function config(
  { sagemaker }: Stand,
  name: string,
  production: ProductionVariant[],
  more: Partial<CreateEndpointConfigInput> = {},
): Promise<void> {
  await sagemaker.send(
    new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants: production, ...more }),
  );
}

/** An endpoint `Weather` in service since 285 s after START, on config `config-1` with three instances. */
export async function withEndpoint(it: Stand): Promise<void> {
  await withModels(it);
  await config(it, 'config-1', [variant('AllTraffic', 3)]);
  await it.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'config-1' }));
  it.at(285);
  // What was due is made to happen now: a fault that is added later must not apply to it.
  await describeEndpoint(it);
}

/** What DescribeEndpoint says, without the SDK's metadata. */
export async function describeEndpoint({ sagemaker }: Stand, name = 'Weather'): Promise<DescribeEndpointOutput> {
  const { $metadata: _, ...rest } = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: name }));
  return rest;
}

export async function invoke({ runtime }: Stand, more: Partial<InvokeEndpointCommand['input']> = {}) {
  return runtime.send(
    new InvokeEndpointCommand({ EndpointName: 'Weather', ContentType: 'text/csv', Body: Buffer.from(ROW), ...more }),
  );
}

/** The name and message of what a promise is refused with. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
    throw error;
  }
  throw new Error('it was not refused');
}
