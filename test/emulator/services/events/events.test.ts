import {
  DeleteRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { AddPermissionCommand } from '@aws-sdk/client-lambda';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  SageMakerClient,
  UpdateEndpointCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.ts';
import { ARN, create, lines, refused, type Stand, stand } from '../lambda/stand.ts';
import { config, stand as sagemakerStand, variant, withEndpoint } from '../sagemaker/stand.ts';

const START = Date.UTC(2026, 0, 5, 9);
let clock: VirtualClock;
let it: Stand;
let events: EventBridgeClient;
let sqs: SQSClient;
let s3: S3Client;
beforeEach(async () => {
  clock = new VirtualClock(START);
  it = await stand({ latencies: { functionActive: 0, functionRetry: 1000, deliverEvent: 1000 } }, clock);
  events = new EventBridgeClient(it.config);
  sqs = new SQSClient(it.config);
  s3 = new S3Client({ ...it.config, forcePathStyle: true });
});
afterEach(async () => {
  for (const client of [events, sqs, s3]) client.destroy();
  await it.close();
});

const queueArn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const rule = (name: string) => `arn:aws:events:us-east-1:000000000000:rule/${name}`;
/** A queue that lets EventBridge in, or does not. */
async function queue(QueueName: string, open = true): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName }));
  const Policy = JSON.stringify({
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn(QueueName),
        Condition: { ArnEquals: { 'aws:SourceArn': rule('r') } },
      },
    ],
  });
  if (open) await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  return QueueUrl;
}
const received = async (QueueUrl: string) =>
  (
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] })))
      .Messages ?? []
  ).map(({ Body = '', MessageAttributes }) => ({
    body: JSON.parse(Body) as Record<string, unknown>,
    attributes: Object.fromEntries(
      Object.entries(MessageAttributes ?? {}).map(([name, one]) => [name, one.StringValue]),
    ),
  }));
async function target(pattern: object, ...Targets: Target[]) {
  await events.send(new PutRuleCommand({ Name: 'r', EventPattern: JSON.stringify(pattern) }));
  await events.send(new PutTargetsCommand({ Rule: 'r', Targets }));
}
const put = (Detail: object, more: object = {}) =>
  events.send(
    new PutEventsCommand({
      Entries: [{ Source: 'own', DetailType: 'Thing', Detail: JSON.stringify(Detail), ...more }],
    }),
  );

test('an event comes to the targets of the rules that it fits, as they want it', async () => {
  const url = await queue('q');
  await target(
    { source: ['own'], detail: { kind: ['a'] } },
    { Id: 'whole', Arn: queueArn('q') },
    { Id: 'part', Arn: queueArn('q'), InputPath: '$.detail' },
    { Id: 'own', Arn: queueArn('q'), Input: '{"own":1}' },
    {
      Id: 'filled',
      Arn: queueArn('q'),
      InputTransformer: {
        InputPathsMap: { n: '$.detail.n', at: '$.time' },
        InputTemplate: '{"n": <n>, "words": "<n> at <at> by <aws.events.rule-name>"}',
      },
    },
  );
  await put({ kind: 'a', n: { x: 1 } }, { Resources: ['arn:x'] });
  await put({ kind: 'b' });
  expect(await received(url)).toEqual([]);
  await clock.sleep(1000);
  const bodies = (await received(url)).map(({ body }) => body);
  expect(bodies).toHaveLength(4);
  expect(bodies).toEqual(
    expect.arrayContaining([
      {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        'detail-type': 'Thing',
        source: 'own',
        account: '000000000000',
        time: '2026-01-05T09:00:00Z',
        region: 'us-east-1',
        resources: ['arn:x'],
        detail: { kind: 'a', n: { x: 1 } },
      },
      { kind: 'a', n: { x: 1 } },
      { own: 1 },
      { n: { x: 1 }, words: '{"x":1} at 2026-01-05T09:00:00Z by r' },
    ]),
  );
});

test('what may not be brought goes to the dead-letter queue, with the reason', async () => {
  await queue('shut', false);
  const dead = await queue('dead');
  await create(it, 'export const handler = async () => 1;');
  await target(
    { source: ['own'] },
    { Id: 'a', Arn: queueArn('shut'), DeadLetterConfig: { Arn: queueArn('dead') } },
    { Id: 'b', Arn: ARN('f'), DeadLetterConfig: { Arn: queueArn('dead') } },
    { Id: 'c', Arn: ARN('none'), DeadLetterConfig: { Arn: queueArn('dead') } },
  );
  await put({ n: 1 });
  await clock.sleep(1000);
  const found = await received(dead);
  expect(found.map(({ attributes }) => [attributes.TARGET_ARN, attributes.ERROR_CODE]).sort()).toEqual([
    [ARN('f'), 'NO_PERMISSIONS'],
    [ARN('none'), 'NO_RESOURCE'],
    [queueArn('shut'), 'NO_PERMISSIONS'],
  ]);
  expect(found[0]).toMatchObject({ body: { detail: { n: 1 } }, attributes: { RULE_ARN: rule('r') } });
});

test('a function is given the event, and tried again', async () => {
  const code =
    'let n = 0; export const handler = async ({ detail }) => { n += 1; console.log("n", n, detail.n); if (n < 3) throw new Error("no"); };';
  await create(it, code);
  await it.lambda.send(
    new AddPermissionCommand({
      FunctionName: 'f',
      StatementId: 's',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: rule('r'),
    }),
  );
  await target({ source: ['own'] }, { Id: 'f', Arn: ARN('f') });
  await put({ n: 7 });
  // A second, then one and two again.
  for (const ms of [1000, 1000, 2000]) await clock.sleep(ms);
  const logged = (await lines(it, '/aws/lambda/f')) ?? [];
  expect(logged.filter((line) => /\tn \d 7$/.test(line)).map((line) => line.slice(-3, -2))).toEqual(['1', '2', '3']);
  const ids = new Set(logged.flatMap((line) => /RequestId: (\S+)/.exec(line)?.[1] ?? []));
  expect(ids.size).toBe(1);
});

test('a bucket tells of new objects where it shall, an upload in parts once', async () => {
  const url = await queue('q');
  await target(
    {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: ['own'] }, object: { key: [{ prefix: 'm/' }] } },
    },
    { Id: 'q', Arn: queueArn('q') },
  );
  const Bucket = 'own';
  const write = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'abc' }));
  await s3.send(new CreateBucketCommand({ Bucket }));
  await write('m/before');
  const QueueConfigurations = [{ Id: 'x', QueueArn: queueArn('q'), Events: ['s3:ObjectRemoved:*' as const] }];
  const NotificationConfiguration = { EventBridgeConfiguration: {}, QueueConfigurations };
  await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
  const { $metadata: _, ...kept } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  expect(kept).toEqual(NotificationConfiguration);
  await write('m/a b.tar.gz');
  await write('other/a');
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'm/copy', CopySource: 'own/other/a' }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'm/parts' }));
  const part = { Bucket, Key: 'm/parts', UploadId };
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, PartNumber: 1, Body: 'abcd' }));
  await s3.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }));
  await clock.sleep(1000);
  const details = (await received(url)).map(
    ({ body }) => (body as { detail: { reason: string; object: Record<string, unknown> } }).detail,
  );
  expect(details.map(({ reason, object }) => [reason, object.key, object.size]).sort()).toEqual([
    ['CompleteMultipartUpload', 'm/parts', 4],
    ['CopyObject', 'm/copy', 3],
    ['PutObject', 'm/a b.tar.gz', 3],
  ]);
  expect(details.find(({ reason }) => reason === 'PutObject')).toMatchObject({
    version: '0',
    bucket: { name: 'own' },
    object: { etag: '900150983cd24fb0d6963f7d28e17f72', sequencer: expect.stringMatching(/^[0-9A-F]+$/) as string },
    requester: '000000000000',
  });
});

test.each([false, true])('a model package tells of its approval; repeatEvents=%s', async (repeatEvents) => {
  Object.assign(it.emulator.world.switches, { repeatEvents });
  const url = await queue('q');
  await target(
    {
      source: ['aws.sagemaker'],
      'detail-type': ['SageMaker Model Package State Change'],
      detail: { ModelApprovalStatus: ['Approved'] },
    },
    { Id: 'q', Arn: queueArn('q') },
  );
  const sagemaker = new SageMakerClient(it.config);
  await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'g' }));
  const { ModelPackageArn } = await sagemaker.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: 'g',
      InferenceSpecification: {
        Containers: [{ Image: 'i:1', ModelDataUrl: 's3://b/m.tar.gz' }],
        SupportedContentTypes: ['text/csv'],
        SupportedResponseMIMETypes: ['text/csv'],
      },
    }),
  );
  await sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: 'Approved' }));
  sagemaker.destroy();
  await clock.sleep(1000);
  const found = await received(url);
  expect(found).toHaveLength(repeatEvents ? 2 : 1);
  expect(found[0]?.body).toMatchObject({
    source: 'aws.sagemaker',
    resources: [ModelPackageArn],
    detail: {
      ModelPackageGroupName: 'g',
      ModelPackageVersion: 1,
      ModelApprovalStatus: 'Approved',
      ModelPackageStatus: 'Completed',
      CreationTime: '2026-01-05T09:00:00Z',
    },
  });
});

test('what is refused', async () => {
  const { Entries } = await events.send(
    new PutEventsCommand({
      Entries: [
        { Source: 'aws.s3', DetailType: 't', Detail: '{}' },
        { Source: 'own', DetailType: 't', Detail: 'x' },
        { Source: 'own', DetailType: 't' },
        { Source: 'own', DetailType: 't', Detail: '{}' },
      ],
    }),
  );
  expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
    'NotAuthorizedForSourceException',
    'MalformedDetail',
    'InvalidArgument',
    undefined,
  ]);
  const make = (input: object) => refused(events.send(new PutRuleCommand({ Name: 'r', ...input })));
  expect(await make({ EventPattern: '{"source":["x"' })).toMatch(/^400 InvalidEventPatternException/);
  expect(await make({ EventPattern: '{"source":[{"wildcard":"*"}]}' })).toMatch(/^501 NotImplemented: .*wildcard/);
  expect(await make({ ScheduleExpression: 'rate(1 hour)' })).toMatch(/^501 NotImplemented/);
  expect(await make({ EventPattern: '{"source":["x"]}', EventBusName: 'mine' })).toMatch(/^501 NotImplemented: .*mine/);
  await queue('q');
  await target({ source: ['own'] }, { Id: 'q', Arn: queueArn('q') });
  const kinesis = events.send(
    new PutTargetsCommand({
      Rule: 'r',
      Targets: [{ Id: 'k', Arn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s' }],
    }),
  );
  expect(await refused(kinesis)).toMatch(/^501 NotImplemented: .*kinesis/);
  const path = (InputPath: string) =>
    refused(events.send(new PutTargetsCommand({ Rule: 'r', Targets: [{ Id: 'q', Arn: queueArn('q'), InputPath }] })));
  expect(await path("$.detail['bucket']")).toMatch(/^501 NotImplemented: .*bucket/);
  expect(await path('$.resources[*]')).toMatch(/^501 NotImplemented: .*resources/);
  const remove = () => refused(events.send(new DeleteRuleCommand({ Name: 'r' })));
  expect(await remove()).toBe("400 ValidationException: Rule can't be deleted since it has targets.");
  expect((await events.send(new ListTargetsByRuleCommand({ Rule: 'r' }))).Targets).toEqual([
    { Id: 'q', Arn: queueArn('q') },
  ]);
  await events.send(new RemoveTargetsCommand({ Rule: 'r', Ids: ['q'] }));
  expect(await remove()).toBe('not refused');
});

test('an endpoint tells of its status, and of the stages of an update', async () => {
  const own = await sagemakerStand({ latencies: { deliverEvent: 1 } });
  const client = { ...it.config, endpoint: own.emulator.url };
  const [bus, queues] = [new EventBridgeClient(client), new SQSClient(client)];
  const { QueueUrl = '' } = await queues.send(new CreateQueueCommand({ QueueName: 'q' }));
  const Policy = JSON.stringify({
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: queueArn('q') }],
  });
  await queues.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy, VisibilityTimeout: '43200' } }));
  await bus.send(new PutRuleCommand({ Name: 'r', EventPattern: JSON.stringify({ source: ['aws.sagemaker'] }) }));
  await bus.send(new PutTargetsCommand({ Rule: 'r', Targets: [{ Id: 'q', Arn: queueArn('q') }] }));
  type Told = { 'detail-type': string; resources: string[]; detail: Record<string, never> };
  const told = async () => {
    const { Messages = [] } = await queues.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    return Messages.map(({ Body = '' }) => JSON.parse(Body) as Told);
  };
  await withEndpoint(own);
  own.at(300);
  const created = await told();
  expect(created.map((one) => [one['detail-type'], one.detail.EndpointStatus])).toEqual([
    ['SageMaker Endpoint State Change', 'CREATING'],
    ['SageMaker Endpoint State Change', 'IN_SERVICE'],
  ]);
  expect(created[1]).toMatchObject({
    resources: ['arn:aws:sagemaker:us-east-1:000000000000:endpoint/Weather'],
    detail: {
      EndpointName: 'Weather',
      EndpointConfigName: 'config-1',
      CreationTime: START,
      ProductionVariants: [{ DesiredInstanceCount: 3 }],
    },
  });
  await config(own, 'config-2', [variant('AllTraffic', 3, { ModelName: 'm009' })]);
  await own.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'config-2' }));
  own.at(1200);
  const updated = await told();
  const kinds = updated.map(
    (one) => `${one['detail-type'].replace(/^SageMaker Endpoint | State Change$/g, '')} ${one.detail.EndpointStatus}`,
  );
  expect([kinds[0], kinds.at(-1)]).toEqual(['State Change UPDATING', 'State Change IN_SERVICE']);
  const stage = updated.find((one) => one['detail-type'] === 'SageMaker Endpoint Deployment State Change');
  expect(stage?.detail).toMatchObject({
    EndpointConfigName: 'config-1',
    EndpointStatus: 'UPDATING',
    PendingDeploymentSummary: { EndpointConfigName: 'config-2', ProductionVariants: [{ VariantName: 'AllTraffic' }] },
  });
  for (const one of [bus, queues]) one.destroy();
  await own.close();
});
