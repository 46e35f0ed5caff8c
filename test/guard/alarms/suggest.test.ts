import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { describe, expect, test } from 'vitest';
import { examineAlarm } from '../../../src/guard/alarms/check.ts';
import { alarm, BOTH_FLEETS, NEW_FLEET, UPDATE } from './support.ts';

/** An alarm whose only fault is that it watches both fleets, or what is changed. */
const correction = (change: Partial<MetricAlarm>, update = UPDATE) =>
  examineAlarm(alarm({ Dimensions: BOTH_FLEETS, ...change }), update)[0]?.correction;

test('an alarm on failures as it should be, whole', () => {
  expect(correction({ Threshold: 0.02, Period: 300, EvaluationPeriods: 5, TreatMissingData: 'breaching' })).toEqual({
    AlarmName: 'team',
    Namespace: 'AWS/SageMaker',
    MetricName: 'Invocation5XXErrors',
    Dimensions: NEW_FLEET,
    Statistic: 'Average',
    Threshold: 0.02,
    ComparisonOperator: 'GreaterThanThreshold',
    Period: 60,
    EvaluationPeriods: 1,
    DatapointsToAlarm: 1,
    TreatMissingData: 'notBreaching',
  });
});

test('an alarm on latency as it should be, whole: two minutes, since the first calls of a fleet are slow', () => {
  expect(
    correction({ MetricName: 'ModelLatency', Statistic: undefined, ExtendedStatistic: 'p99', Threshold: 250 }),
  ).toEqual({
    AlarmName: 'team',
    Namespace: 'AWS/SageMaker',
    MetricName: 'ModelLatency',
    Dimensions: NEW_FLEET,
    ExtendedStatistic: 'p99',
    EvaluateLowSampleCountPercentile: 'evaluate',
    Threshold: 250_000,
    ComparisonOperator: 'GreaterThanThreshold',
    Period: 60,
    EvaluationPeriods: 2,
    DatapointsToAlarm: 2,
    TreatMissingData: 'notBreaching',
  });
});

describe('the same intention, in a range that lets it fire', () => {
  test.each<[string, Partial<MetricAlarm>, Partial<MetricAlarm>]>([
    ['1 means one per cent', { Threshold: 1 }, { Threshold: 0.01 }],
    ['5 means five', { Threshold: 5 }, { Threshold: 0.05 }],
    ['50 means fifty', { Threshold: 50 }, { Threshold: 0.5 }],
    ['nobody means 90', { Threshold: 90 }, { Threshold: 0.5 }],
    ['a share stays', { Threshold: 0.99 }, { Threshold: 0.99 }],
    ['0 of a rate is one per cent', { Threshold: 0 }, { Threshold: 0.01 }],
    ['below 0 too', { Threshold: -1 }, { Threshold: 0.01 }],
    ['a band has no threshold', { Threshold: undefined, TreatMissingData: 'breaching' }, { Threshold: 0.01 }],
    [
      'a rate that must be below',
      { Threshold: 0.5, ComparisonOperator: 'LessThanThreshold' },
      { Threshold: 0.5, ComparisonOperator: 'GreaterThanThreshold' },
    ],
    [
      'a rate of at least',
      { Threshold: 0.5, ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
      { Threshold: 0.5, ComparisonOperator: 'GreaterThanThreshold' },
    ],
    ['a greatest value is a rate', { Threshold: 0.5, Statistic: 'Maximum' }, { Statistic: 'Average', Threshold: 0.5 }],
    [
      'a number of failures stays one',
      { Statistic: 'Sum', Threshold: 5 },
      { Statistic: 'Sum', Threshold: 5, ComparisonOperator: 'GreaterThanThreshold' },
    ],
    ['above 0 too', { Statistic: 'Sum', Threshold: 0 }, { Statistic: 'Sum', Threshold: 0 }],
    [
      'at least 1',
      { Statistic: 'Sum', Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
      { Statistic: 'Sum', Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
    ],
    [
      'at least 0 is always so',
      { Statistic: 'Sum', Threshold: 0, ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
      { Statistic: 'Average', Threshold: 0.01, ComparisonOperator: 'GreaterThanThreshold' },
    ],
    ['above -1 too', { Statistic: 'Sum', Threshold: -1 }, { Statistic: 'Average', Threshold: 0.01 }],
    [
      'fewer than 5 failures too',
      { Statistic: 'Sum', Threshold: 5, ComparisonOperator: 'LessThanThreshold' },
      { Statistic: 'Average', Threshold: 0.05, ComparisonOperator: 'GreaterThanThreshold' },
    ],
    [
      'no operator',
      { Statistic: 'Sum', Threshold: 5, ComparisonOperator: undefined },
      { Statistic: 'Sum', ComparisonOperator: 'GreaterThanThreshold' },
    ],
    ['a latency in ms', { MetricName: 'ModelLatency', Threshold: 999 }, { Statistic: 'Average', Threshold: 999_000 }],
    ['a latency in µs', { MetricName: 'ModelLatency', Threshold: 1000 }, { Statistic: 'Average', Threshold: 1000 }],
    [
      'a latency beyond what a model is given',
      { MetricName: 'ModelLatency', Threshold: 61_000_000 },
      { Threshold: 59_999_000 },
    ],
    [
      'the longest of a minute',
      { MetricName: 'ModelLatency', Statistic: 'Maximum', Threshold: 5000 },
      { Statistic: 'Maximum' },
    ],
    [
      'the sum of latencies is of no use',
      { MetricName: 'ModelLatency', Statistic: 'Sum', Threshold: 5000 },
      { Statistic: 'Maximum' },
    ],
  ])('%s', (_, change, expected) => {
    expect(correction(change)).toMatchObject(expected);
  });

  test('a correction of failures has no percentile', () => {
    expect(correction({ Statistic: undefined, ExtendedStatistic: 'p99' })).not.toHaveProperty('ExtendedStatistic');
  });

  test('what is recommended has nothing to be found', () => {
    for (const change of [
      { Threshold: 1 },
      { Statistic: 'Sum' as const, Threshold: 0, ComparisonOperator: 'GreaterThanOrEqualToThreshold' as const },
      { Statistic: 'Sum' as const, Threshold: -1, ComparisonOperator: 'LessThanThreshold' as const },
      { MetricName: 'ModelLatency', Threshold: 70_000_000 },
    ])
      expect(examineAlarm({ ...correction(change), StateValue: 'OK' }, UPDATE).map(({ check }) => check)).toEqual([
        'can-fire',
      ]);
  });
});

describe('who is given a correction', () => {
  test('nobody whose alarm has only notes', () => {
    for (const finding of examineAlarm(alarm({ TreatMissingData: 'missing' }), UPDATE))
      expect(finding.correction).toBeUndefined();
  });

  test('one whose alarm has a warning, once', () => {
    const findings = examineAlarm(alarm({ Dimensions: BOTH_FLEETS, TreatMissingData: 'breaching' }), UPDATE);
    expect(findings.map(({ correction }) => correction !== undefined)).toEqual([true, false]);
  });

  test('one whose alarm has a warning beside a note', () => {
    expect(correction({ TreatMissingData: 'missing' })).toBeDefined();
  });

  test('one whose alarm is blocking', () => {
    expect(correction({ Dimensions: NEW_FLEET, TreatMissingData: 'breaching' })).toBeDefined();
  });

  test.each(['CPUUtilization', undefined])('not for %s, whose right limit nobody here knows', (MetricName) => {
    expect(correction({ MetricName, TreatMissingData: 'breaching' })).toBeUndefined();
  });
});

test("before the new fleet's config has a name, its place is marked", () => {
  expect(correction({}, { ...UPDATE, newConfig: undefined })?.Dimensions).toContainEqual({
    Name: 'EndpointConfigName',
    Value: 'CONFIG-OF-THE-NEW-FLEET',
  });
});

test('whom an alarm tells stays: PutMetricAlarm replaces all of it', () => {
  const told = { AlarmDescription: 'ours', ActionsEnabled: true, AlarmActions: ['arn:aws:sns:us-east-1:1:page'] };
  expect(correction({ Threshold: 1, TreatMissingData: 'breaching', ...told })).toMatchObject(told);
});
