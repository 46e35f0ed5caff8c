import {
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointCommand,
  SageMakerClient,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { afterEach, expect, test } from 'vitest';
import { run as reportRun } from '../../../src/cli/report/run.ts';
import { FORMATS } from '../../../src/report/render.ts';
import type { Format } from '../../../src/report/render.ts';
import type { Report } from '../../../src/report/report.ts';
import { stage } from './endpoint.ts';
import type { Stage } from './endpoint.ts';
import { OPTIONS } from './options.ts';

let open: Stage | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

/** The endpoint of the stage gets a shadow, and is in service with it. */
async function attach({ emulator, clock }: Stage): Promise<void> {
  const client = new SageMakerClient({
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const image = '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1';
  const variant = (VariantName: string, ModelName: string) => ({
    VariantName,
    ModelName,
    InstanceType: 'ml.m5.large' as const,
    InitialInstanceCount: 1,
    InitialVariantWeight: 1,
  });
  await client.send(
    new CreateModelCommand({
      ModelName: 'weather-v2',
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/shadowctl',
      PrimaryContainer: { Image: image, ModelDataUrl: 's3://models/009.tar.gz' },
    }),
  );
  await client.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'with-shadow',
      ProductionVariants: [variant('AllTraffic', 'weather-v1')],
      ShadowProductionVariants: [variant('shadow', 'weather-v2')],
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 100,
        DestinationS3Uri: 's3://models/captures',
        CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
      },
    }),
  );
  await client.send(new UpdateEndpointCommand({ EndpointName: 'weather', EndpointConfigName: 'with-shadow' }));
  do clock.advance(5_000);
  while ((await client.send(new DescribeEndpointCommand({ EndpointName: 'weather' }))).EndpointStatus !== 'InService');
  client.destroy();
}

async function report(where: Stage, format: Format = 'text', last = '30m') {
  const { app, out } = where.app();
  const outcome = await reportRun(app, { ...OPTIONS, format, last });
  return { outcome, text: out.join('\n') };
}

test('in the first minute of a shadow: nothing to compare, and when to look again', async () => {
  open = await stage('none');
  await open.traffic(120, 1_000);
  await attach(open);
  for (const format of FORMATS) {
    const { outcome, text } = await report(open, format);
    expect(outcome).toBe('inconclusive');
    if (format === 'json' || format === 'junit') continue;
    const words = text.replace(/\s+/g, ' ').replaceAll('\\', '');
    expect(words).toContain('of what weather runs now, with this shadow, evidence counts from');
    expect(words).toMatch(/can be read from \d\d:\d\d:\d\d UTC on: look again then, or add --watch\./);
    expect(words).not.toContain('-100 %');
    // The window is that of this shadow, not the minute before it came up.
    const [, window = 'none', counts = ''] =
      /from 2026-\d\d-\d\d (\d\d:\d\d) UTC on.* counts from (\d\d:\d\d) UTC on/.exec(words) ?? [];
    expect(counts).toBe(window);
  }
  const { text } = await report(open);
  // The moment it names is late enough.
  const [, at = ''] = /from (\d\d:\d\d:\d\d) UTC on/.exec(text.replace(/\s+/g, ' ')) ?? [];
  const moment = Date.parse(`${new Date(open.clock.now()).toISOString().slice(0, 10)}T${at}Z`);
  expect(moment).toBeGreaterThan(open.clock.now());
  while (open.clock.now() < moment) await open.traffic(1, 1_000);
  const then = await report(open);
  expect(then.text).not.toContain('nothing to compare');
  expect(then.text).toMatch(/ {2}requests +(\d+) +\1 +0 %/);
});

test('a window in which the shadow came up begins with it: it has not missed what came before', async () => {
  open = await stage('none');
  await open.traffic(300, 1_000);
  await attach(open);
  await open.traffic(240, 1_000);
  open.clock.advance(90_000);
  const { text } = await report(open, 'json');
  const { observations, verdict } = JSON.parse(text) as Report;
  expect(observations.leftOut).toEqual([
    expect.objectContaining({ to: observations.window.from, why: 'unknown-models' }),
  ]);
  expect(verdict?.gates.find((gate) => gate.id === 'traffic.sampling')?.outcome).toBe('pass');
});

test.each(['captures', 'logs'] as const)(
  'whenever one looks, the minute in which the shadow came up is left out (%s)',
  async (source) => {
    open = await stage('none');
    await open.traffic(60, 1_000);
    await attach(open);
    const seen: string[] = [];
    // Seconds 0 to 180 after: windows that end before its first whole minute, and after.
    for (let look = 0; look < 12; look += 1) {
      await open.traffic(15, 1_000);
      for (const last of ['1m', '30m']) {
        const { app, out } = open.app();
        const outcome = await reportRun(app, { ...OPTIONS, format: 'json', last, source });
        expect(outcome).toBe('inconclusive');
        const { observations, summaries, verdict } = JSON.parse(out.join('\n')) as Report;
        const shadow = summaries.shadow?.invocations ?? 0;
        if (shadow > 0) expect(shadow).toBe(summaries.production.invocations);
        else expect(observations.predictions?.pairs).toBe(0);
        expect(verdict?.gates.find((gate) => gate.id === 'traffic.sampling')?.outcome ?? 'pass').toBe('pass');
        seen.push(shadow > 0 ? 'compared' : 'nothing');
      }
    }
    expect(new Set(seen)).toEqual(new Set(['compared', 'nothing']));
  },
);

test('without a request there is neither table nor chart, but a way on', async () => {
  open = await stage('good');
  const { outcome, text } = await report(open);
  expect(outcome).toBe('inconclusive');
  expect(text.replace(/\s+/g, ' ')).toContain(
    'No request to weather has been seen since it started running with this shadow (',
  );
  expect(text).toContain('    shadowctl invoke --endpoint weather --data …');
  expect(text).not.toMatch(/ModelLatency|no data|NaN|undefined/);
});

test('requests from before the shadow are none that it missed', async () => {
  open = await stage('none');
  await open.traffic(60, 1_000);
  await attach(open);
  open.clock.advance(4 * 60_000);
  const { text } = await report(open);
  expect(text.replace(/\s+/g, ' ')).toContain(
    'No request to weather has been seen since it started running with this shadow (',
  );
});

test('without a shadow: how to attach one', async () => {
  open = await stage('none');
  await open.traffic(60, 1_000);
  open.clock.advance(120_000);
  const { outcome, text } = await report(open);
  expect(outcome).toBe('inconclusive');
  expect(text).toContain('There is nothing to compare: weather has no shadow variant.');
  expect(text).toContain('    shadowctl shadow --endpoint weather …');
});

test('capture turned off is no reason to pass: what was asked for is missing', async () => {
  open = await stage('good', false);
  await open.traffic(120, 1_000);
  open.clock.advance(120_000);
  const { text } = await report(open, 'json');
  const { observations, verdict } = JSON.parse(text) as Report;
  expect(observations.notes.join(' ')).toContain('Data capture is off for this endpoint');
  expect(verdict?.gates.find((gate) => gate.id === 'output.pairs')?.outcome).toBe('inconclusive');
});
