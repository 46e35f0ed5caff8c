import {
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  ListTagsForResourceCommand,
  PutMetricAlarmCommand,
  type MetricAlarm,
  type MetricDataQuery,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';

/** AWS takes at most 100 names a call. */
const NAMES_PER_CALL = 100;

/** The metric alarms of these names that exist, in no particular order. */
export async function describeAlarms(aws: Aws, names: readonly string[], signal?: AbortSignal): Promise<MetricAlarm[]> {
  const client = await aws.cloudwatch();
  const found: MetricAlarm[] = [];
  for (let start = 0; start < names.length; start += NAMES_PER_CALL) {
    const AlarmNames = names.slice(start, start + NAMES_PER_CALL);
    let NextToken: string | undefined;
    do {
      const page = await call(aws.target, 'look at alarms', () =>
        client.send(
          new DescribeAlarmsCommand({ AlarmNames, AlarmTypes: ['MetricAlarm'], MaxRecords: 100, NextToken }),
          { abortSignal: signal },
        ),
      );
      found.push(...(page.MetricAlarms ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
  }
  return found;
}

/** Creates an alarm, or overwrites the one of this name. */
export async function putMetricAlarm(aws: Aws, input: PutMetricAlarmCommandInput): Promise<void> {
  const client = await aws.cloudwatch();
  await call(aws.target, `create alarm "${input.AlarmName}"`, () => client.send(new PutMetricAlarmCommand(input)));
}

/** Deletes one alarm. CloudWatch answers the same whether it was there or not. */
export async function deleteAlarm(aws: Aws, name: string): Promise<'deleted' | 'gone'> {
  const client = await aws.cloudwatch();
  try {
    await call(aws.target, `delete alarm "${name}"`, () =>
      client.send(new DeleteAlarmsCommand({ AlarmNames: [name] })),
    );
    return 'deleted';
  } catch (error) {
    if (error instanceof AwsProblem && /ResourceNotFound/.test(error.code)) return 'gone';
    throw error;
  }
}

/** All tags of an alarm, by key. */
export async function alarmTags(aws: Aws, arn: string): Promise<Record<string, string>> {
  const client = await aws.cloudwatch();
  const reply = await call(aws.target, `read the tags of ${arn}`, () =>
    client.send(new ListTagsForResourceCommand({ ResourceARN: arn })),
  );
  return Object.fromEntries((reply.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
}

/** One metric over time: `at` in milliseconds since the epoch, oldest first. */
export interface Series {
  id: string;
  points: { at: number; value: number }[];
}

/**
 * Reads metrics, page by page, oldest point first. At most 500 queries (AWS's limit, facts 5.5). A period without data
 * has no point.
 */
export async function metricData(
  aws: Aws,
  queries: readonly MetricDataQuery[],
  window: { start: number; end: number },
  signal?: AbortSignal,
): Promise<Series[]> {
  const client = await aws.cloudwatch();
  const series = new Map<string, Series>(queries.map((query) => [query.Id ?? '', { id: query.Id ?? '', points: [] }]));
  let NextToken: string | undefined;
  do {
    const page = await call(aws.target, 'read metrics', () =>
      client.send(
        new GetMetricDataCommand({
          MetricDataQueries: [...queries],
          StartTime: new Date(window.start),
          EndTime: new Date(window.end),
          ScanBy: 'TimestampAscending',
          NextToken,
        }),
        { abortSignal: signal },
      ),
    );
    for (const result of page.MetricDataResults ?? []) {
      const values = result.Values ?? [];
      const points = (result.Timestamps ?? []).map((at, index) => ({
        at: at.getTime(),
        value: values[index] ?? Number.NaN,
      }));
      series.get(result.Id ?? '')?.points.push(...points);
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return [...series.values()];
}
