import type { ComparisonOperator, EvaluationCriteria, StandardUnit } from '@aws-sdk/client-cloudwatch';
import { MathProblem } from '../../world/cloudwatch/math/parse.ts';
import { referencesOf } from '../../world/cloudwatch/metrics/query.ts';
import { isExtendedStatistic } from '../../world/cloudwatch/metrics/statistics.ts';
import type { AlarmSettings, Dimension, MetricDataQuery } from '../../world/cloudwatch/alarms/record.ts';
import { checkQueries } from './queries.ts';
import { invalidParameterCombination, invalidParameterValue, missingParameter, validationError } from './errors.ts';

/** PutMetricAlarm's members. */
export interface PutMetricAlarmInput {
  AlarmName: string;
  AlarmDescription?: string;
  ActionsEnabled?: boolean;
  OKActions?: string[];
  AlarmActions?: string[];
  InsufficientDataActions?: string[];
  MetricName?: string;
  Namespace?: string;
  Statistic?: NonNullable<AlarmSettings['Statistic']>;
  ExtendedStatistic?: string;
  Dimensions?: Dimension[];
  Period?: number;
  Unit?: StandardUnit;
  EvaluationPeriods?: number;
  DatapointsToAlarm?: number;
  Threshold?: number;
  ComparisonOperator?: ComparisonOperator;
  TreatMissingData?: string;
  EvaluateLowSampleCountPercentile?: string;
  Metrics?: MetricDataQuery[];
  Tags?: { Key: string; Value: string }[];
  ThresholdMetricId?: string;
  EvaluationCriteria?: EvaluationCriteria;
  EvaluationInterval?: number;
}

const TREATMENTS = ['breaching', 'notBreaching', 'ignore', 'missing'];
const DAY = 86_400;

/** PutMetricAlarm's rules between members; throws in CloudWatch's words where they are known. */
export function checkAlarm(input: PutMetricAlarmInput): void {
  if (input.EvaluationPeriods === undefined) throw missing('EvaluationPeriods');
  if (input.ComparisonOperator === undefined) throw missing('ComparisonOperator');
  if (input.Threshold === undefined) throw missing('Threshold');
  if (!Number.isFinite(input.Threshold))
    throw invalidParameterValue(`The value ${input.Threshold} for parameter Threshold is invalid.`);
  const treatment = input.TreatMissingData;
  if (treatment !== undefined && !TREATMENTS.includes(treatment)) {
    throw validationError(
      `The value ${treatment} is not supported for TreatMissingData parameter. Supported values are [${TREATMENTS.join(', ')}].`,
    );
  }
  if (input.DatapointsToAlarm !== undefined && input.DatapointsToAlarm > input.EvaluationPeriods) {
    throw validationError(
      `DatapointsToAlarm (${input.DatapointsToAlarm}) must be less than or equal to EvaluationPeriods (${input.EvaluationPeriods}).`,
    );
  }
  const low = input.EvaluateLowSampleCountPercentile;
  if (low !== undefined && low !== 'evaluate' && low !== 'ignore') {
    throw validationError(
      `Option ${low} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore.`,
    );
  }
  if (input.Metrics !== undefined) checkMetrics(input, input.Metrics);
  else checkMetric(input);
}

/** An alarm on one metric. */
function checkMetric(input: PutMetricAlarmInput): void {
  if (input.MetricName === undefined) throw missing('MetricName');
  if (input.Namespace === undefined) throw missing('Namespace');
  if (input.Period === undefined) throw missing('Period');
  const { Statistic: statistic, ExtendedStatistic: extended } = input;
  if (statistic !== undefined && extended !== undefined) {
    throw invalidParameterCombination(
      'The parameters Statistic and ExtendedStatistic are mutually exclusive and you have specified both.',
    );
  }
  if (statistic === undefined && extended === undefined) throw missing('Statistic or ExtendedStatistic');
  if (extended !== undefined && !isExtendedStatistic(extended)) {
    throw invalidParameterValue(`The value ${extended} for parameter ExtendedStatistic is not supported.`);
  }
  checkPeriod(input.Period, input.EvaluationPeriods as number);
}

/** An alarm on a metric math expression. */
function checkMetrics(input: PutMetricAlarmInput, metrics: NonNullable<PutMetricAlarmInput['Metrics']>): void {
  for (const name of [
    'MetricName',
    'Namespace',
    'Statistic',
    'ExtendedStatistic',
    'Dimensions',
    'Period',
    'Unit',
  ] as const) {
    if (input[name] === undefined || (name === 'Dimensions' && input.Dimensions?.length === 0)) continue;
    throw validationError(`The parameters Metrics and ${name} are mutually exclusive and you have specified both.`);
  }
  if (metrics.length === 0) throw missing('Metrics');
  checkQueries(metrics, 'Metrics');
  const returned = metrics.filter((query) => query.ReturnData !== false);
  if (returned.length !== 1) {
    throw validationError(`Exactly one element of the metrics list should return data, but ${returned.length} do.`);
  }
  const periods = new Set(metrics.flatMap((query) => query.MetricStat?.Period ?? []));
  if (periods.size > 1) throw validationError('All metrics of an alarm must have the same Period.');
  const ids = metrics.map((query) => query.Id);
  for (const { Id, Expression } of metrics) {
    if (Expression === undefined) continue;
    for (const name of references(Id, Expression)) {
      if (!ids.includes(name)) throw validationError(`Error in expression '${Id}' [Unknown identifier '${name}']`);
    }
  }
  checkPeriod(
    [...periods][0] ?? metrics.find((query) => query.Period !== undefined)?.Period ?? 60,
    input.EvaluationPeriods as number,
  );
}

function references(id: string, expression: string): string[] {
  try {
    return referencesOf(expression);
  } catch (problem) {
    if (problem instanceof MathProblem) throw validationError(`Error in expression '${id}' [${problem.message}]`);
    throw problem;
  }
}

/** "An alarm's total current evaluation period can be no longer than one day", seven days for periods of an hour and more. */
function checkPeriod(period: number, periods: number): void {
  if (![10, 20, 30].includes(period) && period % 60 !== 0)
    throw validationError('Period must be 10, 20, 30 or a multiple of 60');
  const most = period >= 3600 ? 7 * DAY : DAY;
  if (period * periods > most) {
    throw validationError(
      `Metrics cannot be checked across more than ${most === DAY ? 'a day' : '7 days'} (EvaluationPeriods * Period must be <= ${most}).`,
    );
  }
}

function missing(parameter: string): Error {
  return missingParameter(`The parameter ${parameter} is required.`);
}
