import {
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
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

/**
 * The lines of a log group between two moments, oldest first as AWS gives them; empty where the group does not exist.
 * Stops after `limit` lines: what containers print is without bound.
 */
export async function logLines(
  aws: Aws,
  query: { group: string; streamPrefix?: string; pattern?: string; start: number; end?: number; limit: number },
  signal?: AbortSignal,
): Promise<LogLine[]> {
  const client = await aws.logs();
  const lines: LogLine[] = [];
  const send = (nextToken: string | undefined) =>
    call(aws.target, `read log group "${query.group}"`, () =>
      client.send(
        new FilterLogEventsCommand({
          logGroupName: query.group,
          logStreamNamePrefix: query.streamPrefix,
          filterPattern: query.pattern,
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

function isMissing(error: unknown): boolean {
  return error instanceof AwsProblem && error.code === 'ResourceNotFoundException';
}
