import type { MetricAlarm, PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import { METRIC_PERIOD_SECONDS } from './plan.ts';
import { ERROR_METRICS, type GuardedUpdate } from './types.ts';
import { MAX_ANSWER_MS } from '../thresholds.ts';

/** Stands in a corrected alarm where nobody has said yet what the new fleet's config will be called. */
const UNKNOWN_CONFIG = 'CONFIG-OF-THE-NEW-FLEET';

/**
 * The alarm as it should be: the same intention, on the new fleet, in a range and a time that let it fire. Whom it tells
 * stays: PutMetricAlarm replaces all of an alarm.
 */
export function suggestCorrection(alarm: MetricAlarm, update: GuardedUpdate): PutMetricAlarmCommandInput | undefined {
  const metric = alarm.MetricName ?? '';
  if (!ERROR_METRICS.has(metric) && metric !== 'ModelLatency') return undefined;
  const errors = ERROR_METRICS.has(metric);
  const { Threshold: threshold = 1, ComparisonOperator: operator = 'GreaterThanThreshold' } = alarm;
  // Who writes 1 means one per cent: the published examples say so in their comments.
  const rate = threshold >= 1 ? Math.min(threshold, 50) / 100 : threshold <= 0 ? 0.01 : threshold;
  const latency = threshold < 1000 ? threshold * 1000 : Math.min(threshold, (MAX_ANSWER_MS - 1) * 1000);
  const needsFailure =
    operator === 'GreaterThanThreshold'
      ? threshold >= 0
      : operator === 'GreaterThanOrEqualToThreshold' && threshold > 0;
  const counted = errors && alarm.Statistic === 'Sum' && needsFailure;
  const periods = errors ? 1 : 2;
  return {
    AlarmName: alarm.AlarmName,
    Namespace: 'AWS/SageMaker',
    MetricName: metric,
    Dimensions: [
      { Name: 'EndpointName', Value: update.endpoint },
      { Name: 'VariantName', Value: update.variant },
      { Name: 'EndpointConfigName', Value: update.newConfig ?? UNKNOWN_CONFIG },
    ],
    ...(errors
      ? { Statistic: counted ? ('Sum' as const) : ('Average' as const) }
      : alarm.ExtendedStatistic === undefined
        ? { Statistic: alarm.Statistic === 'Average' ? ('Average' as const) : ('Maximum' as const) }
        : { ExtendedStatistic: alarm.ExtendedStatistic, EvaluateLowSampleCountPercentile: 'evaluate' }),
    Threshold: errors ? (counted ? threshold : rate) : latency,
    ComparisonOperator: counted ? operator : 'GreaterThanThreshold',
    Period: METRIC_PERIOD_SECONDS,
    EvaluationPeriods: periods,
    DatapointsToAlarm: periods,
    TreatMissingData: 'notBreaching',
    ...told(alarm),
  };
}

/** What an alarm is for and whom it tells, as far as it says so. */
function told({ AlarmDescription, ActionsEnabled, ...alarm }: MetricAlarm): Partial<PutMetricAlarmCommandInput> {
  const actions = (['AlarmActions', 'OKActions', 'InsufficientDataActions'] as const).flatMap((name) =>
    (alarm[name] ?? []).length === 0 ? [] : [[name, alarm[name]] as const],
  );
  return {
    ...(AlarmDescription === undefined ? {} : { AlarmDescription }),
    ...(ActionsEnabled === undefined ? {} : { ActionsEnabled }),
    ...Object.fromEntries(actions),
  };
}
