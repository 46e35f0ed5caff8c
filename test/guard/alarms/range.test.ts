import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { describe, expect, test } from 'vitest';
import { BOTH_FLEETS, found, the } from './support.ts';

type Operator = NonNullable<MetricAlarm['ComparisonOperator']>;
const OPERATORS: Readonly<Record<string, Operator>> = {
  '>': 'GreaterThanThreshold',
  '>=': 'GreaterThanOrEqualToThreshold',
  '<': 'LessThanThreshold',
  '<=': 'LessThanOrEqualToThreshold',
};

/** `> 0.5` as the fields of an alarm. */
function limit(rule: string): Partial<MetricAlarm> {
  const [operator = '', threshold] = rule.split(' ');
  return { ComparisonOperator: OPERATORS[operator], Threshold: Number(threshold) };
}

const NEVER = ['blocking threshold-out-of-range'];
const AT_REST = ['blocking fires-without-fault'];
const ONLY_ALL = ['blocking only-at-100-percent'];
const DILUTED = ['blocking diluted-by-old-fleet'];
const BOTH = ['warning both-fleets'];
const IN_MS = ['warning unit-mistaken'];

describe('a rate of failures on the new fleet', () => {
  test.each<[string, string[]]>([
    ['> 0', []],
    ['> 0.99', []],
    ['> 1', NEVER],
    ['> -0.1', AT_REST],
    ['>= 0.01', []],
    ['>= 0', AT_REST],
    ['>= -1', AT_REST],
    ['>= 0.99', []],
    ['>= 1', ONLY_ALL],
    ['>= 1.01', NEVER],
    ['< 0', NEVER],
    ['< 0.5', AT_REST],
    ['<= 0', AT_REST],
    ['<= -0.1', NEVER],
  ])('%s', (rule, expected) => expect(found(limit(rule))).toEqual(expected));

  test.each(['Invocation4XXErrors', 'Invocation5XXErrors', 'InvocationModelErrors'])('%s is 0 or 1', (MetricName) => {
    expect(found({ ...limit('> 1'), MetricName })).toEqual(NEVER);
  });
});

describe('a rate of failures on both fleets', () => {
  test.each<[string, number, string[]]>([
    ['> 0.24', 0.25, BOTH],
    ['> 0.25', 0.25, DILUTED],
    ['>= 0.25', 0.25, BOTH],
    ['>= 0.26', 0.25, DILUTED],
    // All at once: the first stage has every request.
    ['> 0.9', 1, BOTH],
    ['>= 1', 1, ONLY_ALL],
    ['<= 0', 0.25, AT_REST],
  ])('%s, with %s of the requests on the new one', (rule, firstShare, expected) => {
    expect(found({ ...limit(rule), Dimensions: BOTH_FLEETS }, { firstShare })).toEqual(expected);
  });

  test('how much of the new fleet must fail is said', () => {
    const both = { ...limit('> 0.1'), Dimensions: BOTH_FLEETS };
    expect(the('both-fleets', both, { firstShare: 0.25 }).message).toContain('must fail 40 % of its requests');
    expect(the('both-fleets', both).next).toContain('EndpointConfigName');
    const diluted = the('diluted-by-old-fleet', { ...both, Threshold: 0.4 }, { firstShare: 0.25 });
    expect(diluted.message).toContain('cannot pass 25 %');
    expect(diluted.message).toContain('it needs 40 %');
    expect(diluted.next).toContain('EndpointConfigName');
  });
});

describe('a number of failures', () => {
  test.each<[string, string[]]>([
    ['> 0', []],
    ['> 500', []],
    ['>= 1', []],
    ['>= 0', AT_REST],
    ['> -1', AT_REST],
    ['< 5', AT_REST],
    ['<= 0', AT_REST],
    ['< 0', NEVER],
  ])('%s', (rule, expected) => expect(found({ ...limit(rule), Statistic: 'Sum' })).toEqual(expected));

  test('a number of requests is none: that is said whatever the limit', () => {
    expect(found({ ...limit('< 5'), Statistic: 'SampleCount' })).toEqual(['blocking counts-requests']);
    expect(found({ ...limit('< 5'), Statistic: 'SampleCount', MetricName: 'ModelLatency' })).toEqual([]);
    expect(found({ ...limit('< 5'), Statistic: 'Sum', MetricName: 'Invocations' })).toEqual([]);
  });
});

describe('a latency', () => {
  const latency = (rule: string): Partial<MetricAlarm> => ({ ...limit(rule), MetricName: 'ModelLatency' });
  test.each<[string, string[]]>([
    ['> 999', IN_MS],
    ['>= 999', IN_MS],
    ['> 1000', []],
    ['> 59999999', []],
    ['> 60000000', NEVER],
    ['>= 60000000', []],
    ['>= 60000001', NEVER],
    // Who watches for answers that are too fast means microseconds.
    ['< 999', []],
    ['< 0', NEVER],
    ['<= 0', []],
  ])('%s µs', (rule, expected) => expect(found(latency(rule))).toEqual(expected));

  test('both things that are wrong are said', () => {
    expect(found({ ...latency('> 250'), Dimensions: BOTH_FLEETS })).toEqual([...BOTH, ...IN_MS]);
    const mistaken = the('unit-mistaken', latency('> 250'));
    expect(mistaken.message).toContain('250 is 0.25 ms');
    expect(mistaken.next).toBe('For 250 ms use 250000.');
    expect(the('both-fleets', { ...latency('> 5000'), Dimensions: BOTH_FLEETS }).next).toContain('EndpointConfigName');
  });

  test('the sum of latencies, or how many there are, may be anything', () => {
    expect(found({ ...latency('> 61000000'), Statistic: 'Sum' })).toEqual([]);
    expect(found({ ...latency('> 5'), Statistic: 'SampleCount' })).toEqual([]);
    expect(found({ ...latency('> 61000000'), MetricName: 'OverheadLatency' })).toEqual([]);
  });
});

describe('what an instance reports', () => {
  test.each<[string, string, string[]]>([
    ['MemoryUtilization', '> 99', []],
    ['MemoryUtilization', '> 100', NEVER],
    ['MemoryUtilization', '>= 100', []],
    ['DiskUtilization', '> 100', NEVER],
    ['DiskUtilization', '<= 0', []],
    ['DiskUtilization', '< 0', NEVER],
    // Each core and each GPU has 100 % of its own.
    ['CPUUtilization', '> 250', []],
    ['GPUUtilization', '> 250', []],
    ['CPUUtilization', '< 0', NEVER],
  ])('%s %s', (MetricName, rule, expected) => {
    expect(found({ ...limit(rule), MetricName, Namespace: '/aws/sagemaker/Endpoints' })).toEqual(expected);
  });
});

test('a threshold out of range is shown with its statistic, its operator and what the range is', () => {
  const words = (change: Partial<MetricAlarm>) => the('threshold-out-of-range', change).message;
  expect(words(limit('>= 2'))).toBe(
    'Average of Invocation5XXErrors >= 2 can never be: it lies between 0 and 1, and 1 % is 0.01.',
  );
  expect(words({ ...limit('< -1'), MetricName: 'ModelLatency', ExtendedStatistic: 'p99', Statistic: undefined })).toBe(
    'p99 of ModelLatency < -1 can never be: SageMaker gives a model 60 s to answer, and the metric is in microseconds.',
  );
  expect(words({ ...limit('<= -1'), Statistic: 'Sum' })).toBe(
    'Sum of Invocation5XXErrors <= -1 can never be (a count is never negative).',
  );
});

test('an anomaly band, and an operator that is not known, are not said to be out of range', () => {
  expect(found({ Threshold: undefined, ComparisonOperator: 'GreaterThanUpperThreshold' })).toEqual([]);
  expect(found({ Threshold: undefined, ComparisonOperator: 'LessThanLowerThreshold' })).toEqual([]);
  expect(found({ Threshold: -0.5, ComparisonOperator: 'GreaterThanUpperThreshold' })).toEqual([]);
});

describe('the unit', () => {
  const instance = { Namespace: '/aws/sagemaker/Endpoints', Threshold: 90 };
  const latency = { MetricName: 'ModelLatency', Threshold: 5000 };
  test.each<[Partial<MetricAlarm>, string | undefined]>([
    [{ Unit: 'None' }, undefined],
    [{ Unit: 'Count' }, 'None'],
    [{ ...latency, Unit: 'Microseconds' }, undefined],
    [{ ...latency, Unit: 'Milliseconds' }, 'Microseconds'],
    [{ MetricName: 'ModelSetupTime', Threshold: 5000, Unit: 'Microseconds' }, undefined],
    [{ ...instance, MetricName: 'CPUUtilization', Unit: 'Percent' }, undefined],
    [{ ...instance, MetricName: 'CPUUtilization', Unit: 'None' }, 'Percent'],
    [{ ...instance, MetricName: 'LoadedModelCount', Unit: 'None' }, undefined],
  ])('%o', (change, right) => {
    expect(found(change)).toEqual(right === undefined ? [] : ['blocking wrong-unit']);
    if (right !== undefined) expect(the('wrong-unit', change).message).toContain(`publishes it in ${right},`);
  });
});

describe('how many samples a percentile needs where few are ignored', () => {
  const percentile = (statistic: string): Partial<MetricAlarm> => ({
    MetricName: 'ModelLatency',
    Statistic: undefined,
    ExtendedStatistic: statistic,
    Threshold: 250_000,
    EvaluateLowSampleCountPercentile: 'ignore',
  });

  test.each([
    ['p50', 20],
    ['p90', 100],
    ['p95', 200],
    ['p99', 1000],
    ['p99.9', 10_000],
    ['p99.95', 20_000],
    ['p10', 100],
    ['p33', 31],
    ['p5.5', 182],
  ])('%s: %i', (statistic, needed) => {
    expect(found(percentile(statistic))).toEqual(['warning too-few-samples']);
    expect(the('too-few-samples', percentile(statistic)).message).toContain(`fewer than ${needed} requests`);
  });

  test('not where few are evaluated, nor for what is no percentile', () => {
    expect(found({ ...percentile('p99'), EvaluateLowSampleCountPercentile: 'evaluate' })).toEqual([]);
    expect(found(percentile('tm99'))).toEqual([]);
    expect(found(percentile('p99x'))).toEqual([]);
    expect(found(percentile('wp99'))).toEqual([]);
    expect(found({ ...percentile('p99'), ExtendedStatistic: undefined, Statistic: 'Average' })).toEqual([]);
  });
});
