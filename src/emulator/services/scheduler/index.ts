import type { Scheduler } from '@aws-sdk/client-scheduler';
import type { OperationsOf } from '../operation.ts';
import { scheduleOperations } from './schedules.ts';

/** EventBridge Scheduler: schedules that delete an endpoint once. */
export const operations = scheduleOperations satisfies OperationsOf<Scheduler>;
