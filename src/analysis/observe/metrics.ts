import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { metricData } from '../../aws/cloudwatch.ts';
import type { Aws } from '../../aws/clients.ts';
import { METRICS } from '../observations.ts';
import type { MetricName, MetricTable, Window } from '../observations.ts';
import { MINUTE } from '../../base/units.ts';

interface Source {
  namespace: 'AWS/SageMaker' | '/aws/sagemaker/Endpoints';
  metric: string;
  statistic: string;
  /** What a datapoint is multiplied by. */
  factor: number;
}

const requests = (metric: string): Source => ({ namespace: 'AWS/SageMaker', metric, statistic: 'Sum', factor: 1 });
// CloudWatch has microseconds here.
const time = (metric: string, statistic: string): Source => ({
  namespace: 'AWS/SageMaker',
  metric,
  statistic,
  factor: 1e-3,
});
const instance = (metric: string): Source => ({
  namespace: '/aws/sagemaker/Endpoints',
  metric,
  statistic: 'Average',
  factor: 1,
});

const SOURCES: Record<MetricName, Source> = {
  invocations: requests('Invocations'),
  errors4xx: requests('Invocation4XXErrors'),
  errors5xx: requests('Invocation5XXErrors'),
  modelErrors: requests('InvocationModelErrors'),
  latencyMean: time('ModelLatency', 'Average'),
  latencyP50: time('ModelLatency', 'p50'),
  latencyP90: time('ModelLatency', 'p90'),
  latencyP99: time('ModelLatency', 'p99'),
  overheadMean: time('OverheadLatency', 'Average'),
  overheadP50: time('OverheadLatency', 'p50'),
  overheadP90: time('OverheadLatency', 'p90'),
  overheadP99: time('OverheadLatency', 'p99'),
  cpu: instance('CPUUtilization'),
  memory: instance('MemoryUtilization'),
};

/** Start of every minute of a window, milliseconds since the epoch. */
export function minutesOf(window: Window): number[] {
  const count = Math.max(0, Math.round((window.to - window.from) / MINUTE));
  return Array.from({ length: count }, (_, i) => window.from + i * MINUTE);
}

/** The metrics of a variant of which nothing is known. */
export function noMetrics(window: Window): MetricTable {
  const column = minutesOf(window).map(() => null);
  return Object.fromEntries(METRICS.map((name) => [name, column])) as unknown as MetricTable;
}

/**
 * Requests of some variants that the fleet of one endpoint config answered, minute by minute: a second series of SageMaker's
 * (facts 5.1), which it may not publish.
 */
export async function readOwnRequests(
  aws: Aws,
  endpoint: string,
  config: string,
  variants: readonly string[],
  window: Window,
  signal?: AbortSignal,
): Promise<(number | null)[][]> {
  const { namespace, metric, statistic } = SOURCES.invocations;
  const queries = variants.map((variant, v): MetricDataQuery => {
    const Dimensions = [
      { Name: 'EndpointName', Value: endpoint },
      { Name: 'VariantName', Value: variant },
      { Name: 'EndpointConfigName', Value: config },
    ];
    return {
      Id: `own${v}`,
      MetricStat: { Metric: { Namespace: namespace, MetricName: metric, Dimensions }, Period: 60, Stat: statistic },
    };
  });
  const series =
    window.to > window.from ? await metricData(aws, queries, { start: window.from, end: window.to }, signal) : [];
  return variants.map((_, v) => {
    const values = new Map(series.find(({ id }) => id === `own${v}`)?.points.map(({ at, value }) => [at, value]));
    return minutesOf(window).map((at) => values.get(at) ?? null);
  });
}

/** Per-minute metrics of some variants over one window, all in one request to CloudWatch. */
export async function readMetrics(
  aws: Aws,
  endpoint: string,
  variants: readonly string[],
  window: Window,
  signal?: AbortSignal,
): Promise<MetricTable[]> {
  const queries = variants.flatMap((variant, v) =>
    METRICS.map((name): MetricDataQuery => {
      const source = SOURCES[name];
      return {
        Id: `v${v}_${name}`,
        MetricStat: {
          Metric: {
            Namespace: source.namespace,
            MetricName: source.metric,
            Dimensions: [
              { Name: 'EndpointName', Value: endpoint },
              { Name: 'VariantName', Value: variant },
            ],
          },
          Period: 60,
          Stat: source.statistic,
        },
      };
    }),
  );
  const found = new Map<string, readonly { at: number; value: number }[]>();
  const series =
    window.to > window.from ? await metricData(aws, queries, { start: window.from, end: window.to }, signal) : [];
  for (const one of series) found.set(one.id, one.points);
  const times = minutesOf(window);
  return variants.map((_, v) => {
    const column = (name: MetricName) => {
      const values = new Map(
        found.get(`v${v}_${name}`)?.map((point) => [point.at, point.value * SOURCES[name].factor]),
      );
      return times.map((at) => values.get(at) ?? null);
    };
    return Object.fromEntries(METRICS.map((name) => [name, column(name)])) as unknown as MetricTable;
  });
}
