import type { Context } from '../operation.ts';
import type { StoredLogEvent } from '../../world/logs/logs.ts';
import { filterOf } from './filter.ts';
import { firstPage } from './get-log-events.ts';
import { invalidParameter, streamNotFound, invalidToken } from './errors.ts';
import { targetOf } from './streams.ts';
import { decodeToken, encodeToken } from '../paging.ts';
import { eventId } from './event-id.ts';
import { groupOf } from './groups.ts';

const MAX_EVENTS = 10_000;

interface Input {
  logGroupName?: string;
  logGroupIdentifier?: string;
  logStreamNames?: string[];
  logStreamNamePrefix?: string;
  startTime?: number;
  endTime?: number;
  filterPattern?: string;
  nextToken?: string;
  limit?: number;
}

/** FilterLogEvents: the events of many streams in one row, by time. `endTime` is included, unlike GetLogEvents'. */
export const filterLogEvents = async (context: Context, input: Input) => {
  const group = groupOf(context, input);
  const { logStreamNames: names, logStreamNamePrefix: prefix } = input;
  if (names !== undefined && prefix !== undefined) {
    throw invalidParameter('logStreamNames and logStreamNamePrefix are mutually exclusive parameters.');
  }
  for (const name of names ?? []) {
    if (context.world.logs.stream(targetOf(context, group, name)) === undefined) throw streamNotFound();
  }
  const matches = filterOf(input.filterPattern ?? '');
  const streams =
    names ??
    (prefix === undefined
      ? undefined
      : context.world.logs
          .streams(context.account, context.region, group.name)
          .map((stream) => stream.name)
          .filter((name) => name.startsWith(prefix)));
  const all = await context.world.logs.read(group, {
    ...(streams !== undefined && { streams }),
    ...(input.startTime !== undefined && { startMs: input.startTime }),
    ...(input.endTime !== undefined && { endMs: input.endTime + 1 }),
  });
  const after = input.nextToken === undefined ? '' : decodeToken(input.nextToken, invalidToken);
  const found = all.filter((event) => eventId(event) > after && matches(event.message));
  const page = firstPage(found, input.limit ?? MAX_EVENTS);
  const last = page.at(-1);
  return {
    events: page.map(view),
    searchedLogStreams: [],
    ...(last !== undefined && page.length < found.length && { nextToken: encodeToken(eventId(last)) }),
  };
};

function view(event: StoredLogEvent): Record<string, unknown> {
  const { stream, timestamp, message, ingestionTime } = event;
  return { logStreamName: stream, timestamp, message, ingestionTime, eventId: eventId(event) };
}
