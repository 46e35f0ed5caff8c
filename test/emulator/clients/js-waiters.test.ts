import { PutMetricAlarmCommand, waitUntilAlarmExists } from '@aws-sdk/client-cloudwatch';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  waitUntilBucketExists,
  waitUntilBucketNotExists,
} from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  DeleteEndpointCommand,
  paginateListModels,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock, type VirtualClock } from '../../../src/base/clock.ts';
import { config, type Stand, stand, variant, withModels } from '../services/sagemaker/stand.ts';

// The SDK's waiters sleep on the machine's clock, so the emulator runs on it too.
let at: Stand;
beforeEach(async () => {
  const quick = { createEndpoint: 300, deleteEndpoint: 100, failHealthCheck: 300 };
  at = await stand({ clock: systemClock as unknown as VirtualClock, latencies: quick });
  await withModels(at);
});
afterEach(() => at.close());

const pace = { maxWaitTime: 20, minDelay: 0.2, maxDelay: 0.2 };

it('the waiters of SageMaker end with an endpoint in service, and with its deletion', async () => {
  const { sagemaker: client } = at;
  await config(at, 'c', [variant('v', 1)]);
  await client.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'c' }));
  await expect(waitUntilEndpointInService({ client, ...pace }, { EndpointName: 'Weather' })).resolves.toMatchObject({
    state: 'SUCCESS',
  });
  await client.send(new DeleteEndpointCommand({ EndpointName: 'Weather' }));
  await expect(waitUntilEndpointDeleted({ client, ...pace }, { EndpointName: 'Weather' })).resolves.toMatchObject({
    state: 'SUCCESS',
  });
});

it('the waiter of SageMaker ends with an endpoint that failed', async () => {
  const { sagemaker: client } = at;
  at.emulator.world.faults.add({ kind: 'unhealthy' });
  await config(at, 'c', [variant('v', 1)]);
  await client.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'c' }));
  await expect(waitUntilEndpointInService({ client, ...pace }, { EndpointName: 'Weather' })).rejects.toThrow(
    '"EndpointStatus":"Failed"',
  );
});

it('the waiters of CloudWatch and S3, and a paginator', async () => {
  const { cloudwatch, s3 } = at;
  const alarm = { MetricName: 'm', Namespace: 'N', Period: 60, EvaluationPeriods: 1, Threshold: 1 };
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'a',
      Statistic: 'Sum',
      ComparisonOperator: 'GreaterThanThreshold',
      ...alarm,
    }),
  );
  await expect(waitUntilAlarmExists({ client: cloudwatch, ...pace }, { AlarmNames: ['a'] })).resolves.toMatchObject({
    state: 'SUCCESS',
  });
  await s3.send(new CreateBucketCommand({ Bucket: 'waited-for' }));
  await expect(waitUntilBucketExists({ client: s3, ...pace }, { Bucket: 'waited-for' })).resolves.toMatchObject({
    state: 'SUCCESS',
  });
  await s3.send(new DeleteBucketCommand({ Bucket: 'waited-for' }));
  await expect(waitUntilBucketNotExists({ client: s3, ...pace }, { Bucket: 'waited-for' })).resolves.toMatchObject({
    state: 'SUCCESS',
  });
  const names: (string | undefined)[] = [];
  for await (const page of paginateListModels({ client: at.sagemaker, pageSize: 1 }, { SortBy: 'Name' })) {
    names.push(...(page.Models ?? []).map((model) => model.ModelName));
  }
  expect(names.sort()).toEqual(['m005', 'm009']);
});
