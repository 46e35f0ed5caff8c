import type { GetMetricDataOutput } from '@aws-sdk/client-cloudwatch';
import type { Context } from '../operation.ts';
import type { MetricDataQuery } from '../../world/cloudwatch/alarms/record.ts';
import { isUnbuiltFunction } from '../../world/cloudwatch/math/functions.ts';
import { MathProblem } from '../../world/cloudwatch/math/parse.ts';
import { type QueryResult, runQueries } from '../../world/cloudwatch/metrics/query.ts';
import { decodeToken, encodeToken } from '../paging.ts';
import { labelsOf } from './labels.ts';
import { checkQueries } from './queries.ts';
import { invalidNextToken, validationError } from './errors.ts';
import { AwsError } from '../../model/aws-error.ts';

interface Input {
  MetricDataQueries: MetricDataQuery[];
  StartTime: Date;
  EndTime: Date;
  NextToken?: string;
  ScanBy?: 'TimestampAscending' | 'TimestampDescending';
  MaxDatapoints?: number;
  LabelOptions?: { Timezone?: string };
}

/** "GetMetricData can return up to 100,800 data points." */
const MAX_DATAPOINTS = 100_800;

/** GetMetricData: statistics, percentiles and metric math; newest first unless asked otherwise. */
export const getMetricData = (context: Context, input: Input): GetMetricDataOutput => {
  const start = input.StartTime.getTime();
  const end = input.EndTime.getTime();
  if (start > end) throw validationError('The parameter EndTime must be greater than StartTime.');
  if (start === end) throw validationError('The parameter StartTime must not equal parameter EndTime.');
  const size = input.MaxDatapoints ?? MAX_DATAPOINTS;
  if (size < 1 || size > MAX_DATAPOINTS) {
    throw validationError(`The parameter MaxDatapoints must be between 1 and ${MAX_DATAPOINTS}.`);
  }
  const queries = input.MetricDataQueries;
  checkQueries(queries, 'MetricDataQueries');
  refuseUnbuilt(queries);
  const { clock, metrics, switches } = context.world;
  const results = run(() =>
    runQueries(metrics, context, queries, { startMs: start, endMs: end, now: clock.now() }, switches),
  );
  const named = labelsOf(queries, results, input.LabelOptions?.Timezone);
  const lines = queries
    .filter((query) => query.ReturnData !== false)
    .flatMap((query) =>
      (results.get(query.Id) ?? []).map((line, i) => ({
        id: query.Id,
        label: named.get(query.Id)?.[i] ?? line.label,
        line,
      })),
    );
  const { pages, next } = paged(
    lines.map(({ line }) => line.points.size),
    input.NextToken,
    size,
  );
  const descending = input.ScanBy !== 'TimestampAscending';
  return {
    MetricDataResults: lines.flatMap(({ id, label, line }, i) => {
      const page = pages[i];
      // A line that an earlier page showed in full is not shown again.
      if (page === undefined) return [];
      const points = [...line.points];
      if (descending) points.reverse();
      const shown = points.slice(page.from, page.to);
      return [
        {
          Id: id,
          Label: label,
          Timestamps: shown.map(([at]) => new Date(at)),
          Values: shown.map(([, value]) => value),
          StatusCode: page.to < points.length ? 'PartialData' : 'Complete',
          ...(line.units !== undefined && { Messages: [unitsMessage(line)] }),
        },
      ];
    }),
    Messages: [],
    ...(next !== undefined && { NextToken: next }),
  };
};

/**
 * Which part of each line a page shows. Lines are filled one after the other; a token names the line and the datapoint
 * where the next page begins.
 */
function paged(
  sizes: readonly number[],
  token: string | undefined,
  size: number,
): { pages: ({ from: number; to: number } | undefined)[]; next: string | undefined } {
  const begin = token === undefined ? { line: 0, from: 0 } : decode(token, sizes);
  let room = size;
  let next: string | undefined;
  const pages = sizes.map((points, line) => {
    if (line < begin.line || next !== undefined) return undefined;
    const from = line === begin.line ? begin.from : 0;
    const to = Math.min(points, from + room);
    room -= to - from;
    if (to < points || (room === 0 && sizes.slice(line + 1).some((other) => other > 0))) {
      next = encodeToken(JSON.stringify(to < points ? [line, to] : [line + 1, 0]));
    }
    return { from, to };
  });
  return { pages, next };
}

function decode(token: string, sizes: readonly number[]): { line: number; from: number } {
  try {
    const [line, from] = JSON.parse(decodeToken(token, invalidNextToken)) as [number, number];
    if (Number.isInteger(line) && Number.isInteger(from) && line >= 0 && line < sizes.length && from >= 0)
      return { line, from };
  } catch {
    // Not a token that this operation gave out: refused below.
  }
  throw invalidNextToken();
}

function unitsMessage(line: QueryResult): { Code: string; Value: string } {
  return { Code: 'MultipleUnits', Value: `Multiple units returned: '[${line.units?.join(', ')}]'` };
}

function refuseUnbuilt(queries: readonly MetricDataQuery[]): void {
  for (const { Expression: expression = '' } of queries) {
    if (/^\s*SELECT\s/i.test(expression)) {
      throw new AwsError('NotImplemented', `Metrics Insights is not built into this emulator: ${expression}`, {
        status: 501,
      });
    }
    for (const [, name = ''] of expression.matchAll(/([A-Z_]+)\s*\(/g)) {
      if (!isUnbuiltFunction(name)) continue;
      throw new AwsError('NotImplemented', `The metric math function ${name} is not built into this emulator.`, {
        status: 501,
      });
    }
  }
}

function run<T>(work: () => T): T {
  try {
    return work();
  } catch (problem) {
    if (problem instanceof MathProblem) throw validationError(problem.message);
    throw problem;
  }
}
