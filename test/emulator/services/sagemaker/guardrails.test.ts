import { GetMetricStatisticsCommand, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  CapacitySizeType,
  CreateEndpointCommand,
  type DeploymentConfig,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { config, describeEndpoint, invoke, type Stand, stand, START, variant, withEndpoint } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withEndpoint(it);
  await config(it, 'Config-2', [variant('AllTraffic', 3, { ModelName: 'm009' })]);
});
const close = () => it.close();
afterEach(close);

/** UpdateEndpoint at 300 s after START. */
async function update(deployment?: DeploymentConfig, name = 'Config-2') {
  it.at(300);
  await it.sagemaker.send(
    new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: name, DeploymentConfig: deployment }),
  );
}

const time = (seconds: number) => new Date(START + seconds * 1000);

/** Weights, counts and status of both fleets, in one line each. */
async function glance() {
  const now = await describeEndpoint(it);
  const line = (
    v:
      | {
          CurrentWeight?: number;
          CurrentInstanceCount?: number;
          DesiredInstanceCount?: number;
          VariantStatus?: { Status?: string; StatusMessage?: string }[];
        }
      | undefined,
  ) =>
    v &&
    `${v.CurrentInstanceCount}/${v.DesiredInstanceCount} w${v.CurrentWeight} ${v.VariantStatus?.[0]?.Status ?? '-'} ${v.VariantStatus?.[0]?.StatusMessage ?? ''}`.trim();
  return {
    status: now.EndpointStatus,
    config: now.EndpointConfigName,
    old: line(now.ProductionVariants?.[0]),
    next: line(now.PendingDeploymentSummary?.ProductionVariants?.[0]),
    reason: now.FailureReason,
  };
}

/** An alarm on failed requests of the endpoint in a minute. */
async function alarm(name: string, threshold = 1) {
  await it.cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: name,
      Namespace: 'AWS/SageMaker',
      MetricName: 'Invocation5XXErrors',
      Dimensions: [
        { Name: 'EndpointName', Value: 'Weather' },
        { Name: 'VariantName', Value: 'AllTraffic' },
      ],
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: threshold,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    }),
  );
}

const CANARY: DeploymentConfig = {
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: {
      Type: 'CANARY',
      CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 },
      WaitIntervalInSeconds: 300,
    },
    TerminationWaitInSeconds: 120,
    MaximumExecutionTimeoutInSeconds: 1800,
  },
};

describe('a canary', () => {
  test('goes through every stage with the documented texts, counts and times', async () => {
    await update(CANARY);
    expect(await glance()).toEqual({
      status: 'Updating',
      config: 'config-1',
      old: '3/3 w1 -',
      next: undefined,
      reason: undefined,
    });
    expect((await describeEndpoint(it)).LastDeploymentConfig).toEqual(CANARY);
    it.at(303);
    expect(await glance()).toMatchObject({ old: '3/3 w1 -', next: '0/3 w0 Creating Launching 3 instance(s).' });
    expect((await describeEndpoint(it)).PendingDeploymentSummary).toMatchObject({
      EndpointConfigName: 'Config-2',
      StartTime: time(303),
      ProductionVariants: [{ InstanceType: 'm5.xlarge' }],
    });
    it.at(480);
    expect(await glance()).toMatchObject({
      next: '0/3 w0 ActivatingTraffic Activating traffic on canary capacity of 1 instance(s).',
    });
    it.at(490);
    expect(await glance()).toMatchObject({
      old: '3/3 w1 -',
      next: '1/3 w1 Baking Baking for 300 seconds (TerminationWaitInSeconds) with traffic enabled on canary capacity of 1 instance(s).',
    });
    it.at(789.999);
    expect((await glance()).next).toContain('canary capacity');
    it.at(790);
    expect(await glance()).toMatchObject({
      next: '1/3 w1 ActivatingTraffic Activating traffic on full capacity of 3 instance(s).',
    });
    it.at(800);
    expect(await glance()).toMatchObject({
      config: 'config-1',
      old: '0/3 w1 -',
      next: '3/3 w1 Baking Baking for 120 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of 3 instance(s).',
    });
    it.at(920);
    expect((await glance()).old).toBe('0/3 w1 Deleting Terminating 3 instance(s).');
    it.at(950);
    expect(await glance()).toEqual({
      status: 'InService',
      config: 'Config-2',
      old: '3/3 w1 -',
      next: undefined,
      reason: undefined,
    });
    expect((await describeEndpoint(it)).LastModifiedTime).toEqual(time(950));
  });

  test('gives the new fleet its instances’ share of the requests', async () => {
    it.emulator.world.faults.add({ kind: 'failing-model', endpointConfig: 'Config-2' });
    await update(CANARY);
    it.at(490);
    let failed = 0;
    for (let index = 0; index < 600; index += 1) await invoke(it).catch(() => (failed += 1));
    // 200 expected; four standard deviations are 46.
    expect(failed).toBeGreaterThan(154);
    expect(failed).toBeLessThan(246);
  });

  test('is rolled back by an alarm, in AWS’s words, and forgets the reason with the next success', async () => {
    await alarm('Errors-A');
    await alarm('Errors-B', 1_000);
    it.emulator.world.faults.add({ kind: 'failing-model', endpointConfig: 'Config-2' });
    await update({
      ...CANARY,
      AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'Errors-A' }, { AlarmName: 'Errors-B' }] },
    });
    it.at(490);
    let rolledBackAt = 0;
    for (let second = 490; second < 790 && rolledBackAt === 0; second += 1) {
      it.at(second);
      await invoke(it).catch(() => {});
      if ((await glance()).next?.includes('Terminating')) rolledBackAt = second;
    }
    // The minute 480-540 is published at 555; an alarm is evaluated once a minute.
    expect(rolledBackAt).toBeGreaterThanOrEqual(555);
    expect(rolledBackAt).toBeLessThanOrEqual(616);
    expect(await glance()).toMatchObject({
      status: 'Updating',
      config: 'config-1',
      old: '3/3 w1 -',
      next: '0/3 w0 Deleting Terminating 3 instance(s).',
    });
    for (let index = 0; index < 30; index += 1) await invoke(it);
    it.at(rolledBackAt + 30);
    expect(await glance()).toEqual({
      status: 'InService',
      config: 'config-1',
      old: '3/3 w1 -',
      next: undefined,
      reason: 'One or more configured alarm for automatic rollback deployment is in ALARM state: [Errors-A].',
    });
    expect((await describeEndpoint(it)).LastDeploymentConfig).toMatchObject(CANARY);

    it.emulator.world.faults.clear();
    it.at(2000);
    await config(it, 'Config-3', [variant('AllTraffic', 3, { ModelName: 'm009' })]);
    await it.sagemaker.send(
      new UpdateEndpointCommand({
        EndpointName: 'Weather',
        EndpointConfigName: 'Config-3',
        RetainDeploymentConfig: true,
      }),
    );
    expect((await glance()).reason).toContain('[Errors-A]');
    it.at(2000 + 649.999);
    expect((await glance()).status).toBe('Updating');
    it.at(2000 + 650);
    expect(await glance()).toMatchObject({ status: 'InService', config: 'Config-3', reason: undefined });
  });

  test('is rolled back at its first bake when an alarm fires from the start', async () => {
    await alarm('Errors-A');
    await update({ ...CANARY, AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'Errors-A' }] } });
    it.at(489);
    await it.cloudwatch.send(
      new SetAlarmStateCommand({ AlarmName: 'Errors-A', StateValue: 'ALARM', StateReason: 'test' }),
    );
    it.at(489.999);
    expect((await glance()).next).toContain('ActivatingTraffic');
    it.at(490);
    expect((await glance()).next).toContain('0/3 w0 Deleting');
    it.at(520);
    expect((await glance()).reason).toContain('[Errors-A]');
  });
});

const percent = (Value: number) => ({ Type: CapacitySizeType.CAPACITY_PERCENT, Value });

const LINEAR: DeploymentConfig = {
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: { Type: 'LINEAR', LinearStepSize: percent(33), WaitIntervalInSeconds: 60 },
    TerminationWaitInSeconds: 30,
  },
};

/** The average of InvocationsPerInstance of the endpoint's variant, as the fleet of a config reported it. */
async function requestsPerInstance(configName: string): Promise<number | undefined> {
  const { Datapoints } = await it.cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/SageMaker',
      MetricName: 'InvocationsPerInstance',
      Dimensions: [
        { Name: 'EndpointName', Value: 'Weather' },
        { Name: 'VariantName', Value: 'AllTraffic' },
        { Name: 'EndpointConfigName', Value: configName },
      ],
      StartTime: time(0),
      EndTime: time(3600),
      Period: 3600,
      Statistics: ['Average'],
    }),
  );
  return Datapoints?.[0]?.Average;
}

describe('other policies', () => {
  test('an update without a policy shifts all at once, renames variants, and bakes nothing', async () => {
    await config(it, 'Renamed', [variant('New', 2, { ModelName: 'm009' })]);
    await update(undefined, 'Renamed');
    it.at(480);
    expect(await glance()).toMatchObject({
      next: '0/2 w0 ActivatingTraffic Activating traffic on full capacity of 2 instance(s).',
    });
    expect((await invoke(it)).InvokedProductionVariant).toBe('AllTraffic');
    it.at(490);
    expect(await glance()).toMatchObject({
      old: '0/3 w1 Deleting Terminating 3 instance(s).',
      next: '2/2 w1 ActivatingTraffic Activating traffic on full capacity of 2 instance(s).',
    });
    expect((await invoke(it)).InvokedProductionVariant).toBe('New');
    it.at(520);
    expect(await glance()).toMatchObject({ status: 'InService', config: 'Renamed', old: '2/2 w1 -' });
  });

  test('linear moves a step at a time, and takes as much of the old fleet out', async () => {
    await update(LINEAR);
    const seen: string[] = [];
    for (let second = 480; second <= 700; second += 5) {
      it.at(second);
      const { old, next, config } = await glance();
      const line = `${config} ${old?.slice(0, 3)} ${next?.replace(/ [A-Z].* on/, ' on') ?? ''}`;
      if (seen.at(-1) !== line) seen.push(line);
    }
    expect(seen).toEqual([
      'config-1 3/3 0/3 w0 on canary capacity of 1 instance(s).',
      'config-1 3/3 1/3 w1 on canary capacity of 1 instance(s).',
      'config-1 3/3 1/3 w1 on canary capacity of 2 instance(s).',
      'config-1 3/3 2/3 w1 on canary capacity of 2 instance(s).',
      'config-1 3/3 2/3 w1 on full capacity of 3 instance(s).',
      'config-1 0/3 3/3 w1 on full capacity of 3 instance(s).',
      'Config-2 3/3 ',
    ]);
  });

  test('linear leaves in service what the old fleet is still needed for', async () => {
    await update(LINEAR);
    it.at(495);
    for (let index = 0; index < 60; index += 1) await invoke(it);
    it.at(560);
    // Each request counts by the instances that share them: two of the old fleet's three, one of the new one's.
    expect(await requestsPerInstance('config-1')).toBeCloseTo(1 / 2, 10);
    expect(await requestsPerInstance('Config-2')).toBe(1);
  });

  test('a variant whose old instances are all out of service does not take the others along', async () => {
    await config(it, 'pair-1', [variant('Small', 2), variant('Large', 4)]);
    await config(it, 'pair-2', [variant('Small', 2), variant('Large', 4)]);
    await it.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Pair', EndpointConfigName: 'pair-1' }));
    it.at(600);
    await it.sagemaker.send(
      new UpdateEndpointCommand({
        EndpointName: 'Pair',
        EndpointConfigName: 'pair-2',
        DeploymentConfig: {
          BlueGreenUpdatePolicy: {
            TrafficRoutingConfiguration: { Type: 'LINEAR', LinearStepSize: percent(25), WaitIntervalInSeconds: 60 },
          },
        },
      }),
    );
    it.emulator.world.faults.add({ kind: 'failing-model', endpointConfig: 'pair-2' });
    // The second step: both new instances of Small, two of the four of Large.
    it.at(865);
    const failures = async (TargetVariant: string, calls: number) => {
      let failed = 0;
      for (let index = 0; index < calls; index += 1)
        await invoke(it, { EndpointName: 'Pair', TargetVariant }).catch(() => (failed += 1));
      return failed;
    };
    expect(await failures('Small', 20)).toBe(20);
    // 100 expected; four standard deviations are 28.
    const failed = await failures('Large', 200);
    expect(failed).toBeGreaterThan(71);
    expect(failed).toBeLessThan(129);
  });

  test('rolling replaces batch by batch, and comes back batch by batch', async () => {
    await alarm('Errors-A');
    const rolling: DeploymentConfig = {
      RollingUpdatePolicy: {
        MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 },
        WaitIntervalInSeconds: 60,
        RollbackMaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 },
      },
      AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'Errors-A' }] },
    };
    await update(rolling);
    it.at(480);
    expect((await glance()).next).toBe(
      '0/3 w0 ActivatingTraffic Activating traffic on canary capacity of 1 instance(s).',
    );
    it.at(490);
    expect(await glance()).toMatchObject({ old: '3/3 w1 -' });
    expect((await glance()).next).toContain('1/3 w1 Baking Baking for 60 seconds');
    it.at(550);
    expect((await glance()).old).toBe('3/3 w1 Deleting Terminating 1 instance(s).');
    it.at(580);
    expect(await glance()).toMatchObject({ old: '2/3 w1 -', next: '1/3 w1 Updating Launching 1 instance(s).' });
    // Second batch: launched at 760, active at 770, baked until 830, one more old instance gone at 860.
    it.at(860);
    expect(await glance()).toMatchObject({ old: '1/3 w1 -' });
    await it.cloudwatch.send(
      new SetAlarmStateCommand({ AlarmName: 'Errors-A', StateValue: 'ALARM', StateReason: 'test' }),
    );
    // Third batch bakes from 1050 on: there the alarm is seen.
    for (let second = 870; second <= 1050; second += 30) {
      it.at(second);
      await it.cloudwatch.send(
        new SetAlarmStateCommand({ AlarmName: 'Errors-A', StateValue: 'ALARM', StateReason: 'test' }),
      );
    }
    expect(await glance()).toMatchObject({ status: 'Updating', old: '1/3 w1 Updating Launching 1 instance(s).' });
    it.at(1050 + 2 * 190 + 2 * 30);
    expect(await glance()).toEqual({
      status: 'InService',
      config: 'config-1',
      old: '3/3 w1 -',
      next: undefined,
      reason: 'One or more configured alarm for automatic rollback deployment is in ALARM state: [Errors-A].',
    });
  });

  test('rolling without trouble ends on the new config', async () => {
    await update({
      RollingUpdatePolicy: { MaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 50 }, WaitIntervalInSeconds: 60 },
    });
    // Half of three is one: three batches, each launches 180 s, activates 10 s, bakes 60 s, terminates 30 s.
    it.at(300 + 2 * 280 + 250);
    expect(await glance()).toMatchObject({ config: 'config-1', old: '0/3 w1 Deleting Terminating 1 instance(s).' });
    it.at(300 + 3 * 280);
    expect(await glance()).toMatchObject({ status: 'InService', config: 'Config-2', old: '3/3 w1 -' });
  });
});

describe('a new fleet that does not come', () => {
  test('unhealthy containers: back to the old config, with the reason, without any alarm', async () => {
    it.emulator.world.faults.add({ kind: 'unhealthy', endpointConfig: 'Config-2' });
    await update(CANARY);
    it.at(480 + 239.999);
    expect((await glance()).status).toBe('Updating');
    it.at(480 + 240 + 30);
    expect(await glance()).toMatchObject({
      status: 'InService',
      config: 'config-1',
      old: '3/3 w1 -',
      reason:
        'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.',
    });
  });

  test('a shorter ContainerStartupHealthCheckTimeoutInSeconds fails sooner', async () => {
    it.emulator.world.faults.add({ kind: 'unhealthy', endpointConfig: 'Hasty' });
    await config(it, 'Hasty', [variant('AllTraffic', 1, { ContainerStartupHealthCheckTimeoutInSeconds: 60 })]);
    await update(undefined, 'Hasty');
    it.at(480 + 60 + 30);
    expect(await glance()).toMatchObject({ status: 'InService', config: 'config-1' });
  });

  test('no capacity: back to the old config', async () => {
    it.emulator.world.faults.add({ kind: 'insufficient-capacity', endpointConfig: 'Config-2' });
    await update(CANARY);
    it.at(480 + 30);
    expect(await glance()).toMatchObject({ status: 'InService', config: 'config-1' });
    expect((await glance()).reason).toContain('InsufficientInstanceCapacity');
  });

  test('a time-out rolls back', async () => {
    await close();
    it = await stand({ latencies: { launchFleet: 500_000 } });
    await withEndpoint(it);
    await config(it, 'Config-2', [variant('AllTraffic', 3)]);
    const policy = CANARY.BlueGreenUpdatePolicy;
    if (!policy) throw new Error('the canary has no policy');
    await update({ BlueGreenUpdatePolicy: { ...policy, MaximumExecutionTimeoutInSeconds: 600 } });
    it.at(899.999);
    expect((await glance()).next).toContain('Baking');
    it.at(930);
    expect(await glance()).toMatchObject({ status: 'InService', config: 'config-1' });
    expect((await glance()).reason).toContain('MaximumExecutionTimeoutInSeconds');
  });

  test('a rolling rollback without capacity ends in UpdateRollbackFailed', async () => {
    await alarm('Errors-A');
    await update({
      RollingUpdatePolicy: { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 }, WaitIntervalInSeconds: 60 },
      AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'Errors-A' }] },
    });
    it.at(600);
    await describeEndpoint(it);
    it.emulator.world.faults.add({ kind: 'insufficient-capacity', endpointConfig: 'config-1' });
    for (let second = 600; second <= 780; second += 30) {
      it.at(second);
      await it.cloudwatch.send(
        new SetAlarmStateCommand({ AlarmName: 'Errors-A', StateValue: 'ALARM', StateReason: 'test' }),
      );
    }
    it.at(770 + 181 + 30);
    expect(await glance()).toMatchObject({ status: 'UpdateRollbackFailed', config: 'config-1', old: '2/3 w1 -' });
    await invoke(it);
  });
});

test('a switch shows a rollback as RollingBack', async () => {
  (it.emulator.world.switches as { rollbackStatus: string }).rollbackStatus = 'RollingBack';
  it.emulator.world.faults.add({ kind: 'insufficient-capacity', endpointConfig: 'Config-2' });
  await update(CANARY);
  it.at(480);
  expect((await glance()).status).toBe('RollingBack');
  await invoke(it);
  it.at(510);
  expect((await glance()).status).toBe('InService');
});

test.each<[string, DeploymentConfig | undefined]>([
  ['all at once', undefined],
  ['canary', CANARY],
  [
    'linear',
    {
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          Type: 'LINEAR',
          LinearStepSize: { Type: 'INSTANCE_COUNT', Value: 1 },
          WaitIntervalInSeconds: 60,
        },
      },
    },
  ],
  [
    'rolling',
    { RollingUpdatePolicy: { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 }, WaitIntervalInSeconds: 60 } },
  ],
])('%s serves throughout, and ends on the new fleet', async (_, deployment) => {
  await update(deployment);
  for (let second = 300; second < 1300; second += 10) {
    it.at(second);
    await invoke(it);
  }
  expect(await glance()).toEqual({
    status: 'InService',
    config: 'Config-2',
    old: '3/3 w1 -',
    next: undefined,
    reason: undefined,
  });
});
