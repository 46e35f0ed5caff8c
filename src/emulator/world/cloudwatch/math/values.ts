import { MathProblem } from './parse.ts';

/** A time series: value by time (ms), oldest first. */
export interface TimeSeries {
  label: string;
  /** Milliseconds. */
  period: number;
  points: ReadonlyMap<number, number>;
}

/** What an expression may be in between: AWS's S (scalar), TS, TS[], and text for options. */
export type Value = number | string | TimeSeries | TimeSeries[];

export interface MathScope {
  /** The result of another query; undefined when there is none of that id. */
  lookup(id: string): Value | undefined;
  /** The results of all queries that fetch a metric, whose id contains `filter`. */
  metrics(filter: string): TimeSeries[];
  /** Times of all periods of the request, for FILL and TIME_SERIES. */
  times(period: number): number[];
  /** Milliseconds: the shortest period among the request's metrics. */
  period: number;
}

/** Is the value of an expression one time series, not a number or a list of series? */
export function isSeries(value: Value): value is TimeSeries {
  return typeof value === 'object' && !Array.isArray(value);
}

/** A series with other points; a value that is not finite is not a datapoint. */
export function withPoints(series: TimeSeries, points: Iterable<readonly [number, number]>): TimeSeries {
  return { ...series, points: new Map([...points].filter(([, value]) => Number.isFinite(value))) };
}

/** Applies a function to a scalar, or to every datapoint. */
export function eachPoint(value: Value, change: (value: number, at: number) => number): Value {
  if (typeof value === 'number') return change(value, 0);
  if (typeof value === 'string') throw new MathProblem(`Unexpected text '${value}'`);
  if (Array.isArray(value)) return value.map((series) => eachPoint(series, change) as TimeSeries);
  return withPoints(
    value,
    [...value.points].map(([at, point]) => [at, change(point, at)] as const),
  );
}
