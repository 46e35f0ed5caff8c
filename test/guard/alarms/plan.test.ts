import { describe, expect, test } from 'vitest';
import { latencyMinutes, planAlarms, secondsToFire } from '../../../src/guard/alarms/plan.ts';
import {
  type Baseline,
  brokenMinutes,
  limitedStatistic,
  type LimitRequest,
  median,
  settleLimits,
} from '../../../src/guard/thresholds.ts';

const nothing: LimitRequest = {
  max5xxRate: undefined,
  max4xxRate: undefined,
  maxLatency: undefined,
  maxLatencyIncrease: undefined,
};
const quiet: Baseline = { minutes: 60, activeMinutes: 0, requests: 0, failures4xx: 0, failures5xx: 0, latency: [] };
const busy: Baseline = {
  minutes: 60,
  activeMinutes: 60,
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
        '--max-latency-increase compares with the fleet being replaced, and that served requests in only 0 of the last 60 minutes (at least 5 are needed).',
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
