import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { ERROR_METRICS, type GuardedUpdate, type Report } from './types.ts';
import { MAX_ANSWER_MS } from '../thresholds.ts';
import { milliseconds, percent } from '../../base/units.ts';

/** Can the statistic reach the threshold at all, and not without a fault? */
export function range(alarm: MetricAlarm, update: GuardedUpdate, report: Report): void {
  const bounds = valueBounds(alarm);
  const { Threshold: threshold, ComparisonOperator: operator = '' } = alarm;
  if (threshold === undefined) return;
  const value = `${alarm.ExtendedStatistic ?? alarm.Statistic} of ${alarm.MetricName}`;
  if (!reachable(operator, threshold, bounds)) {
    return report(
      'blocking',
      'threshold-out-of-range',
      `${value} ${showOperator(operator)} ${threshold} can never be${bounds.words}.`,
      `Use a threshold within its range.`,
    );
  }
  if (
    ERROR_METRICS.has(alarm.MetricName ?? '') &&
    alarm.Statistic !== 'SampleCount' &&
    firesAtZero(operator, threshold)
  ) {
    return report(
      'blocking',
      'fires-without-fault',
      `${value} ${showOperator(operator)} ${threshold} is true of a fleet without failures: every update would be rolled back.`,
    );
  }
  if (bounds.unit === 'share') return shareRange(alarm, update, value, report);
  if (!watchesNewFleetOnly(alarm)) {
    report(
      'warning',
      'both-fleets',
      'It watches both fleets: what the old one does can roll back the new one, and its good answers dilute the failures of the new one.',
      'Add the dimension EndpointConfigName of the new fleet.',
    );
  }
  if (bounds.unit === 'microseconds' && operator.startsWith('Greater') && threshold < 1000) {
    report(
      'warning',
      'unit-mistaken',
      `${alarm.MetricName} is measured in microseconds: ${threshold} is ${milliseconds(threshold / 1000)}, which nearly every model exceeds.`,
      `For ${threshold} ms use ${threshold * 1000}.`,
    );
  }
}

/** True of an alarm on failures, with this operator and threshold, while nothing fails. */
function firesAtZero(operator: string, threshold: number): boolean {
  if (operator === 'GreaterThanThreshold') return threshold < 0;
  if (operator === 'GreaterThanOrEqualToThreshold') return threshold <= 0;
  return operator.startsWith('Less');
}

/** The average of a metric that is 0 or 1 per request. */
function shareRange(alarm: MetricAlarm, update: GuardedUpdate, value: string, report: Report): void {
  const { Threshold: threshold = 0, ComparisonOperator: operator = '' } = alarm;
  const greatest = watchesNewFleetOnly(alarm) ? 1 : update.firstShare;
  const enough = operator === 'GreaterThanOrEqualToThreshold' ? greatest >= threshold : greatest > threshold;
  if (!enough) {
    return report(
      'blocking',
      'diluted-by-old-fleet',
      `It watches both fleets: with ${percent(update.firstShare)} of the requests on the new one, ${value} cannot pass ${percent(update.firstShare)} even when every one of them fails; it needs ${percent(threshold)}.`,
      'Add the dimension EndpointConfigName of the new fleet.',
    );
  }
  if (threshold >= 1) {
    return report(
      'blocking',
      'only-at-100-percent',
      `${value} ${showOperator(operator)} ${threshold} is true only when every single request of the period fails: the metric is 0 or 1 per request, so 1 is 100 %.`,
      'For 1 % use 0.01.',
    );
  }
  if (!watchesNewFleetOnly(alarm)) {
    report(
      'warning',
      'both-fleets',
      `It watches both fleets: the new one must fail ${percent(Math.min(1, threshold / update.firstShare))} of its requests before it fires in the first stage, and a failure of the old one rolls back the new.`,
      'Add the dimension EndpointConfigName of the new fleet.',
    );
  }
}

interface Bounds {
  low: number;
  high: number;
  unit: 'share' | 'microseconds' | 'other';
  /** Ends the sentence that a value can never be. */
  words: string;
}

/** What values the statistic of a metric can take at all. */
function valueBounds(alarm: MetricAlarm): Bounds {
  const metric = alarm.MetricName ?? '';
  const summed = alarm.Statistic === 'Sum' || alarm.Statistic === 'SampleCount';
  if (summed) return { low: 0, high: Number.POSITIVE_INFINITY, unit: 'other', words: ' (a count is never negative)' };
  if (ERROR_METRICS.has(metric))
    return { low: 0, high: 1, unit: 'share', words: ': it lies between 0 and 1, and 1 % is 0.01' };
  if (metric === 'ModelLatency') {
    return {
      low: 0,
      high: MAX_ANSWER_MS * 1000,
      unit: 'microseconds',
      words: ': SageMaker gives a model 60 s to answer, and the metric is in microseconds',
    };
  }
  if (metric === 'MemoryUtilization' || metric === 'DiskUtilization')
    return { low: 0, high: 100, unit: 'other', words: ' (it lies between 0 and 100 %)' };
  return { low: 0, high: Number.POSITIVE_INFINITY, unit: 'other', words: ' (it is never negative)' };
}

function reachable(operator: string, threshold: number, bounds: Bounds): boolean {
  if (operator === 'GreaterThanThreshold') return bounds.high > threshold;
  if (operator === 'GreaterThanOrEqualToThreshold') return bounds.high >= threshold;
  if (operator === 'LessThanThreshold') return bounds.low < threshold;
  if (operator === 'LessThanOrEqualToThreshold') return bounds.low <= threshold;
  return true;
}

/** A unit that SageMaker does not publish never has data. */
export function unit(alarm: MetricAlarm, report: Report): void {
  if (alarm.Unit === undefined) return;
  const right = unitOf(alarm.MetricName ?? '');
  if (alarm.Unit !== right) {
    report(
      'blocking',
      'wrong-unit',
      `It asks for ${alarm.MetricName} in ${alarm.Unit}; SageMaker publishes it in ${right}, and CloudWatch converts nothing: it never has data.`,
      'Leave the unit out.',
    );
  }
}

function unitOf(metric: string): string {
  if (metric.endsWith('Latency') || metric.endsWith('SetupTime')) return 'Microseconds';
  if (metric.endsWith('Utilization')) return 'Percent';
  return 'None';
}

/** With `ignore`, a percentile needs 10 / (1 - p) samples a period before the alarm may change its state at all. */
export function samples(alarm: MetricAlarm, report: Report): void {
  if (alarm.Statistic === 'SampleCount' && ERROR_METRICS.has(alarm.MetricName ?? '')) {
    report(
      'blocking',
      'counts-requests',
      `SampleCount of ${alarm.MetricName} counts requests, not failures: the metric has a sample (0 or 1) for each.`,
      'Use Sum or Average.',
    );
  }
  const rank = Number(/^p(\d+(\.\d+)?)$/.exec(alarm.ExtendedStatistic ?? '')?.[1]);
  if (alarm.EvaluateLowSampleCountPercentile !== 'ignore' || !Number.isFinite(rank)) return;
  // Rounded, since 100 - 99.9 is a little less than 0.1.
  const needed = Math.ceil(Number((1000 / Math.min(rank, 100 - rank)).toPrecision(9)));
  report(
    'warning',
    'too-few-samples',
    `EvaluateLowSampleCountPercentile is "ignore": with fewer than ${needed} requests a period its ${alarm.ExtendedStatistic} cannot fire.`,
    'Use "evaluate".',
  );
}

function watchesNewFleetOnly(alarm: MetricAlarm): boolean {
  return alarm.Dimensions?.some((dimension) => dimension.Name === 'EndpointConfigName') === true;
}

function showOperator(operator: string): string {
  return (
    {
      GreaterThanThreshold: '>',
      GreaterThanOrEqualToThreshold: '>=',
      LessThanThreshold: '<',
      LessThanOrEqualToThreshold: '<=',
    }[operator] ?? operator
  );
}
