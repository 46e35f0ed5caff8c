import { DescribeAlarmsCommand, GetMetricStatisticsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateModelCommand,
  type DeploymentConfig,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { XGBOOST, xgboostArtifact } from '../containers/containers.ts';
import { config, describeEndpoint, invoke, type Stand, stand, START, variant } from '../services/sagemaker/stand.ts';

// The story of AWS's guardrail notebooks and of their users' runs: a model pickled by XGBoost 0.90 behind image 0.90-1,
// updated to image 1.2-1, which cannot load it but passes its health check; a request a second all the while.

// Thousands of requests on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await it.s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  const Body = xgboostArtifact('0.90', 'logistic', 'pkl');
  await it.s3.send(new PutObjectCommand({ Bucket: 'models', Key: 'm.tar.gz', Body }));
  for (const [name, tag] of [
    ['good', '0.90-1-cpu-py3'],
    ['bad', '1.2-1'],
  ]) {
    await it.sagemaker.send(
      new CreateModelCommand({
        ModelName: name,
        ExecutionRoleArn: 'arn:aws:iam::000000000000:role/SageMaker',
        Containers: [{ Image: `${XGBOOST}:${tag}`, ModelDataUrl: 's3://models/m.tar.gz' }],
      }),
    );
    await config(it, `config-${name}`, [variant('AllTraffic', 3, { ModelName: name })]);
  }
  await it.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'config-good' }));
  it.at(300);
});
afterEach(() => it.close());

async function alarm(AlarmName: string, MetricName: string, Statistic: 'Average' | 'Sum', Threshold: number) {
  await it.cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName,
      MetricName,
      Statistic,
      Threshold,
      Namespace: 'AWS/SageMaker',
      Dimensions: [
        { Name: 'EndpointName', Value: 'Weather' },
        { Name: 'VariantName', Value: 'AllTraffic' },
      ],
      Period: 60,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      ActionsEnabled: false,
    }),
  );
}

/** One request each second from `from` to `to` after START: `.` answered, `E` refused. */
async function traffic(from: number, to: number): Promise<string> {
  let seen = '';
  for (let second = from; second < to; second += 1) {
    it.at(second);
    await invoke(it, { Body: Buffer.from('0.1,0.2,0.3,0.4') }).then(
      () => (seen += '.'),
      () => (seen += 'E'),
    );
  }
  return seen;
}

async function update(policy: DeploymentConfig, ...alarms: string[]) {
  await it.sagemaker.send(
    new UpdateEndpointCommand({
      EndpointName: 'Weather',
      EndpointConfigName: 'config-bad',
      DeploymentConfig: {
        ...policy,
        ...(alarms.length > 0 && {
          AutoRollbackConfiguration: { Alarms: alarms.map((AlarmName) => ({ AlarmName })) },
        }),
      },
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

const errors = (seen: string) => seen.replaceAll('.', '').length / seen.length;

describe('the canary notebook', () => {
  test('its alarm on the average never sees the canary; the latency alarm rolls back when all requests fail', async () => {
    await alarm('errors', 'Invocation5XXErrors', 'Average', 1);
    await alarm('latency', 'ModelLatency', 'Average', 10_000);
    expect(await traffic(300, 420)).toMatch(/^\.+$/);
    await update(CANARY, 'errors', 'latency');
    // The new fleet is launched for 180 s, then the canary bakes for 300 s.
    expect(await traffic(420, 600)).toMatch(/^\.+$/);
    const canary = await traffic(601, 899);
    expect(errors(canary)).toBeGreaterThan(0.25);
    expect(errors(canary)).toBeLessThan(0.42);
    expect(await describeEndpoint(it)).toMatchObject({ EndpointStatus: 'Updating', EndpointConfigName: 'config-good' });
    expect(await traffic(930, 960)).toMatch(/^E+$/);
    await traffic(960, 1100);
    it.at(1200);
    expect(await traffic(1200, 1210)).toMatch(/^\.+$/);
    expect(await describeEndpoint(it)).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: 'config-good',
      FailureReason: expect.stringMatching(
        /^One or more configured alarm for automatic rollback deployment is in ALARM state: \[.*latency\]\.$/,
      ),
    });
  });

  test('an alarm on the sum rolls back during the canary', async () => {
    await alarm('errors', 'Invocation5XXErrors', 'Sum', 1);
    await traffic(300, 420);
    await update(CANARY, 'errors');
    await traffic(420, 800);
    expect(await describeEndpoint(it)).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: 'config-good',
      FailureReason: 'One or more configured alarm for automatic rollback deployment is in ALARM state: [errors].',
    });
    // The alarm is still on: the same update again would be rolled back at once, whatever it brings.
    const { MetricAlarms } = await it.cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ['errors'] }));
    expect(MetricAlarms?.[0]?.StateReason).toMatch(
      /^Threshold Crossed: 1 datapoint \[\d+\.0 \(05\/01\/26 09:1\d:00\)\] was (not )?greater than or equal to the threshold \(1\.0\)\.$/,
    );
  });

  test('its plots: requests by config add up to those of the variant', async () => {
    await update(CANARY);
    await traffic(300, 780);
    it.at(900);
    const requests = async (more: { Name: string; Value: string }[]) => {
      const { Datapoints = [] } = await it.cloudwatch.send(
        new GetMetricStatisticsCommand({
          Namespace: 'AWS/SageMaker',
          MetricName: 'Invocations',
          Dimensions: [
            { Name: 'EndpointName', Value: 'Weather' },
            { Name: 'VariantName', Value: 'AllTraffic' },
            ...more,
          ],
          StartTime: new Date(START),
          EndTime: new Date(START + 900_000),
          Period: 60,
          Statistics: ['Sum'],
        }),
      );
      return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
    };
    const [good, bad] = await Promise.all(
      ['config-good', 'config-bad'].map((Value) => requests([{ Name: 'EndpointConfigName', Value }])),
    );
    expect(await requests([])).toBe(480);
    expect((good ?? 0) + (bad ?? 0)).toBe(480);
    expect(bad).toBeGreaterThan(50);
  });
});
