import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { describe, expect, test } from 'vitest';
import { examineAlarm } from '../../../src/guard/alarms/check.ts';
import { planAlarms } from '../../../src/guard/alarms/plan.ts';
import { settleLimits } from '../../../src/guard/thresholds.ts';
import { alarm, BOTH_FLEETS, found, NEW_FLEET, the, UPDATE } from './support.ts';

describe("the alarms of AWS's own examples", () => {
  test('the developer guide: an average of 0 and 1 above 1 can never be', () => {
    const guide = {
      MetricName: 'Invocation4XXErrors',
      Dimensions: BOTH_FLEETS,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold' as const,
    };
    expect(found(guide)).toEqual(['blocking threshold-out-of-range']);
    const [finding] = examineAlarm(alarm(guide), UPDATE);
    expect(finding?.message).toBe(
      'Average of Invocation4XXErrors > 1 can never be: it lies between 0 and 1, and 1 % is 0.01.',
    );
    expect(finding?.correction).toMatchObject({ Threshold: 0.01, Statistic: 'Average', Dimensions: NEW_FLEET });
  });

  test('the notebook: at least 1 on both fleets needs every request of both to fail', () => {
    const notebook = {
      Dimensions: BOTH_FLEETS,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold' as const,
    };
    expect(found(notebook)).toEqual(['blocking diluted-by-old-fleet']);
    const [finding] = examineAlarm(alarm(notebook), UPDATE);
    expect(finding?.message).toContain('with 33.3 % of the requests on the new one');
    // What it recommends has nothing to be found.
    expect(examineAlarm({ ...finding?.correction, StateValue: 'OK' }, UPDATE).map((one) => one.severity)).toEqual([
      'ok',
    ]);
  });

  test('on the new fleet alone it would fire only when every request fails', () => {
    expect(found({ Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold' })).toEqual([
      'blocking only-at-100-percent',
    ]);
  });
});

describe('our own alarms', () => {
  test.each([180 + 60, 300, 600])('have nothing to be found with a bake of %i s', (bakeSeconds) => {
    const limits = settleLimits(
      {
        max5xxRate: undefined,
        max4xxRate: undefined,
        maxLatency: { statistic: 'p99', milliseconds: 250 },
        maxLatencyIncrease: undefined,
      },
      { minutes: 60, activeMinutes: 0, servedMinutes: 0, requests: 0, failures4xx: 0, failures5xx: 0, latency: [] },
    );
    if ('missing' in limits) throw new Error(limits.missing);
    const alarms = planAlarms({ endpoint: 'weather', variant: 'AllTraffic', config: 'v2' }, limits, bakeSeconds);
    for (const { input } of alarms) {
      expect(
        examineAlarm({ ...input, StateValue: 'OK' }, { ...UPDATE, bakeSeconds }).map((finding) => finding.severity),
      ).toEqual(['ok']);
    }
  });
});

describe('what keeps an alarm from guarding', () => {
  test.each<[string, Partial<MetricAlarm>, string[]]>([
    ['a good one', {}, []],
    ['in ALARM already', { StateValue: 'ALARM' }, ['blocking already-in-alarm']],
    ['a misspelt namespace', { Namespace: 'AWS/Sagemaker' }, ['blocking wrong-namespace']],
    ['a metric of the other namespace', { MetricName: 'CPUUtilization' }, ['blocking wrong-namespace']],
    ['a metric that does not exist', { MetricName: '5XXError' }, ['warning unknown-metric']],
    ['a metric that is misspelled', { MetricName: 'Invocations5XXErrors' }, ['blocking misspelled-metric']],
    [
      'a band that is learned from a past that a new fleet does not have',
      { MetricName: undefined, Metrics: [{ Id: 'band', Expression: 'ANOMALY_DETECTION_BAND(m1, 2)' }] },
      ['warning anomaly-band'],
    ],
    [
      'no variant',
      {
        Dimensions: [
          { Name: 'EndpointName', Value: 'weather' },
          { Name: 'EndpointConfigName', Value: 'v2' },
        ],
      },
      ['blocking missing-dimension'],
    ],
    [
      'a variant that does not exist',
      {
        Dimensions: [...NEW_FLEET.filter((one) => one.Name !== 'VariantName'), { Name: 'VariantName', Value: 'prod' }],
      },
      ['blocking no-such-variant'],
    ],
    [
      'another endpoint',
      { Dimensions: [...NEW_FLEET.slice(1), { Name: 'EndpointName', Value: 'other' }] },
      ['blocking other-endpoint'],
    ],
    [
      'the fleet being replaced',
      { Dimensions: [...BOTH_FLEETS, { Name: 'EndpointConfigName', Value: 'v1' }] },
      ['blocking other-fleet'],
    ],
    ['a rate on both fleets', { Dimensions: BOTH_FLEETS }, ['warning both-fleets']],
    [
      'a rate on both fleets that the share cannot reach',
      { Dimensions: BOTH_FLEETS, Threshold: 0.4 },
      ['blocking diluted-by-old-fleet'],
    ],
    ['a count on both fleets', { Dimensions: BOTH_FLEETS, Statistic: 'Sum', Threshold: 5 }, ['warning both-fleets']],
    [
      'fires without a fault',
      { ComparisonOperator: 'LessThanThreshold', Threshold: 0.5 },
      ['blocking fires-without-fault'],
    ],
    ['a count of samples', { Statistic: 'SampleCount', Threshold: 5 }, ['blocking counts-requests']],
    ['a unit SageMaker does not publish', { Unit: 'Count' }, ['blocking wrong-unit']],
    [
      'a latency in ms',
      { MetricName: 'ModelLatency', Statistic: undefined, ExtendedStatistic: 'p99', Threshold: 250 },
      ['warning unit-mistaken'],
    ],
    [
      'a latency no container is given time for',
      { MetricName: 'ModelLatency', Threshold: 61_000_000 },
      ['blocking threshold-out-of-range'],
    ],
    ['too many periods', { EvaluationPeriods: 5 }, ['blocking longer-than-bake']],
    ['a period longer than the bake', { Period: 300 }, ['blocking longer-than-bake']],
    [
      'periods without data between those with',
      { Period: 10, EvaluationPeriods: 3 },
      ['blocking period-below-resolution'],
    ],
    ['silence as failure', { TreatMissingData: 'breaching' }, ['blocking silence-fires']],
    ['silence that keeps the state', { TreatMissingData: 'ignore' }, ['warning silence-keeps-state']],
    ['silence unsaid', { TreatMissingData: undefined }, ['note silence-is-unknown']],
    [
      'a percentile that waits for 1000 samples',
      {
        MetricName: 'ModelLatency',
        Statistic: undefined,
        ExtendedStatistic: 'p99',
        Threshold: 250_000,
        EvaluateLowSampleCountPercentile: 'ignore',
      },
      ['warning too-few-samples'],
    ],
    [
      'a metric expression',
      { MetricName: undefined, Namespace: undefined, Metrics: [{ Id: 'e1', Expression: 'm1/m2' }] },
      ['note metric-expression'],
    ],
  ])('%s', (_, change, expected) => {
    expect(found(change)).toEqual(expected);
  });

  test('two of three minutes fit into a bake of five', () => {
    expect(found({ EvaluationPeriods: 3, DatapointsToAlarm: 2 })).toEqual([]);
  });
});

test('an alarm on a fleet that is gone is not called able to fire in the same breath', () => {
  const checks = (liveConfig: string) =>
    examineAlarm(alarm({}), { ...UPDATE, newConfig: undefined, liveConfig }).map((finding) => finding.check);
  expect(checks('v3')).toEqual(['past-fleet']);
  expect(checks('v2')).toEqual(['can-fire']);
});

describe('what each finding names', () => {
  const without = (...names: string[]) => NEW_FLEET.filter(({ Name }) => !names.includes(Name));
  const config = (Value: string) => [...BOTH_FLEETS, { Name: 'EndpointConfigName', Value }];
  test.each<[string, string, Partial<MetricAlarm>, string, string | undefined]>([
    ['its state', 'already-in-alarm', { StateValue: 'ALARM' }, 'It is in ALARM now: an update', 'OK'],
    [
      'the reason of its state',
      'already-in-alarm',
      { StateValue: 'ALARM', StateReason: '1 datapoint. It was 0.5.' },
      'It is in ALARM now (1 datapoint. It was 0.5): an update',
      'OK',
    ],
    ['no data', 'no-evaluation-yet', { StateValue: 'INSUFFICIENT_DATA' }, 'INSUFFICIENT_DATA', undefined],
    [
      'the right namespace',
      'wrong-namespace',
      { MetricName: 'CPUUtilization' },
      'CPUUtilization under /aws/sagemaker/Endpoints, not under AWS/SageMaker',
      '/aws/sagemaker/Endpoints',
    ],
    [
      'the right namespace, the other way round',
      'wrong-namespace',
      { Namespace: '/aws/sagemaker/Endpoints' },
      'Invocation5XXErrors under AWS/SageMaker, not under /aws/sagemaker/Endpoints',
      'AWS/SageMaker',
    ],
    [
      'a namespace that does not exist',
      'wrong-namespace',
      { Namespace: 'aws/sagemaker' },
      'no namespace aws/sagemaker',
      undefined,
    ],
    [
      'the metrics that exist',
      'unknown-metric',
      { MetricName: '5XXError' },
      '5XXError',
      'Invocations, InvocationsPerInstance',
    ],
    ['a metric of the team', 'own-metric', { Namespace: 'Shop', MetricName: 'Orders' }, 'Shop Orders', undefined],
    [
      'the endpoint it lacks',
      'missing-dimension',
      { Dimensions: without('EndpointName') },
      'EndpointName',
      'Add EndpointName=weather.',
    ],
    [
      'the variant it lacks',
      'missing-dimension',
      { Dimensions: without('VariantName') },
      'VariantName',
      'Add VariantName=AllTraffic.',
    ],
    [
      'the other endpoint',
      'other-endpoint',
      { Dimensions: [...without('EndpointName'), { Name: 'EndpointName', Value: 'snow' }] },
      'EndpointName snow, but this update is of weather',
      'Use EndpointName=weather.',
    ],
    [
      'the other variant',
      'no-such-variant',
      { Dimensions: [...without('VariantName'), { Name: 'VariantName', Value: 'b' }] },
      'VariantName b, but this update is of AllTraffic',
      'Use VariantName=AllTraffic.',
    ],
    [
      'the fleet being replaced',
      'other-fleet',
      { Dimensions: config('v1') },
      'v1, which is the fleet being replaced',
      'Use EndpointConfigName=v2.',
    ],
    [
      'a fleet of the past',
      'other-fleet',
      { Dimensions: config('v0') },
      'v0, which is a fleet that no longer runs',
      'Use EndpointConfigName=v2.',
    ],
    [
      'dimensions of another kind',
      'extra-dimension',
      { Dimensions: [...NEW_FLEET, { Name: 'InstanceId', Value: 'i' }, { Name: 'GpuId', Value: '0' }] },
      'the dimension InstanceId, GpuId',
      undefined,
    ],
  ])('%s', (_, check, change, message, next) => {
    const finding = the(check, change);
    expect(finding.subject).toBe('alarm team');
    expect(finding.message).toContain(message);
    if (next === undefined) expect(finding.next).toBeUndefined();
    else expect(finding.next).toContain(next);
  });

  test('an alarm without a name, and one without any dimension', () => {
    expect(examineAlarm(alarm({ AlarmName: undefined }), UPDATE)[0]?.subject).toBe('alarm ');
    expect(found({ Dimensions: undefined })).toEqual([
      'blocking missing-dimension',
      'blocking missing-dimension',
      'warning both-fleets',
    ]);
  });
});

describe('which metrics are whose', () => {
  test.each([
    ['AWS/SageMaker', 'Invocations', []],
    ['AWS/SageMaker', 'InvocationsPerInstance', []],
    ['AWS/SageMaker', 'OverheadLatency', []],
    ['AWS/SageMaker', 'GPUUtilization', ['blocking wrong-namespace']],
    ['/aws/sagemaker/Endpoints', 'CPUUtilization', []],
    ['/aws/sagemaker/Endpoints', 'LoadedModelCount', []],
    ['/aws/sagemaker/Endpoints', 'Invocations', ['blocking wrong-namespace']],
    ['/aws/sagemaker/Endpoints', 'Disk', ['warning unknown-metric']],
    ['Shop', 'Orders', ['note own-metric']],
    // Without a namespace it is nobody's.
    [undefined, 'Orders', ['note own-metric']],
  ])('%s %s', (Namespace, MetricName, expected) => {
    expect(found({ Namespace, MetricName, Threshold: 50 })).toEqual(expected);
  });

  test("of a metric that is not SageMaker's only state and timing are examined", () => {
    expect(found({ Namespace: 'Shop', MetricName: 'Orders', Dimensions: [], Unit: 'Count', Threshold: -1 })).toEqual([
      'note own-metric',
    ]);
    expect(found({ Namespace: 'Shop', MetricName: 'Orders', Period: 600, StateValue: 'ALARM' })).toEqual([
      'blocking already-in-alarm',
      'note own-metric',
      'blocking longer-than-bake',
    ]);
  });
});

describe('an endpoint as it stands, without an update', () => {
  const as = (config: string | undefined, newConfig: string | undefined) =>
    found(
      {
        Dimensions:
          config === undefined ? BOTH_FLEETS : [...BOTH_FLEETS, { Name: 'EndpointConfigName', Value: config }],
      },
      { newConfig, firstShare: 1 },
    );
  test.each([
    ['v1', undefined, []],
    ['v2', undefined, ['note past-fleet']],
    [undefined, undefined, ['warning both-fleets']],
    ['v2', 'v2', []],
    ['v1', 'v2', ['blocking other-fleet']],
    [undefined, 'v2', ['warning both-fleets']],
  ])('an alarm on config %s, new config %s', (config, newConfig, expected) => {
    expect(as(config, newConfig)).toEqual(expected);
  });
});

describe('the time an alarm needs, against a bake of 300 s', () => {
  test.each<[Partial<MetricAlarm>, string[]]>([
    // Two minutes until it is published and evaluated.
    [{ EvaluationPeriods: 3 }, []],
    [{ EvaluationPeriods: 4 }, ['blocking longer-than-bake']],
    [{ EvaluationPeriods: 5, DatapointsToAlarm: 3 }, []],
    [{ EvaluationPeriods: 5, DatapointsToAlarm: 4 }, ['blocking longer-than-bake']],
    [{ EvaluationPeriods: undefined }, []],
    [{ Period: 180 }, []],
    [{ Period: 181 }, ['blocking longer-than-bake']],
    [{ Period: undefined, EvaluationPeriods: 3 }, []],
    [{ Period: undefined, EvaluationPeriods: 4 }, ['blocking longer-than-bake']],
    // SageMaker publishes once a minute, however often one looks.
    [{ Period: 10, EvaluationPeriods: 1 }, ['note period-below-resolution']],
    [{ Period: 59, EvaluationPeriods: 2, DatapointsToAlarm: 1 }, ['note period-below-resolution']],
    [{ Period: 10, EvaluationPeriods: 2 }, ['blocking period-below-resolution']],
    [{ Period: 10, EvaluationPeriods: 4 }, ['blocking longer-than-bake', 'blocking period-below-resolution']],
    [{ Period: 10, EvaluationPeriods: 2, Namespace: 'Shop', MetricName: 'Orders' }, ['note own-metric']],
  ])('%o', (change, expected) => {
    expect(found(change)).toEqual(expected);
  });

  test('what it needs, and how long to bake, is said', () => {
    const long = the('longer-than-bake', { EvaluationPeriods: 4 });
    expect(long.message).toContain('4 × 1 min of data, and about 2 min');
    expect(long.message).toContain('6 min in all, longer than the bake of 5 min');
    expect(long.next).toBe('Bake at least 6 min, or use fewer or shorter periods.');
    expect(the('longer-than-bake', { Period: 300 }).next).toBe('Bake at least 7 min, or use fewer or shorter periods.');
    expect(
      examineAlarm(alarm({}), { ...UPDATE, bakeSeconds: 179 }).find((one) => one.check === 'longer-than-bake')?.next,
    ).toBe('Bake at least 3 min.');
    expect(the('period-below-resolution', { Period: 10, EvaluationPeriods: 2 }).message).toContain(
      '2 periods in a row never have data',
    );
    expect(the('period-below-resolution', { Period: 10 }).message).toMatch(/publishes once a minute\.$/);
    expect(the('period-below-resolution', { Period: 10 }).next).toContain('60 s');
  });

  test.each<[Partial<MetricAlarm>, string]>([
    [{}, 'Invocation5XXErrors > 1 % within 3 min.'],
    [{ EvaluationPeriods: 3 }, 'within 5 min.'],
    [{ EvaluationPeriods: 5, DatapointsToAlarm: 2 }, 'within 4 min.'],
    [{ Period: undefined, EvaluationPeriods: undefined }, 'within 3 min.'],
    [{ Period: 120 }, 'within 4 min.'],
    [{ Period: 10 }, 'within 3 min.'],
    [{ MetricName: undefined, Metrics: [] }, 'its expression'],
  ])('%o can fire: %s', (change, words) => {
    const fires = the('can-fire', change);
    expect(fires).toMatchObject({ severity: 'ok', subject: 'alarm team' });
    expect(fires.message).toContain(words);
  });
});

test.each<[MetricAlarm['TreatMissingData'], string[], string | undefined]>([
  ['notBreaching', [], undefined],
  ['breaching', ['blocking silence-fires'], 'Use notBreaching.'],
  ['ignore', ['warning silence-keeps-state'], 'Use notBreaching.'],
  ['missing', ['note silence-is-unknown'], undefined],
  [undefined, ['note silence-is-unknown'], undefined],
])('minutes without requests as %s', (TreatMissingData, expected, next) => {
  expect(found({ TreatMissingData })).toEqual(expected);
  const [check] = expected.map((one) => one.split(' ')[1] ?? '');
  if (check !== undefined) expect(the(check, { TreatMissingData }).next).toBe(next);
});

test('it is called able to fire beside notes, and beside nothing worse', () => {
  const severities = (change: Partial<MetricAlarm>) =>
    examineAlarm(alarm(change), UPDATE).map(({ severity }) => severity);
  expect(severities({ TreatMissingData: 'missing', StateValue: 'INSUFFICIENT_DATA' })).toEqual(['note', 'note', 'ok']);
  expect(severities({ TreatMissingData: 'ignore' })).toEqual(['warning']);
  expect(severities({ TreatMissingData: 'breaching' })).toEqual(['blocking']);
});

test('of a metric that is not published there, what else it asks for is not examined', () => {
  const elsewhere = { Dimensions: [], Unit: 'Count' as const, Threshold: -1 };
  expect(found({ MetricName: 'CPUUtilization', ...elsewhere })).toEqual(['blocking wrong-namespace']);
  expect(found({ MetricName: '5XXError', ...elsewhere })).toEqual(['warning unknown-metric']);
});
