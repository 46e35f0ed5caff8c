import { GetMetricStatisticsCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateModelCommand, DeleteModelCommand, StopTransformJobCommand } from '@aws-sdk/client-sagemaker';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readDocument } from '../../../../src/emulator/iam/document.ts';
import { STRICT_SWITCHES, type Switches } from '../../../../src/emulator/world/options.ts';
import {
  type Asked,
  create,
  describeJob,
  get,
  keys,
  logOf,
  type ModelServer,
  modelServer,
  put,
  rows,
  run,
} from './batch.ts';
import { config, refusal, type Stand, stand, variant, withModels } from './stand.ts';

const ROLE = 'arn:aws:iam::000000000000:role/SageMaker';
const QUOTA = { name: 'ml.m5.2xlarge for transform job usage', limit: 3 };
let it: Stand;
let server: ModelServer;
let switches: Switches;
beforeAll(async () => {
  server = await modelServer();
  it = await stand({ containers: [`mine=${server.url}`], quotas: [QUOTA] });
  ({ switches } = it.emulator.world);
  await withModels(it);
  await it.s3.send(new CreateBucketCommand({ Bucket: 'data' }));
  await put(it, 'in/a', rows(2));
  await put(it, 'in/b', rows(1));
  await it.sagemaker.send(
    new CreateModelCommand({
      ModelName: 'mine',
      ExecutionRoleArn: ROLE,
      PrimaryContainer: { Image: 'mine' },
    }),
  );
});
afterAll(async () => {
  await it.close();
  await server.close();
});
const faults = () => it.emulator.world.faults;
/** What the model's role may do; everybody else may do everything. */
const roleMay = (...Statement: object[]) =>
  it.emulator.world.iam.attach([
    { who: 'role/SageMaker', kind: 'identity-based policy', document: readDocument({ Statement }, 'test') },
  ]);
const allow = (Action: string, Resource: string) => ({ Effect: 'Allow', Action, Resource });
const answer = () => server.answer;
let usual: ModelServer['answer'];
beforeAll(() => {
  usual = answer();
});
afterEach(() => {
  faults().clear();
  it.emulator.world.iam.attach([]);
  Object.assign(switches, STRICT_SWITCHES);
  server.answer = usual;
  server.sent.length = 0;
});

let jobs = 0;
/** Runs a job with an output folder of its own; tells status, reason, outputs and the data log. */
async function transform(asked: Asked = {}) {
  jobs += 1;
  const name = `job-${jobs}`;
  const job = await run(it, name, { output: { S3OutputPath: `s3://data/${name}/` }, ...asked });
  return {
    job,
    name,
    status: job.TransformJobStatus,
    reason: job.FailureReason,
    outputs: await keys(it, `${name}/`),
    log: (await logOf(it, name))['*/data-log'] ?? [],
  };
}
const CLIENT = 'ClientError: See job logs for more information';
const ALGORITHM = 'AlgorithmError: See job logs for more information';
const NO_OBJECTS = (uri: string, bucket: string) =>
  `ValidationException: No S3 objects found under S3 URL "${uri}" given in input data source. Please ensure that the bucket exists in the selected region (us-east-1), that objects exist under that S3 prefix, and that the role "${ROLE}" has "s3:ListBucket" permissions on bucket "${bucket}".`;

describe('CreateTransformJob refuses', () => {
  test.each<[string, Asked, string]>([
    [
      'a model that is not there',
      { ModelName: 'none' },
      'ValidationException: Could not find model "arn:aws:sagemaker:us-east-1:000000000000:model/none".',
    ],
    ['an empty prefix', { uri: 's3://data/none' }, NO_OBJECTS('s3://data/none', 'data')],
    ['a bucket that is not there', { uri: 's3://nowhere/in/' }, NO_OBJECTS('s3://nowhere/in/', 'nowhere')],
    [
      'too much at once',
      { MaxConcurrentTransforms: 20, MaxPayloadInMB: 6 },
      'ValidationException: MaxConcurrentTransforms * MaxPayloadInMB cannot be greater than 100 MB: 20 * 6 is 120.',
    ],
    [
      'a large payload',
      { MaxPayloadInMB: 101 },
      'ValidationException: MaxPayloadInMB cannot be greater than 100 MB, and is 101.',
    ],
    [
      'a key for local storage',
      { TransformResources: { InstanceType: 'ml.g5.xlarge', InstanceCount: 1, VolumeKmsKeyId: 'k' } },
      'ValidationException: VolumeKmsKeyId is not supported for ml.g5.xlarge, which has local storage.',
    ],
    [
      'AugmentedManifestFile',
      {
        input: {
          DataSource: { S3DataSource: { S3DataType: 'AugmentedManifestFile', S3Uri: 's3://data/in/' } },
        },
      },
      'ValidationException: S3DataType AugmentedManifestFile is not supported for transform jobs.',
    ],
    [
      'TFRecord',
      { input: { SplitType: 'TFRecord' } },
      'NotImplemented: The emulator has not built SplitType TFRecord.',
    ],
    [
      'chunks for a built-in algorithm',
      { MaxPayloadInMB: 0 },
      'NotImplemented: The emulator has not built MaxPayloadInMB 0 (chunked requests) for built-in algorithms.',
    ],
    [
      'an output path that is none',
      { output: { S3OutputPath: 'https://host' } },
      'ValidationException: S3OutputPath "https://host" is no S3 location.',
    ],
  ])('%s', async (_, asked, words) => {
    expect(await refusal(transform(asked))).toBe(words);
  });

  test('instance types that only endpoints have', async () => {
    const TransformResources = { InstanceType: 'ml.t2.medium', InstanceCount: 1 } as never;
    const words = await refusal(transform({ TransformResources }));
    expect(words).toMatch(
      /^ValidationException: 1 validation error detected: Value 'ml\.t2\.medium' at 'transformResources\.instanceType' failed to satisfy constraint: Member must satisfy enum value set: \[/,
    );
    expect(words.split(', ')).toHaveLength(108);
  });

  test('a bucket of another region, and one of another account', async () => {
    const elsewhere = async (region: string, accessKeyId: string, Bucket: string) => {
      const client = new S3Client({
        endpoint: it.emulator.url,
        region,
        credentials: { accessKeyId, secretAccessKey: 'test' },
        forcePathStyle: true,
      });
      await client.send(new CreateBucketCommand({ Bucket }));
      await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
      client.destroy();
    };
    await elsewhere('eu-west-1', 'test', 'far');
    await elsewhere('us-east-1', '111111111111', 'theirs');
    for (const bucket of ['far', 'theirs'])
      expect(await refusal(transform({ uri: `s3://${bucket}/` }))).toBe(NO_OBJECTS(`s3://${bucket}/`, bucket));
  });

  test('more instances than the quota has, until a job has ended', async () => {
    const asked = (InstanceCount: number): Asked => ({
      TransformResources: { InstanceType: 'ml.m5.2xlarge', InstanceCount },
    });
    await create(it, 'first', asked(2));
    expect(await refusal(create(it, 'second', asked(2)))).toBe(
      "ResourceLimitExceeded: The account-level service limit 'ml.m5.2xlarge for transform job usage' is 3 Instances, with current utilization of 2 Instances and a request delta of 2 Instances. Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is not available, contact AWS support to request an increase for this quota.",
    );
    it.clock.advance(600_000);
    expect((await run(it, 'second', asked(2))).TransformJobStatus).toBe('Completed');
  });

  test('what the role may not list', async () => {
    roleMay(allow('s3:GetObject', '*'), allow('s3:PutObject', '*'));
    expect(await refusal(transform())).toBe(NO_OBJECTS('s3://data/in/', 'data'));
  });

  test('an output bucket that is not there, or the job fails once it has worked', async () => {
    const asked = { output: { S3OutputPath: 's3://nowhere/out' } };
    const { status, reason, log } = await transform(asked);
    expect([status, reason]).toEqual(['Failed', CLIENT]);
    expect(log).toContainEqual(
      expect.stringMatching(/data\/in\/a: NoSuchBucket: s3:\/\/nowhere\/out\/a\.out could not be written/),
    );
    switches.transformOutputBucket = 'refuse';
    expect(await refusal(transform(asked))).toBe(
      'ValidationException: The bucket "nowhere" of S3OutputPath does not exist in us-east-1.',
    );
  });
});

describe('who may do what', () => {
  test('a caller needs CreateTransformJob on the name, may be held to models and types, and passes no role', async () => {
    const attach = (...Statement: object[]) =>
      it.emulator.world.iam.attach([
        { who: undefined, kind: 'identity-based policy', document: readDocument({ Statement }, 'test') },
        {
          who: 'role/SageMaker',
          kind: 'identity-based policy',
          document: readDocument({ Statement: [allow('s3:*', '*')] }, 'role'),
        },
      ]);
    const send = (name: string, more: Asked = {}) =>
      refusal(
        create(it, name, more).then(() => {
          throw new Error('done');
        }),
      );
    const statement = {
      ...allow('sagemaker:CreateTransformJob', 'arn:aws:sagemaker:us-east-1:000000000000:transform-job/mine-*'),
      Condition: {
        StringLike: { 'sagemaker:ModelArn': '*:model/m009' },
        'ForAllValues:StringEquals': { 'sagemaker:InstanceTypes': ['ml.m5.xlarge'] },
      },
    };
    attach(statement);
    expect(await send('mine-1')).toBe('Error: done');
    expect(await send('yours-1')).toMatch(
      /AccessDeniedException: .* is not authorized to perform: sagemaker:CreateTransformJob on resource: arn:aws:sagemaker:us-east-1:000000000000:transform-job\/yours-1/,
    );
    expect(await send('mine-2', { ModelName: 'm005' })).toMatch(/^AccessDenied/);
    const held = { ...allow('sagemaker:CreateEndpointConfig', '*'), Condition: statement.Condition };
    attach(statement, held);
    await config(it, 'held', [variant('A', 1, { ModelName: 'm009' })]);
    expect(await refusal(config(it, 'held-2', [variant('A', 1)]))).toMatch(/^AccessDenied/);
    attach(statement);
    expect(await send('mine-2', { TransformResources: { InstanceType: 'ml.m5.2xlarge', InstanceCount: 1 } })).toMatch(
      /^AccessDenied/,
    );
    expect(await send('mine-2', { Tags: [{ Key: 'a', Value: 'b' }] })).toMatch(
      /not authorized to perform: sagemaker:AddTags on resource: \S+transform-job\/mine-2/,
    );
  });

  test('the role reads inputs and model and writes outputs, each by its own permission', async () => {
    const list = allow('s3:ListBucket', 'arn:aws:s3:::data');
    const all = [allow('s3:GetObject', '*'), allow('s3:PutObject', 'arn:aws:s3:::data/*')];
    roleMay(list, ...all);
    expect(await transform()).toMatchObject({ status: 'Completed' });
    roleMay(
      list,
      allow('s3:GetObject', 'arn:aws:s3:::data/in/b'),
      allow('s3:GetObject', 'arn:aws:s3:::models/*'),
      all[1] ?? {},
    );
    const half = await transform();
    expect(half).toMatchObject({ status: 'Failed', reason: CLIENT, outputs: [`${half.name}/b.out`] });
    expect(half.log).toContainEqual(expect.stringContaining('data/in/a: AccessDenied'));
    roleMay(list, all[0] ?? {});
    const unwritten = await transform();
    expect(unwritten).toMatchObject({ status: 'Failed', reason: CLIENT, outputs: [] });
    roleMay(list, allow('s3:GetObject', 'arn:aws:s3:::data/*'), all[1] ?? {});
    expect(await transform()).toMatchObject({
      status: 'Failed',
      reason: expect.stringContaining(
        'Failed to download model data for container "container_1" from URL: "s3://models/009.tar.gz"',
      ),
      outputs: [],
    });
  });
});

describe('a container of the user’s own', () => {
  const mine: Asked = { ModelName: 'mine', MaxConcurrentTransforms: 1 };

  test('is tried again where it fails, and not where the request is at fault', async () => {
    let left = 2;
    server.answer = ({ path, body }) => {
      if (path !== '/invocations') return { status: path === '/ping' ? 200 : 404 };
      left -= 1;
      return left >= 0 ? { status: 503, body: 'busy' } : { body };
    };
    expect(await transform(mine)).toMatchObject({ status: 'Completed' });
    expect(server.sent.filter(({ path }) => path === '/invocations')).toHaveLength(4);
    server.sent.length = 0;
    server.answer = ({ path }) => (path === '/invocations' ? { status: 500, body: 'no\nmore' } : {});
    const made = await transform({ ...mine, uri: 's3://data/in/a', ModelClientConfig: { InvocationsMaxRetries: 1 } });
    expect(made).toMatchObject({ status: 'Failed', reason: ALGORITHM, outputs: [] });
    expect(made.log.slice(1)).toEqual(
      ['Bad HTTP status received from algorithm: 500', '', 'Message:', 'no', 'more'].map(
        (line) => `:[sagemaker logs]: data/in/a: ${line}`,
      ),
    );
    expect(server.sent.filter(({ path }) => path === '/invocations')).toHaveLength(2);
    server.sent.length = 0;
    server.answer = ({ path }) => (path === '/invocations' ? { status: 413 } : {});
    expect(await transform({ ...mine, uri: 's3://data/in/a' })).toMatchObject({ reason: CLIENT });
    expect(server.sent.filter(({ path }) => path === '/invocations')).toHaveLength(1);
  });

  test('that does not answer within InvocationsTimeoutInSeconds', async () => {
    server.answer = ({ path }) => (path === '/invocations' ? undefined : {});
    const ModelClientConfig = { InvocationsTimeoutInSeconds: 1, InvocationsMaxRetries: 0 };
    const made = await transform({ ...mine, uri: 's3://data/in/a', ModelClientConfig });
    expect(made).toMatchObject({ status: 'Failed', reason: ALGORITHM });
    expect(made.log.at(-1)).toBe(':[sagemaker logs]: data/in/a: Unable to get response from algorithm');
  });

  test('is told in its environment what it is started for', async () => {
    const show =
      'Object.entries(process.env).filter(([name]) => /^(SAGEMAKER_(BATCH|MAX)|MODEL_A|JOB_)/.test(name)).map((one) => one.join()).sort().join(" ")';
    const program = `require('node:http').createServer((q, a) => a.end(q.url === '/invocations' ? ${show.replaceAll('"', "'")} : '')).listen(process.env.PORT, '127.0.0.1')`;
    const other = await stand({ containers: [`env=node -e "${program}"`] });
    await other.s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    await put(other, 'in/a', 'x');
    const PrimaryContainer = { Image: 'env', Environment: { MODEL_A: '1', JOB_B: 'model' } };
    await other.sagemaker.send(new CreateModelCommand({ ModelName: 'env', ExecutionRoleArn: ROLE, PrimaryContainer }));
    const asked: Asked = { ModelName: 'env', Environment: { JOB_B: 'job' } };
    await run(other, 'plain', asked);
    expect(await get(other, 'out/a.out')).toBe('JOB_B,job MODEL_A,1 SAGEMAKER_BATCH,true\n');
    await run(other, 'full', {
      ...asked,
      MaxConcurrentTransforms: 2,
      MaxPayloadInMB: 3,
      BatchStrategy: 'SingleRecord',
    });
    expect(await get(other, 'out/a.out')).toBe(
      'JOB_B,job MODEL_A,1 SAGEMAKER_BATCH,true SAGEMAKER_BATCH_STRATEGY,SINGLE_RECORD SAGEMAKER_MAX_CONCURRENT_TRANSFORMS,2 SAGEMAKER_MAX_PAYLOAD_IN_MB,3\n',
    );
    await other.close();
  });
});

describe('faults strike a job by its name', () => {
  test.each([
    [
      'insufficient-capacity',
      'CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type.',
    ],
    ['unhealthy', ALGORITHM],
    ['failing-model', ALGORITHM],
  ] as const)('%s', async (kind, reason) => {
    faults().add({ kind, transformJob: `job-${jobs + 1}` });
    expect(await transform()).toMatchObject({ status: 'Failed', reason, outputs: [] });
    expect(await transform()).toMatchObject({ status: 'Completed' });
  });

  test('without instances nothing is billed', async () => {
    faults().add({ kind: 'insufficient-capacity' });
    const { job } = await transform();
    expect(job).not.toHaveProperty('TransformStartTime');
    expect(job.TransformEndTime).toBeInstanceOf(Date);
  });

  test('slow-model makes it longer, or lets requests time out', async () => {
    faults().add({ kind: 'slow-model', milliseconds: 60_000 });
    const { job, status } = await transform();
    expect(status).toBe('Completed');
    expect(Number(job.TransformEndTime) - Number(job.TransformStartTime)).toBeGreaterThan(210_000);
    const late = await transform({ ModelClientConfig: { InvocationsTimeoutInSeconds: 60, InvocationsMaxRetries: 0 } });
    expect(late).toMatchObject({ status: 'Failed', reason: ALGORITHM, outputs: [] });
  });

  test('some of the requests: what is tried again goes through', async () => {
    faults().add({ kind: 'failing-model', status: 502, times: 3 });
    expect(await transform()).toMatchObject({ status: 'Completed' });
  });

  test('calls of one job, not of another', async () => {
    faults().add({ kind: 'throttle', operation: 'DescribeTransformJob', transformJob: 'first' });
    expect(await refusal(describeJob(it, 'first'))).toBe('ThrottlingException: Rate exceeded');
    expect((await describeJob(it, 'second')).TransformJobStatus).toBe('Completed');
  });
});

test('the model may go while the job waits; its artifact may not', async () => {
  await it.sagemaker.send(
    new CreateModelCommand({
      ModelName: 'leaving',
      ExecutionRoleArn: ROLE,
      PrimaryContainer: { Image: 'mine' },
    }),
  );
  await create(it, 'left', { ModelName: 'leaving' });
  await it.sagemaker.send(new DeleteModelCommand({ ModelName: 'leaving' }));
  it.clock.advance(600_000);
  expect((await describeJob(it, 'left')).TransformJobStatus).toBe('Completed');
});

test('objects that went before the job began leave it nothing to do', async () => {
  await put(it, 'gone/a', rows(1));
  await create(it, 'gone', { uri: 's3://data/gone/' });
  await it.s3.send(new DeleteObjectCommand({ Bucket: 'data', Key: 'gone/a' }));
  it.clock.advance(600_000);
  expect(await describeJob(it, 'gone')).toMatchObject({ TransformJobStatus: 'Failed', FailureReason: CLIENT });
});

test('EventBridge is told of every status, with times in milliseconds and tags as a map', async () => {
  const config = {
    endpoint: it.emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const [events, sqs] = [new EventBridgeClient(config), new SQSClient(config)];
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: 'told',
      Attributes: {
        Policy: JSON.stringify({
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: 'arn:aws:sqs:us-east-1:000000000000:told',
            },
          ],
        }),
      },
    }),
  );
  const EventPattern = JSON.stringify({ 'detail-type': ['SageMaker Transform Job State Change'] });
  await events.send(new PutRuleCommand({ Name: 'jobs', EventPattern }));
  const Targets = [{ Id: '1', Arn: 'arn:aws:sqs:us-east-1:000000000000:told' }];
  await events.send(new PutTargetsCommand({ Rule: 'jobs', Targets }));
  const { job } = await transform({ Tags: [{ Key: 'day', Value: '2026-01-04' }] });
  await create(it, 'told-2');
  it.clock.advance(60_000);
  await it.sagemaker.send(new StopTransformJobCommand({ TransformJobName: 'told-2' }));
  it.clock.advance(60_000);
  const told: { detail: Record<string, unknown>; resources: string[] }[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) break;
    told.push(...Messages.map(({ Body = '' }) => JSON.parse(Body) as (typeof told)[number]));
  }
  const statuses = (name?: string) =>
    told.filter(({ detail }) => detail.TransformJobName === name).map(({ detail }) => detail.TransformJobStatus);
  expect(statuses(job.TransformJobName)).toEqual(['InProgress', 'InProgress', 'Completed']);
  expect(statuses('told-2')).toEqual(['InProgress', 'Stopping', 'Stopped']);
  const { detail, resources } = told.find((one) => one.detail.TransformJobStatus === 'Completed') ?? {};
  expect(resources).toEqual([job.TransformJobArn]);
  expect(detail).toMatchObject({
    TransformJobArn: job.TransformJobArn,
    FailureReason: null,
    ModelName: 'm009',
    MaxPayloadInMB: null,
    TransformStartTime: job.TransformStartTime?.getTime(),
    TransformEndTime: job.TransformEndTime?.getTime(),
    Tags: { day: '2026-01-04' },
  });
  events.destroy();
  sqs.destroy();
});

test('instances report their processors and memory while they work, and their graphics cards', async () => {
  const TransformResources = { InstanceType: 'ml.g5.xlarge', InstanceCount: 1 } as const;
  const { job, name } = await transform({ TransformResources });
  it.clock.advance(120_000);
  const Namespace = '/aws/sagemaker/TransformJobs';
  const { Metrics = [] } = await it.cloudwatch.send(new ListMetricsCommand({ Namespace }));
  const mine = Metrics.filter(({ Dimensions }) => Dimensions?.[0]?.Value?.startsWith(`${name}/i-0`));
  expect(mine.map(({ MetricName }) => MetricName).sort()).toEqual([
    'CPUUtilization',
    'GPUMemoryUtilization',
    'GPUUtilization',
    'MemoryUtilization',
  ]);
  const { Datapoints = [] } = await it.cloudwatch.send(
    new GetMetricStatisticsCommand({
      ...mine[0],
      Namespace,
      MetricName: 'CPUUtilization',
      StartTime: new Date(Number(job.TransformStartTime) - 60_000),
      EndTime: job.TransformEndTime,
      Period: 60,
      Statistics: ['Average'],
    }),
  );
  expect(Datapoints.length).toBeGreaterThanOrEqual(2);
  for (const { Average = 0 } of Datapoints) expect(Average).toBeGreaterThan(0);
});
