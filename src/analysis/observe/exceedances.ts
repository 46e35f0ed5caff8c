import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { metricData } from '../../aws/cloudwatch.ts';
import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import type { Clock } from '../../base/clock.ts';
import { MINUTE } from '../../base/units.ts';
import { latencyMargin } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import type { BeyondLimit, Exceedance, Metrics, MetricTable } from '../observations.ts';

/** How much longer a quantile may be than so many milliseconds, as a share, by its name; and how long at the most, in milliseconds. */
export interface QuantileMargins {
  marginOf: (name: Name, production: number) => number;
  limits: Partial<Readonly<Record<Name, number | undefined>>>;
}

type Name = 'p50' | 'p90' | 'p99';

/** What quantiles of latency are held against under a policy. */
export function quantileMargins(policy: Policy): QuantileMargins {
  return {
    marginOf: (name, production) => latencyMargin(policy, name, production),
    limits: policy.limits.latency,
  };
}

/** The quantiles of latency that are judged. */
export const QUANTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p99', 0.99],
] as const;

/** Lengths in minutes of the period whose quantile is the threshold: the first that holds enough of production's requests. */
export const PERIODS = [10, 20, 30, 60, 120, 180];

/** Requests until their quantile is about the quantile: 300 for p99, 30 for p90. */
export function requestsForThreshold(quantile: number): number {
  return 3 / (1 - quantile);
}

interface Threshold {
  name: Name;
  /** Minutes, and where they begin: at a multiple of their length since the epoch, so that CloudWatch cannot cut them otherwise. */
  minutes: number;
  from: number;
}

/**
 * How many requests of either variant took longer than production's own quantile at the start of the window, minute by
 * minute: of the shadow, those that took longer than that and the margin, and those that took longer than a limit. CloudWatch is asked for percentile ranks; whether it
 * has them of SageMaker's metrics is not documented, so whatever is missing is left out.
 */
export async function readExceedances(
  aws: Aws,
  clock: Clock,
  endpoint: string,
  variants: { production: string; shadow: string },
  metrics: Metrics,
  { marginOf, limits }: QuantileMargins,
  signal?: AbortSignal,
): Promise<Pick<Metrics, 'exceedances' | 'beyondLimits'>> {
  const { times, production, shadow } = metrics;
  const [from, last] = [times[0], times.at(-1)];
  if (shadow === undefined || from === undefined || last === undefined) return {};
  const chosen = QUANTILES.flatMap(([name, quantile]) => thresholdPeriod(metrics, name, quantile) ?? []);
  const latency = (variant: string, statistic: string, minutes: number, id: string): MetricDataQuery => ({
    Id: id,
    MetricStat: {
      Metric: {
        Namespace: 'AWS/SageMaker',
        MetricName: 'ModelLatency',
        Dimensions: [
          { Name: 'EndpointName', Value: endpoint },
          { Name: 'VariantName', Value: variant },
        ],
      },
      Period: minutes * 60,
      Stat: statistic,
    },
  });
  const asked = chosen.map(({ name, minutes, from: start }) => async () => {
    const window = { start, end: start + minutes * MINUTE };
    const [found] = await metricData(aws, [latency(variants.production, name, minutes, name)], window, signal);
    // In whole microseconds, as CloudWatch has them.
    return { name, at: found?.points.length === 1 ? Math.round(found.points[0]?.value ?? Number.NaN) : Number.NaN };
  });
  const thresholds = (await clock.all(asked)).filter(({ at }) => at > 0);
  const limited = QUANTILES.flatMap(([name]) => (limits[name] === undefined ? [] : [{ name, limit: limits[name] }]));
  const queries = [
    ...thresholds.flatMap(({ name, at }) => [
      latency(variants.production, `PR(:${at})`, 1, `production_${name}`),
      latency(variants.shadow, `PR(:${Math.round(at * (1 + marginOf(name, at / 1000)))})`, 1, `shadow_${name}`),
    ]),
    ...limited.map(({ name, limit }) =>
      latency(variants.shadow, `PR(:${Math.round(limit * 1000)})`, 1, `limit_${name}`),
    ),
  ];
  if (queries.length === 0) return {};
  const series = await ranks(aws, queries, { start: from, end: last + MINUTE }, signal);
  const column = (id: string) => {
    const values = new Map(series.find((one) => one.id === id)?.points.map(({ at, value }) => [at, value]));
    return times.map((at) => {
      const rank = values.get(at);
      return rank === undefined ? null : Math.min(1, Math.max(0, 1 - rank / 100));
    });
  };
  const found = thresholds.flatMap(({ name, at }): [Threshold['name'], Exceedance][] => {
    const [ofProduction, ofShadow] = [column(`production_${name}`), column(`shadow_${name}`)];
    if (!complete(ofProduction, production) || !complete(ofShadow, shadow)) return [];
    return [
      [name, { threshold: at / 1000, margin: marginOf(name, at / 1000), production: ofProduction, shadow: ofShadow }],
    ];
  });
  const beyond = limited.flatMap(({ name, limit }): [Name, BeyondLimit][] => {
    const ofShadow = column(`limit_${name}`);
    return complete(ofShadow, shadow) ? [[name, { limit, shadow: ofShadow }]] : [];
  });
  return {
    ...(found.length === 0 ? {} : { exceedances: Object.fromEntries(found) }),
    ...(beyond.length === 0 ? {} : { beyondLimits: Object.fromEntries(beyond) }),
  };
}

/** The first period of the window that ended in it and holds enough requests of production; the same at every look. */
function thresholdPeriod(metrics: Metrics, name: Threshold['name'], quantile: number): Threshold | undefined {
  const { times, production } = metrics;
  const start = times[0] ?? 0;
  for (const minutes of PERIODS) {
    const length = minutes * MINUTE;
    const from = Math.ceil(start / length) * length;
    const first = (from - start) / MINUTE;
    if (first + minutes > times.length) continue;
    const requests = production.invocations.slice(first, first + minutes).reduce<number>((sum, n) => sum + (n ?? 0), 0);
    if (requests >= requestsForThreshold(quantile)) return { name, minutes, from };
  }
  return undefined;
}

/** CloudWatch may refuse the statistic: then nothing is known, which is no failure of the report. */
async function ranks(
  aws: Aws,
  queries: readonly MetricDataQuery[],
  window: { start: number; end: number },
  signal: AbortSignal | undefined,
): ReturnType<typeof metricData> {
  try {
    return await metricData(aws, queries, window, signal);
  } catch (error) {
    if (error instanceof AwsProblem && error.code === 'ValidationError') return [];
    throw error;
  }
}

/** Minutes with a latency of which nothing is known would be left out: not one in ten may be. */
function complete(column: readonly (number | null)[], table: MetricTable): boolean {
  const asked = table.latencyMean.flatMap((value, i) => (value === null ? [] : [column[i] ?? null]));
  return asked.length > 0 && asked.filter((value) => value === null).length * 10 <= asked.length;
}
