import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { describe, expect, test } from 'vitest';
import { examineAlarm, type GuardedUpdate } from '../../../src/guard/alarms/check.ts';
import { planAlarms } from '../../../src/guard/alarms/plan.ts';
import { parseAlarmFile } from '../../../src/guard/alarms/file.ts';
import { settleLimits } from '../../../src/guard/thresholds.ts';

const UPDATE: GuardedUpdate = {
  endpoint: 'weather',
  variant: 'AllTraffic',
  newConfig: 'v2',
  liveConfig: 'v1',
  bakeSeconds: 300,
  firstShare: 1 / 3,
  requestsPerMinute: 240,
};

const BOTH_FLEETS = [
  { Name: 'EndpointName', Value: 'weather' },
  { Name: 'VariantName', Value: 'AllTraffic' },
];
const NEW_FLEET = [...BOTH_FLEETS, { Name: 'EndpointConfigName', Value: 'v2' }];

function alarm(change: Partial<MetricAlarm>): MetricAlarm {
  return {
    AlarmName: 'team',
    Namespace: 'AWS/SageMaker',
    MetricName: 'Invocation5XXErrors',
    Statistic: 'Average',
    Dimensions: NEW_FLEET,
    Threshold: 0.01,
    ComparisonOperator: 'GreaterThanThreshold',
    Period: 60,
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
    StateValue: 'OK',
    ...change,
  };
}

/** `severity check` of everything that is not fine. */
function found(change: Partial<MetricAlarm>, update: Partial<GuardedUpdate> = {}): string[] {
  return examineAlarm(alarm(change), { ...UPDATE, ...update })
    .filter((finding) => finding.severity !== 'ok')
    .map((finding) => `${finding.severity} ${finding.check}`);
}

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
      { minutes: 60, activeMinutes: 0, requests: 0, failures4xx: 0, failures5xx: 0, latency: [] },
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

describe('alarms from a file', () => {
  test('one, several, or what the AWS CLI prints', () => {
    const one = JSON.stringify(alarm({}));
    expect(parseAlarmFile('a.json', one)).toHaveLength(1);
    expect(parseAlarmFile('a.json', `[${one},${one}]`)).toHaveLength(2);
    expect(parseAlarmFile('a.json', `{"MetricAlarms":[${one}],"CompositeAlarms":[]}`)).toHaveLength(1);
  });

  test.each([
    ['not json', /a.json is not JSON/],
    ['[]', /holds no alarm/],
    ['[1]', /alarm 1: not an object/],
    ['{"MetricName":"x"}', /AlarmName is missing/],
    ['{"AlarmName":"x"}', /neither MetricName nor Metrics/],
    ['{"AlarmName":"x","MetricName":"y","Threshold":"1"}', /Threshold is not a number/],
    ['{"AlarmName":"x","MetricName":"y","Period":0}', /Period is not a number above zero/],
    ['{"AlarmName":"x","MetricName":"y","Dimensions":{"EndpointName":"z"}}', /Dimensions is not a list/],
  ])('refuses %s', (text, words) => expect(() => parseAlarmFile('a.json', text)).toThrow(words));
});

test('an alarm on a fleet that is gone is not called able to fire in the same breath', () => {
  const checks = (liveConfig: string) =>
    examineAlarm(alarm({}), { ...UPDATE, newConfig: undefined, liveConfig }).map((finding) => finding.check);
  expect(checks('v3')).toEqual(['past-fleet']);
  expect(checks('v2')).toEqual(['can-fire']);
});
