import type { Store, Table } from '../../storage/store.ts';
import { partitionOf } from '../partition.ts';
import type { EventSource } from '../timeline.ts';

/** A rule of EventBridge on the default bus. */
export interface RuleRecord {
  account: string;
  region: string;
  name: string;
  arn: string;
  /** JSON. */
  pattern: string;
  state: 'ENABLED' | 'DISABLED' | 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
  description?: string;
  roleArn?: string;
  tags: Record<string, string>;
  targets: RuleTarget[];
}

/** Where what fits a rule goes. */
export interface RuleTarget {
  id: string;
  arn: string;
  roleArn?: string;
  /** JSON, in place of the event. */
  input?: string;
  /** A path into the event, as `$.detail`. */
  inputPath?: string;
  transformer?: { paths: Record<string, string>; template: string };
  maxRetries?: number;
  maxAgeSeconds?: number;
  deadLetterArn?: string;
}

/** An event as a target gets it. */
export interface BusEvent {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  /** To the second: `2026-01-05T09:00:00Z`. */
  time: string;
  region: string;
  resources: string[];
  detail: unknown;
}

/** An event on its way to one target. */
export interface Delivery {
  ruleArn: string;
  ruleName: string;
  target: RuleTarget;
  event: BusEvent;
  dueAt: number;
}

interface Place {
  account: string;
  region: string;
}

/** By `account/region/name`. */
export const rulesOf = (store: Store): Table<RuleRecord> => store.table('events-rules');
/** Events on their way to a target. */
export const deliveriesOf = (store: Store): Table<Delivery> => store.table('events-deliveries');

/** The key of a rule: `account/region/name`. */
export const ruleKey = ({ account, region, name }: Place & { name: string }) => `${account}/${region}/${name}`;

/** `arn:aws:events:REGION:ACCOUNT:rule/NAME` */
export function ruleArn({ account, region }: Place, name: string): string {
  return `arn:${partitionOf(region)}:events:${region}:${account}:rule/${name}`;
}

/** The default event bus of every account and region. */
export interface Bus extends EventSource {
  /** Sends an event on its way to the targets of the rules that it fits. Answers its id. */
  put(
    place: Place,
    event: Pick<BusEvent, 'detail-type' | 'source' | 'resources' | 'detail'> & { time?: number },
    at: number,
  ): string;
}
