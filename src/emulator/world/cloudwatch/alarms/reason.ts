import { type AlarmPoint, type Evaluation, breaches } from './evaluation.ts';
import { type AlarmSettings, type Comparison, type StateValue, periodOf } from './record.ts';

/** More datapoints than this are reported in a sentence of their own. */
const MAX_LISTED = 5;

const WORDS: Record<Comparison, string> = {
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  GreaterThanThreshold: 'greater than',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
};

/**
 * StateReason in CloudWatch's words, as seen in real accounts: with DatapointsToAlarm `1 out of the last 1 datapoints
 * […] was … (minimum 1 datapoint for OK -> ALARM transition)`, without it `1 datapoint […] was …`.
 */
export function stateReason(settings: AlarmSettings, evaluation: Evaluation, state: StateValue): string {
  const { evaluated, filled } = evaluation;
  const periods = settings.EvaluationPeriods;
  const treatment = { breaching: 'Breaching', notBreaching: 'NonBreaching' }[settings.TreatMissingData ?? ''];
  if (state === 'INSUFFICIENT_DATA')
    return `Insufficient Data: ${counted(filled, 'datapoint')} ${were(filled)} unknown.`;
  const treated =
    filled === 0 || treatment === undefined
      ? ''
      : ` and ${counted(filled, 'missing datapoint')} ${were(filled)} treated as [${treatment}]`;
  if (evaluated.length === 0) {
    return `Threshold Crossed: no datapoints were received for ${counted(periods, 'period')}${treated}.`;
  }
  const isBreaching = (point: AlarmPoint) =>
    breaches(settings.ComparisonOperator, point.value as number, settings.Threshold);
  const decisive = evaluated.filter((point) => isBreaching(point) === (state === 'ALARM'));
  // Filled datapoints alone may decide: then the real ones are reported as they are.
  const reported = decisive.length > 0 ? decisive : evaluated;
  const not = isBreaching(reported[0] as AlarmPoint) ? '' : 'not ';
  const comparison = `${were(reported.length)} ${not}${WORDS[settings.ComparisonOperator]} the threshold (${javaDouble(settings.Threshold)})`;
  const list = `[${reported.slice(0, MAX_LISTED).map(pointText).join(', ')}]`;
  const toAlarm = settings.DatapointsToAlarm;
  const needed = state === 'ALARM' ? (toAlarm ?? periods) : periods - (toAlarm ?? periods) + 1;
  const direction = state === 'ALARM' ? 'OK -> ALARM' : 'ALARM -> OK';
  const minimum = toAlarm === undefined ? '' : ` (minimum ${counted(needed, 'datapoint')} for ${direction} transition)`;
  const subject =
    toAlarm === undefined
      ? counted(reported.length, 'datapoint')
      : `${reported.length} out of the last ${periods} datapoints`;
  if (reported.length >= MAX_LISTED) {
    const crossed = state === 'ALARM' ? 'crossed' : 'did not cross';
    const recent = `The most recent datapoints which ${crossed} the threshold: ${list}`;
    return `Threshold Crossed: ${subject} ${comparison}${treated}. ${recent}${minimum}.`;
  }
  return `Threshold Crossed: ${subject} ${list} ${comparison}${treated}${minimum}.`;
}

/** StateReasonData: JSON with members and number format (`1.0`) as CloudWatch writes them. */
export function stateReasonData(
  settings: AlarmSettings,
  evaluation: Evaluation,
  at: number,
  range: readonly AlarmPoint[],
): string {
  const { evaluated, filled } = evaluation;
  const missing = range.filter((point) => point.value === undefined).slice(0, filled);
  const points = [...evaluated, ...missing].sort((a, b) => b.at - a.at);
  const oldest = evaluated.at(-1);
  const members = [
    '"version":"1.0"',
    `"queryDate":"${stamp(at)}"`,
    ...(oldest === undefined ? [] : [`"startDate":"${stamp(oldest.at)}"`]),
    ...(settings.Unit === undefined ? [] : [`"unit":${JSON.stringify(settings.Unit)}`]),
    ...(settings.Metrics === undefined
      ? [`"statistic":${JSON.stringify(settings.Statistic ?? settings.ExtendedStatistic)}`]
      : []),
    `"period":${periodOf(settings)}`,
    `"recentDatapoints":[${[...evaluated]
      .toReversed()
      .map((point) => javaDouble(point.value as number))
      .join(',')}]`,
    `"threshold":${javaDouble(settings.Threshold)}`,
    `"evaluatedDatapoints":[${points.map(evaluatedPoint).join(',')}]`,
  ];
  return `{${members.join(',')}}`;
}

/** A double as Java prints it: `1.0`, `0.02`, `1.0E7`, `1.0E-4`. */
export function javaDouble(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-3 && size < 1e7)) {
    const text = String(value);
    return /[.e]/.test(text) ? text : `${text}.0`;
  }
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}

/** ISO time as CloudWatch writes it into JSON: `2026-01-05T09:00:00.000+0000`. */
export function stamp(at: number): string {
  return new Date(at).toISOString().replace('Z', '+0000');
}

function evaluatedPoint(point: AlarmPoint): string {
  const samples = point.sampleCount === undefined ? '' : `,"sampleCount":${javaDouble(point.sampleCount)}`;
  const value = point.value === undefined ? '' : `${samples},"value":${javaDouble(point.value)}`;
  return `{"timestamp":"${stamp(point.at)}"${value}}`;
}

/** `1.0 (18/09/26 23:29:00)`: day, month, year. */
function pointText(point: AlarmPoint): string {
  const [date = '', time = ''] = new Date(point.at).toISOString().split('T');
  return `${javaDouble(point.value as number)} (${date.slice(2).split('-').toReversed().join('/')} ${time.slice(0, 8)})`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function were(count: number): string {
  return count === 1 ? 'was' : 'were';
}
