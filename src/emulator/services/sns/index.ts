import type { Operations } from '../operation.ts';
import { subscriptionOperations } from './subscriptions.ts';
import { topicOperations } from './topics.ts';

/** SNS: topics, their subscriptions, and what is published to them. */
export const operations: Operations = { ...topicOperations, ...subscriptionOperations };
