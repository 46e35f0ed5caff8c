import { request } from 'node:http';
import { enqueue, mayServiceSend, queueOfArn } from '../queues/queues.ts';
import type { Platform } from '../world.ts';
import { subscriptions, type SubscriptionRecord, topicArn, topicKey, type TopicName } from './records.ts';

export interface Message {
  subject: string | undefined;
  /** By protocol where the publisher said so; `default` for the others. */
  bodies: { default: string } & Record<string, string>;
  attributes: Record<string, { Type: string; Value: string }>;
}

/** How long an endpoint may take, as SNS gives it. */
const TIMEOUT = 15_000;

/**
 * Publishes to a topic that exists: keeps the message as a line of JSON in the log group `/shadowctl/sns/<topic>`, stream
 * `messages`, where any client can read it, puts it into the queues that are subscribed, and posts it to the subscribers of this machine. Answers the message's id.
 * Does not wait for the subscribers; one that fails is named in the stream `failures`.
 */
export function publish(
  world: Platform,
  topic: Pick<TopicName, 'account' | 'region' | 'name'>,
  message: Message,
  at = world.clock.now(),
): string {
  const MessageId = world.random.uuid();
  const { subject, bodies, attributes } = message;
  const timestamp = at;
  log(world, topic, 'messages', timestamp, {
    MessageId,
    TopicArn: topicArn(topic),
    ...(subject === undefined ? {} : { Subject: subject }),
    Message: bodies.default,
    ...(Object.keys(attributes).length === 0 ? {} : { MessageAttributes: attributes }),
  });
  for (const [key, subscription] of subscriptions(world.store).entries(`${topicKey(topic)}/`)) {
    if (!subscription.confirmed) continue;
    const failed = (reason: string) =>
      log(world, topic, 'failures', world.clock.now(), { MessageId, endpoint: subscription.endpoint, reason });
    if (subscription.protocol === 'sqs') {
      const reason = toQueue(world, subscription, topicArn(topic), MessageId, message, timestamp);
      if (reason !== undefined) failed(reason);
    }
    if (!subscription.protocol.startsWith('http')) continue;
    const arn = `${topicArn(topic)}:${key.slice(key.lastIndexOf('/') + 1)}`;
    deliver(subscription, arn, topicArn(topic), MessageId, message, timestamp).catch((error: unknown) => {
      failed(error instanceof Error ? error.message : String(error));
    });
  }
  return MessageId;
}

function log(
  world: Platform,
  { account, region, name }: Pick<TopicName, 'account' | 'region' | 'name'>,
  stream: string,
  timestamp: number,
  line: object,
): void {
  world.logs.append({ account, region, group: `/shadowctl/sns/${name}`, stream }, [
    { timestamp, message: JSON.stringify(line) },
  ]);
}

/** A message as its subscribers get it, but for those that ask for it raw. */
function envelopeOf(
  arn: string,
  id: string,
  text: string,
  { subject, attributes }: Message,
  timestamp: number,
): object {
  return {
    Type: 'Notification',
    MessageId: id,
    TopicArn: arn,
    ...(subject === undefined ? {} : { Subject: subject }),
    Message: text,
    Timestamp: new Date(timestamp).toISOString(),
    ...(Object.keys(attributes).length === 0 ? {} : { MessageAttributes: attributes }),
  };
}

/**
 * To a queue, whose policy must let SNS in for this topic (SNS Developer Guide, "Subscribing an Amazon SQS queue to an Amazon SNS
 * topic"). @returns why it was not sent
 */
function toQueue(
  world: Platform,
  { endpoint, attributes: wishes }: SubscriptionRecord,
  arn: string,
  id: string,
  message: Message,
  timestamp: number,
): string | undefined {
  const queue = queueOfArn(world.store, endpoint);
  if (queue === undefined) return `there is no queue ${endpoint}`;
  const principal = 'sns.amazonaws.com';
  if (!mayServiceSend(queue, principal, arn)) return `the policy of ${endpoint} does not let ${principal} in`;
  const { bodies, attributes: given } = message;
  const text = bodies.sqs ?? bodies.default;
  const raw = wishes.RawMessageDelivery === 'true';
  const attributes = Object.fromEntries(
    Object.entries(raw ? given : {}).map(([name, { Type, Value }]) => [name, { DataType: Type, StringValue: Value }]),
  );
  const body = raw ? text : JSON.stringify(envelopeOf(arn, id, text, message, timestamp));
  enqueue(world, queue, { body, attributes, sender: principal }, world.clock.now());
  return undefined;
}

/** Headers and body as in https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html, unsigned. */
function deliver(
  { endpoint, protocol, attributes: wishes }: SubscriptionRecord,
  subscriptionArn: string,
  arn: string,
  id: string,
  message: Message,
  timestamp: number,
): Promise<void> {
  const { bodies } = message;
  const text = bodies[protocol] ?? bodies.default;
  const raw = wishes.RawMessageDelivery === 'true';
  const body = raw ? text : JSON.stringify(envelopeOf(arn, id, text, message, timestamp));
  return new Promise((resolve, reject) => {
    const post = request(endpoint, {
      method: 'POST',
      timeout: TIMEOUT,
      agent: false,
      headers: {
        'content-type': 'text/plain; charset=UTF-8',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Amazon Simple Notification Service Agent',
        'x-amz-sns-message-type': 'Notification',
        'x-amz-sns-message-id': id,
        'x-amz-sns-topic-arn': arn,
        'x-amz-sns-subscription-arn': subscriptionArn,
        ...(raw ? { 'x-amz-sns-rawdelivery': 'true' } : {}),
      },
    });
    post.on('timeout', () => post.destroy(new Error(`no answer within ${TIMEOUT} ms`)));
    post.on('error', reject);
    post.on('response', (reply) => {
      reply.resume();
      const status = reply.statusCode ?? 0;
      if (status >= 200 && status < 300) resolve();
      else reject(new Error(`the endpoint answered ${status}`));
    });
    post.end(body);
  });
}
