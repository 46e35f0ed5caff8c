import { createHash } from 'node:crypto';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  TagQueueCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.ts';
import { refused, type Stand, stand } from '../lambda/stand.ts';

const START = Date.UTC(2026, 0, 5, 9);
let clock: VirtualClock;
let it: Stand;
let sqs: SQSClient;
let QueueUrl: string;
beforeEach(async () => {
  clock = new VirtualClock(START);
  it = await stand({}, clock);
  sqs = new SQSClient(it.config);
  QueueUrl = await create('q');
});
afterEach(async () => {
  sqs.destroy();
  await it.close();
});

const create = async (QueueName: string, Attributes: Record<string, string> = {}) =>
  (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
const send = (MessageBody: string, more: object = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
const receive = async (more: object = {}) =>
  (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }))).Messages ?? [];
const counts = async (url = QueueUrl) => {
  const { Attributes = {} }: { Attributes?: Record<string, string> } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
  );
  return ['', 'NotVisible', 'Delayed'].map((end) => Attributes[`ApproximateNumberOfMessages${end}`]);
};

test('a message is hidden when it is received, comes again, and goes when it is deleted', async () => {
  await send('one', { MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } } });
  await send('two', { DelaySeconds: 60 });
  expect(await counts()).toEqual(['1', '0', '1']);
  const [first] = await receive({
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['ApproximateReceiveCount'],
  });
  expect(first).toMatchObject({
    Body: 'one',
    MD5OfBody: createHash('md5').update('one').digest('hex'),
    Attributes: { ApproximateReceiveCount: '1' },
    MessageAttributes: { kind: { StringValue: 'x' } },
  });
  expect(await receive()).toEqual([]);
  expect(await counts()).toEqual(['0', '1', '1']);
  await clock.sleep(30_000);
  const [again] = await receive();
  expect(again?.Body).toBe('one');
  // The receipt of the first time is of no use any longer.
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }));
  expect(await counts()).toEqual(['0', '1', '1']);
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again?.ReceiptHandle }));
  expect((await receive({ WaitTimeSeconds: 20 })).length).toBe(0);
  expect((await receive({ WaitTimeSeconds: 20 })).map(({ Body }) => Body)).toEqual(['two']);
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  expect(await counts()).toEqual(['0', '0', '0']);
});

test('what is received too often goes to the dead-letter queue; what is too old is gone', async () => {
  const dead = await create('dead', { MessageRetentionPeriod: '60' });
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
    maxReceiveCount: 2,
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy, VisibilityTimeout: '0' } }));
  await send('x');
  expect([(await receive()).length, (await receive()).length, (await receive()).length]).toEqual([1, 1, 0]);
  expect(await counts(dead)).toEqual(['1', '0', '0']);
  await clock.sleep(60_000);
  expect(await counts(dead)).toEqual(['0', '0', '0']);
});

test('CloudWatch sees how many messages a queue holds, also none', async () => {
  const cloudwatch = new CloudWatchClient(it.config);
  await send('x');
  await send('y');
  await clock.sleep(2 * 60_000);
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  await clock.sleep(60_000);
  const { Datapoints = [] } = await cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: 'q' }],
      StartTime: new Date(START),
      EndTime: new Date(START + 3_600_000),
      Period: 60,
      Statistics: ['Maximum'],
    }),
  );
  cloudwatch.destroy();
  const points = Datapoints.map(({ Timestamp, Maximum }) => [((Timestamp?.getTime() ?? 0) - START) / 60_000, Maximum]);
  expect(points.sort(([a = 0], [b = 0]) => a - b)).toEqual([
    [0, 2],
    [1, 2],
    [2, 0],
  ]);
});

test('queues are found, tagged and refused', async () => {
  expect(await create('q')).toBe(QueueUrl);
  expect(QueueUrl).toBe(`${it.emulator.url}/000000000000/q`);
  expect(await refused(create('q', { VisibilityTimeout: '5' }))).toMatch(/^400 QueueNameExists/);
  expect(await refused(create('q.fifo'))).toMatch(/^501 NotImplemented: .*FIFO/);
  expect(await refused(create('w', { VisibilityTimeout: '43201' }))).toMatch(/^400 InvalidAttributeValue/);
  expect(await refused(create('w', { Color: 'red' }))).toBe('400 InvalidAttributeName: Unknown Attribute Color.');
  expect((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'q' }))).QueueUrls).toEqual([QueueUrl]);
  await sqs.send(new TagQueueCommand({ QueueUrl, Tags: { a: 'b' } }));
  expect((await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags).toEqual({ a: 'b' });
  await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  expect(await refused(sqs.send(new GetQueueUrlCommand({ QueueName: 'q' })))).toBe(
    '400 QueueDoesNotExist: The specified queue does not exist.',
  );
});
