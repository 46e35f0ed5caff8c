import type { Platform } from '../world.ts';
import { type Counts, type FleetRecord, type VariantRecord, variantsOf } from '../endpoints/records.ts';
import { startInstance } from './instance.ts';
import { type Fleet, type Instance, membersOf, type Variant } from './variant.ts';

/** How long a look at a fleet may wait for servers that are just starting, in ms of the wall clock. */
const GLANCE = 100;

/** How a fleet's new instances are doing. */
export type Health =
  /** All of them answer. `outside`: a server outside this process was asked, so that the time it took is real. */
  | { state: 'healthy'; outside: boolean }
  /** Servers of the user's own take their time to start. */
  | { state: 'starting' }
  /** The first instance that does not answer; `final` when trying again is of no use. */
  | { state: 'unhealthy'; variant: VariantRecord; reason: string; final: boolean; outside: boolean };

function fresh(fleet: Fleet): [Variant, Instance][] {
  return membersOf(fleet).flatMap((variant) =>
    [...variant.instances.values()]
      .filter((instance) => !instance.record.healthy)
      .map((instance): [Variant, Instance] => [variant, instance]),
  );
}

/** Starts the containers of all new instances side by side. A failure is reported when the instance is needed. */
export async function warmUp(world: Platform, fleet: Fleet, at: number | undefined): Promise<void> {
  await Promise.allSettled(
    fresh(fleet).map(async ([variant, instance]) => {
      instance.moment = at;
      try {
        await startInstance(world, variant.endpoint, fleet.record, variant.record, instance);
      } finally {
        instance.moment = undefined;
      }
    }),
  );
}

/** Starts and pings the instances that are not known to be healthy. `at` is the simulated moment. */
export async function checkHealth(world: Platform, fleet: Fleet, at: number): Promise<Health> {
  const started = warmUp(world, fleet, at).then(() => true);
  // In simulated time nothing else can happen meanwhile; real callers of other endpoints must not wait.
  if (world.clock.virtual) await world.timeline.outside(started);
  else if (!(await Promise.race([started, world.clock.sleep(GLANCE).then(() => false)]))) return { state: 'starting' };
  let outside = false;
  for (const [variant, instance] of fresh(fleet)) {
    const where = {
      service: 'sagemaker',
      endpoint: variant.endpoint.name,
      variant: variant.record.name,
      endpointConfig: fleet.record.configName,
    };
    instance.moment = at;
    try {
      const containers = await startInstance(world, variant.endpoint, fleet.record, variant.record, instance);
      let failing = world.faults.inject(['unhealthy'], where) ? 0 : -1;
      for (const [index, container] of containers.entries()) {
        const answer = container.ping();
        if (answer instanceof Promise) outside = true;
        if (failing < 0 && (await (answer instanceof Promise ? world.timeline.outside(answer) : answer)) !== 200)
          failing = index;
      }
      if (failing >= 0)
        return {
          state: 'unhealthy',
          variant: variant.record,
          reason: unhealthy(variant, failing),
          final: false,
          outside,
        };
      instance.record.healthy = true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { state: 'unhealthy', variant: variant.record, reason, final: true, outside };
    } finally {
      instance.moment = undefined;
    }
  }
  return { state: 'healthy', outside };
}

function unhealthy(variant: Variant, container: number): string {
  const name = variant.record.containers.length > 1 ? `${container + 1}. container` : 'primary container';
  return `The ${name} for production variant ${variant.record.name} did not pass the ping health check. Please check CloudWatch logs for this endpoint.`;
}

/** AWS's words end differently from report to report; the first half is sourced (facts 8.1). */
export const NO_CAPACITY =
  'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a different ML instance type or after some time.';

/** Does a fault withhold the instances of a launch? AWS itself has always enough here. */
export function lacksCapacity(world: Platform, endpoint: string, fleet: FleetRecord, launched: Counts): boolean {
  return variantsOf(fleet).some((variant) => {
    if ((launched[variant.name] ?? 0) === 0) return false;
    const where = { service: 'sagemaker', endpoint, variant: variant.name, endpointConfig: fleet.configName };
    return world.faults.inject(['insufficient-capacity'], where) !== undefined;
  });
}
