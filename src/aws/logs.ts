import {
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { logStreams } from './log-streams.ts';
import { pages } from './pages.ts';

/** Where SageMaker writes what an endpoint's containers print (facts 3). */
export function endpointLogGroup(endpoint: string): string {
  return `/aws/sagemaker/Endpoints/${endpoint}`;
}

/** Is there a log group of exactly this name? */
export async function logGroupExists(aws: Aws, name: string): Promise<boolean> {
  const client = await aws.logs();
  const send = (nextToken: string | undefined) =>
    call(aws.target, `look at log group "${name}"`, () =>
      client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name, nextToken })),
    );
  for await (const page of pages(send, (one) => one.nextToken))
    if (page.logGroups?.some((group) => group.logGroupName === name)) return true;
  return false;
}

/** Deletes a log group and all that was logged there. */
export async function deleteLogGroup(aws: Aws, name: string): Promise<'deleted' | 'gone'> {
  const client = await aws.logs();
  try {
    await call(aws.target, `delete log group "${name}"`, () =>
      client.send(new DeleteLogGroupCommand({ logGroupName: name })),
    );
    return 'deleted';
  } catch (error) {
    if (isMissing(error)) return 'gone';
    throw error;
  }
}

/** One line a container printed; `at` in milliseconds since the epoch. */
export interface LogLine {
  at: number;
  stream: string;
  message: string;
}

interface LineQuery {
  group: string;
  streamPrefix?: string;
  /** Of CloudWatch Logs; undefined: all lines. */
  pattern?: string;
  /** Only lines that hold one of these, upper and lower case told apart; undefined: all lines. */
  anyOf?: readonly string[];
  start: number;
  end?: number;
  limit: number;
  /** Where the group may not be filtered, its streams are read one by one: not with a pattern, which only AWS can read. */
  orStreams?: true;
}

/**
 * The lines of a log group between two moments, oldest first as AWS gives them; empty where the group does not exist.
 * Stops after `limit` lines: what containers print is without bound. Whoever may not filter a group
 * (AmazonSageMakerFullAccess lacks logs:FilterLogEvents) may still read its streams one by one.
 */
export async function logLines(aws: Aws, query: LineQuery, signal?: AbortSignal): Promise<LogLine[]> {
  try {
    return await filteredLines(aws, query, signal);
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.denied || query.orStreams !== true || query.pattern !== undefined)
      throw error;
    const read = await linesOfStreams(aws, query, signal).catch((other: unknown) => {
      if (other instanceof AwsProblem && other.denied) return undefined;
      throw other;
    });
    if (read === undefined) throw error;
    return read;
  }
}

async function filteredLines(aws: Aws, query: LineQuery, signal?: AbortSignal): Promise<LogLine[]> {
  const client = await aws.logs();
  const lines: LogLine[] = [];
  const send = (nextToken: string | undefined) =>
    call(aws.target, `read log group "${query.group}"`, () =>
      client.send(
        new FilterLogEventsCommand({
          logGroupName: query.group,
          logStreamNamePrefix: query.streamPrefix,
          filterPattern: query.pattern ?? query.anyOf?.map(optionalTerm).join(' '),
          startTime: query.start,
          endTime: query.end,
          nextToken,
        }),
        { abortSignal: signal },
      ),
    ).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
  for await (const page of pages(send, (one) => one?.nextToken)) {
    if (page === undefined) return [];
    for (const event of page.events ?? []) {
      lines.push({
        at: event.timestamp ?? query.start,
        stream: event.logStreamName ?? '',
        message: event.message ?? '',
      });
      if (lines.length >= query.limit) return lines;
    }
  }
  return lines;
}

/** In a pattern of CloudWatch Logs `?` means "any of"; what is more than a word stands in quotes. */
function optionalTerm(term: string): string {
  return /^\w+$/.test(term) ? `?${term}` : `?"${term}"`;
}

/** Lines that are read of one stream, at the most, to find those that are asked for. */
const MAX_SEARCHED = 20_000;

/** Reads the lines of a query stream by stream, and puts them in order of time. */
async function linesOfStreams(aws: Aws, query: LineQuery, signal?: AbortSignal): Promise<LogLine[]> {
  const client = await aws.logs();
  const lines: LogLine[] = [];
  for (const { name: stream } of await logStreams(aws, query.group, query.streamPrefix, signal)) {
    let token: string | undefined;
    let [own, searched] = [0, 0];
    for (;;) {
      const page = await call(aws.target, `read log stream "${stream}" of "${query.group}"`, () =>
        client.send(
          new GetLogEventsCommand({
            logGroupName: query.group,
            logStreamName: stream,
            startFromHead: true,
            startTime: query.start,
            endTime: query.end,
            nextToken: token,
          }),
          { abortSignal: signal },
        ),
      );
      for (const { timestamp: at = query.start, message = '' } of page.events ?? []) {
        searched += 1;
        if (query.anyOf?.some((term) => message.includes(term)) === false) continue;
        own += 1;
        lines.push({ at, stream, message });
      }
      // At its end a stream gives the token that it was asked with.
      const enough = own >= query.limit || (query.anyOf !== undefined && searched >= MAX_SEARCHED);
      if (page.nextForwardToken === token || enough) break;
      token = page.nextForwardToken;
    }
  }
  return lines.toSorted((a, b) => a.at - b.at).slice(0, query.limit);
}

function isMissing(error: unknown): boolean {
  return error instanceof AwsProblem && error.code === 'ResourceNotFoundException';
}
