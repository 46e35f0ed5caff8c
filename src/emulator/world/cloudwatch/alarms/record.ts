import type { StandardUnit } from '@aws-sdk/client-cloudwatch';
import { partitionOf } from '../../partition.ts';

/** One of CloudWatch's three alarm states. */
export type StateValue = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface Dimension {
  Name: string;
  Value: string;
}

/** A MetricDataQuery in AWS's own members, as GetMetricData and PutMetricAlarm take it. */
export interface MetricDataQuery {
  Id: string;
  MetricStat?: {
    Metric: { Namespace?: string; MetricName?: string; Dimensions?: Dimension[] };
    Period: number;
    Stat: string;
    Unit?: StandardUnit;
  };
  Expression?: string;
  Label?: string;
  ReturnData?: boolean;
  Period?: number;
  AccountId?: string;
}

/** What PutMetricAlarm was given, without its tags. */
export interface AlarmSettings {
  AlarmName: string;
  AlarmDescription?: string;
  ActionsEnabled: boolean;
  OKActions: string[];
  AlarmActions: string[];
  InsufficientDataActions: string[];
  MetricName?: string;
  Namespace?: string;
  Statistic?: 'SampleCount' | 'Average' | 'Sum' | 'Minimum' | 'Maximum';
  ExtendedStatistic?: string;
  Dimensions: Dimension[];
  Period?: number;
  Unit?: StandardUnit;
  EvaluationPeriods: number;
  DatapointsToAlarm?: number;
  Threshold: number;
  ComparisonOperator: Comparison;
  TreatMissingData?: string;
  EvaluateLowSampleCountPercentile?: string;
  Metrics?: MetricDataQuery[];
}

export type Comparison =
  | 'GreaterThanOrEqualToThreshold'
  | 'GreaterThanThreshold'
  | 'LessThanThreshold'
  | 'LessThanOrEqualToThreshold';

export interface AlarmRecord {
  account: string;
  region: string;
  settings: AlarmSettings;
  /** Times in milliseconds since the epoch. */
  configurationUpdated: number;
  state: StateValue;
  reason: string;
  /** JSON, as StateReasonData carries it. */
  reasonData?: string;
  stateUpdated: number;
  /** When it is looked at next. Kept now and then: a restart looks at a few minutes again. */
  nextEvaluation: number;
  tags: Record<string, string>;
}

/** An entry of an alarm's history; kept for two weeks, also when the alarm is gone. */
export interface AlarmHistoryRecord {
  name: string;
  at: number;
  type: 'ConfigurationUpdate' | 'StateUpdate' | 'Action';
  summary: string;
  /** JSON. */
  data: string;
}

/** Seconds of one datapoint of an alarm. */
export function periodOf(settings: AlarmSettings): number {
  if (settings.Metrics === undefined) return settings.Period ?? 60;
  const periods = settings.Metrics.flatMap((query) => query.MetricStat?.Period ?? query.Period ?? []);
  return Math.max(...periods, periods.length === 0 ? 60 : 1);
}

/** The ARN of an alarm, in the partition of its region. */
export function alarmArn(account: string, region: string, name: string): string {
  return `arn:${partitionOf(region)}:cloudwatch:${region}:${account}:alarm:${name}`;
}
