import { MathProblem } from './parse.ts';
import { type MathScope, type TimeSeries, type Value, eachPoint, isSeries, withPoints } from './values.ts';

type MathFunction = (args: Value[], scope: MathScope) => Value;

/** AWS's metric math functions, as far as they are built (docs: "Using metric math"). */
export const FUNCTIONS: Record<string, MathFunction> = {
  ABS: pointwise(Math.abs),
  CEIL: pointwise(Math.ceil),
  FLOOR: pointwise(Math.floor),
  LOG: pointwise(Math.log),
  LOG10: pointwise(Math.log10),
  EPOCH: pointwise((_, at) => Math.floor(at / 1000)),
  MINUTE: pointwise((_, at) => new Date(at).getUTCMinutes()),
  HOUR: pointwise((_, at) => new Date(at).getUTCHours()),
  DATE: pointwise((_, at) => new Date(at).getUTCDate()),
  // Monday is 1.
  DAY: pointwise((_, at) => new Date(at).getUTCDay() || 7),
  MONTH: pointwise((_, at) => new Date(at).getUTCMonth() + 1),
  YEAR: pointwise((_, at) => new Date(at).getUTCFullYear()),
  SUM: aggregate((values) => values.reduce((a, b) => a + b, 0)),
  AVG: aggregate((values) => values.reduce((a, b) => a + b, 0) / values.length),
  MIN: aggregate((values) => values.reduce((a, b) => Math.min(a, b))),
  MAX: aggregate((values) => values.reduce((a, b) => Math.max(a, b))),
  STDDEV: aggregate(deviation),
  RATE: stepwise((value, before, seconds) => (value - before) / seconds),
  DIFF: stepwise((value, before) => value - before),
  DIFF_TIME: stepwise((_, __, seconds) => seconds),
  RUNNING_SUM: ([value]) => eachSeries(value, runningSum),
  DATAPOINT_COUNT: ([value]) => (isTimeSeries(value) ? value.points.size : wrong('DATAPOINT_COUNT', 'a time series')),
  METRIC_COUNT: ([value]) => (Array.isArray(value) ? value.length : wrong('METRIC_COUNT', 'an array of time series')),
  PERIOD: ([value]) => (isTimeSeries(value) ? value.period / 1000 : wrong('PERIOD', 'a time series')),
  METRICS: ([filter], scope) => scope.metrics(typeof filter === 'string' ? filter : ''),
  FIRST: ([value]) => seriesArray(value)[0] ?? wrong('FIRST', 'an array that is not empty'),
  LAST: ([value]) => seriesArray(value).at(-1) ?? wrong('LAST', 'an array that is not empty'),
  REMOVE_EMPTY: ([value]) => seriesArray(value).filter((series) => series.points.size > 0),
  SLICE: ([value, start, end]) =>
    seriesArray(value).slice(Number(start ?? 0), end === undefined ? Number(start ?? 0) + 1 : Number(end)),
  SORT: sortSeries,
  TIME_SERIES: ([value], scope) => {
    if (typeof value !== 'number') return wrong('TIME_SERIES', 'a number');
    const points = scope.times(scope.period).map((at) => [at, value] as const);
    return { label: 'TIME_SERIES', period: scope.period, points: new Map(points) };
  },
  FILL: ([value, filler], scope) => {
    if (filler === undefined) return wrong('FILL', 'what to fill in');
    return eachSeries(value, (series) => fill(series, filler, scope));
  },
  IF: choose,
};

/** True for a function of AWS's guide that is not built here. */
export function isUnbuiltFunction(name: string): boolean {
  return [
    'SEARCH',
    'ANOMALY_DETECTION_BAND',
    'INSIGHT_RULE_METRIC',
    'SERVICE_QUOTA',
    'DB_PERF_INSIGHTS',
    'LAMBDA',
  ].includes(name);
}

function pointwise(change: (value: number, at: number) => number): MathFunction {
  return ([value]) => (value === undefined ? wrong('The function', 'an argument') : eachPoint(value, change));
}

/** Of one series: a scalar. Of an array: a series over every time at which one of them has a datapoint. */
function aggregate(reduce: (values: number[]) => number): MathFunction {
  return (args) => {
    const series =
      args.length === 1
        ? args[0]
        : args.flatMap((arg) => (typeof arg === 'object' ? arg : wrong('An aggregate', 'time series')));
    if (typeof series === 'number') return series;
    if (isTimeSeries(series)) return series.points.size === 0 ? Number.NaN : reduce([...series.points.values()]);
    const all = seriesArray(series);
    const times = [...new Set(all.flatMap((one) => [...one.points.keys()]))].sort((a, b) => a - b);
    const points = times.map((at) => [at, reduce(all.flatMap((one) => one.points.get(at) ?? []))] as const);
    return withPoints({ label: all[0]?.label ?? '', period: all[0]?.period ?? 60_000, points: new Map() }, points);
  };
}

function deviation(values: number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** A value from each datapoint and the one before it, `seconds` apart; the first has none. */
function stepwise(step: (value: number, before: number, seconds: number) => number): MathFunction {
  return ([value]) =>
    eachSeries(value, (series) => {
      const points = [...series.points];
      return withPoints(
        series,
        points.slice(1).map(([at, point], i) => {
          const [earlier, before] = points[i] as [number, number];
          return [at, step(point, before, (at - earlier) / 1000)] as const;
        }),
      );
    });
}

function runningSum(series: TimeSeries): TimeSeries {
  let sum = 0;
  return withPoints(
    series,
    [...series.points].map(([at, value]) => {
      sum += value;
      return [at, sum] as const;
    }),
  );
}

/** FILL(series, number | REPEAT | LINEAR | series). */
function fill(series: TimeSeries, filler: Value, scope: MathScope): TimeSeries {
  const times = scope.times(series.period);
  const known = [...series.points];
  let last: number | undefined;
  let next = 0;
  const points = times.flatMap((at): [number, number][] => {
    const value = series.points.get(at);
    while (next < known.length && (known[next] as [number, number])[0] <= at) next += 1;
    if (value !== undefined) {
      last = value;
      return [[at, value]];
    }
    if (filler === 'REPEAT') return last === undefined ? [] : [[at, last]];
    if (filler === 'LINEAR') {
      const after = known[next];
      const before = known[next - 1];
      if (after === undefined || before === undefined) return [];
      return [[at, before[1] + ((after[1] - before[1]) * (at - before[0])) / (after[0] - before[0])]];
    }
    if (typeof filler === 'number') return [[at, filler]];
    if (isTimeSeries(filler)) {
      const other = filler.points.get(at);
      return other === undefined ? [] : [[at, other]];
    }
    return wrong('FILL', 'a number, REPEAT or LINEAR');
  });
  return withPoints(series, points);
}

function choose([condition, whenTrue, whenFalse]: Value[]): Value {
  if (condition === undefined || whenTrue === undefined) return wrong('IF', 'a condition and a value');
  if (typeof condition === 'number') {
    const chosen = condition !== 0 ? whenTrue : whenFalse;
    return chosen ?? wrong('IF', 'a value for a condition that is false');
  }
  return eachSeries(condition, (series) => {
    const points = [...series.points].flatMap(([at, is]): [number, number][] => {
      const branch = is !== 0 ? whenTrue : whenFalse;
      const value = isTimeSeries(branch) ? branch.points.get(at) : branch;
      return typeof value === 'number' ? [[at, value]] : [];
    });
    const like = [whenTrue, whenFalse].find(isTimeSeries) ?? series;
    return withPoints(like, points);
  });
}

/** SORT(array, SUM | AVG | MIN | MAX | STDDEV as text, ASC | DESC as text, limit). */
function sortSeries([value, by, order, limit]: Value[], scope: MathScope): Value {
  const measure = FUNCTIONS[typeof by === 'string' ? by : 'AVG'];
  if (measure === undefined) return wrong('SORT', "'AVG', 'SUM', 'MIN', 'MAX' or 'STDDEV'");
  const key = (series: TimeSeries) => Number(measure([series], scope));
  const sorted = [...seriesArray(value)].sort((a, b) => key(a) - key(b));
  if (order === 'DESC') sorted.reverse();
  return typeof limit === 'number' ? sorted.slice(0, limit) : sorted;
}

function eachSeries(value: Value | undefined, change: (series: TimeSeries) => TimeSeries): Value {
  if (isTimeSeries(value)) return change(value);
  return seriesArray(value).map(change);
}

function seriesArray(value: Value | undefined): TimeSeries[] {
  if (Array.isArray(value)) return value;
  if (isTimeSeries(value)) return [value];
  return wrong('The function', 'a time series');
}

function isTimeSeries(value: Value | undefined): value is TimeSeries {
  return value !== undefined && isSeries(value);
}

function wrong(what: string, wants: string): never {
  throw new MathProblem(`${what} needs ${wants}`);
}
