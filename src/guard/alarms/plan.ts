import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import type { Limits } from '../thresholds.ts';

/** Which fleet an alarm watches. */
export interface Fleet {
  endpoint: string;
  variant: string;
  /** The endpoint config only the new fleet runs. */
  config: string;
}

/** An alarm of ours, and the limit at which it rolls back, in words. */
export interface PlannedAlarm {
  input: PutMetricAlarmCommandInput;
  limit: string;
}

/** SageMaker publishes its invocation metrics a minute at a time (facts 5.1). */
export const METRIC_PERIOD_SECONDS = 60;

/**
 * From the first failure until the alarm has fired, beyond the minutes it evaluates: the minute under way must end, be
 * published and be evaluated. Seen on AWS: about three minutes for an alarm over one minute (facts 4.3).
 */
export const DETECTION_DELAY_SECONDS = 120;

/** How long a bake must be so that an alarm over `periods` minutes can fire in it. */
export function secondsToFire(periods: number, periodSeconds: number = METRIC_PERIOD_SECONDS): number {
  return periods * periodSeconds + DETECTION_DELAY_SECONDS;
}

/**
 * How many minutes in a row the latency must be too high. The first call of each new instance is about six times
 * slower (facts 13), so one minute alone proves nothing; but more minutes than the bake can show would never fire.
 */
export function latencyMinutes(bakeSeconds: number): number {
  for (const periods of [3, 2]) if (secondsToFire(periods) <= bakeSeconds) return periods;
  return 2;
}

/** The names of our three alarms: the same for every canary of an endpoint, so that they are reused. */
export function alarmNames(endpoint: string): { errors5xx: string; errors4xx: string; latency: string } {
  return { errors5xx: `${endpoint}-5XXError`, errors4xx: `${endpoint}-4XXError`, latency: `${endpoint}-ModelLatency` };
}

/**
 * Three alarms on the new fleet alone. The dimension EndpointConfigName sees to that: without it the old fleet's good
 * answers water the new one's failures down (facts 4.4).
 * @param bakeSeconds the longest single bake of the update: the alarms can fire within it
 */
export function planAlarms(fleet: Fleet, limits: Limits, bakeSeconds: number): PlannedAlarm[] {
  const names = alarmNames(fleet.endpoint);
  const shared = {
    Namespace: 'AWS/SageMaker',
    Dimensions: [
      { Name: 'EndpointName', Value: fleet.endpoint },
      { Name: 'VariantName', Value: fleet.variant },
      { Name: 'EndpointConfigName', Value: fleet.config },
    ],
    Period: METRIC_PERIOD_SECONDS,
    ComparisonOperator: 'GreaterThanThreshold',
    // A minute without requests has no datapoint: that is no failure, and the end says how many requests there were.
    TreatMissingData: 'notBreaching',
  } satisfies Partial<PutMetricAlarmCommandInput>;
  // An error metric is 1 or 0 per request, so its average is the rate.
  const errors = (name: string, metric: string, rate: number, limit: string): PlannedAlarm => ({
    limit,
    input: {
      AlarmName: name,
      AlarmDescription: describe(fleet, limit),
      ...shared,
      MetricName: metric,
      Statistic: 'Average',
      Threshold: rate,
      EvaluationPeriods: 1,
      DatapointsToAlarm: 1,
    },
  });
  const minutes = latencyMinutes(bakeSeconds);
  const { statistic, milliseconds } = limits.latency;
  const latencyLimit = `${limits.reasons.latency}, ${minutes} minutes in a row`;
  return [
    errors(names.errors5xx, 'Invocation5XXErrors', limits.rate5xx, limits.reasons.rate5xx),
    errors(names.errors4xx, 'Invocation4XXErrors', limits.rate4xx, limits.reasons.rate4xx),
    {
      limit: latencyLimit,
      input: {
        AlarmName: names.latency,
        AlarmDescription: describe(fleet, latencyLimit),
        ...shared,
        MetricName: 'ModelLatency',
        // With `ignore`, p99 would need 1000 requests a minute before it could fire at all.
        ...(statistic === 'Average'
          ? { Statistic: 'Average' }
          : { ExtendedStatistic: statistic, EvaluateLowSampleCountPercentile: 'evaluate' }),
        Threshold: milliseconds * 1000,
        EvaluationPeriods: minutes,
        DatapointsToAlarm: minutes,
      },
    },
  ];
}

/** AlarmDescription holds 1024 characters. */
function describe(fleet: Fleet, reason: string): string {
  return `shadowctl: rolls back the update of ${fleet.endpoint} to ${fleet.config} at ${reason}`.slice(0, 1024);
}
