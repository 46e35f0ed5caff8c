import type { MetricAlarm, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { metricData } from '../../aws/cloudwatch.ts';
import type { Aws } from '../../aws/clients.ts';

/** A datapoint of the metric that an alarm watches, in the metric's own unit. */
export interface AlarmPoint {
  at: number;
  value: number;
}

/** The datapoints each alarm saw; alarms on metric expressions are read through their own queries. */
export async function alarmPoints(
  aws: Aws,
  alarms: readonly MetricAlarm[],
  window: { start: number; end: number },
  signal?: AbortSignal,
): Promise<Map<string, AlarmPoint[]>> {
  const points = new Map<string, AlarmPoint[]>();
  const simple: MetricDataQuery[] = [];
  for (const [index, alarm] of alarms.entries()) {
    const name = alarm.AlarmName ?? '';
    if (alarm.MetricName === undefined) {
      const returned = alarm.Metrics?.find((query) => query.ReturnData !== false);
      if (alarm.Metrics === undefined || returned === undefined) continue;
      const series = await metricData(aws, alarm.Metrics, window, signal);
      points.set(name, series.find((one) => one.id === returned.Id)?.points ?? []);
      continue;
    }
    simple.push({
      Id: `a${index}`,
      MetricStat: {
        Metric: { Namespace: alarm.Namespace, MetricName: alarm.MetricName, Dimensions: alarm.Dimensions },
        Period: alarm.Period ?? 60,
        Stat: alarm.ExtendedStatistic ?? alarm.Statistic,
        Unit: alarm.Unit,
      },
    });
  }
  if (simple.length === 0) return points;
  for (const series of await metricData(aws, simple, window, signal)) {
    points.set(alarms[Number(series.id.slice(1))]?.AlarmName ?? '', series.points);
  }
  return points;
}
