import { describe, expect, test } from 'vitest';
import { alarmNames, latencyMinutes, planAlarms, secondsToFire } from '../../../src/guard/alarms/plan.ts';
import {
  type Baseline,
  brokenMinutes,
  limitedStatistic,
  type LimitRequest,
  median,
  lacksStatistic,
  MEAN,
  settleLimits,
} from '../../../src/guard/thresholds.ts';

const nothing: LimitRequest = {
  max5xxRate: undefined,
  max4xxRate: undefined,
  maxLatency: undefined,
  maxLatencyIncrease: undefined,
};
const quiet: Baseline = {
  minutes: 60,
  activeMinutes: 0,
  servedMinutes: 0,
  requests: 0,
  failures4xx: 0,
  failures5xx: 0,
  latency: [],
};
const busy: Baseline = {
  minutes: 60,
  activeMinutes: 60,
  servedMinutes: 60,
  requests: 12_000,
  failures4xx: 0,
  failures5xx: 0,
  latency: [4, 5, 4, 6, 5, 4, 30],
};

function limits(request: Partial<LimitRequest>, baseline: Baseline) {
  const settled = settleLimits({ ...nothing, ...request }, baseline);
  if ('missing' in settled) throw new Error(settled.missing);
  return settled;
}

describe('limits', () => {
  test('by default: 1 % 5XX, 5 % 4XX, and twice the latency of the fleet being replaced', () => {
    const settled = limits({}, busy);
    expect(settled).toMatchObject({ rate5xx: 0.01, rate4xx: 0.05, latency: { statistic: 'p90', milliseconds: 10 } });
    expect(settled.reasons.latency).toBe(
      'ModelLatency p90 above 10 ms (100 % above 5 ms, the median minute of the fleet being replaced over 60 minutes; the default)',
    );
  });

  test('without traffic to compare with, the default is absolute and says so', () => {
    expect(limits({}, quiet).latency).toEqual({ statistic: 'p90', milliseconds: 1000 });
    expect(limits({}, quiet).reasons.latency).toContain('too little traffic to compare with');
  });

  test('a relative limit that cannot be computed is refused, not guessed', () => {
    const settled = settleLimits({ ...nothing, maxLatencyIncrease: { statistic: 'p99', share: 0.2 } }, quiet);
    expect(settled).toEqual({
      missing:
        '--max-latency-increase compares with the fleet being replaced, which served requests in only 0 of the last 60 minutes (at least 5 are needed).',
    });
  });

  test('a relative limit', () => {
    expect(limits({ maxLatencyIncrease: { statistic: 'p99', share: 0.2 } }, busy).latency.milliseconds).toBeCloseTo(
      6,
      12,
    );
    expect(limitedStatistic({ ...nothing, maxLatencyIncrease: { statistic: 'p99', share: 0.2 } })).toBe('p99');
  });

  test('how often the fleet that runs now would have been struck', () => {
    expect(brokenMinutes([1, 5, 5, 1, 5, 5, 5], 4, 2)).toBe(3);
    expect(brokenMinutes([1, 5, 1, 5], 4, 2)).toBe(0);
  });

  test('median', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    expect(median([])).toBeNaN();
  });
});

describe('alarms', () => {
  const planned = planAlarms(
    { endpoint: 'weather', variant: 'AllTraffic', config: 'weather-v2' },
    limits({ maxLatency: { statistic: 'p99', milliseconds: 250 } }, quiet),
    300,
  );
  const alarms = planned.map(({ input }) => input);

  test('three, named from the endpoint so that the next canary reuses them', () => {
    expect(alarms.map((alarm) => alarm.AlarmName)).toEqual([
      'weather-5XXError',
      'weather-4XXError',
      'weather-ModelLatency',
    ]);
  });

  test('each says its limit, in its description too', () => {
    expect(planned[0]?.limit).toMatch(/1 %/);
    for (const { input, limit } of planned) expect(input.AlarmDescription).toContain(limit);
  });

  test('all on the new fleet alone', () => {
    for (const alarm of alarms) {
      expect(alarm.Dimensions).toContainEqual({ Name: 'EndpointConfigName', Value: 'weather-v2' });
      expect(alarm.Period).toBe(60);
      expect(alarm.TreatMissingData).toBe('notBreaching');
    }
  });

  test('rates as the average of a metric that is 0 or 1, latency in microseconds', () => {
    expect(alarms[0]).toMatchObject({ MetricName: 'Invocation5XXErrors', Statistic: 'Average', Threshold: 0.01 });
    expect(alarms[2]).toMatchObject({
      ExtendedStatistic: 'p99',
      Threshold: 250_000,
      EvaluateLowSampleCountPercentile: 'evaluate',
    });
  });

  test.each([
    [600, 3],
    [300, 3],
    [299, 2],
    [60, 2],
  ])(
    'a bake of %i s gives the latency %i minutes: never one, which the first slow call of a new fleet would trip',
    (bake, minutes) => {
      expect(latencyMinutes(bake)).toBe(minutes);
    },
  );

  test('one minute needs three', () => expect(secondsToFire(1)).toBe(180));
});

describe('alarms, whole', () => {
  const fleet = { endpoint: 'weather', variant: 'AllTraffic', config: 'v2' };
  const shared = {
    Namespace: 'AWS/SageMaker',
    Dimensions: [
      { Name: 'EndpointName', Value: 'weather' },
      { Name: 'VariantName', Value: 'AllTraffic' },
      { Name: 'EndpointConfigName', Value: 'v2' },
    ],
    Period: 60,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
  };
  const settled = limits(
    { max5xxRate: 0.02, max4xxRate: 0.1, maxLatency: { statistic: 'p99', milliseconds: 250 } },
    quiet,
  );

  test('of a percentile, over as many minutes as the bake permits', () => {
    const [errors5xx, errors4xx, latency] = planAlarms(fleet, settled, 299).map(({ input }) => input);
    expect(errors5xx).toEqual({
      ...shared,
      AlarmName: 'weather-5XXError',
      AlarmDescription: expect.stringContaining('the update of weather to v2') as string,
      MetricName: 'Invocation5XXErrors',
      Statistic: 'Average',
      Threshold: 0.02,
      EvaluationPeriods: 1,
      DatapointsToAlarm: 1,
    });
    expect(errors4xx).toMatchObject({
      ...shared,
      AlarmName: 'weather-4XXError',
      MetricName: 'Invocation4XXErrors',
      Statistic: 'Average',
      Threshold: 0.1,
    });
    expect(latency).toEqual({
      ...shared,
      AlarmName: 'weather-ModelLatency',
      AlarmDescription: expect.stringContaining('2 minutes in a row') as string,
      MetricName: 'ModelLatency',
      ExtendedStatistic: 'p99',
      EvaluateLowSampleCountPercentile: 'evaluate',
      Threshold: 250_000,
      EvaluationPeriods: 2,
      DatapointsToAlarm: 2,
    });
  });

  test('of an average there is no percentile to speak of', () => {
    const average = limits({ maxLatency: { statistic: 'Average', milliseconds: 40 } }, quiet);
    const latency = planAlarms(fleet, average, 300)[2]?.input;
    expect(latency).toMatchObject({ Statistic: 'Average', Threshold: 40_000, EvaluationPeriods: 3 });
    expect(latency).not.toHaveProperty('ExtendedStatistic');
    expect(latency).not.toHaveProperty('EvaluateLowSampleCountPercentile');
  });

  test('each limit is said with its own numbers', () => {
    expect(planAlarms(fleet, settled, 300).map(({ limit }) => limit)).toEqual([
      'more than 2 % of the requests of a minute answered 5XX (as asked for)',
      'more than 10 % of the requests of a minute answered 4XX (as asked for)',
      'ModelLatency p99 above 250 ms (as asked for), 3 minutes in a row',
    ]);
  });

  test('CloudWatch takes no description beyond 1024 characters', () => {
    const long = { ...settled, reasons: { ...settled.reasons, rate5xx: 'x'.repeat(2000) } };
    const descriptions = planAlarms(fleet, long, 300).map(({ input }) => input.AlarmDescription?.length ?? 0);
    expect(descriptions[0]).toBe(1024);
    expect(Math.max(...descriptions)).toBe(1024);
  });

  test('names are those of the endpoint', () => {
    expect(alarmNames('snow')).toEqual({
      errors5xx: 'snow-5XXError',
      errors4xx: 'snow-4XXError',
      latency: 'snow-ModelLatency',
    });
  });
});

test.each([
  [1, undefined, 180],
  [3, undefined, 300],
  [2, 300, 720],
])('%i periods of %s s fire in a bake of %i s', (periods, period, seconds) => {
  expect(period === undefined ? secondsToFire(periods) : secondsToFire(periods, period)).toBe(seconds);
});

describe('where a limit comes from', () => {
  const few = (minutes: number): Baseline => ({ ...busy, minutes: 30, latency: Array<number>(minutes).fill(8) });

  test.each([
    [5, { statistic: 'p90', milliseconds: 16 }],
    [4, { statistic: 'p90', milliseconds: 1000 }],
    [0, { statistic: 'p90', milliseconds: 1000 }],
  ])('the default, after %i minutes with requests', (minutes, latency) => {
    expect(limits({}, few(minutes)).latency).toEqual(latency);
  });

  test('an increase that was asked for needs as many, and is not replaced by a default', () => {
    const request = { maxLatencyIncrease: { statistic: 'p99', share: 0.5 } };
    expect(limits(request, few(5)).latency).toEqual({ statistic: 'p99', milliseconds: 12 });
    expect(limits(request, few(5)).reasons.latency).toBe(
      'ModelLatency p99 above 12 ms (50 % above 8 ms, the median minute of the fleet being replaced over 30 minutes; as asked for)',
    );
    expect(settleLimits({ ...nothing, ...request }, few(4))).toHaveProperty(
      'missing',
      expect.stringContaining('only 4 of the last 30 minutes'),
    );
  });

  test('a statistic that CloudWatch does not have is known by its absence from many minutes with requests', () => {
    const served = { ...busy, latency: [] };
    expect(lacksStatistic(served)).toBe(true);
    expect(lacksStatistic({ ...served, servedMinutes: 4 })).toBe(false);
    expect(lacksStatistic(busy)).toBe(false);
    const mean = settleLimits(nothing, busy, MEAN);
    expect(mean).toMatchObject({ latency: { statistic: 'Average', milliseconds: 10 } });
  });

  test('an absolute limit goes before an increase, whatever the traffic was', () => {
    const request = {
      maxLatency: { statistic: 'p50', milliseconds: 90 },
      maxLatencyIncrease: { statistic: 'p99', share: 0.5 },
    };
    expect(limits(request, quiet).latency).toEqual({ statistic: 'p50', milliseconds: 90 });
    expect(limitedStatistic(request)).toBe('p50');
    expect(limitedStatistic({})).toBe('p90');
  });

  test('rates: what was asked for, 0 too, or the default', () => {
    expect(limits({ max5xxRate: 0, max4xxRate: 0.2 }, quiet)).toMatchObject({ rate5xx: 0, rate4xx: 0.2 });
    expect(limits({}, quiet).reasons).toMatchObject({
      rate5xx: 'more than 1 % of the requests of a minute answered 5XX (the default)',
      rate4xx: 'more than 5 % of the requests of a minute answered 4XX (the default)',
    });
    expect(limits({ max5xxRate: 0.02 }, quiet).reasons).toMatchObject({
      rate5xx: 'more than 2 % of the requests of a minute answered 5XX (as asked for)',
      rate4xx: expect.stringContaining('(the default)') as string,
    });
  });
});

test.each<[number[], number]>([
  [[7], 7],
  [[9, 1], 5],
  [[10, 9, 100], 10],
  [[1, 2, 3, 10], 2.5],
])('the median of %j is %s', (values, expected) => {
  const given = [...values];
  expect(median(given)).toBe(expected);
  expect(given).toEqual(values);
});

test.each<[number[], number, number]>([
  [[4, 4, 4], 1, 0],
  [[4.1], 1, 1],
  [[5, 5, 5], 1, 3],
  [[5, 5, 5], 3, 1],
  [[5, 5, 1, 5, 5], 3, 0],
  [[], 1, 0],
])('a limit of 4 strikes %j, %i in a row, %i times', (latency, inARow, struck) => {
  expect(brokenMinutes(latency, 4, inARow)).toBe(struck);
});
