import type { StandardUnit, Statistic } from '@aws-sdk/client-cloudwatch';
import type { Context } from '../operation.ts';
import type { Dimension } from '../../world/cloudwatch/alarms/record.ts';
import { isComputed } from '../../world/cloudwatch/metrics/computed.ts';
import { aligned } from '../../world/cloudwatch/metrics/query.ts';
import { isExtendedStatistic, statisticOf } from '../../world/cloudwatch/metrics/statistics.ts';
import { isPeriod } from './queries.ts';
import { invalidParameterCombination, invalidParameterValue } from './errors.ts';

interface Input {
  Namespace: string;
  MetricName: string;
  Dimensions?: Dimension[];
  StartTime: Date;
  EndTime: Date;
  Period: number;
  Statistics?: Statistic[];
  ExtendedStatistics?: string[];
  Unit?: StandardUnit;
}

const MAX_DATAPOINTS = 1_440;

/** GetMetricStatistics: one entry per period and unit that has data, in order of time (AWS promises no order). */
export const getMetricStatistics = (context: Context, input: Input) => {
  const start = input.StartTime.getTime();
  const end = input.EndTime.getTime();
  if (start >= end) throw invalidParameterValue('The parameter StartTime must be less than the parameter EndTime.');
  if (!isPeriod(input.Period)) {
    throw invalidParameterValue('The parameter Period must be a valid period: 1, 5, 10, 20, 30 or a multiple of 60.');
  }
  const statistics = input.Statistics ?? [];
  const extended = input.ExtendedStatistics ?? [];
  if (statistics.length === 0 && extended.length === 0) {
    throw invalidParameterCombination(
      'At least one of the parameters Statistics and ExtendedStatistics must be specified.',
    );
  }
  for (const name of extended) {
    if (!isExtendedStatistic(name))
      throw invalidParameterValue(`The value ${name} for parameter ExtendedStatistics is not supported.`);
  }
  const wanted = Math.ceil((end - start) / (input.Period * 1000));
  if (wanted > MAX_DATAPOINTS) {
    throw invalidParameterCombination(
      `You have requested up to ${wanted} datapoints, which exceeds the limit of ${MAX_DATAPOINTS}. ` +
        'You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
    );
  }
  const { metrics, clock, switches } = context.world;
  const series = {
    account: context.account,
    region: context.region,
    namespace: input.Namespace,
    name: input.MetricName,
    dimensions: input.Dimensions ?? [],
  };
  const window = {
    ...aligned({ startMs: start }, input.Period * 1000),
    endMs: end,
    periodSeconds: input.Period,
    now: clock.now(),
  };
  const units = input.Unit === undefined ? metrics.unitsOf(series) : [input.Unit];
  const points = units.flatMap((unit) => metrics.read(series, { ...window, unit }).map((point) => ({ unit, point })));
  points.sort((a, b) => a.point.at - b.point.at);
  return {
    Label: input.MetricName,
    Datapoints: points.map(({ unit, point }) => {
      const more = extended.flatMap((name): [string, number][] => {
        const value = isComputed(switches, input.Namespace, name) ? statisticOf(point, name) : undefined;
        return value === undefined ? [] : [[name, value]];
      });
      return {
        Timestamp: new Date(point.at),
        ...Object.fromEntries(statistics.map((name) => [name, statisticOf(point, name)])),
        Unit: unit as StandardUnit,
        ...(more.length > 0 && { ExtendedStatistics: Object.fromEntries(more) }),
      };
    }),
  };
};
