import { createHash } from 'node:crypto';
import { resourceAllows, statementsOf } from '../../iam/resource-policy.ts';
import type { Store, Table } from '../../storage/store.ts';
import { partitionOf } from '../partition.ts';
import type { Random } from '../random.ts';

/** A queue of SQS. Times are milliseconds since the epoch. */
export interface QueueRecord {
  account: string;
  region: string;
  name: string;
  createdAt: number;
  modifiedAt: number;
  /** As SetQueueAttributes gives them, with SQS's defaults for the others. */
  attributes: Record<string, string>;
  tags: Record<string, string>;
  /** The number of the next message. */
  next: number;
}

export interface MessageAttribute {
  DataType: string;
  StringValue?: string;
  BinaryValue?: Uint8Array;
}

export interface MessageRecord {
  id: string;
  body: string;
  md5: string;
  attributes: Record<string, MessageAttribute>;
  sender: string;
  sentAt: number;
  visibleAt: number;
  received: number;
  firstReceivedAt?: number;
  /** What deletes it, since it was last received. */
  receipt?: string;
}

interface Place {
  account: string;
  region: string;
}

/** By `account/region/name`. */
export const queuesOf = (store: Store): Table<QueueRecord> => store.table('sqs-queues');
/** By `account/region/name/number`. */
export const messagesOf = (store: Store): Table<MessageRecord> => store.table('sqs-messages');

/** The key of a queue: `account/region/name`. */
export const queueKey = ({ account, region, name }: Place & { name: string }) => `${account}/${region}/${name}`;

/** `arn:aws:sqs:REGION:ACCOUNT:NAME` */
export function queueArn({ account, region, name }: Place & { name: string }): string {
  return `arn:${partitionOf(region)}:sqs:${region}:${account}:${name}`;
}

/** The queue of an ARN; undefined where there is none. */
export function queueOfArn(store: Store, arn: string): QueueRecord | undefined {
  const [, , service, region = '', account = '', name = ''] = arn.split(':');
  return service === 'sqs' ? queuesOf(store).get(queueKey({ account, region, name })) : undefined;
}

/** Puts a message into a queue. */
export function enqueue(
  { store, random }: { store: Store; random: Random },
  queue: QueueRecord,
  message: Pick<MessageRecord, 'body' | 'attributes' | 'sender'>,
  at: number,
  delaySeconds = Number(queue.attributes.DelaySeconds ?? 0),
): MessageRecord {
  const key = queueKey(queue);
  const now = queuesOf(store).get(key) ?? queue;
  queuesOf(store).set(key, { ...now, next: now.next + 1 });
  const md5 = createHash('md5').update(message.body).digest('hex');
  const record = { ...message, id: random.uuid(), md5, sentAt: at, visibleAt: at + delaySeconds * 1000, received: 0 };
  messagesOf(store).set(`${key}/${String(now.next).padStart(12, '0')}`, record);
  return record;
}

/** The messages of a queue, oldest first, by their key; those whose time is over are taken away. */
export function messagesIn(store: Store, queue: QueueRecord, now: number): [string, MessageRecord][] {
  const kept = Number(queue.attributes.MessageRetentionPeriod ?? 345_600) * 1000;
  return messagesOf(store)
    .entries(`${queueKey(queue)}/`)
    .filter(([key, { sentAt }]) => {
      if (sentAt + kept > now) return true;
      messagesOf(store).delete(key);
      return false;
    });
}

/** Does the policy of a queue let a service send to it, for a resource of the same account? */
export function mayServiceSend(queue: QueueRecord, principal: string, sourceArn: string): boolean {
  const statements = statementsOf(queue.attributes.Policy);
  const account = sourceArn.split(':')[4] || queue.account;
  return resourceAllows(statements, {
    principal,
    action: 'sqs:SendMessage',
    resource: queueArn(queue),
    keys: { 'aws:SourceArn': sourceArn, 'aws:SourceAccount': account },
  });
}
