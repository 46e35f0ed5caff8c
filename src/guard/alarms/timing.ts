import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { DETECTION_DELAY_SECONDS, METRIC_PERIOD_SECONDS, secondsToFire } from './plan.ts';
import type { GuardedUpdate, Report } from './types.ts';
import { duration, SECOND } from '../../base/units.ts';

/** Can it gather its datapoints before the bake is over? */
export function timing(alarm: MetricAlarm, update: GuardedUpdate, report: Report): void {
  const period = alarm.Period ?? METRIC_PERIOD_SECONDS;
  const needed = alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods ?? 1;
  const takes = secondsToFire(needed, Math.max(period, METRIC_PERIOD_SECONDS));
  if (takes > update.bakeSeconds) {
    report(
      'blocking',
      'longer-than-bake',
      `It needs ${needed} × ${duration(period * SECOND)} of data, and about ${duration(DETECTION_DELAY_SECONDS * SECOND)} until that is published and evaluated: ${duration(takes * SECOND)} in all, longer than the bake of ${duration(update.bakeSeconds * SECOND)}.`,
      `Bake at least ${duration(takes * SECOND)}${needed > 1 || period > METRIC_PERIOD_SECONDS ? ', or use fewer or shorter periods' : ''}.`,
    );
  }
  if (period < METRIC_PERIOD_SECONDS && alarm.Namespace === 'AWS/SageMaker') {
    const blind = needed * period > METRIC_PERIOD_SECONDS || needed > 1;
    report(
      blind ? 'blocking' : 'note',
      'period-below-resolution',
      `Its period is ${period} s, and SageMaker publishes once a minute${blind ? `: ${needed} periods with data in a row never come` : ''}.`,
      'Use a period of 60 s (or MetricPublishFrequencyInSeconds in the endpoint config).',
    );
  }
}

/** What it makes of minutes without requests. */
export function missingData(alarm: MetricAlarm, report: Report): void {
  if (alarm.TreatMissingData === 'breaching') {
    report(
      'blocking',
      'silence-fires',
      'It treats missing data as breaching: the new fleet has no data until it serves, so a healthy update would be rolled back.',
      'Use notBreaching.',
    );
  }
  if (alarm.TreatMissingData === 'ignore') {
    report(
      'warning',
      'silence-keeps-state',
      'It ignores missing data: once in ALARM it stays there while nothing is served, and blocks the next update.',
      'Use notBreaching.',
    );
  }
  if (alarm.TreatMissingData === 'missing' || alarm.TreatMissingData === undefined) {
    report(
      'note',
      'silence-is-unknown',
      'Where there is no traffic it falls back to INSUFFICIENT_DATA; what SageMaker makes of that is not documented.',
    );
  }
}

/** Seconds of data it needs. */
export function evaluated(alarm: MetricAlarm): number {
  return (
    (alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods ?? 1) * Math.max(alarm.Period ?? 60, METRIC_PERIOD_SECONDS)
  );
}
