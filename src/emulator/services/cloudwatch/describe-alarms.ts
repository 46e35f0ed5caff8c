import type { AlarmType, HistoryItemType, StandardUnit, StateValue, Statistic } from '@aws-sdk/client-cloudwatch';
import type { Context, Operations } from '../operation.ts';
import type { AlarmRecord, Dimension } from '../../world/cloudwatch/alarms/record.ts';
import { metricAlarm } from './alarm-view.ts';
import { pageAfter } from '../paging.ts';
import { invalidNextToken, validationError } from './errors.ts';

const PAGE = 50;
const HISTORY_PAGE = 100;

interface DescribeAlarmsInput {
  AlarmNames?: string[];
  AlarmNamePrefix?: string;
  AlarmTypes?: AlarmType[];
  StateValue?: StateValue;
  ActionPrefix?: string;
  MaxRecords?: number;
  NextToken?: string;
  ChildrenOfAlarmName?: string;
  ParentsOfAlarmName?: string;
}

const describeAlarms = (context: Context, input: DescribeAlarmsInput) => {
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
  Statistic?: Statistic;
  ExtendedStatistic?: string;
  Dimensions?: Dimension[];
  Period?: number;
  Unit?: StandardUnit;
}

/** Alarms on exactly this metric: its dimensions must be all of them. */
const describeAlarmsForMetric = (context: Context, input: ForMetricInput) => {
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
  AlarmTypes?: AlarmType[];
  HistoryItemType?: HistoryItemType;
  StartDate?: Date;
  EndDate?: Date;
  MaxRecords?: number;
  NextToken?: string;
  ScanBy?: 'TimestampAscending' | 'TimestampDescending';
}

const describeAlarmHistory = (context: Context, input: HistoryInput) => {
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
      AlarmType: 'MetricAlarm' as const,
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
export const describeOperations = {
  DescribeAlarms: describeAlarms,
  DescribeAlarmsForMetric: describeAlarmsForMetric,
  DescribeAlarmHistory: describeAlarmHistory,
} satisfies Operations;
