import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListTopicsCommand,
  paginateListTopics,
  PublishCommand,
  SNSClient,
  type SNSServiceException,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../../src/emulator/http/server.ts';

let emulator: Emulator;
let sns: SNSClient;
let logs: CloudWatchLogsClient;
const client = (more = {}) => ({
  endpoint: emulator.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
  ...more,
});
beforeAll(async () => {
  emulator = await startEmulator({ clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)) });
  sns = new SNSClient(client());
  logs = new CloudWatchLogsClient(client());
});
afterAll(async () => {
  sns.destroy();
  logs.destroy();
  await emulator.close();
});

const refusal = async (call: Promise<unknown>) => {
  const error = (await call.then(
    () => {
      throw new Error('the call was not refused');
    },
    (thrown: unknown) => thrown,
  )) as SNSServiceException;
  return `${error.$metadata.httpStatusCode} ${error.name}: ${error.message}`;
};
const messages = async (topic: string, stream = 'messages') => {
  const { events = [] } = await logs.send(
    new FilterLogEventsCommand({ logGroupName: `/shadowctl/sns/${topic}`, logStreamNames: [stream] }),
  );
  return events.map(({ message = '' }) => JSON.parse(message) as Record<string, unknown>);
};

describe('a topic', () => {
  it('is created once, listed where it lies, deleted', async () => {
    const first = await sns.send(new CreateTopicCommand({ Name: 'alarms' }));
    expect(first.TopicArn).toBe('arn:aws:sns:us-east-1:000000000000:alarms');
    expect((await sns.send(new CreateTopicCommand({ Name: 'alarms' }))).TopicArn).toBe(first.TopicArn);
    const west = new SNSClient(client({ region: 'eu-west-1' }));
    expect((await west.send(new ListTopicsCommand({}))).Topics ?? []).toEqual([]);
    west.destroy();
    expect((await sns.send(new ListTopicsCommand({}))).Topics).toEqual([{ TopicArn: first.TopicArn }]);
    await sns.send(new DeleteTopicCommand({ TopicArn: first.TopicArn }));
    await sns.send(new DeleteTopicCommand({ TopicArn: first.TopicArn }));
    expect(await refusal(sns.send(new GetTopicAttributesCommand({ TopicArn: first.TopicArn })))).toBe(
      '404 NotFoundException: Topic does not exist',
    );
  });

  it('comes a hundred a page', async () => {
    const many = new SNSClient(client({ credentials: { accessKeyId: '111122223333', secretAccessKey: 'x' } }));
    for (let i = 0; i < 205; i += 1) await many.send(new CreateTopicCommand({ Name: `t${i}` }));
    const sizes: number[] = [];
    const seen = new Set<string | undefined>();
    for await (const { Topics = [] } of paginateListTopics({ client: many }, {})) {
      sizes.push(Topics.length);
      for (const { TopicArn } of Topics) seen.add(TopicArn);
    }
    many.destroy();
    expect([sizes, seen.size]).toEqual([[100, 100, 5], 205]);
  });

  it('refuses what SNS refuses', async () => {
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'strict' }));
    const publish = (more: object) => refusal(sns.send(new PublishCommand({ TopicArn, Message: 'x', ...more })));
    expect(await refusal(sns.send(new CreateTopicCommand({ Name: 'a b' })))).toBe(
      '400 InvalidParameterException: Invalid parameter: Topic Name',
    );
    expect(await publish({ TopicArn: `${TopicArn}-not` })).toBe('404 NotFoundException: Topic does not exist');
    expect(await publish({ TopicArn: 'nonsense' })).toContain('Invalid parameter: TopicArn');
    expect(await publish({ Message: 'x'.repeat(262_145) })).toContain('Message too long');
    expect(await publish({ Subject: 'two\nlines' })).toContain('Invalid parameter: Subject');
    expect(await publish({ MessageStructure: 'json' })).toContain('failed to parse');
    expect(await publish({ MessageStructure: 'json', Message: '{}' })).toContain('No default entry');
    const subscribe = (Protocol: string, Endpoint: string) =>
      refusal(sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint })));
    expect(await subscribe('pigeon', 'coo')).toContain('does not support this protocol');
    expect(await subscribe('http', 'http://example.com/')).toContain('127.0.0.1');
    expect(await subscribe('http', 'http://127.0.0.1.example.com/')).toContain('127.0.0.1');
    expect(await subscribe('https', 'http://127.0.0.1/')).toContain('must match the specified protocol');
  });
});

describe('a message', () => {
  it('can be read back from a log group', async () => {
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'kept' }));
    const { MessageId } = await sns.send(
      new PublishCommand({
        TopicArn,
        Subject: 'ALARM',
        Message: 'it burns',
        MessageAttributes: { a: { DataType: 'String', StringValue: 'b' } },
      }),
    );
    expect(await messages('kept')).toEqual([
      {
        MessageId,
        TopicArn,
        Subject: 'ALARM',
        Message: 'it burns',
        MessageAttributes: { a: { Type: 'String', Value: 'b' } },
      },
    ]);
  });

  it('reaches the subscribers of this machine, as SNS posts it', async () => {
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'posted' }));
    const received: { headers: IncomingHttpHeaders; body: string }[] = [];
    let heard = () => {};
    const all = new Promise<void>((resolve) => {
      heard = () => received.length === 2 && resolve();
    });
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        response.end();
        heard();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const Endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const subscribe = (more: object) =>
      sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint, ...more }));
    const { SubscriptionArn } = await subscribe({});
    expect((await subscribe({})).SubscriptionArn).toBe(SubscriptionArn);
    await subscribe({ Endpoint: `${Endpoint}/raw`, Attributes: { RawMessageDelivery: 'true' } });
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'a@example.com' }));
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
    expect(Attributes).toMatchObject({ SubscriptionsConfirmed: '2', SubscriptionsPending: '1', Owner: '000000000000' });
    const { MessageId } = await sns.send(
      new PublishCommand({
        TopicArn,
        Message: JSON.stringify({ default: 'short', http: 'for http' }),
        MessageStructure: 'json',
      }),
    );
    await all;
    const raw = received.find((one) => one.body === 'for http');
    const wrapped = received.find((one) => one !== raw);
    expect(raw?.headers['x-amz-sns-rawdelivery']).toBe('true');
    expect(wrapped?.headers).toMatchObject({
      'x-amz-sns-message-type': 'Notification',
      'x-amz-sns-topic-arn': TopicArn,
      'x-amz-sns-subscription-arn': SubscriptionArn,
    });
    expect(JSON.parse(wrapped?.body ?? '')).toMatchObject({
      Type: 'Notification',
      MessageId,
      Message: 'for http',
      Timestamp: '2026-01-05T09:00:00.000Z',
    });
    server.close();
    server.closeAllConnections();
    const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    expect(Subscriptions.map((one) => one.Protocol).sort()).toEqual(['email', 'http', 'http']);
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    expect((await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions).toHaveLength(2);
    // Nobody listens any more (a connection that was kept breaks first): it is told, the publisher is not troubled.
    await sns.send(new PublishCommand({ TopicArn, Message: 'into the void' }));
    await expect
      .poll(() => messages('posted', 'failures').catch(() => []))
      .toMatchObject([{ endpoint: `${Endpoint}/raw`, reason: expect.stringMatching(/ECONNREFUSED|ECONNRESET/) }]);
  });
});

it('brings messages to a queue that lets it in, in an envelope or raw, and names the others among the failures', async () => {
  const sqs = new SQSClient(client());
  try {
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'queued' }));
    const allow = (Condition: object) => ({
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'sns.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: '*',
            Condition,
          },
        ],
      }),
    });
    const queue = async (QueueName: string, Attributes: Record<string, string>, raw = false) => {
      const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
      await sns.send(
        new SubscribeCommand({
          TopicArn,
          Protocol: 'sqs',
          Endpoint: `arn:aws:sqs:us-east-1:000000000000:${QueueName}`,
          ...(raw && { Attributes: { RawMessageDelivery: 'true' } }),
        }),
      );
      return async () =>
        (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'] }))).Messages ?? [];
    };
    const open = await queue('open', allow({ ArnEquals: { 'aws:SourceArn': TopicArn } }));
    const raw = await queue('raw', allow({}), true);
    const closed = await queue('closed', {});
    const other = await queue('other', allow({ ArnEquals: { 'aws:SourceArn': `${TopicArn}-2` } }));
    const MessageAttributes = { kind: { DataType: 'String', StringValue: 'test' } };
    const { MessageId } = await sns.send(
      new PublishCommand({ TopicArn, Subject: 'a subject', Message: 'hello', MessageAttributes }),
    );
    const [message] = await open();
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({
      Type: 'Notification',
      MessageId,
      TopicArn,
      Subject: 'a subject',
      Message: 'hello',
      MessageAttributes: { kind: { Type: 'String', Value: 'test' } },
    });
    expect(await raw()).toMatchObject([{ Body: 'hello', MessageAttributes: { kind: { StringValue: 'test' } } }]);
    expect([await closed(), await other()]).toEqual([[], []]);
    const { events = [] } = await logs.send(
      new FilterLogEventsCommand({ logGroupName: '/shadowctl/sns/queued', logStreamNames: ['failures'] }),
    );
    expect(events.map(({ message: line = '' }) => (JSON.parse(line) as { endpoint: string }).endpoint)).toEqual(
      expect.arrayContaining(['closed', 'other'].map((name) => `arn:aws:sqs:us-east-1:000000000000:${name}`)),
    );
    expect(events).toHaveLength(2);
  } finally {
    sqs.destroy();
  }
});
