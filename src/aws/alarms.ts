import {
  type CompositeAlarm,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import type { Aws } from './clients.ts';
import { type ExistingAlarm, existingAlarms } from './cloudwatch.ts';
import { call } from './errors.ts';
import { pages } from './pages.ts';

/** A change of an alarm's state; `at` in ms since the epoch. */
interface AlarmChange {
  at: number;
  /** CloudWatch's own sentence: `Alarm updated from OK to ALARM`. */
  summary: string;
  /** True when the alarm went into ALARM. */
  fired: boolean;
}

/** State changes of one alarm in a window, oldest first. CloudWatch keeps them 30 days. */
export async function alarmChanges(
  aws: Aws,
  name: string,
  window: { start: number; end: number },
  signal?: AbortSignal,
): Promise<AlarmChange[]> {
  const client = await aws.cloudwatch();
  const changes: AlarmChange[] = [];
  const send = (NextToken: string | undefined) =>
    call(aws.target, `read the history of alarm "${name}"`, () =>
      client.send(
        new DescribeAlarmHistoryCommand({
          AlarmName: name,
          HistoryItemType: 'StateUpdate',
          StartDate: new Date(window.start),
          EndDate: new Date(window.end),
          ScanBy: 'TimestampAscending',
          NextToken,
        }),
        { abortSignal: signal },
      ),
    );
  for await (const page of pages(send, (one) => one.NextToken)) {
    for (const item of page.AlarmHistoryItems ?? []) {
      const summary = item.HistorySummary ?? '';
      changes.push({ at: item.Timestamp?.getTime() ?? window.start, summary, fired: /\bto ALARM\b/.test(summary) });
    }
  }
  return changes;
}

/** Puts an alarm into a state until its next evaluation. */
export async function setAlarmState(
  aws: Aws,
  name: string,
  state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA',
  reason: string,
): Promise<void> {
  const client = await aws.cloudwatch();
  await call(aws.target, `set the state of alarm "${name}"`, () =>
    client.send(new SetAlarmStateCommand({ AlarmName: name, StateValue: state, StateReason: reason })),
  );
}

/** Every metric alarm of the account and region. */
export async function listAlarms(aws: Aws, signal?: AbortSignal): Promise<ExistingAlarm[]> {
  const client = await aws.cloudwatch();
  const found: ExistingAlarm[] = [];
  const send = (NextToken: string | undefined) =>
    call(aws.target, 'list alarms', () =>
      client.send(new DescribeAlarmsCommand({ AlarmTypes: ['MetricAlarm'], MaxRecords: 100, NextToken }), {
        abortSignal: signal,
      }),
    );
  for await (const page of pages(send, (one) => one.NextToken)) found.push(...existingAlarms(page.MetricAlarms));
  return found;
}

/** The composite alarms of these names that exist; at most 100 names (AWS's limit). */
export async function compositeAlarms(
  aws: Aws,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<CompositeAlarm[]> {
  if (names.length === 0) return [];
  const client = await aws.cloudwatch();
  const page = await call(aws.target, 'look at composite alarms', () =>
    client.send(
      new DescribeAlarmsCommand({ AlarmNames: names.slice(0, 100), AlarmTypes: ['CompositeAlarm'], MaxRecords: 100 }),
      { abortSignal: signal },
    ),
  );
  return page.CompositeAlarms ?? [];
}
