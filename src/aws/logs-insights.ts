import {
  GetQueryResultsCommand,
  type GetQueryResultsCommandOutput,
  StartQueryCommand,
  StopQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Clock } from '../base/clock.ts';
import { environmentError, type Problem, usageError } from '../base/errors.ts';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { MINUTE } from '../base/units.ts';

/** Results of one query; the service gives as many unless told otherwise, and every region at least allows this. */
export const MAX_RESULTS = 10_000;
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 4_000;
/** AWS ends a query after an hour. */
const MAX_RUN_MS = 61 * MINUTE;
/** An account may run so many queries at once; dashboards and alarms take their share. */
const BUSY_WAIT_MS = 10_000;
const BUSY_TRIES = 12;

/** A part of time, in whole seconds: milliseconds since the epoch, without its end. */
export interface Part {
  from: number;
  to: number;
}

/** What a query said about a part of time. */
export type Answer =
  | { kind: 'rows'; rows: Record<string, string>[]; matched: number | undefined }
  /** AWS gave up after its hour. */
  | { kind: 'timeout' }
  /** No such group, or none yet at that time. */
  | { kind: 'nothing' };

/**
 * Runs one query of CloudWatch Logs Insights to its end, polling. Where the caller aborts, the query is stopped: it
 * would run on otherwise, at the caller's expense.
 *
 * The bounds of StartQuery are whole seconds and both included, so rows at the very end of the part may be there too.
 * @throws Problem (usage) where AWS does not understand the query
 */
export async function runQuery(
  aws: Aws,
  clock: Clock,
  query: { group: string; text: string; part: Part },
  signal?: AbortSignal,
): Promise<Answer> {
  const id = await startQuery(aws, clock, query, signal);
  if (id === undefined) return { kind: 'nothing' };
  const deadline = clock.now() + MAX_RUN_MS;
  try {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(MAX_WAIT_MS, wait * 2)) {
      await clock.sleep(wait, signal);
      const reply = await readPage(aws, id, undefined, signal);
      const status = reply.status ?? 'Unknown';
      if (status === 'Complete') return await allPages(aws, id, reply, signal);
      if (status === 'Timeout') return { kind: 'timeout' };
      if (status === 'Failed' || status === 'Cancelled') {
        throw environmentError(
          `The query on log group "${query.group}" was ${status === 'Failed' ? 'abandoned by AWS' : 'canceled by someone'} (${status}).`,
          'Run the command again.',
        );
      }
      if (clock.now() > deadline)
        throw environmentError(
          `The query on log group "${query.group}" is still ${status} after an hour.`,
          'Shorten --last.',
        );
    }
  } catch (error) {
    await stopQuery(aws, id);
    throw error;
  }
}

async function startQuery(
  aws: Aws,
  clock: Clock,
  { group, text, part }: { group: string; text: string; part: Part },
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const client = await aws.logs();
  const command = new StartQueryCommand({
    logGroupName: group,
    queryString: text,
    startTime: Math.floor(part.from / 1000),
    endTime: Math.ceil(part.to / 1000),
    limit: MAX_RESULTS,
  });
  for (let tries = 1; ; tries += 1) {
    try {
      // Not aborted: a query whose number is not known cannot be stopped.
      const reply = await call(aws.target, `query log group "${group}"`, () => client.send(command));
      return reply.queryId;
    } catch (error) {
      if (!(error instanceof AwsProblem)) throw error;
      if (error.code === 'ResourceNotFoundException') return undefined;
      if (error.code === 'MalformedQueryException') {
        // AWS refuses a time before the group was made, or before what it keeps, in the same way as a wrong query.
        if (/end date and time/i.test(error.words)) return undefined;
        throw notUnderstood(error, text);
      }
      if (error.code !== 'LimitExceededException' || tries >= BUSY_TRIES) throw error;
      await clock.sleep(BUSY_WAIT_MS, signal);
    }
  }
}

function notUnderstood(error: AwsProblem, text: string): Problem {
  return usageError(
    `CloudWatch Logs does not understand the query: ${error.words}`,
    `This was sent (shadowctl puts a filter for the variant before --logs-query):\n${text}`,
    error,
  );
}

async function readPage(aws: Aws, queryId: string, nextToken: string | undefined, signal: AbortSignal | undefined) {
  const client = await aws.logs();
  return call(aws.target, 'read the results of a log query', () =>
    client.send(new GetQueryResultsCommand({ queryId, nextToken }), { abortSignal: signal }),
  );
}

async function allPages(
  aws: Aws,
  id: string,
  first: GetQueryResultsCommandOutput,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const rows: Record<string, string>[] = [];
  for (let page = first; ; page = await readPage(aws, id, page.nextToken, signal)) {
    for (const fields of page.results ?? [])
      rows.push(Object.fromEntries(fields.map(({ field = '', value = '' }) => [field, value])));
    if (page.nextToken === undefined) return { kind: 'rows', rows, matched: first.statistics?.recordsMatched };
  }
}

/** Best effort: what cannot be stopped ends by itself. */
async function stopQuery(aws: Aws, queryId: string): Promise<void> {
  const client = await aws.logs();
  await client.send(new StopQueryCommand({ queryId })).catch(() => undefined);
}
