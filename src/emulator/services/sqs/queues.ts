import type { CreateQueueCommandInput } from '@aws-sdk/client-sqs';
import { AwsError } from '../../model/aws-error.ts';
import { messagesIn, messagesOf, queueArn, queueKey, type QueueRecord, queuesOf } from '../../world/queues/queues.ts';
import type { Context } from '../operation.ts';
import { isJson } from '../is-json.ts';
import { pageAfter } from '../paging.ts';
import { invalidAttributeName, invalidAttributeValue, invalidParameter, notBuilt, queueNotFound } from './errors.ts';
import { tagsWithout } from '../tags.ts';

type Named = { QueueUrl?: string | undefined };

/** Attributes that are numbers, with their bounds and SQS's defaults (API_SetQueueAttributes). */
const NUMBERS: Readonly<Record<string, [least: number, most: number, byDefault: number]>> = {
  DelaySeconds: [0, 900, 0],
  MaximumMessageSize: [1024, 1_048_576, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600, 345_600],
  ReceiveMessageWaitTimeSeconds: [0, 20, 0],
  VisibilityTimeout: [0, 43_200, 30],
};
const TEXTS = [
  'Policy',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'SqsManagedSseEnabled',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
];

export const queueOperations = {
  CreateQueue(context: Context, input: CreateQueueCommandInput) {
    const { account, region, world } = context;
    const name = input.QueueName ?? '';
    if (name.endsWith('.fifo') || input.Attributes?.FifoQueue === 'true') throw notBuilt('FIFO queues');
    if (!/^[\w-]{1,80}$/.test(name))
      throw invalidParameter('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
    const attributes = checked(input.Attributes ?? {});
    const known = queuesOf(world.store).get(queueKey({ account, region, name }));
    if (known !== undefined) {
      const differs = Object.entries(attributes).find(([key, value]) => all(known)[key] !== value);
      if (differs !== undefined)
        throw new AwsError(
          'QueueNameExists',
          `A queue already exists with the same name and a different value for attribute ${differs[0]}`,
          { queryCode: 'QueueAlreadyExists' },
        );
      return { QueueUrl: urlOf(context, known) };
    }
    const now = world.clock.now();
    const tags = input.tags ?? {};
    const record: QueueRecord = { account, region, name, createdAt: now, modifiedAt: now, attributes, tags, next: 1 };
    queuesOf(world.store).set(queueKey(record), record);
    return { QueueUrl: urlOf(context, record) };
  },

  DeleteQueue(context: Context, input: Named) {
    const queue = queueOf(context, input);
    const { store } = context.world;
    queuesOf(store).delete(queueKey(queue));
    for (const [key] of messagesOf(store).entries(`${queueKey(queue)}/`)) messagesOf(store).delete(key);
    return {};
  },

  PurgeQueue(context: Context, input: Named) {
    const queue = queueOf(context, input);
    const { store } = context.world;
    for (const [key] of messagesOf(store).entries(`${queueKey(queue)}/`)) messagesOf(store).delete(key);
    return {};
  },

  GetQueueUrl(context: Context, input: { QueueName?: string; QueueOwnerAWSAccountId?: string }) {
    const { account, region, world } = context;
    if (input.QueueOwnerAWSAccountId !== undefined && input.QueueOwnerAWSAccountId !== account) throw queueNotFound();
    const queue = queuesOf(world.store).get(queueKey({ account, region, name: input.QueueName ?? '' }));
    if (queue === undefined) throw queueNotFound();
    return { QueueUrl: urlOf(context, queue) };
  },

  ListQueues(context: Context, input: { QueueNamePrefix?: string; NextToken?: string; MaxResults?: number }) {
    const { account, region, world } = context;
    const { items, next } = pageAfter(
      queuesOf(world.store).entries(`${account}/${region}/${input.QueueNamePrefix ?? ''}`),
      {
        keyOf: ([key]) => key,
        size: input.MaxResults ?? 1000,
        token: input.NextToken,
        invalidToken: () => invalidParameter('Invalid or expired next token.'),
      },
    );
    return {
      ...(items.length > 0 && { QueueUrls: items.map(([, queue]) => urlOf(context, queue)) }),
      ...(next !== undefined && { NextToken: next }),
    };
  },

  GetQueueAttributes(context: Context, input: Named & { AttributeNames?: string[] }) {
    const queue = queueOf(context, input);
    const asked = input.AttributeNames ?? [];
    const now = context.world.clock.now();
    const messages = messagesIn(context.world.store, queue, now).map(([, one]) => one);
    const delayed = messages.filter(({ received, visibleAt }) => received === 0 && visibleAt > now).length;
    const hidden = messages.filter(({ received, visibleAt }) => received > 0 && visibleAt > now).length;
    const every: Record<string, string> = {
      ...all(queue),
      QueueArn: queueArn(queue),
      CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
      LastModifiedTimestamp: String(Math.floor(queue.modifiedAt / 1000)),
      ApproximateNumberOfMessages: String(messages.length - delayed - hidden),
      ApproximateNumberOfMessagesDelayed: String(delayed),
      ApproximateNumberOfMessagesNotVisible: String(hidden),
    };
    for (const name of asked)
      if (name !== 'All' && every[name] === undefined && !TEXTS.includes(name)) throw invalidAttributeName(name);
    const found = Object.entries(every).filter(([name]) => asked.includes('All') || asked.includes(name));
    return found.length > 0 ? { Attributes: Object.fromEntries(found) } : {};
  },

  SetQueueAttributes(context: Context, input: Named & { Attributes?: Record<string, string> }) {
    const queue = queueOf(context, input);
    const attributes = { ...queue.attributes, ...checked(input.Attributes ?? {}) };
    // An empty policy is none.
    for (const name of TEXTS) if (attributes[name] === '') delete attributes[name];
    const changed = { ...queue, attributes, modifiedAt: context.world.clock.now() };
    queuesOf(context.world.store).set(queueKey(queue), changed);
    return {};
  },

  TagQueue(context: Context, input: Named & { Tags?: Record<string, string> }) {
    const queue = queueOf(context, input);
    queuesOf(context.world.store).set(queueKey(queue), { ...queue, tags: { ...queue.tags, ...input.Tags } });
    return {};
  },

  UntagQueue(context: Context, input: Named & { TagKeys?: string[] }) {
    const queue = queueOf(context, input);
    queuesOf(context.world.store).set(queueKey(queue), { ...queue, tags: tagsWithout(queue.tags, input.TagKeys) });
    return {};
  },

  ListQueueTags(context: Context, input: Named) {
    const { tags } = queueOf(context, input);
    return Object.keys(tags).length > 0 ? { Tags: tags } : {};
  },
};

/** The queue of a URL: its path is `/account/name`, whatever its host. @throws AwsError where there is none */
export function queueOf(context: Context, input: Named): QueueRecord {
  const [account = '', name = ''] = /\/(\d{12})\/([\w.-]+)\/?$/.exec(input.QueueUrl ?? '')?.slice(1) ?? [];
  const queue = queuesOf(context.world.store).get(queueKey({ account, region: context.region, name }));
  if (queue === undefined) throw queueNotFound();
  if (account !== context.account)
    throw new AwsError('AccessDenied', `Access to the resource ${input.QueueUrl} is denied.`, { status: 403 });
  return queue;
}

function urlOf({ baseUrl }: Context, { account, name }: QueueRecord): string {
  return `${baseUrl}/${account}/${name}`;
}

function all(queue: QueueRecord): Record<string, string> {
  const defaults = Object.entries(NUMBERS).map(([name, [, , value]]) => [name, String(value)]);
  return { SqsManagedSseEnabled: 'true', ...Object.fromEntries(defaults), ...queue.attributes };
}

function checked(given: Record<string, string | undefined>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(given)) {
    const bounds = NUMBERS[name];
    if (bounds !== undefined) {
      const number = Number(value);
      if (!/^\d+$/.test(value) || number < bounds[0] || number > bounds[1]) throw invalidAttributeValue(name);
    } else if (!TEXTS.includes(name)) throw invalidAttributeName(name);
    if (['Policy', 'RedrivePolicy', 'RedriveAllowPolicy'].includes(name) && value !== '' && !isJson(value))
      throw invalidAttributeValue(name);
    found[name] = value;
  }
  return found;
}
