import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { OperationsOf } from '../operation.ts';
import { filterLogEvents } from './filter-log-events.ts';
import { getLogEvents } from './get-log-events.ts';
import { groupOperations } from './groups.ts';
import { putLogEvents } from './put-log-events.ts';
import { queryOperations } from './queries.ts';
import { streamOperations } from './streams.ts';

/** CloudWatch Logs: groups, streams, events, queries. */
export const operations = {
  ...groupOperations,
  ...streamOperations,
  PutLogEvents: putLogEvents,
  GetLogEvents: getLogEvents,
  FilterLogEvents: filterLogEvents,
  ...queryOperations,
} satisfies OperationsOf<CloudWatchLogs>;
