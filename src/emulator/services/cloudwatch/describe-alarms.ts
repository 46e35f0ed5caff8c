import type { Context, Operation, Operations } from '../operation.ts';
import type { AlarmRecord, Dimension } from '../../world/cloudwatch/alarms/record.ts';
import { metricAlarm } from './alarm-view.ts';
import { pageAfter } from '../paging.ts';
import { invalidNextToken, validationError } from './errors.ts';

const PAGE = 50;
const HISTORY_PAGE = 100;

interface DescribeAlarmsInput {
  AlarmNames?: string[];
  AlarmNamePrefix?: string;
  AlarmTypes?: string[];
  StateValue?: string;
  ActionPrefix?: string;
  MaxRecords?: number;
  NextToken?: string;
  ChildrenOfAlarmName?: string;
  ParentsOfAlarmName?: string;
}

const describeAlarms: Operation = (context, input: DescribeAlarmsInput) => {
  if (input.AlarmNames !== undefined && input.AlarmNames.length > 0 && input.AlarmNamePrefix !== undefined) {
    throw validationError(
      'The parameters AlarmNames and AlarmNamePrefix are mutually exclusive and you have specified both.',
    );
  }
  const none =
    input.AlarmTypes !== undefined && input.AlarmTypes.length > 0 && !input.AlarmTypes.includes('MetricAlarm');
  // There are no composite alarms here, so none has children or parents.
  const family = input.ChildrenOfAlarmName !== undefined || input.ParentsOfAlarmName !== undefined;
  const found = none || family ? [] : alarmsOf(context).filter((alarm) => isMeant(alarm, input));
  const { items, next } = pageAfter(found, {
    keyOf: (alarm) => alarm.settings.AlarmName,
    size: input.MaxRecords ?? PAGE,
    token: input.NextToken,
    invalidToken: invalidNextToken,
  });
  return { CompositeAlarms: [], MetricAlarms: items.map(metricAlarm), ...(next !== undefined && { NextToken: next }) };
};

interface ForMetricInput {
  MetricName: string;
  Namespace: string;
  Statistic?: string;
  ExtendedStatistic?: string;
  Dimensions?: Dimension[];
  Period?: number;
  Unit?: string;
}

/** Alarms on exactly this metric: its dimensions must be all of them. */
const describeAlarmsForMetric: Operation = (context, input: ForMetricInput) => {
  const wanted = dimensionsKey(input.Dimensions ?? []);
  const found = alarmsOf(context).filter(
    ({ settings }) =>
      settings.MetricName === input.MetricName &&
      settings.Namespace === input.Namespace &&
      dimensionsKey(settings.Dimensions) === wanted &&
      (input.Statistic === undefined || settings.Statistic === input.Statistic) &&
      (input.ExtendedStatistic === undefined || settings.ExtendedStatistic === input.ExtendedStatistic) &&
      (input.Period === undefined || settings.Period === input.Period) &&
      (input.Unit === undefined || settings.Unit === input.Unit),
  );
  return { MetricAlarms: found.map(metricAlarm) };
};

interface HistoryInput {
  AlarmName?: string;
  AlarmTypes?: string[];
  HistoryItemType?: string;
  StartDate?: Date;
  EndDate?: Date;
  MaxRecords?: number;
  NextToken?: string;
  ScanBy?: 'TimestampAscending' | 'TimestampDescending';
}

const describeAlarmHistory: Operation = (context, input: HistoryInput) => {
  const falling = input.ScanBy !== 'TimestampAscending';
  const none =
    input.AlarmTypes !== undefined && input.AlarmTypes.length > 0 && !input.AlarmTypes.includes('MetricAlarm');
  const all = none ? [] : context.world.alarms.history(context.account, context.region);
  const found = all.filter(
    ([, entry]) =>
      (input.AlarmName === undefined || entry.name === input.AlarmName) &&
      (input.HistoryItemType === undefined || entry.type === input.HistoryItemType) &&
      (input.StartDate === undefined || entry.at >= input.StartDate.getTime()) &&
      (input.EndDate === undefined || entry.at <= input.EndDate.getTime()),
  );
  if (falling) found.reverse();
  const { items, next } = pageAfter(found, {
    keyOf: ([key]) => key,
    isAfter: ([key], last) => (falling ? key < last : key > last),
    size: input.MaxRecords ?? HISTORY_PAGE,
    token: input.NextToken,
    invalidToken: invalidNextToken,
  });
  return {
    AlarmHistoryItems: items.map(([, entry]) => ({
      AlarmName: entry.name,
      AlarmType: 'MetricAlarm',
      Timestamp: new Date(entry.at),
      HistoryItemType: entry.type,
      HistorySummary: entry.summary,
      HistoryData: entry.data,
    })),
    ...(next !== undefined && { NextToken: next }),
  };
};

function alarmsOf(context: Context): AlarmRecord[] {
  return context.world.alarms.list(context.account, context.region);
}

function isMeant({ settings, state }: AlarmRecord, input: DescribeAlarmsInput): boolean {
  const { AlarmNames: names, AlarmNamePrefix: prefix, StateValue: wanted, ActionPrefix: action } = input;
  const actions = [...settings.OKActions, ...settings.AlarmActions, ...settings.InsufficientDataActions];
  return (
    (names === undefined || names.length === 0 || names.includes(settings.AlarmName)) &&
    (prefix === undefined || settings.AlarmName.startsWith(prefix)) &&
    (wanted === undefined || state === wanted) &&
    (action === undefined || actions.some((one) => one.startsWith(action)))
  );
}

function dimensionsKey(dimensions: readonly Dimension[]): string {
  return dimensions
    .map(({ Name, Value }) => JSON.stringify([Name, Value]))
    .sort()
    .join();
}

/** What is asked of alarms. */
export const describeOperations: Operations = {
  DescribeAlarms: describeAlarms,
  DescribeAlarmsForMetric: describeAlarmsForMetric,
  DescribeAlarmHistory: describeAlarmHistory,
};
