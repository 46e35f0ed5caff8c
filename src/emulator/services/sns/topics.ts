import type { CreateTopicCommandInput, PublishCommandInput } from '@aws-sdk/client-sns';
import type { Operations } from '../operation.ts';
import { pageOf } from './page.ts';
import { type Message, publish } from './publish.ts';
import { invalid, noTopic, parseArn, subscriptions, topicArn, topicKey, topicOf, topics } from './records.ts';

const MOST_BYTES = 262_144;

export const topicOperations: Operations = {
  /** Creating what exists answers its ARN. */
  CreateTopic(context, input: CreateTopicCommandInput) {
    const { account, region } = context;
    const name = input.Name ?? '';
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw invalid('Topic Name');
    const { store, clock } = context.world;
    const key = topicKey({ account, region, name });
    if (topics(store).get(key) === undefined)
      topics(store).set(key, { createdAt: clock.now(), attributes: input.Attributes ?? {} });
    return { TopicArn: topicArn({ account, region, name }) };
  },

  /** Deleting what does not exist succeeds. */
  DeleteTopic(context, input: { TopicArn?: string }) {
    const topic = parseArn(input.TopicArn);
    const { store } = context.world;
    if (topic.account !== context.account || topic.region !== context.region) throw noTopic();
    topics(store).delete(topicKey(topic));
    for (const [key] of subscriptions(store).entries(`${topicKey(topic)}/`)) subscriptions(store).delete(key);
    return {};
  },

  ListTopics(context, input: { NextToken?: string }) {
    const { account, region } = context;
    const prefix = `${account}/${region}/`;
    const { page, next } = pageOf(topics(context.world.store).entries(prefix), input.NextToken);
    return {
      Topics: page.map(([key]) => ({ TopicArn: topicArn({ account, region, name: key.slice(prefix.length) }) })),
      NextToken: next,
    };
  },

  GetTopicAttributes(context, input: { TopicArn?: string }) {
    const topic = topicOf(context, input.TopicArn);
    const all = subscriptions(context.world.store).entries(`${topicKey(topic)}/`);
    const confirmed = all.filter(([, one]) => one.confirmed).length;
    return {
      Attributes: {
        ...topic.record.attributes,
        TopicArn: input.TopicArn,
        Owner: topic.account,
        SubscriptionsConfirmed: String(confirmed),
        SubscriptionsPending: String(all.length - confirmed),
        SubscriptionsDeleted: '0',
      },
    };
  },

  Publish(context, input: PublishCommandInput) {
    if (input.PhoneNumber !== undefined) throw invalid('PhoneNumber Reason: the emulator sends no text messages');
    const topic = topicOf(context, input.TopicArn ?? input.TargetArn);
    return { MessageId: publish(context.world, topic, messageOf(input)) };
  },
};

/** The message, checked as SNS checks it. */
function messageOf(input: PublishCommandInput): Message {
  const { Subject: subject, Message: text = '' } = input;
  if (text === '') throw invalid('Empty message');
  if (Buffer.byteLength(text) > MOST_BYTES) throw invalid('Message too long');
  // oxlint-disable-next-line no-control-regex
  if (subject !== undefined && (subject === '' || subject.length > 100 || /[\u0000-\u001f\u007f]/.test(subject)))
    throw invalid('Subject');
  const attributes = Object.entries(input.MessageAttributes ?? {}).map(
    ([name, { DataType = '', StringValue, BinaryValue }]) => [
      name,
      { Type: DataType, Value: StringValue ?? Buffer.from(BinaryValue ?? []).toString('base64') },
    ],
  );
  return { subject, bodies: bodiesOf(input.MessageStructure, text), attributes: Object.fromEntries(attributes) };
}

function bodiesOf(structure: string | undefined, text: string): Message['bodies'] {
  if (structure === undefined) return { default: text };
  if (structure !== 'json') throw invalid('MessageStructure');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalid('Message Structure - JSON message body failed to parse');
  }
  const entries = Object.entries(parsed ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const bodies = Object.fromEntries(entries);
  if (bodies.default === undefined) throw invalid('Message Structure - No default entry in JSON message body');
  return { ...bodies, default: bodies.default };
}
