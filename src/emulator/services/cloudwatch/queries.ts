import type { MetricDataQuery } from '../../world/cloudwatch/alarms/record.ts';
import { isStatistic } from '../../world/cloudwatch/metrics/statistics.ts';
import { validationError } from './errors.ts';

const MAX_QUERIES = 500;

/** The rules of a list of metric data queries beyond their shape; `path` is how AWS calls the list. */
export function checkQueries(queries: readonly MetricDataQuery[], path: string): void {
  if (queries.length > MAX_QUERIES) {
    throw validationError(`The collection ${path} must not have a size greater than ${MAX_QUERIES}.`);
  }
  const ids = new Set(queries.map((query) => query.Id));
  if (ids.size !== queries.length) throw validationError(`The values for parameter id in ${path} are not unique.`);
  queries.forEach((query, i) => checkQuery(query, `${path}.member.${i + 1}`));
  if (queries.every((query) => query.ReturnData === false)) {
    throw validationError(`At least one of the ${path} must have ReturnData set to true.`);
  }
}

/** May a metric be read with this period? 1, 5, 10, 20 and 30 seconds, or whole minutes. */
export function isPeriod(seconds: number): boolean {
  return [1, 5, 10, 20, 30].includes(seconds) || (seconds > 0 && seconds % 60 === 0);
}

function checkQuery(query: MetricDataQuery, at: string): void {
  if (!/^[a-z][a-zA-Z0-9_]*$/.test(query.Id)) {
    throw validationError(
      `The value ${query.Id} for parameter ${at}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`,
    );
  }
  if (query.MetricStat === undefined && query.Expression === undefined) {
    throw validationError(
      `The parameters ${at}.MetricStat and ${at}.Expression are both missing; one of them is required.`,
    );
  }
  if (query.MetricStat !== undefined && query.Expression !== undefined) {
    throw validationError(
      `The parameters ${at}.MetricStat and ${at}.Expression are mutually exclusive and you have specified both.`,
    );
  }
  const stat = query.MetricStat;
  if (stat === undefined) {
    if (query.Period !== undefined && !isPeriod(query.Period)) throw badPeriod(`${at}.Period`);
    return;
  }
  if (stat.Metric.Namespace === undefined)
    throw validationError(`The parameter ${at}.MetricStat.Metric.Namespace is required.`);
  if (stat.Metric.MetricName === undefined)
    throw validationError(`The parameter ${at}.MetricStat.Metric.MetricName is required.`);
  if (!isPeriod(stat.Period)) throw badPeriod(`${at}.MetricStat.Period`);
  if (!isStatistic(stat.Stat))
    throw validationError(`The value ${stat.Stat} for parameter ${at}.MetricStat.Stat is not supported.`);
}

function badPeriod(parameter: string): Error {
  return validationError(`The parameter ${parameter} must be a valid period: 1, 5, 10, 20, 30 or a multiple of 60.`);
}
