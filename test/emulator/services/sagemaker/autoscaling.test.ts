import { DeleteEndpointCommand, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { config, type Stand, stand, START, variant, withEndpoint } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withEndpoint(it);
});
afterEach(() => it.close());

const TARGET = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/Weather/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
};

/** A call as the AWS CLI sends it: the SDK's client for this service is not among our packages. */
async function call(operation: string, input: object) {
  const reply = await fetch(it.emulator.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AnyScaleFrontendService.${operation}`,
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/application-autoscaling/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(input),
  });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}

test('targets and policies are kept, given back, and go with their target', async () => {
  const registered = await call('RegisterScalableTarget', { ...TARGET, MinCapacity: 1, MaxCapacity: 4 });
  expect(registered.body.ScalableTargetARN).toMatch(
    /^arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target\//,
  );
  const tracking = {
    TargetValue: 70,
    PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
  };
  await call('PutScalingPolicy', {
    ...TARGET,
    PolicyName: 'p',
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: tracking,
  });
  expect((await call('DescribeScalableTargets', { ServiceNamespace: 'sagemaker' })).body.ScalableTargets).toMatchObject(
    [{ ...TARGET, MinCapacity: 1, MaxCapacity: 4, CreationTime: START / 1000 + 285 }],
  );
  // A second registration changes what it names.
  await call('RegisterScalableTarget', { ...TARGET, MaxCapacity: 9 });
  expect((await call('DescribeScalableTargets', { ServiceNamespace: 'sagemaker' })).body.ScalableTargets).toMatchObject(
    [{ MinCapacity: 1, MaxCapacity: 9 }],
  );
  expect((await call('DescribeScalingPolicies', { ServiceNamespace: 'sagemaker' })).body.ScalingPolicies).toMatchObject(
    [{ PolicyName: 'p', TargetTrackingScalingPolicyConfiguration: tracking }],
  );
  await call('DeregisterScalableTarget', TARGET);
  expect((await call('DescribeScalingPolicies', { ServiceNamespace: 'sagemaker' })).body.ScalingPolicies).toEqual([]);
  const again = await call('DeregisterScalableTarget', TARGET);
  expect(again.status).toBe(400);
  expect(JSON.stringify(again.body)).toContain(
    'No scalable target found for service namespace: sagemaker, resource ID: endpoint/Weather/variant/AllTraffic, scalable dimension: sagemaker:variant:DesiredInstanceCount',
  );
});

test('a variant that does not stand cannot be registered; deleting the endpoint deregisters', async () => {
  const refused = await call('RegisterScalableTarget', {
    ...TARGET,
    ResourceId: 'endpoint/Weather/variant/None',
    MinCapacity: 1,
    MaxCapacity: 2,
  });
  expect(refused.status).toBe(400);
  await call('RegisterScalableTarget', { ...TARGET, MinCapacity: 1, MaxCapacity: 4 });
  await it.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Weather' }));
  expect((await call('DescribeScalableTargets', { ServiceNamespace: 'sagemaker' })).body.ScalableTargets).toEqual([]);
});

test('a shadow may be a target, unless a switch says otherwise', async () => {
  await config(it, 'config-2', [variant('AllTraffic', 1)], { ShadowProductionVariants: [variant('Copy', 1)] });
  await it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'config-2' }));
  await it.clock.sleep(600_000);
  const shadow = { ...TARGET, ResourceId: 'endpoint/Weather/variant/Copy', MinCapacity: 1, MaxCapacity: 2 };
  expect((await call('RegisterScalableTarget', shadow)).status).toBe(200);
  Object.assign(it.emulator.world.switches, { scaleShadows: false });
  expect((await call('RegisterScalableTarget', shadow)).status).toBe(400);
});
