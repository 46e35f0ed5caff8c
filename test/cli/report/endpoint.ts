import { printCommand, printText } from '../../../src/base/text.ts';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { expect } from 'vitest';
import type { App } from '../../../src/app.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import { startEmulator } from '../../../src/emulator/http/server.ts';
import type { Emulator } from '../../../src/emulator/http/server.ts';
import type { EmulatorOptions, Switches } from '../../../src/emulator/world/options.ts';
import type { Io } from '../../../src/ui/io.ts';
import { createApp } from '../../../src/wire.ts';
import { NO_GLOBALS } from '../../support/globals.ts';
import { invoke, ROWS } from '../../support/traffic.ts';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
export const DATA = resolve(ROOT, 'fixtures', 'data', 'weather-test.csv');
const LINEAR_LEARNER = '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1';
const XGBOOST = '683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-1';

/** An endpoint in the emulator: model 005 in production, and a shadow. */
export interface Stage {
  emulator: Emulator;
  clock: VirtualClock;
  /** Sends `count` requests, one every `everyMs` of virtual time, each with an InferenceId. */
  traffic(count: number, everyMs: number): Promise<void>;
  app(): { app: App; out: string[]; err: string[] };
  close(): Promise<void>;
}

/**
 * @param captured false: data capture is turned off
 * @param more of the emulator
 */
export async function stage(
  shadow: 'good' | 'mismatched' | 'none',
  captured = true,
  switches: Partial<Switches> = {},
  more: Partial<Pick<EmulatorOptions, 'trino'>> = {},
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-stage-'));
  copyFileSync(DATA, join(folder, 'weather-test.csv'));
  const clock = new VirtualClock(Date.UTC(2026, 0, 5, 9));
  const emulator = await startEmulator({ ...more, clock, switches });
  const options = {
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const sagemaker = new SageMakerClient(options);
  await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  for (const name of ['005', '009']) {
    const Body = readFileSync(resolve(ROOT, 'fixtures', 'artifacts', `${name}-model.tar.gz`));
    await s3.send(new PutObjectCommand({ Bucket: 'models', Key: `${name}.tar.gz`, Body }));
  }
  const role = 'arn:aws:iam::000000000000:role/shadowctl';
  const model = (name: string, artifact: string, image: string) =>
    sagemaker.send(
      new CreateModelCommand({
        ModelName: name,
        ExecutionRoleArn: role,
        PrimaryContainer: { Image: image, ModelDataUrl: `s3://models/${artifact}.tar.gz` },
      }),
    );
  await model('weather-v1', '005', LINEAR_LEARNER);
  if (shadow !== 'none') await model('weather-v2', '009', shadow === 'good' ? LINEAR_LEARNER : XGBOOST);
  const variant = (VariantName: string, ModelName: string) => ({
    VariantName,
    ModelName,
    InstanceType: 'ml.m5.large' as const,
    InitialInstanceCount: 1,
    InitialVariantWeight: 1,
  });
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'weather-config',
      ProductionVariants: [variant('AllTraffic', 'weather-v1')],
      ...(shadow === 'none' ? {} : { ShadowProductionVariants: [variant('shadow', 'weather-v2')] }),
      DataCaptureConfig: {
        EnableCapture: captured,
        InitialSamplingPercentage: 100,
        DestinationS3Uri: 's3://models/captures',
        CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
        CaptureContentTypeHeader: { CsvContentTypes: ['text/csv'], JsonContentTypes: ['application/json'] },
      },
    }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'weather', EndpointConfigName: 'weather-config' }));
  clock.advance(10 * 60_000);
  let sent = 0;
  return {
    emulator,
    clock,
    async traffic(count, everyMs) {
      for (let i = 0; i < count; i += 1) {
        const inferenceId = `request-${sent}`;
        const body = ROWS[sent % ROWS.length] ?? '';
        expect(await invoke(emulator, { endpoint: 'weather', body, inferenceId })).toMatchObject({ status: 200 });
        sent += 1;
        clock.advance(everyMs);
      }
    },
    app() {
      const out: string[] = [];
      const err: string[] = [];
      const io: Io = {
        out: (line = '') => void out.push(printText(line)),
        err: (line = '') => void err.push(printText(line)),
        alert: (line) => void err.push(printText(line)),
        command: (line) => printCommand(line),
        interactive: false,
        terminal: false,
        rows: 24,
        color: false,
        columns: 80,
        ask: async () => undefined,
      };
      const surroundings = {
        clock,
        env: {
          AWS_REGION: 'us-east-1',
          AWS_ENDPOINT_URL: emulator.url,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
        },
        cwd: folder,
        signal: new AbortController().signal,
        io: () => io,
      };
      const app = createApp({
        surroundings,
        globals: NO_GLOBALS,
        io,
        execute: () => Promise.reject(new Error('a report runs no other command')),
        opened: () => undefined,
        startedEmulator: () => undefined,
      });
      return { app, out, err };
    },
    async close() {
      s3.destroy();
      sagemaker.destroy();
      await emulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
