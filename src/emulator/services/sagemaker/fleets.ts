import type { Context } from '../operation.ts';
import { newFleet } from '../../world/endpoints/new-fleet.ts';
import { type ConfigRecord, configsOf, type FleetRecord, keyOf } from '../../world/endpoints/records.ts';
import { notFound } from './errors.ts';

/** The config of this name, or AWS's refusal. */
export function configNamed(context: Context, name: string): ConfigRecord {
  const config = configsOf(context.world.store).get(keyOf(context, name));
  if (!config) throw notFound(context, 'endpoint-config', name);
  return config;
}

/** A fleet that runs `config`, with no instances yet. */
export function fleetFor(context: Context, config: ConfigRecord): FleetRecord {
  const fleet = newFleet(context.world, config);
  if ('missingModel' in fleet) throw notFound(context, 'model', fleet.missingModel);
  return fleet;
}
