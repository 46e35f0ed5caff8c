import type { SNS } from '@aws-sdk/client-sns';
import type { OperationsOf } from '../operation.ts';
import { subscriptionOperations } from './subscriptions.ts';
import { topicOperations, topicSettings } from './topics.ts';

/** SNS: topics, their subscriptions, and what is published to them. */
export const operations = {
  ...topicOperations,
  ...topicSettings,
  ...subscriptionOperations,
} satisfies OperationsOf<SNS>;
