import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { metricData } from '../../aws/cloudwatch.ts';
import type { Aws } from '../../aws/clients.ts';
import { MINUTE } from '../../base/units.ts';
import type { Metrics } from '../observations.ts';

/**
 * How many instances of both variants answered, minute by minute: each request counts 1 in Invocations and one over the
 * number of instances in InvocationsPerInstance (facts 5.1). Undefined where CloudWatch has nothing of that.
 */
export async function readInstances(
  aws: Aws,
  endpoint: string,
  variants: { production: string; shadow: string },
  { times, production, shadow }: Metrics,
  signal?: AbortSignal,
): Promise<Metrics['instances']> {
  const [from, last] = [times[0], times.at(-1)];
  if (from === undefined || last === undefined || shadow === undefined) return undefined;
  const roles = ['production', 'shadow'] as const;
  const queries = roles.map((role): MetricDataQuery => {
    const Dimensions = [
      { Name: 'EndpointName', Value: endpoint },
      { Name: 'VariantName', Value: variants[role] },
    ];
    const Metric = { Namespace: 'AWS/SageMaker', MetricName: 'InvocationsPerInstance', Dimensions };
    return { Id: role, MetricStat: { Metric, Period: 60, Stat: 'Sum' } };
  });
  const series = await metricData(aws, queries, { start: from, end: last + MINUTE }, signal);
  const column = (role: (typeof roles)[number], requests: readonly (number | null)[]) => {
    const sums = new Map(series.find(({ id }) => id === role)?.points.map(({ at, value }) => [at, value]));
    return times.map((at, i) => instancesOf(requests[i] ?? 0, sums.get(at) ?? 0));
  };
  const found = {
    production: column('production', production.invocations),
    shadow: column('shadow', shadow.invocations),
  };
  return roles.some((role) => found[role].every((count) => count === null)) ? undefined : found;
}

/** Whole, but where the number changed within the minute. */
function instancesOf(requests: number, perInstance: number): number | null {
  if (requests === 0 || perInstance === 0) return null;
  const count = requests / perInstance;
  const whole = Math.round(count);
  return Math.abs(count - whole) < 0.01 * whole ? whole : Math.round(count * 10) / 10;
}
