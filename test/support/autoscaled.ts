import { PutScalingPolicyCommand, RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { SCALABLE_DIMENSION, scalableResource } from '../../src/aws/autoscaling.ts';
import type { Aws } from '../../src/aws/clients.ts';

/** Lets the production variant of endpoint `weather` scale automatically, by the requests of an instance, as its owner would. */
export async function autoscaled(aws: Aws, min = 2, max = 6): Promise<void> {
  const client = await aws.autoscaling();
  const target = {
    ServiceNamespace: 'sagemaker',
    ScalableDimension: SCALABLE_DIMENSION,
    ResourceId: scalableResource('weather', 'AllTraffic'),
  } as const;
  await client.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: min, MaxCapacity: max }));
  await client.send(
    new PutScalingPolicyCommand({
      ...target,
      PolicyName: 'requests',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 70,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      },
    }),
  );
}
