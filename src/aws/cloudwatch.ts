import {
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  ListTagsForResourceCommand,
  PutMetricAlarmCommand,
  type MetricAlarm,
  type MetricDataQuery,
  type MetricDataResult,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { pages } from './pages.ts';

/** AWS takes at most 100 names a call. */
const NAMES_PER_CALL = 100;

/** A metric alarm that exists: AWS gave it a name and an ARN. */
export type ExistingAlarm = MetricAlarm & { AlarmName: string; AlarmArn: string };

/** The alarms of a page, each with its name and ARN. */
export function existingAlarms(alarms: readonly MetricAlarm[] | undefined): ExistingAlarm[] {
  return (alarms ?? []).flatMap((alarm) => {
    const { AlarmName, AlarmArn } = alarm;
    return AlarmName === undefined || AlarmArn === undefined ? [] : [{ ...alarm, AlarmName, AlarmArn }];
  });
}

/** The metric alarms of these names that exist, in no particular order. */
export async function describeAlarms(
  aws: Aws,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<ExistingAlarm[]> {
  const client = await aws.cloudwatch();
  const found: ExistingAlarm[] = [];
  for (let start = 0; start < names.length; start += NAMES_PER_CALL) {
    const AlarmNames = names.slice(start, start + NAMES_PER_CALL);
    const send = (NextToken: string | undefined) =>
      call(aws.target, 'look at alarms', () =>
        client.send(
          new DescribeAlarmsCommand({ AlarmNames, AlarmTypes: ['MetricAlarm'], MaxRecords: 100, NextToken }),
          { abortSignal: signal },
        ),
      );
    for await (const page of pages(send, (one) => one.NextToken)) found.push(...existingAlarms(page.MetricAlarms));
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
  return Object.fromEntries(
    (reply.Tags ?? []).flatMap(({ Key, Value }) => (Key === undefined || Value === undefined ? [] : [[Key, Value]])),
  );
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
  for (let tries = 1; ; tries += 1) {
    try {
      return await readMetricData(aws, queries, window, signal);
    } catch (error) {
      if (!(error instanceof AwsProblem) || error.code !== METRIC_FAILED || tries >= METRIC_TRIES) throw error;
    }
  }
}

const METRIC_FAILED = 'InternalError';
const METRIC_TRIES = 3;

/**
 * A reply that succeeds may hold metrics that failed: `InternalError`, or `Forbidden` (API_MetricDataResult). Without their
 * points they would read as minutes without requests.
 */
function refuseFailed({ Label, StatusCode, Messages }: MetricDataResult): void {
  if (StatusCode !== METRIC_FAILED && StatusCode !== 'Forbidden') return;
  const words = Messages?.map(({ Value }) => Value).join(' ') || `CloudWatch answered ${StatusCode}`;
  const denied = StatusCode === 'Forbidden';
  throw new AwsProblem(
    `Could not read the metric ${Label ?? ''}: ${words}`,
    {
      code: denied ? 'AccessDenied' : METRIC_FAILED,
      words,
      attempts: 1,
      clientFault: denied,
      throttled: false,
      missing: denied ? 'cloudwatch:GetMetricData' : undefined,
    },
    { next: denied ? 'Grant cloudwatch:GetMetricData to these credentials.' : 'Run the command again.' },
  );
}

async function readMetricData(
  aws: Aws,
  queries: readonly MetricDataQuery[],
  window: { start: number; end: number },
  signal: AbortSignal | undefined,
): Promise<Series[]> {
  const client = await aws.cloudwatch();
  const series = new Map<string, Series>(
    queries.flatMap(({ Id: id }) => (id === undefined ? [] : [[id, { id, points: [] }]])),
  );
  const send = (NextToken: string | undefined) =>
    call(aws.target, 'read metrics', () =>
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
  for await (const page of pages(send, (one) => one.NextToken)) {
    for (const result of page.MetricDataResults ?? []) {
      refuseFailed(result);
      const values = result.Values ?? [];
      const points = (result.Timestamps ?? []).map((at, index) => ({
        at: at.getTime(),
        value: values[index] ?? Number.NaN,
      }));
      if (result.Id !== undefined) series.get(result.Id)?.points.push(...points);
    }
  }
  return [...series.values()];
}
