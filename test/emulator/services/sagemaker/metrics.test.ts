import { GetMetricStatisticsCommand, type GetMetricStatisticsInput } from '@aws-sdk/client-cloudwatch';
import { MetricPublishFrequencyInSeconds, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { config, invoke, type Stand, stand, START, variant, withEndpoint } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withEndpoint(it);
});
afterEach(() => it.close());

async function points(MetricName: string, more: Partial<GetMetricStatisticsInput> & { config?: string } = {}) {
  const { config: EndpointConfigName, ...rest } = more;
  const reply = await it.cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/SageMaker',
      MetricName,
      Dimensions: [
        { Name: 'EndpointName', Value: 'Weather' },
        { Name: 'VariantName', Value: 'AllTraffic' },
        ...(EndpointConfigName === undefined ? [] : [{ Name: 'EndpointConfigName', Value: EndpointConfigName }]),
      ],
      StartTime: new Date(START),
      EndTime: new Date(START + 3_600_000),
      Period: 60,
      Statistics: ['Sum', 'SampleCount', 'Average', 'Maximum'],
      ...rest,
    }),
  );
  return (reply.Datapoints ?? [])
    .sort((a, b) => Number(a.Timestamp) - Number(b.Timestamp))
    .map(({ Timestamp, ...point }) => ({ ...point, at: (Number(Timestamp) - START) / 1000 }));
}

describe('invocation metrics', () => {
  test('are published a minute at a time, 15 s after its end; minutes without requests have none', async () => {
    it.at(310);
    for (let index = 0; index < 6; index += 1) await invoke(it);
    it.emulator.world.faults.add({ kind: 'failing-model', status: 400, times: 2 });
    for (let index = 0; index < 2; index += 1) await invoke(it).catch(() => {});
    it.at(374.999);
    expect(await points('Invocations')).toEqual([]);
    it.at(375);
    expect(await points('Invocations')).toEqual([
      { at: 300, Sum: 8, SampleCount: 8, Average: 1, Maximum: 1, Unit: 'None' },
    ]);
    expect(await points('Invocation4XXErrors')).toMatchObject([{ at: 300, Sum: 2, Average: 0.25 }]);
    expect(await points('Invocation5XXErrors')).toMatchObject([{ at: 300, Sum: 0, SampleCount: 8 }]);
    expect(await points('InvocationModelErrors')).toMatchObject([{ Sum: 2 }]);
    const [perInstance] = await points('InvocationsPerInstance');
    expect(perInstance?.Sum).toBeCloseTo(8 / 3, 10);
    it.at(500);
    expect(await points('Invocations')).toHaveLength(1);
  });

  test('latencies are microseconds around the median; the first call of an instance is slow', async () => {
    it.at(310);
    // Every instance has had its first call after these.
    for (let index = 0; index < 60; index += 1) await invoke(it);
    it.at(365);
    for (let index = 0; index < 300; index += 1) await invoke(it);
    it.at(600);
    const [first, second] = await points('ModelLatency', { Unit: 'Microseconds' });
    expect(second?.Average).toBeGreaterThan(1_900 * 0.85 * 0.9);
    expect(second?.Average).toBeLessThan(1_900 * 1.15 * 1.15);
    expect(second?.Maximum).toBeLessThan(6_500);
    expect(first?.Maximum).toBeGreaterThan(6_500);
    expect((await points('OverheadLatency'))[1]?.Average).toBeGreaterThan(900);
  });

  test('each config has its own series', async () => {
    await config(it, 'config-2', [variant('AllTraffic', 3)]);
    it.at(310);
    await invoke(it);
    await it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'config-2' }));
    it.at(600);
    await invoke(it);
    await invoke(it);
    it.at(1000);
    const counts = async (config?: string) =>
      (await points('Invocations', config === undefined ? {} : { config })).map((p) => [p.at, p.Sum]);
    expect(await counts('config-1')).toEqual([[300, 1]]);
    expect(await counts('config-2')).toEqual([[600, 2]]);
    expect(await counts()).toEqual([
      [300, 1],
      [600, 2],
    ]);
  });

  test('MetricPublishFrequencyInSeconds 10 publishes every ten seconds', async () => {
    await config(it, 'often', [variant('AllTraffic', 3)], {
      MetricsConfig: { MetricPublishFrequencyInSeconds: MetricPublishFrequencyInSeconds.FREQ_10_S },
    });
    await it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'often' }));
    for (const second of [610, 615, 620]) {
      it.at(second);
      await invoke(it);
    }
    it.at(635);
    const seen = await points('Invocations', { Period: 10, StartTime: new Date(START + 600_000) });
    expect(seen.map((p) => [p.at, p.Sum])).toEqual([[610, 2]]);
    it.at(645);
    expect(
      (await points('Invocations', { Period: 10, StartTime: new Date(START + 600_000) })).map((p) => [p.at, p.Sum]),
    ).toEqual([
      [610, 2],
      [620, 1],
    ]);
  });

  test('a fault delays them', async () => {
    it.emulator.world.faults.add({ kind: 'delay-metrics', milliseconds: 600_000 });
    it.at(310);
    await invoke(it);
    it.at(974.999);
    expect(await points('Invocations')).toEqual([]);
    it.at(975);
    expect(await points('Invocations')).toHaveLength(1);
  });
});

test('the machines report CPU, memory and disk each minute while the fleet stands', async () => {
  it.at(600);
  const cpu = await points('CPUUtilization', { Namespace: '/aws/sagemaker/Endpoints' });
  // Instances of the minute 240-300 stood at its end; the minute 540-600 is published at 615.
  expect(cpu.map((point) => point.at)).toEqual([240, 300, 360, 420, 480]);
  expect(cpu[0]).toMatchObject({ SampleCount: 3, Unit: 'Percent' });
  expect(cpu[0]?.Average).toBeGreaterThan(0);
  expect(await points('MemoryUtilization', { Namespace: '/aws/sagemaker/Endpoints' })).toHaveLength(5);
  expect(await points('DiskUtilization', { Namespace: '/aws/sagemaker/Endpoints' })).toHaveLength(5);
});
