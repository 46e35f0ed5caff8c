import { request } from 'node:http';
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
 * `messages`, where any client can read it, and posts it to the subscribers of this machine. Answers the message's id.
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
    if (!subscription.confirmed || !subscription.protocol.startsWith('http')) continue;
    const arn = `${topicArn(topic)}:${key.slice(key.lastIndexOf('/') + 1)}`;
    deliver(subscription, arn, topicArn(topic), MessageId, message, timestamp).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      log(world, topic, 'failures', world.clock.now(), { MessageId, endpoint: subscription.endpoint, reason });
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

/** Headers and body as in https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html, unsigned. */
function deliver(
  { endpoint, protocol, attributes: wishes }: SubscriptionRecord,
  subscriptionArn: string,
  arn: string,
  id: string,
  { subject, bodies, attributes }: Message,
  timestamp: number,
): Promise<void> {
  const text = bodies[protocol] ?? bodies.default;
  const raw = wishes.RawMessageDelivery === 'true';
  const envelope = {
    Type: 'Notification',
    MessageId: id,
    TopicArn: arn,
    ...(subject === undefined ? {} : { Subject: subject }),
    Message: text,
    Timestamp: new Date(timestamp).toISOString(),
    ...(Object.keys(attributes).length === 0 ? {} : { MessageAttributes: attributes }),
  };
  const body = raw ? text : JSON.stringify(envelope);
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
