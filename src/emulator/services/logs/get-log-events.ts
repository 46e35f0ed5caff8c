import type { Context } from '../operation.ts';
import { EVENT_OVERHEAD } from '../../world/logs/stream.ts';
import type { StoredLogEvent } from '../../world/logs/logs.ts';
import { streamNotFound } from './errors.ts';
import { targetOf } from './streams.ts';
import { BEFORE_ALL, eventId, neighbour, readToken } from './event-id.ts';
import { groupOf } from './groups.ts';

const MAX_EVENTS = 10_000;
const MAX_BYTES = 1_048_576;

interface Input {
  logGroupName?: string;
  logGroupIdentifier?: string;
  logStreamName: string;
  startTime?: number;
  endTime?: number;
  nextToken?: string;
  limit?: number;
  startFromHead?: boolean;
}

/**
 * GetLogEvents: a page forwards or backwards, in order of time either way. Tokens are never missing; at an end the
 * token that was passed in comes back.
 */
export const getLogEvents = async (context: Context, input: Input) => {
  const group = groupOf(context, input);
  if (context.world.logs.stream(targetOf(context, group, input.logStreamName)) === undefined) throw streamNotFound();
  const all = await context.world.logs.read(group, {
    streams: [input.logStreamName],
    ...(input.startTime !== undefined && { startMs: input.startTime }),
    ...(input.endTime !== undefined && { endMs: input.endTime }),
  });
  const token = input.nextToken === undefined ? undefined : readToken(input.nextToken);
  const limit = input.limit ?? MAX_EVENTS;
  const forward = token === undefined ? input.startFromHead === true : token.direction === 'f';
  const rest =
    token === undefined
      ? all
      : all.filter((event) => (forward ? eventId(event) > token.id : eventId(event) < token.id));
  const page = forward ? firstPage(rest, limit) : firstPage(rest.toReversed(), limit).toReversed();
  const first = page[0];
  const last = page.at(-1);
  return {
    events: page.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
    ...(first === undefined || last === undefined
      ? atTheEnd(token)
      : { nextForwardToken: `f/${eventId(last)}`, nextBackwardToken: `b/${eventId(first)}` }),
  };
};

/** As many events from the front as a page holds. */
export function firstPage(events: readonly StoredLogEvent[], limit: number): StoredLogEvent[] {
  const page: StoredLogEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    bytes += Buffer.byteLength(event.message) + EVENT_OVERHEAD;
    if (page.length >= limit || (bytes > MAX_BYTES && page.length > 0)) break;
    page.push(event);
  }
  return page;
}

/** Tokens of a page without events: the way on stays where it was, the way back leads to what was just read. */
function atTheEnd(token: { direction: 'f' | 'b'; id: string } | undefined): Record<string, string> {
  if (token === undefined) return { nextForwardToken: `f/${BEFORE_ALL}`, nextBackwardToken: `b/${BEFORE_ALL}` };
  const { direction, id } = token;
  if (direction === 'f') return { nextForwardToken: `f/${id}`, nextBackwardToken: `b/${neighbour(id, 1n)}` };
  const before = id === BEFORE_ALL ? id : neighbour(id, -1n);
  return { nextForwardToken: `f/${before}`, nextBackwardToken: `b/${id}` };
}
