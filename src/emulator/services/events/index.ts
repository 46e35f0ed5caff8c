import type { EventBridge } from '@aws-sdk/client-eventbridge';
import type { OperationsOf } from '../operation.ts';
import { putEventsOperations } from './put-events.ts';
import { ruleOperations } from './rules.ts';
import { targetOperations } from './targets.ts';

/** EventBridge: rules on the default bus, their targets, and events. */
export const operations = {
  ...ruleOperations,
  ...targetOperations,
  ...putEventsOperations,
} satisfies OperationsOf<EventBridge>;
