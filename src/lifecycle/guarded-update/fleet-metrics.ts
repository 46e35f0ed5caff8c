import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { metricData } from '../../aws/cloudwatch.ts';
import type { Aws } from '../../aws/clients.ts';
import type { Baseline } from '../../guard/thresholds.ts';
import { MINUTE } from '../../base/units.ts';

/** One minute of one fleet; a minute without requests has no entry at all (facts 5.4). */
export interface MetricsMinute {
  /** Start of the minute, ms since the epoch. */
  at: number;
  requests: number;
  errors4xx: number;
  errors5xx: number;
  /** The statistic asked for, in ms. */
  latencyMs: number | undefined;
}

/** Whose minutes: without a config, both fleets of the variant together. */
export interface Watched {
  endpoint: string;
  variant: string;
  config: string | undefined;
}

/**
 * What each fleet did, minute by minute, oldest first.
 * @param statistic of ModelLatency: `Average`, `p90`, …
 * @param window ms since the epoch; widened to whole minutes
 * @returns one list for each fleet asked about, in their order
 */
export async function fleetMinutes(
  aws: Aws,
  fleets: readonly Watched[],
  statistic: string,
  window: { start: number; end: number },
  signal?: AbortSignal,
): Promise<MetricsMinute[][]> {
  const queries = fleets.flatMap((fleet, index) => queriesOf(fleet, index, statistic));
  const start = Math.floor(window.start / MINUTE) * MINUTE;
  const end = Math.ceil((window.end + 1) / MINUTE) * MINUTE;
  const series = new Map((await metricData(aws, queries, { start, end }, signal)).map((one) => [one.id, one.points]));
  return fleets.map((_, index) => {
    const values = (id: string) => new Map((series.get(`${id}${index}`) ?? []).map((point) => [point.at, point.value]));
    const [requests, errors4xx, errors5xx, latency] = [values('n'), values('c'), values('s'), values('l')];
    return [...requests.keys()]
      .sort((a, b) => a - b)
      .map((at) => {
        const microseconds = latency.get(at);
        return {
          at,
          requests: requests.get(at) ?? 0,
          errors4xx: errors4xx.get(at) ?? 0,
          errors5xx: errors5xx.get(at) ?? 0,
          latencyMs: microseconds === undefined ? undefined : microseconds / 1000,
        };
      });
  });
}

function queriesOf(fleet: Watched, index: number, statistic: string): MetricDataQuery[] {
  const Dimensions = [
    { Name: 'EndpointName', Value: fleet.endpoint },
    { Name: 'VariantName', Value: fleet.variant },
    ...(fleet.config === undefined ? [] : [{ Name: 'EndpointConfigName', Value: fleet.config }]),
  ];
  const query = (id: string, MetricName: string, Stat: string): MetricDataQuery => ({
    Id: `${id}${index}`,
    MetricStat: { Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions }, Period: 60, Stat },
  });
  return [
    query('n', 'Invocations', 'Sum'),
    query('c', 'Invocation4XXErrors', 'Sum'),
    query('s', 'Invocation5XXErrors', 'Sum'),
    query('l', 'ModelLatency', statistic),
  ];
}

/** Sums over minutes. */
export function total(minutes: readonly MetricsMinute[]): { requests: number; errors4xx: number; errors5xx: number } {
  const sum = { requests: 0, errors4xx: 0, errors5xx: 0 };
  for (const minute of minutes) {
    sum.requests += minute.requests;
    sum.errors4xx += minute.errors4xx;
    sum.errors5xx += minute.errors5xx;
  }
  return sum;
}

/**
 * What the fleet that runs now did lately. SageMaker is only known to publish by endpoint config for fleets that came
 * by an update (facts 5.1); where there is nothing, the variant's own series is read.
 */
export async function readBaseline(
  aws: Aws,
  live: Watched,
  statistic: string,
  now: number,
  minutes: number,
  signal?: AbortSignal,
): Promise<Baseline> {
  const window = { start: now - minutes * MINUTE, end: now };
  const [own = [], variant = []] = await fleetMinutes(
    aws,
    [live, { ...live, config: undefined }],
    statistic,
    window,
    signal,
  );
  const chosen = own.length > 0 ? own : variant;
  const sums = total(chosen);
  return {
    minutes,
    activeMinutes: ((chosen.at(-1)?.at ?? 0) - (chosen[0]?.at ?? 0)) / MINUTE + (chosen.length > 0 ? 1 : 0),
    servedMinutes: chosen.filter(({ requests }) => requests > 0).length,
    requests: sums.requests,
    failures4xx: sums.errors4xx,
    failures5xx: sums.errors5xx,
    latency: chosen.flatMap((minute) => (minute.latencyMs === undefined ? [] : [minute.latencyMs])),
  };
}
