import type { MetricDataQuery } from '../alarms/record.ts';
import { compute } from '../math/math.ts';
import { type Node, idsIn, MathProblem, parseExpression } from '../math/parse.ts';
import { type MathScope, type TimeSeries, type Value, isSeries } from '../math/values.ts';
import type { Switches } from '../../options.ts';
import { isComputed } from './computed.ts';
import { statisticOf } from './statistics.ts';
import type { Datapoint, MetricStore, Series } from './metrics.ts';

/** What is asked for: periods that start in [startMs, endMs), seen as at `now`. */
interface QueryWindow {
  startMs: number;
  endMs: number;
  now: number;
  /** Where periods are counted from; the epoch when left out. */
  originMs?: number;
}

/** One line of a result: an expression may give several. */
export interface QueryResult extends TimeSeries {
  /** Samples behind each datapoint; only of queries that fetch a metric. */
  samples?: ReadonlyMap<number, number>;
  /** Set when data came in several units and one was chosen, as CloudWatch does. */
  units?: string[];
}

type ReadUnit = (
  series: Series,
  unit: string | undefined,
  window: QueryWindow & { periodSeconds: number },
) => { points: Datapoint[]; units: string[] };

/** Average and percentiles of one metric are usually asked for together: its data is unpacked once. */
function readingOnce(metrics: MetricStore): ReadUnit {
  const known = new Map<string, ReturnType<ReadUnit>>();
  return (series, unit, window) => {
    const key = JSON.stringify([series, unit, window.startMs, window.endMs, window.periodSeconds]);
    let found = known.get(key);
    if (found === undefined) {
      found = readOneUnit(metrics, series, unit, window);
      known.set(key, found);
    }
    return found;
  };
}

/** Data of one unit, or of the first unit by name where there are several (as was observed on AWS). */
function readOneUnit(
  metrics: MetricStore,
  series: Series,
  unit: string | undefined,
  window: QueryWindow & { periodSeconds: number },
): { points: Datapoint[]; units: string[] } {
  const found = (unit === undefined ? metrics.unitsOf(series).sort() : [unit])
    .map((one) => ({ unit: one, points: metrics.read(series, { ...window, unit: one }) }))
    .filter(({ points }) => points.length > 0);
  return { points: found[0]?.points ?? [], units: found.map((one) => one.unit) };
}

/**
 * Answers metric data queries: each id with its lines. An expression may name any other query. Throws MathProblem with
 * the id of the query in its message.
 */
export function runQueries(
  metrics: MetricStore,
  place: { account: string; region: string },
  queries: readonly MetricDataQuery[],
  window: QueryWindow,
  switches: Pick<Switches, 'percentiles' | 'rankStatistics'>,
): Map<string, QueryResult[]> {
  const fetched = new Map<string, QueryResult>();
  const read = readingOnce(metrics);
  for (const query of queries)
    if (query.MetricStat !== undefined) fetched.set(query.Id, fetch(read, place, query, window, switches));
  const parsed = new Map<string, Node>();
  for (const query of queries) {
    if (query.Expression !== undefined)
      parsed.set(
        query.Id,
        named(query.Id, () => parseExpression(query.Expression as string)),
      );
  }
  const shortest = Math.min(
    ...[...fetched.values()].map((result) => result.period),
    ...queries.map((query) => (query.Period ?? Infinity) * 1000),
  );
  const period = Number.isFinite(shortest) ? shortest : 60_000;
  const done = new Map<string, Value>();
  const under: string[] = [];

  const scope: MathScope = {
    period,
    lookup: (id) => fetched.get(id) ?? (parsed.has(id) ? computed(id) : undefined),
    metrics: (filter) => [...fetched].filter(([id]) => id.includes(filter)).map(([, series]) => series),
    times: (step) => timesOf(window, step),
  };
  const computed = (id: string): Value => {
    const ready = done.get(id);
    if (ready !== undefined) return ready;
    if (under.includes(id)) throw new MathProblem(`Circular reference: ${[...under, id].join(' -> ')}`);
    under.push(id);
    const value = compute(parsed.get(id) as Node, scope);
    under.pop();
    done.set(id, value);
    return value;
  };

  return new Map(
    queries.map((query) => {
      const single = fetched.get(query.Id);
      if (single !== undefined) return [query.Id, [single]] as const;
      return [query.Id, named(query.Id, () => lines(query, computed(query.Id)))] as const;
    }),
  );
}

/** Ids that an expression refers to; throws MathProblem when it cannot be read. */
export function referencesOf(expression: string): string[] {
  return idsIn(parseExpression(expression)).filter((id) => id !== 'REPEAT' && id !== 'LINEAR');
}

function fetch(
  read: ReadUnit,
  place: { account: string; region: string },
  query: MetricDataQuery,
  window: QueryWindow,
  switches: Pick<Switches, 'percentiles' | 'rankStatistics'>,
): QueryResult {
  const stat = query.MetricStat as NonNullable<MetricDataQuery['MetricStat']>;
  const series: Series = {
    ...place,
    namespace: stat.Metric.Namespace ?? '',
    name: stat.Metric.MetricName ?? '',
    dimensions: stat.Metric.Dimensions ?? [],
  };
  const { points, units } = read(series, stat.Unit, {
    ...window,
    ...aligned(window, stat.Period * 1000),
    periodSeconds: stat.Period,
  });
  const values = new Map<number, number>();
  const samples = new Map<number, number>();
  for (const point of isComputed(switches, series.namespace, stat.Stat) ? points : []) {
    const value = statisticOf(point, stat.Stat);
    if (value === undefined) continue;
    values.set(point.at, value);
    samples.set(point.at, point.count);
  }
  return {
    label: query.Label ?? series.name,
    period: stat.Period * 1000,
    points: values,
    samples,
    ...(units.length > 1 && { units }),
  };
}

/** The lines of an expression's value; an array's lines keep their own labels. */
function lines(query: MetricDataQuery, value: Value): QueryResult[] {
  if (isSeries(value)) return [{ label: query.Label ?? query.Id, period: value.period, points: value.points }];
  if (Array.isArray(value)) {
    return value.map(({ label, period, points }) => ({
      label: query.Label === undefined ? label : `${query.Label} ${label}`,
      period,
      points,
    }));
  }
  throw new MathProblem(
    'The result of an expression must be a time series or an array of time series, not a single value',
  );
}

function timesOf(window: QueryWindow, step: number): number[] {
  const { startMs } = aligned(window, step);
  const times: number[] = [];
  for (let at = startMs; at < Math.min(window.endMs, window.now); at += step) times.push(at);
  return times;
}

/**
 * Start rounded down to the minute (to the period, where that is shorter): periods are counted from there, as AWS
 * documents it for StartTime and its CLI's example for get-metric-statistics shows (hours from 23:18 on), not from the
 * full hour.
 */
export function aligned(
  window: { startMs: number; originMs?: number },
  step: number,
): { startMs: number; originMs: number } {
  const grid = Math.min(step, 60_000);
  const startMs = Math.floor(window.startMs / grid) * grid;
  return { startMs, originMs: window.originMs ?? startMs };
}

function named<T>(id: string, work: () => T): T {
  try {
    return work();
  } catch (problem) {
    if (!(problem instanceof MathProblem)) throw problem;
    throw problem.message.startsWith('Error in expression')
      ? problem
      : new MathProblem(`Error in expression '${id}' [${problem.message}]`);
  }
}
