import type { Context } from '../operation.ts';
import type { Series } from '../../world/cloudwatch/metrics/metrics.ts';
import { pageAfter } from '../paging.ts';
import { invalidParameterValue } from './errors.ts';

interface Input {
  Namespace?: string;
  MetricName?: string;
  Dimensions?: { Name: string; Value?: string }[];
  NextToken?: string;
  RecentlyActive?: 'PT3H';
}

const PAGE = 500;
const THREE_HOURS = 3 * 3_600_000;

/** ListMetrics: what had data within two weeks. Unlike elsewhere, some of the dimensions suffice. */
export const listMetrics = (context: Context, input: Input) => {
  const now = context.world.clock.now();
  const within = input.RecentlyActive === 'PT3H' ? THREE_HOURS : undefined;
  const all = context.world.metrics
    .list(context.account, context.region, now, within)
    .filter((series) => matches(series, input))
    .map((series) => ({ key: keyOf(series), series }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  const { items, next } = pageAfter(all, {
    keyOf: ({ key }) => key,
    size: PAGE,
    token: input.NextToken,
    invalidToken: () => invalidParameterValue('Request parameter NextToken is invalid'),
  });
  return {
    Metrics: items.map(({ series }) => ({
      Namespace: series.namespace,
      MetricName: series.name,
      Dimensions: series.dimensions.map(({ Name, Value }) => ({ Name, Value })),
    })),
    ...(next !== undefined && { NextToken: next }),
  };
};

function matches(series: Series, { Namespace, MetricName, Dimensions }: Input): boolean {
  return (
    (Namespace === undefined || series.namespace === Namespace) &&
    (MetricName === undefined || series.name === MetricName) &&
    (Dimensions ?? []).every((wanted) =>
      series.dimensions.some(
        ({ Name, Value }) => Name === wanted.Name && (wanted.Value === undefined || Value === wanted.Value),
      ),
    )
  );
}

function keyOf(series: Series): string {
  return JSON.stringify([series.namespace, series.name, ...series.dimensions.map(({ Name, Value }) => [Name, Value])]);
}
