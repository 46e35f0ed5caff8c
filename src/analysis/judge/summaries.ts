import type { MetricName, MetricTable, Observations } from '../observations.ts';

/** One variant over the whole window. Latencies in milliseconds. */
export interface VariantSummary {
  invocations: number;
  errors4xx: number;
  errors5xx: number;
  modelErrors: number;
  /** Requests that failed for whatever reason, as a share of all. Undefined without requests. */
  errorRate: number | undefined;
  latency: LatencySummary;
  overhead: LatencySummary;
  /** Percent of one instance, mean over minutes. */
  cpu: number | undefined;
  memory: number | undefined;
}

/** CloudWatch keeps no single requests: quantiles are those of each minute, averaged by its requests. */
interface LatencySummary {
  mean: number | undefined;
  p50: number | undefined;
  p90: number | undefined;
  p99: number | undefined;
}

/** Requests and failures of one variant, minute by minute; minutes without requests have n = 0. */
export function errorMinutes(table: MetricTable): { successes: number; n: number }[] {
  return table.invocations.map((invocations, i) => {
    const n = invocations ?? 0;
    // InvocationModelErrors counts 4xx, 5xx and broken connections; where it is missing the two must do.
    const failed = Math.max(table.modelErrors[i] ?? 0, (table.errors4xx[i] ?? 0) + (table.errors5xx[i] ?? 0));
    return { successes: Math.min(n, failed), n };
  });
}

/** Sums the metrics of a variant over its window: counts of requests and failures, and means weighted by requests. */
export function summarize(table: MetricTable): VariantSummary {
  const invocations = total(table.invocations);
  const failed = errorMinutes(table).reduce((sum, minute) => sum + minute.successes, 0);
  const weighted = (name: MetricName) => weightedMean(table[name], table.invocations);
  return {
    invocations,
    errors4xx: total(table.errors4xx),
    errors5xx: total(table.errors5xx),
    modelErrors: total(table.modelErrors),
    errorRate: invocations > 0 ? failed / invocations : undefined,
    latency: {
      mean: weighted('latencyMean'),
      p50: weighted('latencyP50'),
      p90: weighted('latencyP90'),
      p99: weighted('latencyP99'),
    },
    overhead: {
      mean: weighted('overheadMean'),
      p50: weighted('overheadP50'),
      p90: weighted('overheadP90'),
      p99: weighted('overheadP99'),
    },
    cpu: weightedMean(table.cpu, undefined),
    memory: weightedMean(table.memory, undefined),
  };
}

export interface Summaries {
  production: VariantSummary;
  shadow: VariantSummary | undefined;
}

/** Sums the metrics of both variants; undefined for a shadow without any. */
export function summarizeBoth(observations: Observations): Summaries {
  const { production, shadow } = observations.metrics;
  return { production: summarize(production), shadow: shadow === undefined ? undefined : summarize(shadow) };
}

function total(values: readonly (number | null)[]): number {
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

function weightedMean(
  values: readonly (number | null)[],
  weights: readonly (number | null)[] | undefined,
): number | undefined {
  let sum = 0;
  let weight = 0;
  for (const [i, value] of values.entries()) {
    if (value === null) continue;
    // A latency without a count of its own still happened.
    const w = weights === undefined ? 1 : Math.max(1, weights[i] ?? 1);
    sum += value * w;
    weight += w;
  }
  return weight > 0 ? sum / weight : undefined;
}
