import { readFileSync } from 'node:fs';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DeleteModelPackageCommand,
  DeleteModelPackageGroupCommand,
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  type SageMakerClient,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeEndpoint, describeEndpointConfig, describeModel } from '../../../src/aws/sagemaker.ts';
import { algorithmImage } from '../../../src/resources/artifact/images.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const V1 = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --model-name m1 --config-name c1 --yes`;

/** The production variant that runs, as its config has it. */
async function running() {
  const live = await describeEndpoint(world.aws, 'weather');
  const config = await describeEndpointConfig(world.aws, live?.EndpointConfigName ?? '');
  return { ...config?.ProductionVariants?.[0], count: live?.ProductionVariants?.[0]?.DesiredInstanceCount };
}

test('only the fleet changes where no model is named, and an undo takes that back', async () => {
  await world.shadowctl(`${V1} --instances 2`);
  expect(await world.shadowctl('deploy --endpoint weather --instances 4 --yes')).toMatchObject({ code: 0 });
  expect(await running()).toMatchObject({ ModelName: 'm1', count: 4, InstanceType: 'ml.m5.large' });
  expect(await world.shadowctl('deploy --endpoint weather --instances 4 --yes')).toMatchObject({ code: 0 });
  expect(await world.shadowctl('deploy --endpoint weather --instances 4 --plan')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Nothing to do'),
  });
  expect(await world.shadowctl('deploy --endpoint weather --instance-type ml.m5.xlarge --yes')).toMatchObject({
    code: 0,
  });
  expect(await running()).toMatchObject({ ModelName: 'm1', count: 4, InstanceType: 'ml.m5.xlarge' });
  await world.shadowctl('undo --endpoint weather --yes');
  expect(await running()).toMatchObject({ count: 4, InstanceType: 'ml.m5.large' });
  await world.shadowctl('undo --endpoint weather --yes');
  expect(await running()).toMatchObject({ ModelName: 'm1', count: 2, InstanceType: 'ml.m5.large' });
});

test.each<[string, RegExp]>([
  ['deploy --endpoint nowhere --instances 2', /no endpoint "nowhere" that could be changed/],
  ['deploy --endpoint weather --instances 2 --model-name m', /--model-name belongs to a new model/],
  ['deploy --endpoint weather --model m --artifact a', /--model names a model that exists; .* with --artifact/],
  ['deploy --endpoint weather --model nowhere', /there is no model "nowhere"/],
  ['deploy --endpoint weather --model-package mine', /"mine" is not the ARN of a version/],
  ['deploy --endpoint weather --artifact a --subnets s-1', /--subnets was given without --security-groups/],
  ['deploy --endpoint weather --artifact a --startup-timeout 2h', /--startup-timeout 2h: SageMaker permits 1m to 1h/],
  ['deploy --endpoint weather --artifact a --volume 513', /--volume: "513"/],
])('%s is refused', async (line, message) => {
  const { code, err } = await world.shadowctl(`${line} --yes`);
  expect(err).toMatch(message);
  expect(code).toBe(2);
});

test.each(['deploy', 'canary', 'rollout', 'shadow'])(
  '%s takes a model that exists, and its own timeouts',
  async (how) => {
    await world.shadowctl(`${V1} --instances 2`);
    const other = `deploy --endpoint other --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name theirs --yes --no-wait`;
    await world.shadowctl(other);
    const settings = '--startup-timeout 10m --download-timeout 20m --volume 30';
    const { code, out } = await world.shadowctl(
      `${how} --endpoint weather --model theirs ${settings} --plan --format json${how === 'canary' ? ' --unguarded' : ''}`,
    );
    expect(code).toBe(4);
    if (how === 'canary' || how === 'rollout') return;
    const { steps } = JSON.parse(out) as { steps: { kind: string; input?: Record<string, unknown[]> }[] };
    expect(steps.some((step) => step.kind === 'model')).toBe(false);
    const config = steps.find((step) => step.kind === 'endpoint-config');
    expect(config?.input?.[how === 'shadow' ? 'ShadowProductionVariants' : 'ProductionVariants']).toMatchObject([
      {
        ModelName: 'theirs',
        ContainerStartupHealthCheckTimeoutInSeconds: 600,
        ModelDataDownloadTimeoutInSeconds: 1200,
        VolumeSizeInGB: 30,
      },
    ]);
  },
);

/** A version of model 009 in the Model Registry; gives its ARN. */
async function register(client: SageMakerClient): Promise<string> {
  const s3 = await world.aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'registry' }));
  await s3.send(new PutObjectCommand({ Bucket: 'registry', Key: 'model.tar.gz', Body: readFileSync(ARTIFACT_009) }));
  await client.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'Weather' }));
  const { ModelPackageArn = '' } = await client.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: 'Weather',
      InferenceSpecification: {
        Containers: [
          { Image: algorithmImage('linear-learner', 'us-east-1').uri, ModelDataUrl: 's3://registry/model.tar.gz' },
        ],
        SupportedContentTypes: ['text/csv'],
        SupportedResponseMIMETypes: ['application/json'],
      },
    }),
  );
  return ModelPackageArn;
}

test('a version of the Model Registry is deployed once it is approved, in a VPC, and can be shadowed', async () => {
  const client = await world.aws.sagemaker();
  const arn = await register(client);
  expect(arn).toBe('arn:aws:sagemaker:us-east-1:000000000000:model-package/Weather/1');
  const line = `deploy --endpoint weather --model-package ${arn} --model-name m1 --subnets s-1,s-2 --security-groups g-1 --yes`;
  const refused = await world.shadowctl(line);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.err).toContain('is PendingManualApproval');
  await client.send(new UpdateModelPackageCommand({ ModelPackageArn: arn, ModelApprovalStatus: 'Approved' }));
  expect(await world.shadowctl(line)).toMatchObject({ code: 0 });
  expect(await describeModel(world.aws, 'm1')).toMatchObject({
    PrimaryContainer: { ModelPackageName: arn },
    VpcConfig: { Subnets: ['s-1', 's-2'], SecurityGroupIds: ['g-1'] },
  });
  expect((await world.shadowctl('shadow --endpoint weather --model m1 --plan')).code).toBe(4);
});

test("the emulator's registry: versions, approval, lists, and what it refuses", async () => {
  const client = await world.aws.sagemaker();
  const arn = await register(client);
  const approve = { ModelPackageArn: arn, ModelApprovalStatus: 'Approved' as const, ApprovalDescription: 'well' };
  await client.send(new UpdateModelPackageCommand(approve));
  expect(await client.send(new DescribeModelPackageCommand({ ModelPackageName: arn }))).toMatchObject({
    ModelPackageGroupName: 'Weather',
    ModelPackageVersion: 1,
    ModelPackageStatus: 'Completed',
    ModelApprovalStatus: 'Approved',
    ApprovalDescription: 'well',
  });
  const list = new ListModelPackagesCommand({ ModelPackageGroupName: 'Weather', ModelApprovalStatus: 'Approved' });
  expect((await client.send(list)).ModelPackageSummaryList).toMatchObject([{ ModelPackageArn: arn }]);
  const group = { ModelPackageGroupName: 'Weather' };
  await expect(client.send(new DeleteModelPackageGroupCommand(group))).rejects.toThrow(/contains model packages/);
  await expect(client.send(new CreateModelPackageGroupCommand(group))).rejects.toThrow(/already exists/);
  await expect(client.send(new CreateModelPackageCommand({}))).rejects.toThrow('Missing ARN.');
  await expect(client.send(new CreateModelPackageCommand({ ...group, ModelPackageName: 'x' }))).rejects.toThrow(
    /Both ModelPackageName and ModelPackageGroupName/,
  );
  await client.send(new DeleteModelPackageCommand({ ModelPackageName: arn }));
  await expect(client.send(new DescribeModelPackageCommand({ ModelPackageName: arn }))).rejects.toThrow(
    /Could not find model package/,
  );
  await client.send(new DeleteModelPackageGroupCommand(group));
});
