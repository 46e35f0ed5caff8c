import { DescribeLogStreamsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { pages } from './pages.ts';

/** A log stream: one instance of one variant (facts 3). */
export interface LogStream {
  name: string;
  /** Creation, ms since the epoch: an instance of a new fleet has a stream of its own. */
  created: number;
}

/** The streams of a group whose name starts with `prefix` (undefined: all); none where the group does not exist. */
export async function logStreams(
  aws: Aws,
  group: string,
  prefix: string | undefined,
  signal?: AbortSignal,
): Promise<LogStream[]> {
  const client = await aws.logs();
  const found: LogStream[] = [];
  const send = (nextToken: string | undefined) =>
    call(aws.target, `list the streams of log group "${group}"`, () =>
      client.send(new DescribeLogStreamsCommand({ logGroupName: group, logStreamNamePrefix: prefix, nextToken }), {
        abortSignal: signal,
      }),
    );
  try {
    for await (const page of pages(send, (one) => one.nextToken))
      for (const { logStreamName: name, creationTime: created } of page.logStreams ?? [])
        if (name !== undefined && created !== undefined) found.push({ name, created });
  } catch (error) {
    if (error instanceof AwsProblem && error.code === 'ResourceNotFoundException') return [];
    throw error;
  }
  return found;
}
