import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { describe, expect, test } from 'vitest';
import { showLimit, showRule, showValue } from '../../../src/guard/alarms/format.ts';

describe('a value of the metric', () => {
  test.each<[Partial<MetricAlarm>, number, string]>([
    [{ MetricName: 'ModelLatency', Statistic: 'Average' }, 250_000, '250 ms'],
    [{ MetricName: 'ModelLatency', ExtendedStatistic: 'p99' }, 1500, '1.5 ms'],
    [{ MetricName: 'OverheadLatency', Statistic: 'Maximum' }, 2_000_000, '2 s'],
    // A sum of latencies is no latency, and a count none either.
    [{ MetricName: 'ModelLatency', Statistic: 'Sum' }, 250_000, '250000'],
    [{ MetricName: 'ModelLatency', Statistic: 'SampleCount' }, 12, '12'],
    [{ MetricName: 'Invocation5XXErrors', Statistic: 'Average' }, 0.01, '1 %'],
    [{ MetricName: 'Invocation4XXErrors', Statistic: 'Average' }, 0.05, '5 %'],
    [{ MetricName: 'InvocationModelErrors', Statistic: 'Average' }, 0.5, '50 %'],
    [{ MetricName: 'Invocation5XXErrors', Statistic: 'Sum' }, 5, '5'],
    [{ MetricName: 'MyInvocation5XXErrors', Statistic: 'Average' }, 0.01, '0.01'],
    [{ MetricName: 'Invocation5XXErrorsOfAll', Statistic: 'Average' }, 0.01, '0.01'],
    [{ MetricName: 'CPUUtilization', Statistic: 'Average' }, 81.23456, '81.23'],
    [{}, 0.1, '0.1'],
  ])('%o %s is shown as %s', (alarm, value, shown) => {
    expect(showValue(alarm, value)).toBe(shown);
  });
});

describe('a limit', () => {
  test.each<[Partial<MetricAlarm>, string]>([
    [{ ComparisonOperator: 'GreaterThanThreshold', Threshold: 5 }, '> 5'],
    [{ ComparisonOperator: 'GreaterThanOrEqualToThreshold', Threshold: 5 }, '≥ 5'],
    [{ ComparisonOperator: 'LessThanThreshold', Threshold: 5 }, '< 5'],
    [{ ComparisonOperator: 'LessThanOrEqualToThreshold', Threshold: 0 }, '≤ 0'],
    [{ ComparisonOperator: 'GreaterThanUpperThreshold' }, 'a band'],
    [{ ComparisonOperator: 'GreaterThanUpperThreshold', Threshold: 1 }, 'GreaterThanUpperThreshold 1'],
    [{ Threshold: 1 }, '? 1'],
  ])('%o is shown as %s', (alarm, shown) => {
    expect(showLimit(alarm)).toBe(shown);
  });
});

describe('a rule', () => {
  const rate = {
    MetricName: 'Invocation5XXErrors',
    Statistic: 'Average',
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 0.01,
  } as const;
  test.each<[Partial<MetricAlarm>, string]>([
    [{}, 'Invocation5XXErrors Average > 1 %, 1 of 1 minute'],
    [{ Period: 60, EvaluationPeriods: 1 }, 'Invocation5XXErrors Average > 1 %, 1 of 1 minute'],
    [{ EvaluationPeriods: 3 }, 'Invocation5XXErrors Average > 1 %, 3 of 3 minutes'],
    [{ EvaluationPeriods: 3, DatapointsToAlarm: 2 }, 'Invocation5XXErrors Average > 1 %, 2 of 3 minutes'],
    [{ Period: 300, EvaluationPeriods: 1 }, 'Invocation5XXErrors Average > 1 %, 1 of 1 × 300 s'],
    [
      { MetricName: 'ModelLatency', Statistic: undefined, ExtendedStatistic: 'p99', Threshold: 250_000 },
      'ModelLatency p99 > 250 ms, 1 of 1 minute',
    ],
    // No statistic, no two spaces.
    [{ MetricName: undefined, Statistic: undefined, Threshold: 5 }, 'a metric expression > 5, 1 of 1 minute'],
  ])('%o is shown as %s', (change, shown) => {
    expect(showRule({ ...rate, ...change })).toBe(shown);
  });
});
