import type { Platform } from '../world.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { membersOf, type Variant } from './variant.ts';

const MINUTE = 60_000;

/** CPU, memory and disk of the fleets, once a minute (facts 5.2). */
export interface Utilization {
  /** When the next minute ends; infinity while there is no fleet. */
  next(): number;
  run(at: number): void;
}

const METRICS = ['CPUUtilization', 'MemoryUtilization', 'DiskUtilization'] as const;

/**
 * The numbers are simulated: a floor that every idle container has, load from the requests its variant took in the
 * minute, and a little noise. They begin with this process: a machine that was off reports nothing.
 */
export function createUtilization(world: Platform, endpoints: ReadonlyMap<string, Endpoint>): Utilization {
  let minuteEnd = nextMinute(world.clock.now());
  const busyBefore = new WeakMap<Variant, number>();
  const report = (variant: Variant) => {
    const busy = variant.busy - (busyBefore.get(variant) ?? 0);
    busyBefore.set(variant, variant.busy);
    const { endpoint } = variant;
    const share = busy / MINUTE / Math.max(1, variant.serving.length);
    const dimensions = [
      { Name: 'EndpointName', Value: endpoint.name },
      { Name: 'VariantName', Value: variant.record.name },
    ];
    const visibleAt = minuteEnd + world.latencies.publishMetrics;
    for (const { healthy, seed } of variant.record.instances) {
      if (!healthy) continue;
      const noise = () => (world.random.next() - 0.5) * 0.4;
      const values = [Math.min(100, 1.5 + 100 * share + noise()), 8 + 6 * seed + noise(), 12 + 3 * seed];
      for (const [index, name] of METRICS.entries()) {
        world.metrics.record(
          {
            account: endpoint.account,
            region: endpoint.region,
            namespace: '/aws/sagemaker/Endpoints',
            name,
            dimensions,
          },
          { at: minuteEnd - MINUTE, value: Math.round((values[index] ?? 0) * 1000) / 1000, unit: 'Percent', visibleAt },
        );
      }
    }
  };
  return {
    next: () => (endpoints.size === 0 ? Number.POSITIVE_INFINITY : minuteEnd),
    run(at) {
      // Minutes in which there was no endpoint at all are passed over.
      if (at < minuteEnd) return;
      if (at - minuteEnd >= MINUTE) minuteEnd = nextMinute(at) - MINUTE;
      for (const endpoint of endpoints.values()) {
        for (const fleet of [endpoint.serving, endpoint.next]) if (fleet) membersOf(fleet).forEach(report);
      }
      minuteEnd += MINUTE;
    },
  };
}

function nextMinute(at: number): number {
  return at - (at % MINUTE) + MINUTE;
}
