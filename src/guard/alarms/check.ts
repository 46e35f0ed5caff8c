import type { Text } from '../../base/text.ts';
import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { suggestCorrection } from './suggest.ts';
import { DETECTION_DELAY_SECONDS, METRIC_PERIOD_SECONDS, secondsToFire } from './plan.ts';
import { range, samples, unit } from './range.ts';
import { ERROR_METRICS, type GuardedUpdate, type Report } from './types.ts';
import { showLimit } from './format.ts';
import type { Finding } from '../finding.ts';
import { duration, SECOND } from '../../base/units.ts';

export type { GuardedUpdate } from './types.ts';

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
  const report = (severity: Finding['severity'], check: string, message: string, next?: Text) => {
    found.push({ severity, check, subject, message, next, correction: undefined });
  };
  state(alarm, report);
  if (alarm.Metrics?.some(({ Expression }) => /ANOMALY_DETECTION_BAND/i.test(Expression ?? ''))) {
    report(
      'warning',
      'anomaly-band',
      "It compares with a band that CloudWatch learns from the metric's own past: of a fleet that has not run yet there is none, and until there is one the alarm has no data.",
      'Guard an update with a fixed threshold.',
    );
  } else if (alarm.MetricName === undefined) {
    report('note', 'metric-expression', 'It watches a metric expression: only its state and timing were examined.');
  } else if (rightMetric(alarm, report)) {
    dimensions(alarm, update, report);
    range(alarm, update, report);
    unit(alarm, report);
    samples(alarm, report);
  }
  timing(alarm, update, report);
  missingData(alarm, report);
  // An alarm on a fleet that is gone could fire, but has nothing to see: saying both would puzzle.
  if (found.every((finding) => finding.severity === 'note' && finding.check !== 'past-fleet')) {
    found.push({
      severity: 'ok',
      check: 'can-fire',
      subject,
      message: `It can fire: ${alarm.MetricName ?? 'its expression'} ${showLimit(alarm)} within ${duration((evaluated(alarm) + DETECTION_DELAY_SECONDS) * SECOND)}.`,
    });
  }
  const correction = found.some((finding) => finding.severity === 'blocking' || finding.severity === 'warning')
    ? suggestCorrection(alarm, update)
    : undefined;
  return found.map((finding, index) => (index === 0 ? { ...finding, correction } : finding));
}

/**
 * Whether an alarm of shadowctl's was made for an update that is over, on a fleet that no longer runs: what its state and
 * its rule are worth for the next update need not be asked, since that writes it anew.
 */
export function isLeftOver(
  alarm: MetricAlarm,
  { liveConfig, newConfig }: Pick<GuardedUpdate, 'liveConfig' | 'newConfig'>,
): boolean {
  const config = fleetOf(alarm);
  return config !== undefined && config !== liveConfig && config !== newConfig;
}

function fleetOf({ Dimensions = [] }: MetricAlarm): string | undefined {
  return Dimensions.find(({ Name }) => Name === 'EndpointConfigName')?.Value;
}

/** What is said of all those together; undefined where there is none. */
export function leftOver(alarms: readonly MetricAlarm[], endpoint: string): Finding | undefined {
  const [first] = alarms;
  if (first === undefined) return undefined;
  const configs = [...new Set(alarms.map(fleetOf))].join(' and ');
  const one = alarms.length === 1;
  return {
    severity: 'note',
    check: 'left-over',
    subject: `${one ? 'alarm' : 'alarms'} ${alarms.map(({ AlarmName }) => AlarmName ?? '').join(', ')}`,
    message: `${one ? 'It is' : 'They are'} left over from shadowctl's update to ${configs}, which ${endpoint} does not run: ${one ? 'it sees nothing now, and its state says nothing' : 'they see nothing now, and their states say nothing'}. The next canary or promote writes ${one ? 'it' : 'them'} anew; cleanup deletes ${one ? 'it' : 'them'}.`,
  };
}

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
    report('note', 'no-evaluation-yet', 'It has no data yet (INSUFFICIENT_DATA).');
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
    const alike = [...own].find((one) => squeezed(one) === squeezed(metric));
    if (other.has(metric))
      report(
        'blocking',
        'wrong-namespace',
        `SageMaker publishes ${metric} under ${place}, not under ${namespace}: this alarm never has data.`,
        `Use the namespace ${place}.`,
      );
    else if (alike !== undefined)
      report(
        'blocking',
        'misspelled-metric',
        `SageMaker publishes ${alike}, not ${metric}: this alarm never has data.`,
        `Use ${alike}.`,
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
      `It watches ${namespace} ${metric}, which is not a SageMaker metric: only its state and timing were examined.`,
    );
  }
  return false;
}

/** Names that differ in case or in an s are taken for one another. */
function squeezed(name: string): string {
  return name.toLowerCase().replaceAll('s', '');
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
        `It watches ${name} ${value}, but this update is of ${right}: it never sees the new fleet.`,
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

/** Can it gather its datapoints before the bake is over? */
function timing(alarm: MetricAlarm, update: GuardedUpdate, report: Report): void {
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
    const blind = needed > 1;
    report(
      blind ? 'blocking' : 'note',
      'period-below-resolution',
      `Its period is ${period} s, and SageMaker publishes once a minute${blind ? `: ${needed} periods in a row never have data` : ''}.`,
      'Use a period of 60 s (or MetricPublishFrequencyInSeconds in the endpoint config).',
    );
  }
}

/** What it makes of minutes without requests. */
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
      'Where there is no traffic it falls back to INSUFFICIENT_DATA; how SageMaker treats that is not documented.',
    );
  }
}

/** Seconds of data it needs. */
function evaluated(alarm: MetricAlarm): number {
  return (
    (alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods ?? 1) * Math.max(alarm.Period ?? 60, METRIC_PERIOD_SECONDS)
  );
}
