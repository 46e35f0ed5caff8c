import type { MetricDataQuery } from '../../world/cloudwatch/alarms/record.ts';
import type { QueryResult } from '../../world/cloudwatch/metrics/query.ts';

/**
 * The label of each line of each query. Without a label of its own a metric is called by its name, with the statistic
 * and the period after it where these distinguish the request's queries (as observed on AWS).
 */
export function labelsOf(
  queries: readonly MetricDataQuery[],
  results: ReadonlyMap<string, readonly QueryResult[]>,
  timezone: string | undefined,
): Map<string, string[]> {
  const plain = queries.filter((query) => query.MetricStat !== undefined && query.Label === undefined);
  const differ = (pick: (stat: NonNullable<MetricDataQuery['MetricStat']>) => unknown) =>
    new Set(plain.map((query) => pick(query.MetricStat as NonNullable<MetricDataQuery['MetricStat']>))).size > 1;
  const oneName = !differ((stat) => stat.Metric.MetricName);
  const byStat = oneName && differ((stat) => stat.Stat);
  const byPeriod = oneName && differ((stat) => stat.Period);
  return new Map(
    queries.map((query) => [
      query.Id,
      (results.get(query.Id) ?? []).map((line) => {
        const stat = query.MetricStat;
        if (query.Label !== undefined) return dynamic(line.label, query, line, timezone);
        if (stat === undefined) return line.label;
        return [stat.Metric.MetricName, ...(byStat ? [stat.Stat] : []), ...(byPeriod ? [stat.Period] : [])].join(' ');
      }),
    ]),
  );
}

/** Fills in dynamic labels: `${LAST}`, `${MAX_TIME}`, `${PROP('Stat')}` and so on (docs: "Using dynamic labels"). */
function dynamic(label: string, query: MetricDataQuery, line: QueryResult, timezone: string | undefined): string {
  if (!label.includes('${')) return label;
  const points = [...line.points];
  const by = (better: (a: number, b: number) => boolean) =>
    points.reduce<[number, number] | undefined>(
      (best, point) => (best === undefined || better(point[1], best[1]) ? point : best),
      undefined,
    );
  const sum = points.reduce((total, [, value]) => total + value, 0);
  const found: Record<string, [number, number] | undefined> = {
    FIRST: points[0],
    LAST: points.at(-1),
    MIN: by((a, b) => a < b),
    MAX: by((a, b) => a > b),
  };
  return label.replaceAll(/\$\{([^}]*)\}/g, (whole: string, name: string) => {
    if (name === 'LABEL') return query.MetricStat?.Metric.MetricName ?? query.Id;
    if (name === 'DATAPOINT_COUNT') return String(points.length);
    if (name === 'SUM') return points.length === 0 ? '--' : rounded(sum);
    if (name === 'AVG') return points.length === 0 ? '--' : rounded(sum / points.length);
    const property = /^PROP\('(.+)'\)$/.exec(name)?.[1];
    if (property !== undefined) return prop(property, query) ?? whole;
    const [, kind = '', part] = /^(FIRST|LAST|MIN|MAX)(_TIME(?:_RELATIVE)?)?$/.exec(name) ?? [];
    if (kind === '') return whole;
    const point = found[kind];
    if (point === undefined) return '--';
    return part === undefined ? rounded(point[1]) : clock(point[0], timezone);
  });
}

function prop(name: string, query: MetricDataQuery): string | undefined {
  const stat = query.MetricStat;
  const dimension = /^Dim\.(.+)$/.exec(name)?.[1];
  if (dimension !== undefined) return stat?.Metric.Dimensions?.find((one) => one.Name === dimension)?.Value;
  return {
    MetricName: stat?.Metric.MetricName,
    Namespace: stat?.Metric.Namespace,
    Stat: stat?.Stat,
    Period: stat && String(stat.Period),
  }[name];
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(5)));
}

/** A time of day in the zone of LabelOptions (`+0130`), as `MMM-DD HH:mm`. */
function clock(at: number, timezone = '+0000'): string {
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d{2})(\d{2})$/.exec(timezone) ?? [];
  const shift = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  return new Date(at + shift).toISOString().slice(0, 16).replace('T', ' ');
}
