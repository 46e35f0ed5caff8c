import type { Platform } from '../world.ts';
import { numberOf } from './plan.ts';
import type { Endpoint } from './endpoint.ts';
import { type ChangeStage, variantsOf } from './records.ts';
import { refreshServing, removeInstances, addInstances } from '../fleet/fleet.ts';
import { checkHealth, lacksCapacity, NO_CAPACITY, warmUp } from '../fleet/health.ts';
import { stopInstances } from '../fleet/instance.ts';

/** How often servers that are just starting are looked at. */
const STARTING_CHECK_MS = 250;

type Scale = ChangeStage & { kind: 'scale' };

/** New instances are launched, desired numbers show at once; what is current changes at the end (facts 13). */
export function beginScale(world: Platform, endpoint: Endpoint, stage: Scale, at: number): void {
  const { fleet } = endpoint.record;
  if (!fleet || !endpoint.serving) throw new Error(`endpoint ${endpoint.key} has no fleet to scale`);
  for (const variant of variantsOf(fleet)) {
    variant.desiredWeight = numberOf(stage.weights, variant.name) ?? variant.desiredWeight;
    const count = numberOf(stage.counts, variant.name) ?? variant.desiredCount;
    if (count !== variant.desiredCount) {
      const direction = count > variant.desiredCount ? 'out' : 'in';
      variant.doing = {
        status: 'Updating',
        message: `Scaling ${direction} desired instance count to ${count}.`,
        since: at,
      };
    }
    addInstances(world, variant, Math.max(0, count - variant.instances.length));
    variant.desiredCount = count;
  }
  refreshServing(endpoint.serving);
  if (!world.clock.virtual) void warmUp(world, endpoint.serving, undefined);
}

/**
 * The numbers take effect; true when the change is over. Where new instances do not come, SageMaker rolls back
 * (status RollingBack) and ends in service with the old numbers (facts 4.2).
 */
export async function endScale(world: Platform, endpoint: Endpoint, stage: Scale, at: number): Promise<boolean> {
  const { record, serving } = endpoint;
  const { fleet, change } = record;
  if (!fleet || !serving || !change) throw new Error(`endpoint ${endpoint.key} has no fleet to scale`);
  if (!change.rollback) {
    const lack = await shortage(world, endpoint, at);
    if (lack === 'starting') {
      change.dueAt = world.clock.now() + STARTING_CHECK_MS;
      return false;
    }
    if (lack !== undefined) {
      for (const variant of variantsOf(fleet)) {
        variant.instances = variant.instances.filter((instance) => instance.healthy);
        variant.desiredWeight = numberOf(stage.before.weights, variant.name) ?? variant.weight;
        variant.desiredCount = numberOf(stage.before.counts, variant.name) ?? variant.desiredCount;
      }
      await stopInstances(world, refreshServing(serving));
      change.rollback = lack;
      change.endsAt = at + world.latencies.updateWeights;
      change.dueAt = change.endsAt;
      record.status = 'RollingBack';
      return false;
    }
  } else record.failureReason = change.rollback.reason;
  for (const variant of variantsOf(fleet)) {
    variant.weight = variant.desiredWeight;
    removeInstances(variant, variant.instances.length - variant.desiredCount);
    variant.serving = variant.desiredCount;
  }
  await stopInstances(world, refreshServing(serving));
  return true;
}

/** Why the new instances do not come; 'starting' while servers of the user's own take their time. */
async function shortage(
  world: Platform,
  { record, serving }: Endpoint,
  at: number,
): Promise<'starting' | { reason: string } | undefined> {
  const { fleet, change } = record;
  if (!fleet || !serving || !change) return undefined;
  const missing = variantsOf(fleet).map((variant) => [
    variant.name,
    variant.instances.filter((one) => !one.healthy).length,
  ]);
  if (!change.granted && lacksCapacity(world, record.name, fleet, Object.fromEntries(missing)))
    return { reason: NO_CAPACITY };
  change.granted = true;
  const health = await checkHealth(world, serving, at);
  if (health.state === 'starting') return 'starting';
  return health.state === 'unhealthy' ? { reason: health.reason } : undefined;
}
