import type { Operations } from '../operation.ts';
import { scheduleOperations } from './schedules.ts';

/** EventBridge Scheduler: schedules that call functions, or delete an endpoint. */
export const operations = scheduleOperations satisfies Operations;
