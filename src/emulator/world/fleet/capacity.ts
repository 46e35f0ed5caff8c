import type { World } from '../world.ts';
import type { Counts } from '../endpoints/plan.ts';
import { type FleetRecord, variantsOf } from '../endpoints/records.ts';

/** AWS's words end differently from report to report; the first half is sourced (facts 8.1). */
export const NO_CAPACITY =
  'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a different ML instance type or after some time.';

/** Does a fault withhold the instances of a launch? AWS itself has always enough here. */
export function lacksCapacity(world: World, endpoint: string, fleet: FleetRecord, launched: Counts): boolean {
  return variantsOf(fleet).some((variant) => {
    if ((launched[variant.name] ?? 0) === 0) return false;
    const where = { service: 'sagemaker', endpoint, variant: variant.name, endpointConfig: fleet.configName };
    return world.faults.strike(['insufficient-capacity'], where) !== undefined;
  });
}
