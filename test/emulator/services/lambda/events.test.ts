import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionEventInvokeConfigCommand,
  GetFunctionEventInvokeConfigCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  GetScheduleCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.ts';
import { ARN, create, invoke, lines, refused, ROLE, type Stand, stand } from './stand.ts';

const START = Date.UTC(2026, 0, 5, 9);
const MINUTE = 60_000;
let clock: VirtualClock;
let it: Stand;
let sqs: SQSClient;
let scheduler: SchedulerClient;
let QueueUrl: string;
beforeEach(async () => {
  clock = new VirtualClock(START);
  it = await stand({ latencies: { functionActive: 0 } }, clock);
  sqs = new SQSClient(it.config);
  scheduler = new SchedulerClient(it.config);
  ({ QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'dead' })));
});
afterEach(async () => {
  sqs.destroy();
  scheduler.destroy();
  await it.close();
});

const DEAD = 'arn:aws:sqs:us-east-1:000000000000:dead';
const FAILS =
  'export const handler = async ({ n }) => { console.log("n", n); if (n < 10) throw new RangeError("too low"); return n; };';
const later = (event: unknown) => invoke(it, event, { InvocationType: 'Event' });
const received = async () => {
  const input = { QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] };
  return (await sqs.send(new ReceiveMessageCommand(input))).Messages ?? [];
};
/** How often the function has been called, and at which minute. */
const calls = async () => {
  const all = (await lines(it, '/aws/lambda/f')) ?? [];
  return all.filter((line) => /\tn /.test(line)).length;
};

test('an event that fails is tried twice again, then it lies in the dead-letter queue as it was', async () => {
  await create(it, FAILS, { DeadLetterConfig: { TargetArn: DEAD } });
  expect(await later({ n: 1 })).toEqual({ status: 202, error: undefined, answer: undefined, tail: '' });
  expect(await calls()).toBe(1);
  await clock.sleep(MINUTE - 1);
  expect(await calls()).toBe(1);
  await clock.sleep(1);
  expect(await calls()).toBe(2);
  expect(await received()).toEqual([]);
  await clock.sleep(2 * MINUTE);
  expect(await calls()).toBe(3);
  const [{ Body, MessageAttributes } = {}] = await received();
  expect(Body).toBe('{"n":1}');
  expect(MessageAttributes).toMatchObject({
    ErrorCode: { StringValue: '200' },
    ErrorMessage: { StringValue: 'too low' },
  });
  await later({ n: 10 });
  await clock.sleep(10 * MINUTE);
  expect(await calls()).toBe(4);
  expect((await received()).map(({ Body }) => Body)).toEqual(['{"n":1}']);
});

test('a destination is told what became of an event', async () => {
  await create(it, FAILS);
  const configure = (input: object) =>
    it.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'f', ...input }));
  await configure({
    MaximumRetryAttempts: 0,
    DestinationConfig: { OnFailure: { Destination: DEAD }, OnSuccess: { Destination: DEAD } },
  });
  await later({ n: 1 });
  await later({ n: 10 });
  await clock.sleep(1);
  expect((await received()).map(({ Body = '' }) => JSON.parse(Body) as object)).toEqual([
    {
      version: '1.0',
      timestamp: new Date(START).toISOString(),
      requestContext: expect.objectContaining({
        functionArn: `${ARN('f')}:$LATEST`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: 1,
      }) as object,
      requestPayload: { n: 1 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: expect.objectContaining({ errorType: 'RangeError', errorMessage: 'too low' }) as object,
    },
    expect.objectContaining({ requestPayload: { n: 10 }, responsePayload: 10 }),
  ]);
  expect(await refused(configure({ DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::b' } } }))).toMatch(
    /^501 NotImplemented: .*arn:aws:s3:::b/,
  );
  await it.lambda.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName: 'f' }));
  expect(await refused(it.lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: 'f' })))).toMatch(/^404/);
});

test('what is throttled waits', async () => {
  await create(it, FAILS);
  await it.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: 0 }));
  await later({ n: 10 });
  await clock.sleep(3000);
  expect(await calls()).toBe(0);
  await it.lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: 'f' }));
  await clock.sleep(MINUTE);
  expect(await calls()).toBe(1);
});

const schedule = (more: Partial<CreateScheduleCommandInput> = {}): CreateScheduleCommandInput => ({
  Name: 's',
  ScheduleExpression: 'rate(5 minutes)',
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: { Arn: ARN('f'), RoleArn: ROLE, Input: '{"n":10,"at":"<aws.scheduler.scheduled-time>"}' },
  ...more,
});

test.each([false, true])('a schedule calls a function at its rate; rateStartsAtOnce=%s', async (rateStartsAtOnce) => {
  Object.assign(it.emulator.world.switches, { rateStartsAtOnce });
  await create(it, 'export const handler = async (event) => console.log("n", event.at);');
  await scheduler.send(new CreateScheduleCommand(schedule()));
  for (let tick = 0; tick < 3; tick += 1) await clock.sleep(5 * MINUTE);
  const all = (await lines(it, '/aws/lambda/f')) ?? [];
  const at = all.flatMap((line) => /\tn (\S+)$/.exec(line)?.[1] ?? []);
  const first = rateStartsAtOnce ? ['2026-01-05T09:00:00Z'] : [];
  expect(at).toEqual([...first, '2026-01-05T09:05:00Z', '2026-01-05T09:10:00Z', '2026-01-05T09:15:00Z']);
  await scheduler.send(new UpdateScheduleCommand(schedule({ State: 'DISABLED' })));
  expect(await scheduler.send(new GetScheduleCommand({ Name: 's' }))).toMatchObject({
    State: 'DISABLED',
    CreationDate: new Date(START),
  });
  await clock.sleep(30 * MINUTE);
  expect((await lines(it, '/aws/lambda/f'))?.length).toBe(all.length);
});

test('a schedule without an input gives a notification; what cannot be called lies in the dead-letter queue', async () => {
  await create(it, 'export const handler = async (event) => console.log("n", JSON.stringify(event));');
  const Target = { Arn: ARN('f'), RoleArn: ROLE };
  await scheduler.send(new CreateScheduleCommand(schedule({ Target })));
  await scheduler.send(
    new CreateScheduleCommand(
      schedule({
        Name: 'lost',
        Target: { ...Target, Arn: ARN('none'), Input: '{"x":1}', DeadLetterConfig: { Arn: DEAD } },
      }),
    ),
  );
  await clock.sleep(5 * MINUTE);
  const given = (await lines(it, '/aws/lambda/f'))?.flatMap((line) => /\tn (.*)$/.exec(line)?.[1] ?? []);
  expect(JSON.parse(given?.[0] ?? '')).toMatchObject({
    source: 'aws.scheduler',
    'detail-type': 'Scheduled Event',
    time: '2026-01-05T09:05:00Z',
  });
  const [{ Body, MessageAttributes } = {}] = await received();
  expect([Body, MessageAttributes?.ERROR_CODE?.StringValue, MessageAttributes?.TARGET_ARN?.StringValue]).toEqual([
    '{"x":1}',
    'ResourceNotFoundException',
    ARN('none'),
  ]);
});

test('a topic may be the dead-letter target', async () => {
  const sns = new SNSClient(it.config);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 't' }));
  sns.destroy();
  await create(it, FAILS, { DeadLetterConfig: { TargetArn: TopicArn } });
  await it.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'f', MaximumRetryAttempts: 0 }));
  await later({ n: 2 });
  const [message] = (await lines(it, '/shadowctl/sns/t')) ?? [];
  expect(JSON.parse(message ?? '')).toMatchObject({
    Message: '{"n":2}',
    MessageAttributes: { ErrorMessage: { Value: 'too low' } },
  });
});
