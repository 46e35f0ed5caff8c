import type { World } from '../world.ts';
import { EXTRA_PERIODS, type AlarmPoint } from './alarm-evaluation.ts';
import type { AlarmRecord } from './alarm-record.ts';
import { periodOf } from './alarm-record.ts';
import { statisticOf } from './metric-statistics.ts';

/**
 * An alarm's evaluation range as it could be seen at `at`, newest period first. Periods end at the last full minute
 * (for periods under a minute, at the last full period), not on the period's own grid: "at the end of minute 6 the
 * alarm is evaluated based on data from minutes 2 to 6".
 */
export function alarmRange(world: Pick<World, 'metrics'>, alarm: AlarmRecord, at: number): AlarmPoint[] {
  const { settings } = alarm;
  const periodSeconds = periodOf(settings);
  const period = periodSeconds * 1000;
  const grid = Math.min(period, 60_000);
  const end = Math.floor(at / grid) * grid;
  const periods = settings.EvaluationPeriods + EXTRA_PERIODS;
  const start = end - periods * period;
  const values = new Map<number, { value: number; sampleCount: number }>();
  const series = {
    account: alarm.account,
    region: alarm.region,
    namespace: settings.Namespace ?? '',
    name: settings.MetricName ?? '',
    dimensions: settings.Dimensions,
  };
  const window = { startMs: start, endMs: end, periodSeconds, now: at, originMs: end };
  const points = world.metrics.read(series, settings.Unit === undefined ? window : { ...window, unit: settings.Unit });
  for (const point of points) {
    const value = statisticOf(point, settings.Statistic ?? settings.ExtendedStatistic ?? 'Average');
    if (value !== undefined) values.set(point.at, { value, sampleCount: point.count });
  }
  return Array.from({ length: periods }, (_, age) => {
    const from = end - (age + 1) * period;
    const found = values.get(from);
    return { at: from, value: found?.value, ...(found !== undefined && { sampleCount: found.sampleCount }) };
  });
}
