import type { MetricStore, SeriesHandle } from '../cloudwatch/metrics/metrics.ts';
import type { EndpointRecord, FleetRecord } from '../endpoints/records.ts';
import type { Faults } from '../faults.ts';
import type { Latencies, Switches } from '../options.ts';

/** What became of one request at one variant. Latencies in microseconds. */
interface Measured {
  /** When the answer was there, milliseconds since the epoch. */
  at: number;
  /** HTTP status of the container; 0 when it never answered. */
  status: number;
  modelLatency: number;
  overheadLatency: number;
  /** Instances that shared the requests. */
  instances: number;
}

/** Publishes a variant's invocation metrics (facts 5.1), for the variant and for its endpoint config. */
export interface Meter {
  record(measured: Measured): void;
}

const MINUTE = 60_000;
const MICROSECONDS = 'Microseconds';
const NONE = 'None';
const NAMES = [
  ['Invocations', NONE],
  ['InvocationsPerInstance', NONE],
  ['Invocation4XXErrors', NONE],
  ['Invocation5XXErrors', NONE],
  ['InvocationModelErrors', NONE],
  ['ModelLatency', MICROSECONDS],
  ['OverheadLatency', MICROSECONDS],
] as const;

/** Counts the requests of one variant as the metrics that SageMaker publishes of it. */
export function createMeter(
  world: { metrics: MetricStore; faults: Faults; latencies: Latencies; switches: Switches },
  endpoint: EndpointRecord,
  fleet: FleetRecord,
  variant: string,
): Meter {
  const dimensions = [
    { Name: 'EndpointName', Value: endpoint.name },
    { Name: 'VariantName', Value: variant },
  ];
  const sets = [dimensions, [...dimensions, { Name: 'EndpointConfigName', Value: fleet.configName }]];
  const seconds = fleet.metrics?.MetricPublishFrequencyInSeconds ?? 60;
  const resolutionSeconds = seconds < 60 ? 10 : 60;
  const period = seconds * 1000;
  const where = { endpoint: endpoint.name, variant, endpointConfig: fleet.configName };
  let handles: SeriesHandle[][] | undefined;
  const open = () =>
    NAMES.map(([name, unit]) =>
      sets.map((set) =>
        world.metrics.handle(
          { account: endpoint.account, region: endpoint.region, namespace: 'AWS/SageMaker', name, dimensions: set },
          { unit, resolutionSeconds },
        ),
      ),
    );
  return {
    record(measured) {
      handles ??= open();
      const start = measured.at - (measured.at % period);
      // Frequencies above a minute publish one datapoint for the whole period.
      const at = seconds > 60 ? start : measured.at;
      const late = world.faults.inject(['delay-metrics'], where)?.milliseconds ?? 0;
      const half = world.switches.halfMinutes && measured.at - start >= period / 2 ? MINUTE : 0;
      const visibleAt = start + period + world.latencies.publishMetrics + late + half;
      const { status } = measured;
      const is4xx = status >= 400 && status < 500;
      const failed = status < 200 || status >= 300;
      // A request without an answer counts as the server's fault: the caller reads "server error (0)" (facts 8.2).
      const is5xx = failed && !is4xx;
      const values = [
        1,
        1 / Math.max(1, measured.instances),
        is4xx ? 1 : 0,
        is5xx ? 1 : 0,
        failed ? 1 : 0,
        measured.modelLatency,
        measured.overheadLatency,
      ];
      for (let index = 0; index < values.length; index += 1) {
        const pair = handles[index] ?? [];
        for (const handle of pair) handle.add(at, values[index] ?? 0, visibleAt);
      }
    },
  };
}
