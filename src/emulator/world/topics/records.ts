import type { Store, Table } from '../../storage/store.ts';
import { partitionOf } from '../partition.ts';

export interface TopicRecord {
  /** Milliseconds since the epoch. */
  createdAt: number;
  attributes: Record<string, string>;
  tags?: Record<string, string>;
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

/** The key of a topic: `account/region/name`. */
export function topicKey({ account, region, name }: Pick<TopicName, 'account' | 'region' | 'name'>): string {
  return `${account}/${region}/${name}`;
}

/** `arn:aws:sns:REGION:ACCOUNT:NAME` */
export function topicArn({ account, region, name }: Pick<TopicName, 'account' | 'region' | 'name'>): string {
  return `arn:${partitionOf(region)}:sns:${region}:${account}:${name}`;
}
