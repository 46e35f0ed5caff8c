import type { Context, Operations } from '../operation.ts';
import type { LogGroup, LogStream, LogTarget } from '../../world/logs/logs.ts';
import { partitionOf } from '../../world/partition.ts';
import { alreadyExists, invalidParameter, streamNotFound, invalidToken } from './errors.ts';
import { pageAfter } from '../paging.ts';
import { groupOf } from './groups.ts';

const PAGE = 50;

interface StreamInput {
  logGroupName: string;
  logStreamName: string;
}

const createLogStream = (context: Context, input: StreamInput) => {
  const target = targetOf(context, groupOf(context, input), input.logStreamName);
  if (context.world.logs.stream(target) !== undefined) throw alreadyExists('stream');
  context.world.logs.createStream(target);
  return {};
};

const deleteLogStream = async (context: Context, input: StreamInput) => {
  const target = targetOf(context, groupOf(context, input), input.logStreamName);
  if (!(await context.world.logs.deleteStream(target))) throw streamNotFound();
  return {};
};

interface DescribeLogStreamsInput {
  logGroupName?: string;
  logGroupIdentifier?: string;
  logStreamNamePrefix?: string;
  orderBy?: 'LogStreamName' | 'LastEventTime';
  descending?: boolean;
  nextToken?: string;
  limit?: number;
}

const describeLogStreams = (context: Context, input: DescribeLogStreamsInput) => {
  const byTime = input.orderBy === 'LastEventTime';
  const prefix = input.logStreamNamePrefix;
  if (byTime && prefix !== undefined)
    throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.');
  const group = groupOf(context, input);
  const falling = input.descending === true;
  const keyOf = (stream: LogStream) =>
    byTime ? `${String(stream.lastEventTimestamp ?? 0).padStart(15, '0')} ${stream.name}` : stream.name;
  const found = context.world.logs
    .streams(context.account, context.region, group.name)
    .filter((stream) => prefix === undefined || stream.name.startsWith(prefix))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  if (falling) found.reverse();
  const { items, next } = pageAfter(found, {
    keyOf,
    isAfter: (stream, last) => (falling ? keyOf(stream) < last : keyOf(stream) > last),
    size: input.limit ?? PAGE,
    token: input.nextToken,
    invalidToken,
  });
  return {
    logStreams: items.map((stream) => view(group, stream)),
    ...(next !== undefined && { nextToken: next }),
  };
};

function view(group: LogGroup, stream: LogStream): Record<string, unknown> {
  return {
    logStreamName: stream.name,
    creationTime: stream.creationTime,
    ...(stream.firstEventTimestamp !== undefined && { firstEventTimestamp: stream.firstEventTimestamp }),
    ...(stream.lastEventTimestamp !== undefined && { lastEventTimestamp: stream.lastEventTimestamp }),
    ...(stream.lastIngestionTime !== undefined && { lastIngestionTime: stream.lastIngestionTime }),
    uploadSequenceToken: '0'.repeat(56),
    arn: `arn:${partitionOf(group.region)}:logs:${group.region}:${group.account}:log-group:${group.name}:log-stream:${stream.name}`,
    // "No longer supported for log streams, and always reported as zero."
    storedBytes: 0,
  };
}

/** Where the events of a stream of a group are kept. */
export function targetOf(context: Context, group: LogGroup, stream: string): LogTarget {
  return { account: context.account, region: context.region, group: group.name, stream };
}

/** Log streams. */
export const streamOperations = {
  CreateLogStream: createLogStream,
  DeleteLogStream: deleteLogStream,
  DescribeLogStreams: describeLogStreams,
} satisfies Operations;
