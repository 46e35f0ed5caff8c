import type { Context } from '../operation.ts';
import { AwsError } from '../operation.ts';
import type { Store, Table } from '../../storage/store.ts';

export interface TopicRecord {
  /** Milliseconds since the epoch. */
  createdAt: number;
  attributes: Record<string, string>;
}

export interface SubscriptionRecord {
  protocol: string;
  endpoint: string;
  /** False: the owner of the endpoint has still to agree, as with e-mail. */
  confirmed: boolean;
  attributes: Record<string, string>;
}

/** By `account/region/name`. */
export const topics = (store: Store): Table<TopicRecord> => store.table('sns.topics');
/** By `account/region/name/id`. */
export const subscriptions = (store: Store): Table<SubscriptionRecord> => store.table('sns.subscriptions');

/** `arn:aws:sns:region:account:name` taken apart, with a subscription's id where it has one. */
export interface TopicName {
  account: string;
  region: string;
  name: string;
  id: string | undefined;
}

/** @throws InvalidParameter when it is no ARN of a topic (or subscription) */
export function parseArn(arn: string | undefined, parameter = 'TopicArn'): TopicName {
  const parts = (arn ?? '').split(':');
  const [scheme, partition, service, region = '', account = '', name = '', id] = parts;
  if (scheme !== 'arn' || partition !== 'aws' || service !== 'sns' || name === '' || parts.length > 7) {
    throw invalid(`${parameter} Reason: An ARN must have at least 6 elements, not ${parts.length}`);
  }
  return { account, region, name, id };
}

export function topicKey({ account, region, name }: Pick<TopicName, 'account' | 'region' | 'name'>): string {
  return `${account}/${region}/${name}`;
}

export function topicArn({ account, region, name }: Pick<TopicName, 'account' | 'region' | 'name'>): string {
  return `arn:aws:sns:${region}:${account}:${name}`;
}

/** The topic the ARN names, if it is the caller's. */
export function topicOf(context: Context, arn: string | undefined): TopicName & { record: TopicRecord } {
  const topic = parseArn(arn);
  if (topic.account !== context.account) {
    throw new AwsError(
      'AuthorizationErrorException',
      'User is not authorized to perform this operation on this resource',
      { status: 403 },
    );
  }
  const record = topics(context.world.store).get(topicKey(topic));
  if (record === undefined || topic.region !== context.region) throw noTopic();
  return { ...topic, record };
}

export function noTopic(): AwsError {
  return new AwsError('NotFoundException', 'Topic does not exist', { status: 404 });
}

export function invalid(what: string): AwsError {
  return new AwsError('InvalidParameterException', `Invalid parameter: ${what}`);
}
