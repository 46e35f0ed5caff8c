import type { World } from '../world.ts';
import type { Stage } from './deployment.ts';
import type { Endpoint } from './endpoints.ts';
import { variantsOf } from './endpoint-records.ts';
import { attend, checkHealth, dismiss, hire } from './fleet.ts';
import { stopInstance } from './fleet-instance.ts';

type Scale = Stage & { kind: 'scale' };

/** New instances are launched, desired numbers show at once; what is current changes at the end (facts 13). */
export function beginScale(world: World, endpoint: Endpoint, stage: Scale, at: number): void {
  const { fleet } = endpoint.record;
  if (!fleet || !endpoint.serving) throw new Error(`endpoint ${endpoint.key} has no fleet to scale`);
  for (const variant of variantsOf(fleet)) {
    variant.desiredWeight = stage.weights[variant.name] ?? variant.desiredWeight;
    const count = stage.counts[variant.name] ?? variant.desiredCount;
    if (count !== variant.desiredCount) {
      const direction = count > variant.desiredCount ? 'out' : 'in';
      variant.doing = {
        status: 'Updating',
        message: `Scaling ${direction} desired instance count to ${count}.`,
        since: at,
      };
    }
    hire(world, variant, Math.max(0, count - variant.instances.length));
    variant.desiredCount = count;
  }
  attend(endpoint.serving);
}

/**
 * The numbers take effect; true when the change is over. Where new instances do not come, SageMaker rolls back
 * (status RollingBack) and ends in service with the old numbers (facts 4.2).
 */
export async function endScale(world: World, endpoint: Endpoint, stage: Scale, at: number): Promise<boolean> {
  const { record, serving } = endpoint;
  const { fleet, change } = record;
  if (!fleet || !serving || !change) throw new Error(`endpoint ${endpoint.key} has no fleet to scale`);
  if (!change.undoing) {
    const reason = await shortage(world, endpoint, at);
    if (reason !== undefined) {
      for (const variant of variantsOf(fleet)) {
        variant.instances = variant.instances.filter((instance) => instance.healthy);
        variant.desiredWeight = stage.before.weights[variant.name] ?? variant.weight;
        variant.desiredCount = stage.before.counts[variant.name] ?? variant.desiredCount;
      }
      for (const instance of attend(serving)) await stopInstance(instance);
      change.undoing = { reason };
      change.endsAt = at + world.latencies.updateWeights;
      change.dueAt = change.endsAt;
      record.status = 'RollingBack';
      return false;
    }
  } else record.failureReason = change.undoing.reason;
  for (const variant of variantsOf(fleet)) {
    variant.weight = variant.desiredWeight;
    dismiss(variant, variant.instances.length - variant.desiredCount);
    variant.serving = variant.desiredCount;
  }
  for (const instance of attend(serving)) await stopInstance(instance);
  return true;
}

async function shortage(world: World, endpoint: Endpoint, at: number): Promise<string | undefined> {
  const { record, serving } = endpoint;
  if (!record.fleet || !serving) return undefined;
  for (const variant of variantsOf(record.fleet)) {
    if (variant.instances.every((instance) => instance.healthy)) continue;
    const where = { endpoint: record.name, variant: variant.name, endpointConfig: record.fleet.configName };
    if (world.faults.strike(['insufficient-capacity'], where)) {
      return 'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a different ML instance type or after some time.';
    }
  }
  return (await checkHealth(world, serving, at)).trouble?.reason;
}
