import type { Context } from '../operation.ts';
import type { LogEvent } from '../../world/logs/logs.ts';
import { EVENT_OVERHEAD } from '../../world/logs/stream.ts';
import { invalidParameter, streamNotFound } from './errors.ts';
import { targetOf } from './streams.ts';
import { groupOf } from './groups.ts';

const MAX_BYTES = 1_048_576;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Input {
  logGroupName: string;
  logStreamName: string;
  logEvents: LogEvent[];
}

/**
 * PutLogEvents: a batch in order of time, at most 1 MB and (where valid) 24 hours long. Events too old, too new or past
 * the group's retention are left out and reported. The sequence token is ignored, as on AWS since 2023.
 */
export const putLogEvents = async (context: Context, input: Input) => {
  const group = groupOf(context, { logGroupName: input.logGroupName });
  const target = targetOf(context, group, input.logStreamName);
  if (context.world.logs.stream(target) === undefined) throw streamNotFound();
  const events = input.logEvents;
  const bytes = events.reduce((sum, event) => sum + Buffer.byteLength(event.message) + EVENT_OVERHEAD, 0);
  if (bytes > MAX_BYTES) throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${MAX_BYTES}`);
  if (events.some((event, i) => i > 0 && event.timestamp < (events[i - 1] as LogEvent).timestamp)) {
    throw invalidParameter('Log events in a single PutLogEvents request must be in chronological order.');
  }
  const now = context.world.clock.now();
  const kept = group.retentionInDays === undefined ? Number.NEGATIVE_INFINITY : now - group.retentionInDays * DAY;
  const tooOld = events.filter((event) => event.timestamp < now - 14 * DAY).length;
  const expired = events.filter((event) => event.timestamp < kept).length;
  const firstTooNew = events.findIndex((event) => event.timestamp > now + 2 * HOUR);
  const valid = events.slice(Math.max(tooOld, expired), firstTooNew === -1 ? undefined : firstTooNew);
  const [first, last] = [valid[0], valid.at(-1)];
  if (first !== undefined && last !== undefined && last.timestamp - first.timestamp > DAY) {
    throw invalidParameter('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.');
  }
  context.world.logs.append(target, valid);
  await context.world.logs.flush();
  const rejected = {
    ...(firstTooNew !== -1 && { tooNewLogEventStartIndex: firstTooNew }),
    ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
    ...(expired > 0 && { expiredLogEventEndIndex: expired }),
  };
  return {
    nextSequenceToken: '0'.repeat(56),
    ...(Object.keys(rejected).length > 0 && { rejectedLogEventsInfo: rejected }),
  };
};
