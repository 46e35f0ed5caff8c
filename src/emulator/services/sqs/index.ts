import type { SQS } from '@aws-sdk/client-sqs';
import type { OperationsOf } from '../operation.ts';
import { messageOperations } from './messages.ts';
import { queueOperations } from './queues.ts';

/** SQS: standard queues and their messages. */
export const operations = { ...queueOperations, ...messageOperations } satisfies OperationsOf<SQS>;
