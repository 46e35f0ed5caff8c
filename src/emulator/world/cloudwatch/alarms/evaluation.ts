import type { AlarmSettings, Comparison, StateValue } from './record.ts';

/** One period of an alarm's evaluation range. */
export interface AlarmPoint {
  /** Start of the period, milliseconds since the epoch. */
  at: number;
  /** Undefined where the metric had no data. */
  value: number | undefined;
  sampleCount?: number;
}

export interface Evaluation {
  /** Undefined keeps the present state. */
  state: StateValue | undefined;
  /** The real datapoints that were looked at, newest first; at most EvaluationPeriods. */
  evaluated: AlarmPoint[];
  /** Missing datapoints that had to be filled in by TreatMissingData. */
  filled: number;
}

/** Does the value breach the threshold? */
export function breaches(comparison: Comparison, value: number, threshold: number): boolean {
  return COMPARISONS[comparison](value, threshold);
}

const COMPARISONS: Record<Comparison, (value: number, threshold: number) => boolean> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/**
 * Decides an alarm's state from its evaluation range, newest period first, as AWS's guide describes it: "Configuring how
 * CloudWatch alarms treat missing data" and "Avoiding premature transitions to alarm state"
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html).
 */
export function evaluateAlarm(
  settings: Pick<
    AlarmSettings,
    'EvaluationPeriods' | 'DatapointsToAlarm' | 'Threshold' | 'ComparisonOperator' | 'TreatMissingData'
  > &
    Pick<Partial<AlarmSettings>, 'ExtendedStatistic' | 'EvaluateLowSampleCountPercentile' | 'Namespace'>,
  range: readonly AlarmPoint[],
): Evaluation {
  const wanted = settings.EvaluationPeriods;
  const toAlarm = settings.DatapointsToAlarm ?? wanted;
  const existing = range.map((point, age) => ({ point, age })).filter(({ point }) => point.value !== undefined);
  const used = existing.slice(0, wanted);
  const evaluated = used.map(({ point }) => point);
  const filled = wanted - used.length;
  const decide = (state: StateValue | undefined): Evaluation => ({ state, evaluated, filled });

  if (tooFewSamples(settings, evaluated)) return decide(undefined);
  const isBreaching = (point: AlarmPoint) =>
    breaches(settings.ComparisonOperator, point.value as number, settings.Threshold);
  const breaching = evaluated.filter(isBreaching).length;
  if (breaching >= toAlarm) return decide('ALARM');
  if (filled === 0) return decide('OK');

  const treatment = settings.Namespace === 'AWS/DynamoDB' ? 'ignore' : (settings.TreatMissingData ?? 'missing');
  if (treatment === 'breaching') return decide(breaching + filled >= toAlarm ? 'ALARM' : 'OK');
  if (treatment === 'notBreaching') return decide('OK');
  if (breaching < evaluated.length) return decide('OK');
  // From here on every real datapoint, if there is one, is breaching, and they are too few.
  if (treatment === 'ignore') return decide(undefined);
  const oldest = used.at(-1);
  return decide(oldest !== undefined && oldest.age + 1 >= toAlarm ? 'ALARM' : 'INSUFFICIENT_DATA');
}

/** A percentile alarm that ignores what is statistically too little: under 10/(1-p) samples, or 10/p below the median. */
function tooFewSamples(
  settings: Pick<Partial<AlarmSettings>, 'ExtendedStatistic' | 'EvaluateLowSampleCountPercentile'>,
  evaluated: readonly AlarmPoint[],
): boolean {
  if (settings.EvaluateLowSampleCountPercentile !== 'ignore' || evaluated.length === 0) return false;
  const match = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(settings.ExtendedStatistic ?? '');
  if (match === null) return false;
  const p = Number(match[1]) / 100;
  const needed = p >= 0.5 ? 10 / (1 - p) : 10 / p;
  const samples = evaluated.reduce((sum, point) => sum + (point.sampleCount ?? 0), 0);
  // 10 / (1 - 0.99) is 999.9999999999991 in doubles.
  return samples < Math.round(needed * 1e6) / 1e6;
}
