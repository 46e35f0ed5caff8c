import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateModelCommand,
  DescribeEndpointCommand,
  ListEndpointsCommand,
  SageMakerClient,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';
import { readDocument } from '../../../src/emulator/iam/document.ts';
import { ACTIONS } from '../../../src/emulator/iam/reference.ts';
import { SERVICE_IDS } from '../../../src/emulator/model/shapes.ts';
import { actionOf } from '../../../src/emulator/gateway/authorization/required.ts';
import { s3Actions } from '../../../src/emulator/gateway/authorization/s3.ts';
import { loadModel } from '../../../src/emulator/services/registry.ts';

const ROLE = 'arn:aws:iam::000000000000:role/models';
const USER = 'arn:aws:iam::000000000000:user/test';

let emulator: Emulator;
let options: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };

beforeAll(async () => {
  emulator = await startEmulator({ clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)) });
  options = {
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  enforce({ Effect: 'Allow', Action: '*', Resource: '*' });
  await s3().send(new CreateBucketCommand({ Bucket: 'bucket' }));
  await s3().send(new PutObjectCommand({ Bucket: 'bucket', Key: 'there', Body: 'x', Tagging: 'SageMaker=true' }));
});
afterAll(() => emulator.close());

const enforce = (...Statement: object[]) =>
  emulator.world.iam.attach([
    { who: undefined, kind: 'identity-based policy', document: readDocument({ Statement }, 'test') },
  ]);
const s3 = () => new S3Client({ ...options, forcePathStyle: true });
const sagemaker = () => new SageMakerClient(options);
const allow = (Action: string | string[], Resource: string | string[] = '*', more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
});

describe('a denial', () => {
  it('is 400 and AccessDeniedException from services that speak JSON', async () => {
    enforce(allow('s3:*'));
    await expect(sagemaker().send(new DescribeEndpointCommand({ EndpointName: 'w' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: ${USER} is not authorized to perform: sagemaker:DescribeEndpoint on resource: arn:aws:sagemaker:us-east-1:000000000000:endpoint/w because no identity-based policy allows the sagemaker:DescribeEndpoint action`,
      $metadata: { httpStatusCode: 400 },
    });
    const logs = new CloudWatchLogsClient(options).send(new FilterLogEventsCommand({ logGroupName: '/g' }));
    await expect(logs).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(
        'logs:FilterLogEvents on resource: arn:aws:logs:us-east-1:000000000000:log-group:/g:log-stream: because',
      ) as string,
    });
    await expect(sagemaker().send(new ListEndpointsCommand({}))).rejects.toMatchObject({
      message: `User: ${USER} is not authorized to perform: sagemaker:ListEndpoints because no identity-based policy allows the sagemaker:ListEndpoints action`,
    });
  });

  it('says who denies outright', async () => {
    enforce(allow('*'), { Effect: 'Deny', Action: 'sagemaker:*', Resource: '*' });
    await expect(sagemaker().send(new DescribeEndpointCommand({ EndpointName: 'w' }))).rejects.toMatchObject({
      message: expect.stringMatching(/endpoint\/w with an explicit deny in an identity-based policy$/) as string,
    });
  });

  it('is 403 from CloudWatch, SNS, the runtime and STS', async () => {
    enforce(allow('s3:*'));
    await expect(new CloudWatchClient(options).send(new DescribeAlarmsCommand({}))).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('on resource: arn:aws:cloudwatch:us-east-1:000000000000:alarm:*') as string,
      $metadata: { httpStatusCode: 403 },
    });
    const TopicArn = 'arn:aws:sns:us-east-1:000000000000:t';
    await expect(new SNSClient(options).send(new PublishCommand({ TopicArn, Message: 'm' }))).rejects.toMatchObject({
      name: 'AuthorizationErrorException',
      message: expect.stringContaining(`perform: SNS:Publish on resource: ${TopicArn} because`) as string,
      $metadata: { httpStatusCode: 403 },
    });
    const invoke = new InvokeEndpointCommand({ EndpointName: 'w', Body: new Uint8Array() });
    await expect(new SageMakerRuntimeClient(options).send(invoke)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('sagemaker:InvokeEndpoint on resource') as string,
      $metadata: { httpStatusCode: 403 },
    });
    const assume = new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'session' });
    await expect(new STSClient(options).send(assume)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`sts:AssumeRole on resource: ${ROLE} because`) as string,
    });
  });

  it('leaves everybody to ask who they are', async () => {
    enforce({ Effect: 'Deny', Action: '*', Resource: '*' });
    expect(await new STSClient(options).send(new GetCallerIdentityCommand({}))).toMatchObject({ Arn: USER });
  });
});

describe('S3', () => {
  it('denies in XML, with the resource in quotes, and HEAD without a body', async () => {
    enforce(allow('sagemaker:*'));
    await expect(s3().send(new GetObjectCommand({ Bucket: 'bucket', Key: 'there' }))).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('s3:GetObject on resource: "arn:aws:s3:::bucket/there" because') as string,
      $metadata: { httpStatusCode: 403 },
    });
    const head = await fetch(`${emulator.url}/bucket/there`, {
      method: 'HEAD',
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/s3/aws4_request, Signature=0' },
    });
    expect({ status: head.status, body: await head.text() }).toEqual({ status: 403, body: '' });
  });

  it('tells those who may list a bucket that an object is missing, and nobody else', async () => {
    const ask = () => s3().send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'missing' }));
    enforce(allow('s3:GetObject', 'arn:aws:s3:::bucket/*'));
    await expect(ask()).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    enforce(allow('s3:GetObject', 'arn:aws:s3:::bucket/*'), allow('s3:ListBucket', 'arn:aws:s3:::bucket'));
    await expect(ask()).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
  });

  it('tells everybody that a bucket is missing', async () => {
    enforce(allow('sagemaker:*'));
    const ask = s3().send(new HeadBucketCommand({ Bucket: 'missing' }));
    await expect(ask).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
  });

  it('calls some actions otherwise', async () => {
    enforce(allow(['s3:ListAllMyBuckets', 's3:ListBucket']));
    await s3().send(new ListBucketsCommand({}));
    await s3().send(new HeadBucketCommand({ Bucket: 'bucket' }));
    enforce(allow('s3:ListBucket', '*', { Condition: { StringLike: { 's3:prefix': 'a/*' } } }));
    await s3().send(new ListObjectsV2Command({ Bucket: 'bucket', Prefix: 'a/b' }));
    await expect(s3().send(new ListObjectsV2Command({ Bucket: 'bucket', Prefix: 'c' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  it('knows the tags of an object', async () => {
    const ask = () => s3().send(new GetObjectCommand({ Bucket: 'bucket', Key: 'there' }));
    const tagged = (value: string) => ({
      Condition: { StringEqualsIgnoreCase: { 's3:ExistingObjectTag/SageMaker': value } },
    });
    enforce(allow('s3:GetObject', '*', tagged('True')));
    await ask();
    enforce(allow('s3:GetObject', '*', tagged('no')));
    await expect(ask()).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('refuses the keys of a batch one by one', async () => {
    enforce(allow('s3:DeleteObject', 'arn:aws:s3:::bucket/a/*'));
    const Objects = [{ Key: 'a/1' }, { Key: 'there' }];
    const reply = await s3().send(new DeleteObjectsCommand({ Bucket: 'bucket', Delete: { Objects } }));
    expect(reply.Deleted).toMatchObject([{ Key: 'a/1' }]);
    expect(reply.Errors).toMatchObject([
      { Key: 'there', Code: 'AccessDenied', Message: expect.stringContaining('s3:DeleteObject') as string },
    ]);
  });
});

describe('what an operation needs besides itself', () => {
  const model = (Tags?: { Key: string; Value: string }[]) =>
    sagemaker().send(
      new CreateModelCommand({
        ModelName: 'm',
        ExecutionRoleArn: ROLE,
        PrimaryContainer: { Image: '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1' },
        ...(Tags && { Tags }),
      }),
    );
  const pass = allow('iam:PassRole', ROLE, {
    Condition: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
  });
  const denies = (action: string, resource: string) => ({
    message: expect.stringContaining(`not authorized to perform: ${action} on resource: ${resource} because`) as string,
  });
  const MODEL = 'arn:aws:sagemaker:us-east-1:000000000000:model/m';

  it('a role must be passed, to SageMaker', async () => {
    enforce(allow('sagemaker:CreateModel'));
    await expect(model()).rejects.toMatchObject(denies('iam:PassRole', ROLE));
    enforce(allow('sagemaker:CreateModel'), {
      ...pass,
      Condition: { StringEquals: { 'iam:PassedToService': 'glue.amazonaws.com' } },
    });
    await expect(model()).rejects.toMatchObject(denies('iam:PassRole', ROLE));
  });

  it('tags at creation need the permission to tag', async () => {
    const Tags = [{ Key: 'team', Value: 'a' }];
    enforce(allow('sagemaker:CreateModel'), pass);
    await expect(model(Tags)).rejects.toMatchObject(denies('sagemaker:AddTags', MODEL));
    const only = (action: string, team: string) =>
      allow('sagemaker:AddTags', '*', {
        Condition: { StringEquals: { 'sagemaker:TaggingAction': action, 'aws:RequestTag/team': team } },
      });
    enforce(allow('sagemaker:CreateModel'), pass, only('CreateEndpoint', 'a'), only('CreateModel', 'b'));
    await expect(model(Tags)).rejects.toMatchObject(denies('sagemaker:AddTags', MODEL));
    enforce(allow('sagemaker:CreateModel'), pass, only('CreateModel', 'a'));
    await model(Tags);

    const alarm = (AlarmName: string, tags?: typeof Tags) =>
      new CloudWatchClient(options).send(
        new PutMetricAlarmCommand({
          AlarmName,
          Namespace: 'n',
          MetricName: 'm',
          Statistic: 'Sum',
          Period: 60,
          EvaluationPeriods: 1,
          Threshold: 1,
          ComparisonOperator: 'GreaterThanThreshold',
          ...(tags && { Tags: tags }),
        }),
      );
    enforce(allow('cloudwatch:PutMetricAlarm'));
    await alarm('plain');
    await expect(alarm('tagged', Tags)).rejects.toMatchObject(
      denies('cloudwatch:TagResource', 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:tagged'),
    );
  });

  it('UpdateEndpoint is asked about the endpoint and its new config', async () => {
    const place = 'arn:aws:sagemaker:us-east-1:000000000000';
    enforce(allow('sagemaker:UpdateEndpoint', `${place}:endpoint/*`));
    const update = new UpdateEndpointCommand({ EndpointName: 'e', EndpointConfigName: 'c' });
    await expect(sagemaker().send(update)).rejects.toMatchObject(
      denies('sagemaker:UpdateEndpoint', `${place}:endpoint-config/c`),
    );
  });
});

describe('who is limited', () => {
  it('a policy of an access key limits that key alone', async () => {
    const document = readDocument({ Statement: allow('s3:*') }, 'test');
    emulator.world.iam.attach([{ who: 'limited', kind: 'identity-based policy', document }]);
    const as = (accessKeyId: string) =>
      new SageMakerClient({ ...options, credentials: { accessKeyId, secretAccessKey: 'x' } }).send(
        new ListEndpointsCommand({}),
      );
    await as('test');
    await expect(as('limited')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('a policy of a role limits its sessions, under their own name', async () => {
    const document = readDocument({ Statement: allow('s3:*') }, 'test');
    emulator.world.iam.attach([{ who: 'role/models', kind: 'identity-based policy', document }]);
    const { Credentials } = await new STSClient(options).send(
      new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'ci' }),
    );
    const credentials = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
    const asked = new SageMakerClient({ ...options, credentials }).send(new ListEndpointsCommand({}));
    await expect(asked).rejects.toMatchObject({
      message: expect.stringContaining('User: arn:aws:sts::000000000000:assumed-role/models/ci is not') as string,
    });
  });
});

describe('the role that a model runs with', () => {
  it('must be able to read the artifact', async () => {
    const document = readDocument({ Statement: allow('s3:GetObject', 'arn:aws:s3:::bucket/other') }, 'test');
    emulator.world.iam.attach([{ who: 'role/models', kind: 'identity-based policy', document }]);
    const create = (ExecutionRoleArn: string) =>
      sagemaker().send(
        new CreateModelCommand({
          ModelName: 'of-an-artifact',
          ExecutionRoleArn,
          PrimaryContainer: { Image: 'i', ModelDataUrl: 's3://bucket/there' },
        }),
      );
    await expect(create(ROLE)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(
        /^Could not access model data at s3:\/\/bucket\/there\. Please ensure that the role "arn:aws:iam::000000000000:role\/models" exists/,
      ) as string,
    });
    await create('arn:aws:iam::000000000000:role/others');
  });
});

describe('the reference', () => {
  it('has every action that an operation needs', async () => {
    const needed: string[] = [];
    for (const id of SERVICE_IDS) {
      const model = await loadModel(id);
      const service = id.replace('-runtime', '');
      for (const name of model.operationNames.filter((one) => model.operation(one)?.built))
        needed.push(
          ...(service === 's3' ? s3Actions(name, {}) : [actionOf(service, name)]).map((one) => `${service}:${one}`),
        );
    }
    expect(needed.length).toBeGreaterThan(80);
    expect([...new Set(needed)].filter((action) => !ACTIONS.includes(action))).toEqual([]);
  });
});
