import { GetMetricDataCommand, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import {
  type DeploymentConfig,
  DeleteModelCommand,
  DescribeEndpointConfigCommand,
  UpdateEndpointCommand,
  type UpdateEndpointInput,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Switches } from '../../../../src/emulator/world/options.ts';
import { config, describeEndpoint, invoke, refusal, type Stand, stand, START, variant, withEndpoint } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withEndpoint(it);
});
afterEach(() => it.close());

/** Switches are asked when it matters, so a test may set one in the middle. */
const turn = (switches: Partial<Switches>) => Object.assign(it.emulator.world.switches, switches);
const update = (EndpointConfigName: string, more: Partial<UpdateEndpointInput> = {}) =>
  it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName, ...more }));
/** An update, and the time it takes. */
const updated = async (...of: Parameters<typeof update>) => {
  await update(...of);
  await it.clock.sleep(600_000);
};
const SHADOW = { ShadowProductionVariants: [variant('Shadow', 1, { ModelName: 'm009' })] };
const CAPTURE = {
  InitialSamplingPercentage: 100,
  DestinationS3Uri: 's3://captures/all',
  CaptureOptions: [{ CaptureMode: 'Input' as const }],
};
const canary = (Type: 'CANARY' | 'ALL_AT_ONCE', alarms: string[] = []): DeploymentConfig => ({
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: {
      Type,
      WaitIntervalInSeconds: Type === 'CANARY' ? 300 : 0,
      ...(Type === 'CANARY' && { CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 } }),
    },
    TerminationWaitInSeconds: 300,
  },
  ...(alarms.length > 0 && {
    AutoRollbackConfiguration: { Alarms: alarms.map((AlarmName) => ({ AlarmName })) },
  }),
});
const alarm = (AlarmName: string, TreatMissingData: string) =>
  it.cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName,
      TreatMissingData,
      Namespace: 'Shop',
      MetricName: 'Errors',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    }),
  );

describe('captures', () => {
  /** Variants that captured, and whether their records carry ids. */
  async function captured(): Promise<Record<string, boolean>> {
    await it.s3.send(new CreateBucketCommand({ Bucket: 'captures' }));
    await config(it, 'config-2', [variant('AllTraffic', 1)], { ...SHADOW, DataCaptureConfig: CAPTURE });
    await updated('config-2');
    await invoke(it, { InferenceId: 'one' });
    await it.clock.sleep(180_000);
    const { Contents = [] } = await it.s3.send(new ListObjectsV2Command({ Bucket: 'captures' }));
    const found = Contents.map(async ({ Key = '' }) => {
      const { Body } = await it.s3.send(new GetObjectCommand({ Bucket: 'captures', Key }));
      return [Key.split('/')[2], (await Body?.transformToString())?.includes('"inferenceId":"one"')];
    });
    return Object.fromEntries(await Promise.all(found));
  }

  test('a shadow has its own, with the ids of callers', async () => {
    expect(await captured()).toEqual({ AllTraffic: true, Shadow: true });
  });
  test('shadowCaptures=false: it has none', async () => {
    turn({ shadowCaptures: false });
    expect(await captured()).toEqual({ AllTraffic: true });
  });
  test('shadowInferenceId=false: they have no ids', async () => {
    turn({ shadowInferenceId: false });
    expect(await captured()).toEqual({ AllTraffic: true, Shadow: false });
  });
});

test('configs: capture, network isolation and models in use are refused where a switch says so', async () => {
  const make = (name: string, more: object) => config(it, name, [variant('AllTraffic', 1)], more);
  await make('isolated', { EnableNetworkIsolation: false, DataCaptureConfig: CAPTURE });
  const shown = async () =>
    (await it.sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'isolated' })))
      .EnableNetworkIsolation;
  expect(await shown()).toBe(false);
  turn({ refuseDataCapture: true, refuseNetworkIsolation: true, refuseModelInUse: true, showNetworkIsolation: false });
  expect(await shown()).toBeUndefined();
  expect(await refusal(make('new', { DataCaptureConfig: CAPTURE }))).toMatch(/^ValidationException: DataCaptureConfig/);
  expect(await refusal(make('new', { EnableNetworkIsolation: false }))).toMatch(/^ValidationException: /);
  await make('new', {});
  const remove = (ModelName: string) => it.sagemaker.send(new DeleteModelCommand({ ModelName }));
  expect(await refusal(remove('m005'))).toMatch(/^ValidationException: .*endpoint-config/);
  await remove('m009');
});

test('updates beside a shadow: all at once alone, and without retained properties', async () => {
  await config(it, 'config-2', [variant('AllTraffic', 3)], SHADOW);
  turn({ guardrailsWithShadow: 'all-at-once', retainWithShadow: false, excludeDataCapture: 'refuse' });
  expect(await refusal(update('config-2', { DeploymentConfig: canary('CANARY') }))).toContain('shadow');
  expect(await refusal(update('config-2', { RetainAllVariantProperties: true }))).toContain('shadow');
  const ExcludeRetainedVariantProperties = [{ VariantPropertyType: 'DataCaptureConfig' as const }];
  expect(await refusal(update('config-2', { ExcludeRetainedVariantProperties }))).toContain('not currently supported');
  await update('config-2', { DeploymentConfig: canary('ALL_AT_ONCE') });
});

test('reuseConfigs=false: a config that ran is not taken again', async () => {
  turn({ reuseConfigs: false });
  await config(it, 'config-2', [variant('AllTraffic', 2)]);
  await updated('config-2');
  expect(await refusal(update('config-1'))).toMatch(/^ValidationException: .*create a new one/);
});

describe('guarded updates', () => {
  beforeEach(() => config(it, 'config-2', [variant('AllTraffic', 3)]));

  test('alarmWithoutData=rollback: an alarm without data ends one', async () => {
    await alarm('blind', 'missing');
    await updated('config-2', { DeploymentConfig: canary('CANARY', ['blind']) });
    await it.clock.sleep(600_000);
    expect((await describeEndpoint(it)).EndpointConfigName).toBe('config-2');
    turn({ alarmWithoutData: 'rollback' });
    await updated('config-1', { DeploymentConfig: canary('CANARY', ['blind']) });
    expect(await describeEndpoint(it)).toMatchObject({
      EndpointConfigName: 'config-2',
      FailureReason: expect.stringContaining('[blind]'),
    });
  });

  test('rollbackReason=false: nothing says why; bakingWait names the other wait', async () => {
    turn({ rollbackReason: false, bakingWait: 'WaitIntervalInSeconds' });
    await alarm('errors', 'notBreaching');
    await update('config-2', { DeploymentConfig: canary('CANARY', ['errors']) });
    await it.clock.sleep(200_000);
    const baking = (await describeEndpoint(it)).PendingDeploymentSummary?.ProductionVariants?.[0]?.VariantStatus?.[0];
    expect(baking?.StatusMessage).toContain('(WaitIntervalInSeconds)');
    await it.cloudwatch.send(
      new SetAlarmStateCommand({ AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'a test' }),
    );
    await it.clock.sleep(120_000);
    const { EndpointConfigName, EndpointStatus, FailureReason } = await describeEndpoint(it);
    expect([EndpointConfigName, EndpointStatus, FailureReason]).toEqual(['config-1', 'InService', undefined]);
  });

  test('executionTimeout=600: what takes longer is rolled back, unless it says how long it may take', async () => {
    turn({ executionTimeout: 600 });
    const long = canary('CANARY');
    await updated('config-2', { DeploymentConfig: long });
    await it.clock.sleep(600_000);
    expect((await describeEndpoint(it)).FailureReason).toContain('MaximumExecutionTimeoutInSeconds');
    const BlueGreenUpdatePolicy = {
      ...long.BlueGreenUpdatePolicy,
      MaximumExecutionTimeoutInSeconds: 3600,
    } as DeploymentConfig['BlueGreenUpdatePolicy'];
    await updated('config-2', { DeploymentConfig: { BlueGreenUpdatePolicy } });
    await it.clock.sleep(600_000);
    expect((await describeEndpoint(it)).EndpointConfigName).toBe('config-2');
  });

  test('keepLastDeployment=false: a plain update leaves none', async () => {
    await updated('config-2', { DeploymentConfig: canary('ALL_AT_ONCE') });
    await it.clock.sleep(600_000);
    await updated('config-1');
    expect((await describeEndpoint(it)).LastDeploymentConfig).toBeDefined();
    turn({ keepLastDeployment: false });
    await updated('config-2');
    expect((await describeEndpoint(it)).LastDeploymentConfig).toBeUndefined();
  });
});

describe('metrics', () => {
  const read = async (MetricName: string, Stat: string) => {
    const Dimensions = [
      { Name: 'EndpointName', Value: 'Weather' },
      { Name: 'VariantName', Value: 'AllTraffic' },
    ];
    const { MetricDataResults } = await it.cloudwatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(START),
        EndTime: new Date(START + 3_600_000),
        MetricDataQueries: [
          { Id: 'm', MetricStat: { Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions }, Period: 60, Stat } },
        ],
      }),
    );
    return MetricDataResults?.[0]?.Values ?? [];
  };

  test('percentiles=false: there is the mean alone', async () => {
    it.at(300);
    await invoke(it);
    it.at(600);
    expect(await read('ModelLatency', 'p90')).toHaveLength(1);
    turn({ percentiles: false });
    expect(await read('ModelLatency', 'p90')).toEqual([]);
    expect(await read('ModelLatency', 'Average')).toHaveLength(1);
  });

  test('halfMinutes: the second half of a minute comes a minute later', async () => {
    turn({ halfMinutes: true });
    for (const second of [310, 320, 350]) {
      it.at(second);
      await invoke(it);
    }
    it.at(376);
    expect(await read('Invocations', 'Sum')).toEqual([2]);
    it.at(436);
    expect(await read('Invocations', 'Sum')).toEqual([3]);
  });
});
