import { createHash } from 'node:crypto';
import type { Message, MessageSystemAttributeName } from '@aws-sdk/client-sqs';
import { AwsError } from '../../model/aws-error.ts';
import {
  enqueue,
  type MessageAttribute,
  type MessageRecord,
  messagesIn,
  messagesOf,
  queueKey,
  queueOfArn,
  type QueueRecord,
} from '../../world/queues/queues.ts';
import type { Context } from '../operation.ts';
import { invalidParameter, notBuilt } from './errors.ts';
import { queueOf } from './queues.ts';

type Named = { QueueUrl?: string | undefined };

interface SendInput extends Named {
  MessageBody?: string;
  DelaySeconds?: number;
  MessageAttributes?: Record<string, { [Name in keyof MessageAttribute]?: MessageAttribute[Name] | undefined }>;
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
  MessageSystemAttributes?: object;
}

interface ReceiveInput extends Named {
  AttributeNames?: string[];
  MessageSystemAttributeNames?: string[];
  MessageAttributeNames?: string[];
  MaxNumberOfMessages?: number;
  VisibilityTimeout?: number;
  WaitTimeSeconds?: number;
}

/** How often a queue is looked at while somebody waits for a message, in ms. */
const LOOK = 100;

export const messageOperations = {
  SendMessage(context: Context, input: SendInput) {
    const queue = queueOf(context, input);
    const { MessageBody: body = '' } = input;
    const attributes = (input.MessageAttributes ?? {}) as Record<string, MessageAttribute>;
    if (body === '') throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.');
    if (input.MessageGroupId !== undefined) throw notBuilt('fair queues (MessageGroupId)');
    if (input.MessageDeduplicationId !== undefined) throw notBuilt('FIFO queues (MessageDeduplicationId)');
    if (input.MessageSystemAttributes !== undefined) throw notBuilt('MessageSystemAttributes');
    const most = Number(queue.attributes.MaximumMessageSize ?? 1_048_576);
    if (Buffer.byteLength(body) > most)
      throw invalidParameter(`One or more parameters are invalid. Reason: Message must be shorter than ${most} bytes.`);
    const now = context.world.clock.now();
    const sender = context.caller.userId;
    const message = enqueue(context.world, queue, { body, attributes, sender }, now, input.DelaySeconds);
    const ofAttributes = md5OfAttributes(attributes);
    return {
      MessageId: message.id,
      MD5OfMessageBody: message.md5,
      ...(ofAttributes !== undefined && { MD5OfMessageAttributes: ofAttributes }),
    };
  },

  async ReceiveMessage(context: Context, input: ReceiveInput) {
    const { clock, timeline } = context.world;
    const most = input.MaxNumberOfMessages ?? 1;
    if (most < 1 || most > 10)
      throw invalidParameter(
        `Value ${most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`,
      );
    const wait = input.WaitTimeSeconds ?? Number(queueOf(context, input).attributes.ReceiveMessageWaitTimeSeconds ?? 0);
    for (const end = clock.now() + wait * 1000; ; ) {
      const found = take(context, queueOf(context, input), input, most);
      if (found.length > 0) return { Messages: found };
      if (clock.now() >= end) return {};
      await clock.sleep(Math.min(LOOK, end - clock.now()));
      await timeline.catchUp();
    }
  },

  /** A receipt of a message that is gone deletes nothing, and is no mistake. */
  DeleteMessage(context: Context, input: Named & { ReceiptHandle?: string }) {
    const queue = queueOf(context, input);
    const [number, receipt] = Buffer.from(input.ReceiptHandle ?? '', 'base64url')
      .toString()
      .split('/');
    if (receipt === undefined)
      throw new AwsError(
        'ReceiptHandleIsInvalid',
        `The input receipt handle "${input.ReceiptHandle}" is not a valid receipt handle.`,
        { status: 404 },
      );
    const table = messagesOf(context.world.store);
    const key = `${queueKey(queue)}/${number}`;
    if (table.get(key)?.receipt === receipt) table.delete(key);
    return {};
  },
};

function take(context: Context, queue: QueueRecord, input: ReceiveInput, most: number): Message[] {
  const { world } = context;
  const { store, clock, random } = world;
  const now = clock.now();
  const hide = (input.VisibilityTimeout ?? Number(queue.attributes.VisibilityTimeout ?? 30)) * 1000;
  const found: Message[] = [];
  for (const [key, message] of messagesIn(store, queue, now)) {
    if (found.length === most) break;
    if (message.visibleAt > now || buried(context, queue, key, message)) continue;
    const receipt = random.hex(32);
    const taken: MessageRecord = {
      ...message,
      receipt,
      visibleAt: now + hide,
      received: message.received + 1,
      firstReceivedAt: message.firstReceivedAt ?? now,
    };
    messagesOf(store).set(key, taken);
    const number = key.slice(key.lastIndexOf('/') + 1);
    found.push(view(taken, Buffer.from(`${number}/${receipt}`).toString('base64url'), input));
  }
  return found;
}

/** A message that was received too often goes to the dead-letter queue. */
function buried({ world }: Context, queue: QueueRecord, key: string, message: MessageRecord): boolean {
  const { RedrivePolicy: policy } = queue.attributes;
  if (policy === undefined) return false;
  const { maxReceiveCount, deadLetterTargetArn = '' } = JSON.parse(policy) as {
    maxReceiveCount?: number | string;
    deadLetterTargetArn?: string;
  };
  const target = queueOfArn(world.store, deadLetterTargetArn);
  if (target === undefined || message.received < Number(maxReceiveCount)) return false;
  messagesOf(world.store).delete(key);
  const { body, attributes, sender } = message;
  enqueue(world, target, { body, attributes, sender }, world.clock.now(), 0);
  return true;
}

function view(message: MessageRecord, receipt: string, input: ReceiveInput): Message {
  const system = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
  const all: Partial<Record<MessageSystemAttributeName, string>> = {
    SenderId: message.sender,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.received),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
  };
  const shown = Object.entries(all).filter(([name]) => system.includes('All') || system.includes(name));
  const asked = input.MessageAttributeNames ?? [];
  const isAsked = (name: string) =>
    asked.some(
      (one) =>
        one === 'All' || one === name || (one.endsWith('*') && name.startsWith(one.slice(0, -1).replace(/\.$/, ''))),
    );
  const attributes = Object.fromEntries(Object.entries(message.attributes).filter(([name]) => isAsked(name)));
  const md5 = md5OfAttributes(attributes);
  return {
    MessageId: message.id,
    ReceiptHandle: receipt,
    MD5OfBody: message.md5,
    Body: message.body,
    ...(shown.length > 0 && { Attributes: Object.fromEntries(shown) }),
    ...(md5 !== undefined && { MessageAttributes: attributes, MD5OfMessageAttributes: md5 }),
  };
}

/** The digest of attributes that SDKs compare (SQS Developer Guide, "Calculating the MD5 message digest for message attributes"). */
function md5OfAttributes(attributes: Record<string, MessageAttribute>): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const md5 = createHash('md5');
  const add = (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    md5.update(length).update(bytes);
  };
  for (const name of names) {
    const { DataType = '', StringValue, BinaryValue } = attributes[name] ?? {};
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    md5.update(Buffer.from([BinaryValue === undefined ? 1 : 2]));
    add(BinaryValue ?? Buffer.from(StringValue ?? ''));
  }
  return md5.digest('hex');
}
