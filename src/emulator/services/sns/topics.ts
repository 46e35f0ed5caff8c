import type { CreateTopicCommandInput, PublishCommandInput } from '@aws-sdk/client-sns';
import type { Context, Operations } from '../operation.ts';
import { pageAfter } from '../paging.ts';
import { type Message, publish } from '../../world/topics/publish.ts';
import {
  subscriptions,
  topicArn,
  topicKey,
  type TopicName,
  type TopicRecord,
  topics,
} from '../../world/topics/records.ts';
import { invalidParameter, notAuthorized, topicNotFound } from './errors.ts';
import { tagsOf, tagsWithout } from '../tags.ts';

/** SNS lists a hundred a page. */
export const PAGE = 100;

const MAX_BYTES = 262_144;

export const topicOperations = {
  /** Creating what exists answers its ARN. */
  CreateTopic(context, input: CreateTopicCommandInput) {
    const { account, region } = context;
    const name = input.Name ?? '';
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw invalidParameter('Topic Name');
    const { store, clock } = context.world;
    const key = topicKey({ account, region, name });
    if (topics(store).get(key) === undefined)
      topics(store).set(key, {
        createdAt: clock.now(),
        attributes: input.Attributes ?? {},
        tags: tagsOf(input.Tags),
      });
    return { TopicArn: topicArn({ account, region, name }) };
  },

  /** Deleting what does not exist succeeds. */
  DeleteTopic(context, input: { TopicArn?: string }) {
    const topic = parseArn(input.TopicArn);
    const { store } = context.world;
    if (topic.account !== context.account || topic.region !== context.region) throw topicNotFound();
    topics(store).delete(topicKey(topic));
    for (const [key] of subscriptions(store).entries(`${topicKey(topic)}/`)) subscriptions(store).delete(key);
    return {};
  },

  ListTopics(context, input: { NextToken?: string }) {
    const { account, region } = context;
    const prefix = `${account}/${region}/`;
    const { items, next } = pageAfter(topics(context.world.store).entries(prefix), {
      keyOf: ([key]) => key,
      size: PAGE,
      token: input.NextToken,
      invalidToken: () => invalidParameter('NextToken'),
    });
    return {
      Topics: items.map(([key]) => ({ TopicArn: topicArn({ account, region, name: key.slice(prefix.length) }) })),
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
        TopicArn: topicArn(topic),
        Owner: topic.account,
        SubscriptionsConfirmed: String(confirmed),
        SubscriptionsPending: String(all.length - confirmed),
        SubscriptionsDeleted: '0',
      },
    };
  },

  Publish(context, input: PublishCommandInput) {
    if (input.PhoneNumber !== undefined)
      throw invalidParameter('PhoneNumber Reason: the emulator sends no text messages');
    const topic = topicOf(context, input.TopicArn ?? input.TargetArn);
    return { MessageId: publish(context.world, topic, messageOf(input)) };
  },
} satisfies Operations;

type Tag = { Key: string | undefined; Value: string | undefined };

/** What of a topic may be set (API_SetTopicAttributes), of topics that are not FIFO. */
const SETTABLE =
  /^(?:ApplicationSuccessFeedbackRoleArn|DeliveryPolicy|DisplayName|KmsMasterKeyId|Policy|SignatureVersion|TracingConfig|(?:HTTP|Firehose|Lambda|Application|SQS)(?:Success|Failure)Feedback\w+)$/;

export const topicSettings = {
  SetTopicAttributes(context, input: { TopicArn?: string; AttributeName?: string; AttributeValue?: string }) {
    const topic = topicOf(context, input.TopicArn);
    const { AttributeName: name = '', AttributeValue: value = '' } = input;
    if (!SETTABLE.test(name)) throw invalidParameter('AttributeName');
    if (name === 'Policy') checkPolicy(value);
    const attributes = { ...topic.record.attributes, [name]: value };
    topics(context.world.store).set(topicKey(topic), { ...topic.record, attributes });
    return {};
  },

  TagResource(context, input: { ResourceArn?: string; Tags?: Tag[] }) {
    const topic = topicOf(context, input.ResourceArn);
    const tags = { ...topic.record.tags, ...tagsOf(input.Tags) };
    topics(context.world.store).set(topicKey(topic), { ...topic.record, tags });
    return {};
  },

  UntagResource(context, input: { ResourceArn?: string; TagKeys?: string[] }) {
    const topic = topicOf(context, input.ResourceArn);
    topics(context.world.store).set(topicKey(topic), {
      ...topic.record,
      tags: tagsWithout(topic.record.tags, input.TagKeys),
    });
    return {};
  },

  ListTagsForResource(context, input: { ResourceArn?: string }) {
    const { tags = {} } = topicOf(context, input.ResourceArn).record;
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  },
} satisfies Operations;

function checkPolicy(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw invalidParameter('Policy Error: null');
  }
}

/** The topic the ARN names, if it is the caller's. */
export function topicOf(context: Context, arn: string | undefined): TopicName & { record: TopicRecord } {
  const topic = parseArn(arn);
  if (topic.account !== context.account) {
    throw notAuthorized();
  }
  const record = topics(context.world.store).get(topicKey(topic));
  if (record === undefined || topic.region !== context.region) throw topicNotFound();
  return { ...topic, record };
}

/** @throws InvalidParameter when it is not the ARN of a topic (or subscription) */
export function parseArn(arn: string | undefined, parameter = 'TopicArn'): TopicName {
  const parts = (arn ?? '').split(':');
  const [scheme, partition, service, region = '', account = '', name = '', id] = parts;
  if (scheme !== 'arn' || !/^aws(-|$)/.test(partition ?? '') || service !== 'sns' || name === '' || parts.length > 7) {
    throw invalidParameter(`${parameter} Reason: An ARN must have at least 6 elements, not ${parts.length}`);
  }
  return { account, region, name, id };
}

/** The message, checked as SNS checks it. */
function messageOf(input: PublishCommandInput): Message {
  const { Subject: subject, Message: text = '' } = input;
  if (text === '') throw invalidParameter('Empty message');
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalidParameter('Message too long');
  // oxlint-disable-next-line no-control-regex
  if (subject !== undefined && (subject === '' || subject.length > 100 || /[\u0000-\u001f\u007f]/.test(subject)))
    throw invalidParameter('Subject');
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
  if (structure !== 'json') throw invalidParameter('MessageStructure');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalidParameter('Message Structure - JSON message body failed to parse');
  }
  const entries = Object.entries(parsed ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const bodies = Object.fromEntries(entries);
  if (bodies.default === undefined) throw invalidParameter('Message Structure - No default entry in JSON message body');
  return { ...bodies, default: bodies.default };
}
