import type { MetricAlarm, PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import { DETECTION_DELAY_SECONDS, METRIC_PERIOD_SECONDS, secondsToFire } from './alarm-plan.ts';
import { showLimit } from './alarm-words.ts';
import type { Finding } from './finding.ts';
import { LONGEST_ANSWER_MS, percent, showMilliseconds, showSeconds } from './quantity.ts';

/** The update an alarm is to guard. */
export interface GuardedUpdate {
  endpoint: string;
  variant: string;
  /** The new fleet's config; undefined when only the endpoint as it stands is examined. */
  newConfig: string | undefined;
  /** The config that runs now. */
  liveConfig: string | undefined;
  /** The longest single bake, in seconds. */
  bakeSeconds: number;
  /** Share of the requests the new fleet takes in the first stage, 0 to 1. */
  firstShare: number;
  /** Requests a minute the endpoint serves; undefined when that is not known. */
  requestsPerMinute: number | undefined;
}

const ERROR_METRICS = new Set(['Invocation4XXErrors', 'Invocation5XXErrors', 'InvocationModelErrors']);
const INVOCATION_METRICS = new Set([
  ...ERROR_METRICS,
  'Invocations',
  'InvocationsPerInstance',
  'ModelLatency',
  'OverheadLatency',
  'ModelSetupTime',
]);
const INSTANCE_METRICS = new Set([
  'CPUUtilization',
  'MemoryUtilization',
  'DiskUtilization',
  'GPUUtilization',
  'GPUMemoryUtilization',
  'LoadedModelCount',
]);

/**
 * Everything that keeps one alarm from guarding an update: it can never fire, it fires without a fault, or it looks
 * elsewhere. Sources: facts 4.4 (AWS's published examples), 5 (metrics, units, dimensions).
 */
export function examineAlarm(alarm: MetricAlarm, update: GuardedUpdate): Finding[] {
  const subject = `alarm ${alarm.AlarmName ?? ''}`;
  const found: Finding[] = [];
  const report = (severity: Finding['severity'], check: string, message: string, next?: string) => {
    found.push({ severity, check, subject, message, next, correction: undefined });
  };
  state(alarm, report);
  if (alarm.MetricName === undefined) {
    report('note', 'metric-expression', 'It watches a metric expression: only its state and timing were examined.');
  } else if (rightMetric(alarm, report)) {
    dimensions(alarm, update, report);
    range(alarm, update, report);
    unit(alarm, report);
    samples(alarm, report);
  }
  timing(alarm, update, report);
  missingData(alarm, report);
  if (found.every((finding) => finding.severity === 'note')) {
    found.push({
      severity: 'ok',
      check: 'can-fire',
      subject,
      message: `It can fire: ${alarm.MetricName ?? 'its expression'} ${showLimit(alarm)} within ${showSeconds(evaluated(alarm) + DETECTION_DELAY_SECONDS)}.`,
    });
  }
  const correction = found.some((finding) => finding.severity === 'blocking' || finding.severity === 'warning')
    ? correct(alarm, update)
    : undefined;
  return found.map((finding, index) =>
    index === 0 && correction !== undefined ? { ...finding, correction } : finding,
  );
}

type Report = (severity: Finding['severity'], check: string, message: string, next?: string) => void;

function state(alarm: MetricAlarm, report: Report): void {
  if (alarm.StateValue === 'ALARM') {
    report(
      'blocking',
      'already-in-alarm',
      `It is in ALARM now${alarm.StateReason === undefined ? '' : ` (${alarm.StateReason.replace(/\.$/, '')})`}: an update guarded by it would be rolled back at once.`,
      'Wait until it is OK, or remove its cause.',
    );
  }
  if (alarm.StateValue === 'INSUFFICIENT_DATA') {
    report('note', 'no-evaluation-yet', 'It has no data to judge by yet (INSUFFICIENT_DATA).');
  }
}

/** A metric that does not exist never has data. */
function rightMetric(alarm: MetricAlarm, report: Report): boolean {
  const { Namespace: namespace = '', MetricName: metric = '' } = alarm;
  if (namespace === 'AWS/SageMaker' || namespace === '/aws/sagemaker/Endpoints') {
    const [own, other, place] =
      namespace === 'AWS/SageMaker'
        ? [INVOCATION_METRICS, INSTANCE_METRICS, '/aws/sagemaker/Endpoints']
        : [INSTANCE_METRICS, INVOCATION_METRICS, 'AWS/SageMaker'];
    if (own.has(metric)) return true;
    if (other.has(metric))
      report(
        'blocking',
        'wrong-namespace',
        `SageMaker publishes ${metric} under ${place}, not under ${namespace}: this alarm never has data.`,
        `Use the namespace ${place}.`,
      );
    else
      report(
        'warning',
        'unknown-metric',
        `SageMaker is not known to publish a metric ${metric} for real-time endpoints.`,
        `Known: ${[...own].join(', ')}.`,
      );
    return false;
  }
  if (/sagemaker/i.test(namespace)) {
    report(
      'blocking',
      'wrong-namespace',
      `There is no namespace ${namespace}: SageMaker publishes under AWS/SageMaker and /aws/sagemaker/Endpoints.`,
    );
  } else {
    report(
      'note',
      'own-metric',
      `It watches ${namespace} ${metric}, which is not SageMaker's: only its state and timing were examined.`,
    );
  }
  return false;
}

function dimensions(alarm: MetricAlarm, update: GuardedUpdate, report: Report): void {
  const given = new Map((alarm.Dimensions ?? []).map((dimension) => [dimension.Name ?? '', dimension.Value ?? '']));
  for (const [name, right] of [
    ['EndpointName', update.endpoint],
    ['VariantName', update.variant],
  ] as const) {
    const value = given.get(name);
    if (value === undefined) {
      report(
        'blocking',
        'missing-dimension',
        `It lacks the dimension ${name}: CloudWatch matches dimensions exactly, so it never has data.`,
        `Add ${name}=${right}.`,
      );
    } else if (value !== right) {
      report(
        'blocking',
        name === 'EndpointName' ? 'other-endpoint' : 'no-such-variant',
        `It watches ${name} ${value}, and this update is of ${right}: it never sees the new fleet.`,
        `Use ${name}=${right}.`,
      );
    }
  }
  const config = given.get('EndpointConfigName');
  if (config !== undefined && update.newConfig !== undefined && config !== update.newConfig) {
    const which = config === update.liveConfig ? 'the fleet being replaced' : 'a fleet that no longer runs';
    report(
      'blocking',
      'other-fleet',
      `It watches EndpointConfigName ${config}, which is ${which}: it never sees the new fleet.`,
      `Use EndpointConfigName=${update.newConfig}.`,
    );
  }
  if (config !== undefined && update.newConfig === undefined && config !== update.liveConfig) {
    report(
      'note',
      'past-fleet',
      `It watches EndpointConfigName ${config}, and the endpoint runs ${update.liveConfig}: it sees nothing now.`,
    );
  }
  const extra = [...given.keys()].filter(
    (name) => !['EndpointName', 'VariantName', 'EndpointConfigName'].includes(name),
  );
  if (extra.length > 0)
    report(
      'warning',
      'extra-dimension',
      `SageMaker publishes no series with the dimension ${extra.join(', ')} unless enhanced metrics are on.`,
    );
}

/** Can the statistic reach the threshold at all, and not without a fault? */
function range(alarm: MetricAlarm, update: GuardedUpdate, report: Report): void {
  const bounds = valueBounds(alarm);
  const { Threshold: threshold, ComparisonOperator: operator = '' } = alarm;
  if (bounds === undefined || threshold === undefined) return;
  const value = `${alarm.ExtendedStatistic ?? alarm.Statistic} of ${alarm.MetricName}`;
  if (!reachable(operator, threshold, bounds)) {
    const hint = bounds.unit === 'share' ? `: it lies between 0 and 1, and 1 % is 0.01` : ` ${bounds.words}`;
    return report(
      'blocking',
      'threshold-out-of-range',
      `${value} ${showOperator(operator)} ${threshold} can never be${hint}.`,
      `Use a threshold within its range.`,
    );
  }
  if (bounds.unit === 'share') return shareRange(alarm, update, value, report);
  if (!watchesNewFleetOnly(alarm)) {
    report(
      'warning',
      'both-fleets',
      'It watches both fleets: what the old one does rolls back the new one, and its good answers water the new one down.',
      'Add the dimension EndpointConfigName of the new fleet.',
    );
  }
  if (
    alarm.MetricName === 'ModelLatency' &&
    bounds.unit === 'microseconds' &&
    operator.startsWith('Greater') &&
    threshold < 1000
  ) {
    report(
      'warning',
      'unit-mistaken',
      `${alarm.MetricName} is measured in microseconds: ${threshold} is ${showMilliseconds(threshold / 1000)}, which nearly every model exceeds.`,
      `For ${threshold} ms use ${threshold * 1000}.`,
    );
  }
}

/** The average of a metric that is 0 or 1 per request. */
function shareRange(alarm: MetricAlarm, update: GuardedUpdate, value: string, report: Report): void {
  const threshold = alarm.Threshold ?? 0;
  const operator = alarm.ComparisonOperator ?? '';
  if (operator.startsWith('Less') || (operator === 'GreaterThanOrEqualToThreshold' && threshold <= 0)) {
    return report(
      'blocking',
      'fires-without-fault',
      `${value} ${showOperator(operator)} ${threshold} is true of a fleet without any failure: every update would be rolled back.`,
    );
  }
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
  words: string;
}

/** What values the statistic of a metric can take at all; undefined where there is no bound. */
function valueBounds(alarm: MetricAlarm): Bounds | undefined {
  const metric = alarm.MetricName ?? '';
  const summed = alarm.Statistic === 'Sum' || alarm.Statistic === 'SampleCount';
  if (summed) return { low: 0, high: Number.POSITIVE_INFINITY, unit: 'other', words: '(a count is never negative)' };
  if (ERROR_METRICS.has(metric)) return { low: 0, high: 1, unit: 'share', words: '' };
  if (metric === 'ModelLatency') {
    return {
      low: 0,
      high: LONGEST_ANSWER_MS * 1000,
      unit: 'microseconds',
      words: `: SageMaker gives a model 60 s to answer, and the metric is in microseconds`,
    };
  }
  if (metric === 'MemoryUtilization' || metric === 'DiskUtilization')
    return { low: 0, high: 100, unit: 'other', words: '(it lies between 0 and 100 %)' };
  return { low: 0, high: Number.POSITIVE_INFINITY, unit: 'other', words: '(it is never negative)' };
}

function reachable(operator: string, threshold: number, bounds: Bounds): boolean {
  if (operator === 'GreaterThanThreshold') return bounds.high > threshold;
  if (operator === 'GreaterThanOrEqualToThreshold') return bounds.high >= threshold;
  if (operator === 'LessThanThreshold') return bounds.low < threshold;
  if (operator === 'LessThanOrEqualToThreshold') return bounds.low <= threshold;
  return true;
}

function unit(alarm: MetricAlarm, report: Report): void {
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
  if (/Latency$|SetupTime$/.test(metric)) return 'Microseconds';
  if (metric.endsWith('Utilization')) return 'Percent';
  return 'None';
}

/** With `ignore`, a percentile needs 10 / (1 - p) samples a period before the alarm may change its state at all. */
function samples(alarm: MetricAlarm, report: Report): void {
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
  const needed = Math.ceil(10 / (rank >= 50 ? 1 - rank / 100 : rank / 100));
  report(
    'warning',
    'too-few-samples',
    `EvaluateLowSampleCountPercentile is "ignore": with fewer than ${needed} requests a period its ${alarm.ExtendedStatistic} cannot fire.`,
    'Use "evaluate".',
  );
}

function timing(alarm: MetricAlarm, update: GuardedUpdate, report: Report): void {
  const period = alarm.Period ?? METRIC_PERIOD_SECONDS;
  const needed = alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods ?? 1;
  const takes = secondsToFire(needed, Math.max(period, METRIC_PERIOD_SECONDS));
  if (takes > update.bakeSeconds) {
    report(
      'blocking',
      'longer-than-bake',
      `It needs ${needed} × ${showSeconds(period)} of data, and about ${showSeconds(DETECTION_DELAY_SECONDS)} until that is published and evaluated: ${showSeconds(takes)} in all, longer than the bake of ${showSeconds(update.bakeSeconds)}.`,
      `Bake at least ${showSeconds(takes)}${needed > 1 || period > METRIC_PERIOD_SECONDS ? ', or use fewer or shorter periods' : ''}.`,
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

function missingData(alarm: MetricAlarm, report: Report): void {
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

function evaluated(alarm: MetricAlarm): number {
  return (
    (alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods ?? 1) * Math.max(alarm.Period ?? 60, METRIC_PERIOD_SECONDS)
  );
}

function watchesNewFleetOnly(alarm: MetricAlarm): boolean {
  return (alarm.Dimensions ?? []).some((dimension) => dimension.Name === 'EndpointConfigName');
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

/** Stands in a corrected alarm where nobody has said yet what the new fleet's config will be called. */
export const UNKNOWN_CONFIG = 'CONFIG-OF-THE-NEW-FLEET';

/** The alarm as it should be: the same intention, on the new fleet, in a range and a time that let it fire. */
export function correct(alarm: MetricAlarm, update: GuardedUpdate): PutMetricAlarmCommandInput | undefined {
  const metric = alarm.MetricName ?? '';
  if (!ERROR_METRICS.has(metric) && metric !== 'ModelLatency') return undefined;
  const errors = ERROR_METRICS.has(metric);
  const threshold = alarm.Threshold ?? 1;
  // Who writes 1 means one per cent: the published examples say so in their comments.
  const rate = threshold >= 1 ? Math.min(threshold, 50) / 100 : threshold <= 0 ? 0.01 : threshold;
  const latency = threshold < 1000 ? threshold * 1000 : Math.min(threshold, (LONGEST_ANSWER_MS - 1) * 1000);
  const counted = errors && alarm.Statistic === 'Sum' && threshold >= 0;
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
    ComparisonOperator: counted ? (alarm.ComparisonOperator ?? 'GreaterThanThreshold') : 'GreaterThanThreshold',
    Period: METRIC_PERIOD_SECONDS,
    EvaluationPeriods: periods,
    DatapointsToAlarm: periods,
    TreatMissingData: 'notBreaching',
  };
}
