import type { Platform } from '../../world.ts';
import type { AlarmPoint } from './evaluation.ts';
import { type AlarmRecord, type MetricDataQuery, periodOf } from './record.ts';
import { runQueries } from '../metrics/query.ts';

/**
 * An alarm's evaluation range as it could be seen at `at`, newest period first. Periods end at the last full minute
 * (for periods under a minute, at the last full period), not on the period's own grid: "at the end of minute 6 the
 * alarm is evaluated based on data from minutes 2 to 6". Throws MathProblem when the alarm's expression cannot be computed.
 */
export function alarmRange(
  world: Pick<Platform, 'metrics' | 'switches'>,
  alarm: AlarmRecord,
  at: number,
): AlarmPoint[] {
  const { settings } = alarm;
  const period = periodOf(settings) * 1000;
  const grid = Math.min(period, 60_000);
  const end = Math.floor(at / grid) * grid;
  const periods = settings.EvaluationPeriods + world.switches.alarmExtraPeriods;
  const queries = settings.Metrics ?? [queryOf(alarm)];
  const returned = queries.find((query) => query.ReturnData !== false) as MetricDataQuery;
  const window = { startMs: end - periods * period, endMs: end, now: at, originMs: end };
  const line = runQueries(world.metrics, alarm, queries, window, world.switches).get(returned.Id)?.[0];
  return Array.from({ length: periods }, (_, age) => {
    const from = end - (age + 1) * period;
    const sampleCount = line?.samples?.get(from);
    return { at: from, value: line?.points.get(from), ...(sampleCount !== undefined && { sampleCount }) };
  });
}

/** Start of the earliest data, from the range evaluated at `at` on, that an alarm could ever see; infinite without any. */
export function nextAlarmData(world: Pick<Platform, 'metrics' | 'switches'>, alarm: AlarmRecord, at: number): number {
  const period = periodOf(alarm.settings) * 1000;
  const from = at - (alarm.settings.EvaluationPeriods + world.switches.alarmExtraPeriods + 1) * period - 60_000;
  const starts = (alarm.settings.Metrics ?? [queryOf(alarm)]).flatMap(({ MetricStat: stat }) => {
    if (stat === undefined) return [];
    const { Namespace: namespace = '', MetricName: name = '', Dimensions: dimensions = [] } = stat.Metric;
    const { account, region } = alarm;
    return world.metrics.nextData({ account, region, namespace, name, dimensions }, from) ?? [];
  });
  return Math.min(Number.POSITIVE_INFINITY, ...starts);
}

/** An alarm on one metric as the query it is. */
function queryOf({ settings }: AlarmRecord): MetricDataQuery {
  return {
    Id: 'm1',
    MetricStat: {
      Metric: {
        Namespace: settings.Namespace ?? '',
        MetricName: settings.MetricName ?? '',
        Dimensions: settings.Dimensions,
      },
      Period: settings.Period ?? 60,
      Stat: settings.Statistic ?? settings.ExtendedStatistic ?? 'Average',
      ...(settings.Unit !== undefined && { Unit: settings.Unit }),
    },
  };
}
