import { GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogStreamsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { config, describeEndpoint, invoke, type Stand, stand, START, variant, withEndpoint } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withEndpoint(it);
});
afterEach(() => it.close());

/** Attaches a shadow of 009 at 300 s; it stands from 520 s on. */
async function attach(weight: number, name = 'with-shadow') {
  await config(it, name, [variant('AllTraffic', 2)], {
    ShadowProductionVariants: [variant('Shadow', 1, { ModelName: 'm009', InitialVariantWeight: weight })],
  });
  it.at(300);
  await it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: name }));
  it.at(600);
}

/** A statistic of the whole time, or of the minute that begins at `minute` seconds after START. */
async function sum(MetricName: string, VariantName: string, Statistic: 'Sum' | 'Maximum' = 'Sum', minute?: number) {
  it.at(900);
  const reply = await it.cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/SageMaker',
      MetricName,
      Dimensions: [
        { Name: 'EndpointName', Value: 'Weather' },
        { Name: 'VariantName', Value: VariantName },
      ],
      StartTime: new Date(START + (minute ?? 0) * 1000),
      EndTime: new Date(START + (minute === undefined ? 900 : minute + 60) * 1000),
      Period: minute === undefined ? 900 : 60,
      Statistics: [Statistic],
    }),
  );
  return (reply.Datapoints ?? []).reduce((total, point) => total + (point[Statistic] ?? 0), 0);
}

const calls = async (count: number) => {
  for (let index = 0; index < count; index += 1) await invoke(it);
};

describe('a shadow variant', () => {
  test('is shown beside production and gets a copy of every request', async () => {
    await attach(1);
    expect(await describeEndpoint(it)).toMatchObject({
      EndpointConfigName: 'with-shadow',
      ProductionVariants: [{ VariantName: 'AllTraffic', CurrentInstanceCount: 2 }],
      ShadowProductionVariants: [
        { VariantName: 'Shadow', CurrentWeight: 1, DesiredWeight: 1, CurrentInstanceCount: 1, DesiredInstanceCount: 1 },
      ],
    });
    for (let index = 0; index < 40; index += 1) expect((await invoke(it)).InvokedProductionVariant).toBe('AllTraffic');
    expect(await sum('Invocations', 'AllTraffic')).toBe(40);
    expect(await sum('Invocations', 'Shadow')).toBe(40);
    expect(await sum('InvocationsPerInstance', 'AllTraffic')).toBe(20);
    expect(await sum('InvocationsPerInstance', 'Shadow')).toBe(40);
    const logs = new CloudWatchLogsClient({
      endpoint: it.emulator.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const { logStreams = [] } = await logs.send(
      new DescribeLogStreamsCommand({
        logGroupName: '/aws/sagemaker/Endpoints/Weather',
        logStreamNamePrefix: 'Shadow/',
      }),
    );
    logs.destroy();
    expect(logStreams.map((stream) => stream.logStreamName)).toEqual([
      expect.stringMatching(/^Shadow\/i-0[0-9a-f]{16}$/),
    ]);
  });

  test('sees a share of the requests by its weight', async () => {
    await attach(0.25);
    await calls(400);
    const mirrored = await sum('Invocations', 'Shadow');
    // 100 expected, four standard deviations are 35.
    expect(mirrored).toBeGreaterThan(65);
    expect(mirrored).toBeLessThan(135);
  });

  test('may fail every request: production does not notice', async () => {
    await attach(1);
    it.emulator.world.faults.add({ kind: 'failing-model', variant: 'Shadow' });
    await calls(30);
    expect(await sum('Invocation5XXErrors', 'Shadow')).toBe(30);
    expect(await sum('InvocationModelErrors', 'Shadow')).toBe(30);
    expect(await sum('Invocation5XXErrors', 'AllTraffic')).toBe(0);
  });

  test('may be slow: the caller does not wait, but its metrics say so, in the minute it answered', async () => {
    await attach(1);
    it.emulator.world.faults.add({ kind: 'slow-model', variant: 'Shadow', milliseconds: 30_000 });
    it.at(650);
    const before = it.clock.now();
    await invoke(it);
    expect(it.clock.now() - before).toBeLessThan(100);
    expect(await sum('ModelLatency', 'Shadow', 'Maximum')).toBeGreaterThan(30_000_000);
    // Asked at 650 s, answered at 680 s: the next minute.
    expect(await sum('Invocations', 'AllTraffic', 'Sum', 600)).toBe(1);
    expect(await sum('Invocations', 'Shadow', 'Sum', 600)).toBe(0);
    expect(await sum('Invocations', 'Shadow', 'Sum', 660)).toBe(1);
    expect(await sum('ModelLatency', 'AllTraffic', 'Maximum')).toBeLessThan(100_000);
  });

  test('cannot be targeted', async () => {
    await attach(1);
    await expect(invoke(it, { TargetVariant: 'Shadow' })).rejects.toMatchObject({ name: 'ValidationError' });
  });
});
