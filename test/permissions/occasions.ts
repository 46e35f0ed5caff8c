import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateInferenceExperimentCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteInferenceExperimentCommand,
  DeleteModelCommand,
  DeleteModelPackageCommand,
  DeleteModelPackageGroupCommand,
  DescribeEndpointCommand,
  DescribeModelCommand,
  StopInferenceExperimentCommand,
} from '@aws-sdk/client-sagemaker';
import { DeleteLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateTopicCommand, DeleteTopicCommand } from '@aws-sdk/client-sns';
import { listAlarms } from '../../src/aws/alarms.ts';
import { putMetricAlarm } from '../../src/aws/cloudwatch.ts';
import { endpointLogGroup } from '../../src/aws/logs.ts';
import { describeEndpointConfig } from '../../src/aws/sagemaker.ts';
import { algorithmImage } from '../../src/resources/artifact/images.ts';
import { autoscaled } from '../support/autoscaled.ts';
import { ARTIFACT_009, FIXTURES, ROLE, type TestWorld } from '../support/world.ts';
import {
  BETTER,
  BROKEN,
  CANARY,
  DEPLOY,
  ELSEWHERE,
  ON,
  OWN,
  recordedRequests,
  type Scene,
  SHADOW,
  UNKNOWN,
} from './scenes.ts';

/*
 * What commands need only at times: for images of one's own, models of the registry, endpoints of others, updates that
 * fail. Of each only what it is there for is taken away.
 */

/** Of an instance type whose price nobody estimates. */
const UNPRICED = '--instance-type ml.p5.48xlarge';
const OWN_DEPLOY = `deploy ${ON} --artifact ${ARTIFACT_009} --image ${OWN} --instances 2 ${UNPRICED} --yes`;
const OWN_CANARY = `canary ${ON} --artifact ${ARTIFACT_009} --image ${OWN} --yes`;
const SCALED_SHADOW = `${SHADOW} --autoscale like-production`;
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:releases';
const PACKAGE = 'arn:aws:sagemaker:us-east-1:000000000000:model-package/Weather/1';
const GROUP = 'arn:aws:sagemaker:us-east-1:000000000000:model-package-group/Weather';
const PLACE = { buckets: ['models'], topics: [TOPIC] };
const RELEASE =
  'release: { policy: policy.yaml, sampling: [100%], approve: auto, settle: 2m, timeBox: 40m, answer: 10m';

/** A bucket of the company's with an artifact and payloads. */
async function openBucket({ aws }: TestWorld): Promise<void> {
  const s3 = await aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  for (const [Key, file] of [
    ['model.tar.gz', ARTIFACT_009],
    ['rows.csv', join(FIXTURES, 'data/test.csv')],
  ] as const)
    await s3.send(new PutObjectCommand({ Bucket: 'models', Key, Body: readFileSync(file) }));
}

async function closeBucket({ aws }: TestWorld): Promise<void> {
  const s3 = await aws.s3();
  for (const Key of ['model.tar.gz', 'rows.csv']) await s3.send(new DeleteObjectCommand({ Bucket: 'models', Key }));
  await s3.send(new DeleteBucketCommand({ Bucket: 'models' }));
}

/** An endpoint as Terraform makes it. */
async function openEndpoint({ aws, clock }: TestWorld, EndpointName: string): Promise<void> {
  const client = await aws.sagemaker();
  const PrimaryContainer = {
    Image: algorithmImage('linear-learner', 'us-east-1').uri,
    ModelDataUrl: 's3://models/model.tar.gz',
  };
  await client.send(new CreateModelCommand({ ModelName: 'theirs', ExecutionRoleArn: ROLE, PrimaryContainer }));
  const ProductionVariants = [
    { VariantName: 'AllTraffic', ModelName: 'theirs', InstanceType: 'ml.m5.large' as const, InitialInstanceCount: 2 },
  ];
  await client.send(new CreateEndpointConfigCommand({ EndpointConfigName: 'theirs', ProductionVariants }));
  await client.send(new CreateEndpointCommand({ EndpointName, EndpointConfigName: 'theirs' }));
  await clock.sleep(10 * 60_000);
}

async function closeEndpoint({ aws, clock }: TestWorld, EndpointName: string): Promise<void> {
  const client = await aws.sagemaker();
  // An update may be under way.
  await clock.sleep(30 * 60_000);
  await client.send(new DeleteEndpointCommand({ EndpointName }));
  await clock.sleep(10 * 60_000);
  await (await aws.logs())
    .send(new DeleteLogGroupCommand({ logGroupName: endpointLogGroup(EndpointName) }))
    .catch(() => undefined);
  await client.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'theirs' }));
  await client.send(new DeleteModelCommand({ ModelName: 'theirs' }));
}

/** Endpoint `weather` of others, which nobody has adopted. */
const THEIRS: Pick<Scene, 'prepare' | 'arrange' | 'tidy' | 'place' | 'code'> = {
  prepare: [],
  place: PLACE,
  code: 0,
  async arrange(world) {
    await openBucket(world);
    await openEndpoint(world, 'weather');
  },
  async tidy(world) {
    await closeEndpoint(world, 'weather');
    await closeBucket(world);
  },
};

/** A company has a topic, a registry of models, and an inference experiment that is to begin on another endpoint. */
const COMPANY: Pick<Scene, 'arrange' | 'tidy' | 'place' | 'code'> = {
  place: PLACE,
  code: 0,
  async arrange(world) {
    await openBucket(world);
    await openEndpoint(world, 'other');
    const { aws, clock } = world;
    await (await aws.sns()).send(new CreateTopicCommand({ Name: 'releases' }));
    const client = await aws.sagemaker();
    await client.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'Weather' }));
    const Image = algorithmImage('linear-learner', 'us-east-1').uri;
    await client.send(
      new CreateModelPackageCommand({
        ModelPackageGroupName: 'Weather',
        ModelApprovalStatus: 'Approved',
        InferenceSpecification: {
          Containers: [{ Image, ModelDataUrl: 's3://models/model.tar.gz' }],
          SupportedContentTypes: ['text/csv'],
          SupportedResponseMIMETypes: ['application/json'],
        },
      }),
    );
    const variant = (VariantName: string) => ({
      ModelName: 'theirs',
      VariantName,
      InfrastructureConfig: {
        InfrastructureType: 'RealTimeInference' as const,
        RealTimeInferenceConfig: { InstanceType: 'ml.m5.large' as const, InstanceCount: 1 },
      },
    });
    await client.send(
      new CreateInferenceExperimentCommand({
        Name: 'nightly',
        Type: 'ShadowMode',
        RoleArn: ROLE,
        EndpointName: 'other',
        ModelVariants: [variant('AllTraffic'), variant('Copy')],
        ShadowModeConfig: {
          SourceModelVariantName: 'AllTraffic',
          ShadowModelVariants: [{ ShadowModelVariantName: 'Copy', SamplingPercentage: 100 }],
        },
        Schedule: { StartTime: new Date(clock.now() + 30 * 24 * 3_600_000) },
      }),
    );
    await clock.sleep(60_000);
  },
  async tidy(world) {
    const { aws } = world;
    const client = await aws.sagemaker();
    const ModelVariantActions = { AllTraffic: 'Retain' as const, Copy: 'Remove' as const };
    await client.send(new StopInferenceExperimentCommand({ Name: 'nightly', ModelVariantActions }));
    await world.clock.sleep(10 * 60_000);
    await client.send(new DeleteInferenceExperimentCommand({ Name: 'nightly' }));
    await client.send(new DeleteModelPackageCommand({ ModelPackageName: PACKAGE }));
    await client.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName: 'Weather' }));
    await (await aws.sns()).send(new DeleteTopicCommand({ TopicArn: TOPIC }));
    await closeEndpoint(world, 'other');
    await closeBucket(world);
  },
};

const redescribed = async (world: TestWorld) => {
  await COMPANY.arrange?.(world);
  await redescribe(world);
};

/** New instances of the endpoint do not come up any more. */
const UNHEALTHY: Pick<Scene, 'arrange' | 'tidy' | 'takes' | 'code'> = {
  code: 1,
  takes: ['logs:FilterLogEvents'],
  arrange: async ({ emulator }) => void emulator.world.faults.add({ kind: 'unhealthy', endpoint: 'weather' }),
  tidy: async ({ emulator }) => emulator.world.faults.clear(),
};

/** Who keeps the company's bucket tidy has deleted what production was made of. */
const ARTIFACT_GONE: Pick<Scene, 'arrange' | 'takes'> = {
  takes: ['s3:ListBucket'],
  async arrange({ aws }) {
    const client = await aws.sagemaker();
    const { EndpointConfigName = '' } = await client.send(new DescribeEndpointCommand({ EndpointName: 'weather' }));
    const [variant] = (await describeEndpointConfig(aws, EndpointConfigName))?.ProductionVariants ?? [];
    const { PrimaryContainer } = await client.send(new DescribeModelCommand({ ModelName: variant?.ModelName }));
    const [, , Bucket, ...key] = PrimaryContainer?.ModelDataUrl?.split('/') ?? [];
    await (await aws.s3()).send(new DeleteObjectCommand({ Bucket, Key: key.join('/') }));
  },
};

/** Somebody has described an alarm of an earlier update in other words. */
async function redescribe({ aws }: TestWorld): Promise<void> {
  const [alarm] = await listAlarms(aws);
  const { AlarmName, MetricName, Namespace, Dimensions, Metrics } = alarm ?? {};
  const watched =
    Metrics === undefined ? { MetricName, Namespace, Dimensions, Statistic: 'Sum' as const, Period: 60 } : { Metrics };
  await putMetricAlarm(aws, {
    AlarmName,
    AlarmDescription: 'pages the team',
    ...watched,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanThreshold',
  });
}

const AUTOSCALING = ['application-autoscaling:DeregisterScalableTarget'];
const EXPERIMENTS = 'sagemaker:DescribeInferenceExperiment';
const PRICES = 'pricing:GetProducts';
const PACKAGES = ['ecr:BatchGetImage', EXPERIMENTS, PRICES, 'sagemaker:DescribeModelPackage'];

/** An option of the emulator that makes keep and undo create a config in place of the one that ran before. */
const NO_WAY_BACK = { switches: { reuseConfigs: false } } as const;

export const OCCASIONS: readonly Scene[] = [
  {
    ...COMPANY,
    name: 'deploy a version of the registry',
    command: 'deploy',
    prepare: [OWN_DEPLOY],
    line: `deploy ${ON} --model-package ${PACKAGE} --yes`,
    takes: PACKAGES,
  },
  {
    ...COMPANY,
    name: 'invoke with payloads in S3',
    command: 'invoke',
    prepare: [DEPLOY],
    line: `invoke ${ON} --data s3://models/rows.csv --count 5`,
    takes: ['s3:GetObject'],
  },
  {
    ...COMPANY,
    name: 'replay of what lies in S3, to an endpoint of an instance type without an estimate',
    command: 'replay',
    prepare: [OWN_DEPLOY],
    async arrange(world) {
      await openBucket(world);
      const path = join(world.root, 'recorded.jsonl');
      recordedRequests(path);
      const s3 = await world.aws.s3();
      const Body = readFileSync(path);
      await s3.send(new PutObjectCommand({ Bucket: 'models', Key: 'recorded/recorded.jsonl', Body }));
    },
    async tidy(world) {
      const s3 = await world.aws.s3();
      await s3.send(new DeleteObjectCommand({ Bucket: 'models', Key: 'recorded/recorded.jsonl' }));
      rmSync(join(world.root, 'replay'), { recursive: true, force: true });
      await closeBucket(world);
    },
    line: `replay ${ON} --from s3://models/recorded/ --speed max`,
    takes: ['s3:ListBucket', 's3:GetObject', PRICES],
  },
  {
    ...COMPANY,
    arrange: redescribed,
    name: 'canary of a version of the registry after another canary, with a topic',
    command: 'canary',
    prepare: [OWN_DEPLOY, OWN_CANARY],
    line: `canary ${ON} --model-package ${PACKAGE} --notify ${TOPIC} --yes`,
    takes: [...PACKAGES, 'cloudwatch:ListTagsForResource', 'sns:Publish'],
  },
  {
    ...THEIRS,
    name: 'canary on an endpoint of others',
    command: 'canary',
    line: `${CANARY} --adopt`,
    takes: ['s3:CreateBucket', 'sagemaker:AddTags'],
  },
  {
    ...COMPANY,
    name: 'rollout of a version of the registry, with a topic',
    command: 'rollout',
    prepare: [OWN_DEPLOY],
    perSecond: 2,
    line: `rollout ${ON} --model-package ${PACKAGE} --steps 50%,100% --bake 6m --policy policy.yaml --notify ${TOPIC} --yes`,
    takes: [...PACKAGES, 'sns:Publish'],
  },
  {
    ...THEIRS,
    name: 'rollout on an endpoint of others',
    command: 'rollout',
    perSecond: 2,
    line: `rollout ${ON} ${BETTER} --steps 50%,100% --bake 6m --policy policy.yaml --adopt --yes`,
    takes: ['s3:CreateBucket'],
  },
  {
    name: 'rollout of a model that never starts',
    command: 'rollout',
    prepare: [DEPLOY],
    line: `rollout ${ON} ${UNKNOWN} --steps 50%,100% --yes`,
    takes: ['logs:FilterLogEvents'],
    code: 2,
  },
  {
    ...COMPANY,
    name: 'shadow of a version of the registry',
    command: 'shadow',
    prepare: [OWN_DEPLOY],
    line: `shadow ${ON} --model-package ${PACKAGE} --yes`,
    takes: PACKAGES,
  },
  {
    ...THEIRS,
    name: 'shadow on an endpoint of others',
    command: 'shadow',
    line: `${SHADOW} --adopt`,
    takes: ['s3:CreateBucket'],
  },
  {
    name: 'shadow that never starts',
    command: 'shadow',
    prepare: [DEPLOY],
    line: `shadow ${ON} ${UNKNOWN} --yes`,
    takes: ['logs:FilterLogEvents'],
    code: 1,
  },
  {
    name: 'shadow that is calibrated',
    command: 'shadow',
    prepare: [DEPLOY],
    perSecond: 2,
    line: `${SHADOW} --calibrate 10m`,
    takes: ['cloudwatch:GetMetricData', 's3:ListBucket', 's3:GetObject'],
    code: 0,
  },
  {
    name: 'watch a canary',
    command: 'watch',
    prepare: [DEPLOY],
    perSecond: 1,
    beside: { line: CANARY, minutes: 6 },
    line: `watch ${ON} --once`,
    code: 0,
  },
  {
    name: 'watch',
    command: 'watch',
    prepare: [DEPLOY, SHADOW],
    minutesBefore: 12,
    line: `watch ${ON} --once`,
    code: 0,
  },
  {
    ...COMPANY,
    arrange: redescribed,
    name: 'promote after a canary, with a topic and traffic of its own',
    command: 'promote',
    prepare: [OWN_DEPLOY, OWN_CANARY, SHADOW],
    line: `promote ${ON} --force --traffic test.csv --rate 1 --notify ${TOPIC} --yes`,
    takes: [
      'ecr:BatchGetImage',
      EXPERIMENTS,
      PRICES,
      'cloudwatch:ListTagsForResource',
      'sns:Publish',
      'sagemaker:InvokeEndpoint',
    ],
  },
  {
    name: 'promote of a broken shadow',
    command: 'promote',
    prepare: [DEPLOY, `shadow ${ON} ${BROKEN} --sample 100% --yes`],
    perSecond: 1,
    line: `promote ${ON} --force --yes`,
    takes: ['cloudwatch:DescribeAlarmHistory', 'logs:DescribeLogStreams', 'logs:FilterLogEvents'],
    code: 1,
  },
  {
    name: 'promote of a shadow that scales',
    command: 'promote',
    prepare: [DEPLOY, SCALED_SHADOW],
    scales: true,
    line: `promote ${ON} --force --yes`,
    takes: AUTOSCALING,
    code: 0,
  },
  {
    ...COMPANY,
    arrange: redescribed,
    name: 'release of a version of the registry, with a topic',
    command: 'release',
    prepare: [OWN_DEPLOY, OWN_CANARY],
    minutesBefore: 5,
    perSecond: 2,
    settings: `${RELEASE} }\nnotify: ${TOPIC}\n`,
    line: `release ${ON} --model-package ${PACKAGE} --yes`,
    takes: [...PACKAGES, 'cloudwatch:ListTagsForResource', 'sns:Publish', 'sns:ListSubscriptionsByTopic'],
  },
  {
    ...COMPANY,
    name: 'release of what the registry approved',
    command: 'release',
    prepare: [DEPLOY],
    settings: `${RELEASE} }\n`,
    line: `release ${ON} --watch ${GROUP} --once --yes`,
    takes: ['sagemaker:ListModelPackages'],
  },
  {
    ...THEIRS,
    name: 'release on an endpoint of others',
    command: 'release',
    settings: `${RELEASE} }\n`,
    line: `release ${ON} ${BETTER} --adopt --once --yes`,
    takes: ['s3:CreateBucket'],
  },
  {
    ...COMPANY,
    name: 'keep, of an image of the own registry',
    command: 'keep',
    prepare: [OWN_DEPLOY, SHADOW],
    line: `keep ${ON} --yes`,
    takes: ['ecr:BatchGetImage', EXPERIMENTS, PRICES],
  },
  {
    ...NO_WAY_BACK,
    name: 'keep where the config from before the shadow cannot be taken again',
    command: 'keep',
    prepare: [DEPLOY, SHADOW],
    line: `keep ${ON} --yes`,
    takes: ['sagemaker:CreateEndpointConfig', 'sagemaker:AddTags'],
    code: 0,
  },
  {
    name: 'keep of production beside a shadow that scales',
    command: 'keep',
    prepare: [DEPLOY, SCALED_SHADOW],
    scales: true,
    line: `keep ${ON} --yes`,
    takes: AUTOSCALING,
    code: 0,
  },
  { ...UNHEALTHY, name: 'keep that fails', command: 'keep', prepare: [DEPLOY, SHADOW], line: `keep ${ON} --yes` },
  {
    ...COMPANY,
    arrange: redescribed,
    name: 'undo with guardrails after a canary, with a topic',
    command: 'undo',
    prepare: [OWN_DEPLOY, OWN_CANARY],
    line: `undo ${ON} --strategy canary --notify ${TOPIC} --yes`,
    takes: ['ecr:BatchGetImage', EXPERIMENTS, PRICES, 'cloudwatch:ListTagsForResource', 'sns:Publish'],
  },
  {
    ...NO_WAY_BACK,
    name: 'undo where the earlier config cannot be taken again',
    command: 'undo',
    prepare: [DEPLOY, `deploy ${ON} ${BETTER} --yes`],
    line: `undo ${ON} --yes`,
    takes: ['sagemaker:CreateEndpointConfig', 'sagemaker:AddTags'],
    code: 0,
  },
  {
    ...UNHEALTHY,
    name: 'undo that fails',
    command: 'undo',
    prepare: [DEPLOY, `deploy ${ON} ${BETTER} --yes`],
    line: `undo ${ON} --yes`,
  },
  {
    name: 'status where an alarm was given other words',
    command: 'status',
    prepare: [DEPLOY, CANARY],
    arrange: redescribe,
    line: `status ${ON}`,
    takes: ['cloudwatch:ListTagsForResource'],
    code: 0,
  },
  {
    ...COMPANY,
    name: 'status beside a shadow that scales',
    command: 'status',
    prepare: [DEPLOY, SCALED_SHADOW],
    scales: true,
    line: `status ${ON}`,
    takes: [
      EXPERIMENTS,
      'application-autoscaling:DescribeScalableTargets',
      'application-autoscaling:DescribeScalingPolicies',
    ],
  },
  {
    ...COMPANY,
    name: 'doctor that asks for permissions',
    command: 'doctor',
    prepare: [DEPLOY],
    line: `doctor ${ON} --permissions`,
    takes: [EXPERIMENTS, 'iam:SimulatePrincipalPolicy'],
  },
  {
    ...ARTIFACT_GONE,
    name: 'doctor where the artifact is gone',
    command: 'doctor',
    prepare: [DEPLOY],
    line: `doctor ${ON}`,
    code: 1,
  },
  {
    ...ARTIFACT_GONE,
    name: 'keep where the artifact is gone',
    command: 'keep',
    prepare: [DEPLOY, SHADOW],
    line: `keep ${ON} --yes`,
    code: 1,
  },
  {
    name: 'disown an endpoint on which something was created',
    command: 'disown',
    arrange: redescribe,
    prepare: [ELSEWHERE, `adopt ${ON}`, CANARY, SHADOW],
    minutesBefore: 2,
    line: `disown ${ON}`,
    code: 0,
  },
  {
    ...THEIRS,
    name: 'disown an endpoint of others with a shadow that scales',
    command: 'disown',
    async arrange(world) {
      await THEIRS.arrange?.(world);
      await autoscaled(world.aws);
      const { code, err } = await world.shadowctl(`${SCALED_SHADOW} --adopt`);
      if (code !== 0) throw new Error(err);
    },
    line: `disown ${ON}`,
    takes: [
      's3:ListAllMyBuckets',
      'application-autoscaling:DescribeScalableTargets',
      'application-autoscaling:DescribeScalingPolicies',
    ],
  },
  {
    ...COMPANY,
    name: 'prune beside an experiment',
    command: 'prune',
    prepare: [DEPLOY, `deploy ${ON} ${BETTER} --yes`, `deploy ${ON} ${BETTER} --yes`],
    line: `prune ${ON} --keep 1 --yes`,
    takes: [EXPERIMENTS],
  },
  {
    ...COMPANY,
    arrange: redescribed,
    name: 'cleanup beside an experiment',
    command: 'cleanup',
    prepare: [DEPLOY, CANARY],
    line: `cleanup ${ON} --yes`,
    takes: [EXPERIMENTS, 'cloudwatch:ListTagsForResource'],
  },
  {
    name: 'adopt what another journal has made, alarms too',
    command: 'adopt',
    arrange: redescribe,
    prepare: [ELSEWHERE, `${CANARY} --state elsewhere`],
    line: `adopt ${ON}`,
    takes: ['cloudwatch:ListTagsForResource', 'cloudwatch:DescribeAlarms'],
    code: 0,
  },
  {
    name: 'deploy after the time of a shadow that scales',
    command: 'deploy',
    prepare: [DEPLOY, `${SCALED_SHADOW} --for 1h`],
    scales: true,
    arrange: ({ clock }) => clock.sleep(2 * 3_600_000),
    line: `deploy ${ON} ${BETTER} --yes`,
    takes: AUTOSCALING,
    code: 0,
  },
  {
    name: 'undo beside a shadow that scales',
    command: 'undo',
    prepare: [DEPLOY, SCALED_SHADOW],
    scales: true,
    line: `undo ${ON} --yes`,
    takes: AUTOSCALING,
    code: 0,
  },
  {
    name: 'mirror of an endpoint, with records in S3',
    command: 'mirror',
    prepare: [DEPLOY],
    place: { buckets: ['models'] },
    arrange: openBucket,
    async tidy(world) {
      const s3 = await world.aws.s3();
      const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'models', Prefix: 'pairs/' }));
      for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket: 'models', Key }));
      rmSync(join(world.root, 'records'), { recursive: true, force: true });
      await closeBucket(world);
    },
    serves: '/invocations',
    line: 'mirror --live sagemaker:weather --shadow http://127.0.0.1:9 --listen 127.0.0.1:0 --records records --upload s3://models/pairs --socket control',
    code: 0,
  },
  {
    name: 'mirror to an endpoint',
    command: 'mirror',
    prepare: [DEPLOY],
    serves: '/invocations',
    line: 'mirror --live http://127.0.0.1:9 --shadow sagemaker:weather --listen 127.0.0.1:0 --socket control',
    code: 0,
  },
  {
    name: 'ls of what has no estimated price',
    command: 'ls',
    prepare: [OWN_DEPLOY],
    line: 'ls',
    takes: [PRICES],
    code: 0,
  },
  { name: 'iam-policy', command: 'iam-policy', prepare: [], line: `iam-policy ${ON}`, code: 0 },
  { name: 'completion of endpoints', command: 'completion', prepare: [DEPLOY], line: 'completion endpoints', code: 0 },
];
