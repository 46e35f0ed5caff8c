import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { milliseconds, percent } from '../../base/units.ts';

/** As much of an alarm as its words need. */
type AlarmShape = Pick<
  MetricAlarm,
  | 'MetricName'
  | 'Statistic'
  | 'ExtendedStatistic'
  | 'Threshold'
  | 'ComparisonOperator'
  | 'Metrics'
  | 'Period'
  | 'EvaluationPeriods'
  | 'DatapointsToAlarm'
>;

const OPERATORS: Readonly<Record<string, string>> = {
  GreaterThanThreshold: '>',
  GreaterThanOrEqualToThreshold: '≥',
  LessThanThreshold: '<',
  LessThanOrEqualToThreshold: '≤',
};

/** A value of the alarm's metric as a person says it: error averages as per cent, latencies in ms. */
export function showValue(alarm: AlarmShape, value: number): string {
  if (alarm.MetricName === 'ModelLatency' || alarm.MetricName === 'OverheadLatency') {
    return alarm.Statistic === 'Sum' || alarm.Statistic === 'SampleCount' ? String(value) : milliseconds(value / 1000);
  }
  if (/^Invocation(4XX|5XX|Model)Errors$/.test(alarm.MetricName ?? '') && alarm.Statistic === 'Average')
    return percent(value);
  return String(Number(value.toPrecision(4)));
}

/** `> 1 %`, `> 250 ms`; of an alarm that fires whatever is seen, as `abort` makes one: `any`. */
export function showLimit(alarm: AlarmShape): string {
  if (alarm.Threshold === undefined) return 'a band';
  if (alarm.Threshold === 0 && alarm.ComparisonOperator === 'GreaterThanOrEqualToThreshold') return 'any (set off)';
  return `${OPERATORS[alarm.ComparisonOperator ?? ''] ?? alarm.ComparisonOperator ?? '?'} ${showValue(alarm, alarm.Threshold)}`;
}

/** `Invocation5XXErrors Average > 1 %, 1 of 1 minutes`. */
export function showRule(alarm: AlarmShape): string {
  const periods = alarm.EvaluationPeriods ?? 1;
  const seconds = alarm.Period ?? 60;
  const unit = seconds === 60 ? (periods === 1 ? 'minute' : 'minutes') : `× ${seconds} s`;
  const metric = alarm.MetricName ?? 'a metric expression';
  return `${metric} ${alarm.ExtendedStatistic ?? alarm.Statistic ?? ''} ${showLimit(alarm)}, ${alarm.DatapointsToAlarm ?? periods} of ${periods} ${unit}`.replace(
    / {2,}/g,
    ' ',
  );
}
