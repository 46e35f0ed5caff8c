import type { Operations } from '../operation.ts';
import { scheduleOperations } from './schedules.ts';

/** EventBridge Scheduler: schedules that delete an endpoint once. */
export const operations = scheduleOperations satisfies Operations;
