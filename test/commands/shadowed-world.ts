import { readFileSync } from 'node:fs';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateEndpointCommand, CreateEndpointConfigCommand, CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { invoke } from '../support/traffic.ts';
import { ARTIFACT_009, ROLE, type TestWorld, testWorld } from '../support/world.ts';

const IMAGE = '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1';

/** Endpoint `w` with a shadow of the same model, captured, after sixty requests `r-0` to `r-59` that can be read. */
export async function shadowedWorld(): Promise<TestWorld> {
  const world = await testWorld();
  const [s3, sagemaker] = [await world.aws.s3(), await world.aws.sagemaker()];
  for (const Bucket of ['models', 'captures']) await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket: 'models', Key: 'm.tar.gz', Body: readFileSync(ARTIFACT_009) }));
  const PrimaryContainer = { Image: IMAGE, ModelDataUrl: 's3://models/m.tar.gz' };
  await sagemaker.send(new CreateModelCommand({ ModelName: 'v1', ExecutionRoleArn: ROLE, PrimaryContainer }));
  const variant = (VariantName: string) => ({
    VariantName,
    ModelName: 'v1',
    InstanceType: 'ml.m5.large' as const,
    InitialInstanceCount: 1,
    InitialVariantWeight: 1,
  });
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'c',
      ProductionVariants: [variant('AllTraffic')],
      ShadowProductionVariants: [variant('shadow')],
      DataCaptureConfig: {
        InitialSamplingPercentage: 100,
        DestinationS3Uri: 's3://captures/all',
        CaptureOptions: [{ CaptureMode: 'InputAndOutput' }],
      },
    }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'w', EndpointConfigName: 'c' }));
  world.clock.advance(10 * 60_000);
  for (let i = 0; i < 60; i += 1) {
    const body = `${i % 7},5.6,-3.2,1.2,0.0,1.0`;
    await invoke(world.emulator, { endpoint: 'w', body, inferenceId: `r-${i}` });
    world.clock.advance(1_500);
  }
  world.clock.advance(120_000);
  return world;
}
