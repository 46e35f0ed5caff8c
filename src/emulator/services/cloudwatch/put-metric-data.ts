import type { StandardUnit } from '@aws-sdk/client-cloudwatch';
import type { Context, Operation } from '../operation.ts';
import type { Dimension } from '../../world/cloudwatch/alarms/record.ts';
import type { Series } from '../../world/cloudwatch/metrics/metrics.ts';
import { invalidParameterCombination, invalidParameterValue } from './errors.ts';

interface Datum {
  MetricName: string;
  Dimensions?: Dimension[];
  Timestamp?: Date;
  Value?: number;
  StatisticValues?: { SampleCount: number; Sum: number; Minimum: number; Maximum: number };
  Values?: number[];
  Counts?: number[];
  Unit?: StandardUnit;
  StorageResolution?: number;
}

interface Input {
  Namespace: string;
  MetricData?: Datum[];
  EntityMetricData?: { MetricData?: Datum[] }[];
}

const MAX_DATA = 1_000;
const MAX_VALUES = 150;
const TWO_WEEKS = 14 * 86_400_000;
const TWO_HOURS = 2 * 3_600_000;
/** "Values must be in the range of -2^360 to 2^360." */
const MAX_MAGNITUDE = 2 ** 360;

/** PutMetricData: everything is checked before anything is kept. */
export const putMetricData = (context: Context, input: Input) => {
  const now = context.world.clock.now();
  const lists: [string, Datum[]][] = [['MetricData', input.MetricData ?? []]];
  input.EntityMetricData?.forEach((entity, i) =>
    lists.push([`EntityMetricData.member.${i + 1}.MetricData`, entity.MetricData ?? []]),
  );
  const total = lists.reduce((sum, [, list]) => sum + list.length, 0);
  if (total > MAX_DATA) {
    throw invalidParameterValue(`The collection MetricData must not have a size greater than ${MAX_DATA}.`);
  }
  if (input.Namespace.startsWith('AWS/')) {
    throw invalidParameterValue('The value AWS/ for parameter Namespace is invalid.');
  }
  for (const [path, list] of lists) list.forEach((datum, i) => check(datum, `${path}.member.${i + 1}`, now));
  const touched: Series[] = [];
  for (const [, list] of lists)
    for (const datum of list) touched.push(...addDatum(context, input.Namespace, datum, now));
  // What was answered with 200 is in the tables: a kill of the process does not take it back.
  context.world.metrics.flush(touched);
  return {};
};

function check(datum: Datum, at: string, now: number): void {
  const given = [datum.Value, datum.Values, datum.StatisticValues].filter((one) => one !== undefined).length;
  if (datum.Value !== undefined && datum.Values !== undefined) {
    throw invalidParameterCombination(both(`${at}.Value`, `${at}.Values`));
  }
  if (datum.Value !== undefined && datum.StatisticValues !== undefined) {
    throw invalidParameterCombination(both(`${at}.Value`, `${at}.StatisticValues`));
  }
  if (datum.Values !== undefined && datum.StatisticValues !== undefined) {
    throw invalidParameterCombination(both(`${at}.Values`, `${at}.StatisticValues`));
  }
  if (given === 0) {
    throw invalidParameterCombination(
      `At least one of the parameters ${at}.Value, ${at}.Values and ${at}.StatisticValues must be specified.`,
    );
  }
  if (datum.Values !== undefined) {
    if (datum.Values.length > MAX_VALUES) {
      throw invalidParameterValue(`The collection ${at}.Values must not have a size greater than ${MAX_VALUES}.`);
    }
    if (datum.Counts !== undefined && datum.Counts.length !== datum.Values.length) {
      throw invalidParameterValue(`The parameters ${at}.Values and ${at}.Counts must be of the same size.`);
    }
  } else if (datum.Counts !== undefined) {
    throw invalidParameterCombination(`The parameter ${at}.Counts can be specified only with ${at}.Values.`);
  }
  number(datum.Value, `${at}.Value`);
  for (const value of datum.Values ?? []) number(value, `${at}.Values`);
  for (const count of datum.Counts ?? []) {
    if (!(count >= 0)) throw invalidParameterValue(`The value ${count} for parameter ${at}.Counts is invalid.`);
  }
  const set = datum.StatisticValues;
  if (set !== undefined) {
    for (const [name, value] of Object.entries(set)) number(value, `${at}.StatisticValues.${name}`);
    if (set.Maximum < set.Minimum) {
      throw invalidParameterValue(
        `The parameter ${at}.StatisticValues.Maximum must be greater than or equal to ${at}.StatisticValues.Minimum.`,
      );
    }
    if (set.SampleCount < 0) {
      throw invalidParameterValue(
        `The value ${set.SampleCount} for parameter ${at}.StatisticValues.SampleCount is invalid.`,
      );
    }
  }
  const resolution = datum.StorageResolution;
  if (resolution !== undefined && resolution !== 1 && resolution !== 60) {
    throw invalidParameterValue(`The parameter ${at}.StorageResolution must have a value of 1 or 60.`);
  }
  const time = datum.Timestamp?.getTime() ?? now;
  if (time < now - TWO_WEEKS || time > now + TWO_HOURS) {
    throw invalidParameterValue(
      `The parameter ${at}.Timestamp must specify a time no more than two weeks in the past and no more than two hours in the future.`,
    );
  }
}

function addDatum(context: Parameters<Operation>[0], namespace: string, datum: Datum, now: number): Series[] {
  const series: Series = {
    account: context.account,
    region: context.region,
    namespace,
    name: datum.MetricName,
    dimensions: datum.Dimensions ?? [],
  };
  const shared = {
    at: datum.Timestamp?.getTime() ?? now,
    ...(datum.Unit !== undefined && { unit: datum.Unit }),
    ...(datum.StorageResolution === 1 && { resolutionSeconds: 1 as const }),
  };
  const { metrics } = context.world;
  if (datum.StatisticValues !== undefined) {
    const { SampleCount: count, Sum: sum, Minimum: min, Maximum: max } = datum.StatisticValues;
    if (count > 0) metrics.recordSet(series, { ...shared, count, sum, min, max });
    return [series];
  }
  const values = datum.Values ?? [datum.Value as number];
  values.forEach((value, i) => {
    const count = datum.Counts?.[i] ?? 1;
    if (count > 0) metrics.record(series, { ...shared, value, count });
  });
  return [series];
}

function number(value: number | undefined, at: string): void {
  if (value === undefined) return;
  if (!Number.isFinite(value) || Math.abs(value) > MAX_MAGNITUDE)
    throw invalidParameterValue(`The value ${value} for parameter ${at} is invalid.`);
}

function both(one: string, other: string): string {
  return `The parameters ${one} and ${other} are mutually exclusive and you have specified both.`;
}
