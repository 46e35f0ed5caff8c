import { describeEndpoint, describeEndpointConfig, describeModel } from '../../aws/sagemaker.ts';
import { look } from '../../resources/resolve.ts';
import type { Sighting } from '../../resources/teardown.ts';
import { heldOf } from '../../state/replay.ts';
import type { ResourceRef } from '../../state/journal.ts';
import type { Ground } from './on-endpoint.ts';

/**
 * Looks in AWS for everything the journal ever named since the last clean end, whatever it believes became of it: a
 * request that was under way when a command was killed may have taken effect later than anybody looked.
 */
export async function sight(ground: Ground): Promise<Sighting[]> {
  const sightings: Sighting[] = [];
  const runs = ground.state().runs.map((one) => one.run);
  for (const held of ground.state().resources) {
    const found = await look(ground.aws, held.ref);
    // What we deleted and somebody made anew under its name is not ours: then the tag is missing.
    sightings.push({
      held,
      exists: found !== undefined,
      ours: found !== undefined && !held.adopted && (await found.ours(ground.journal.endpoint, { runs, at: held.at })),
    });
  }
  return sightings;
}

/** Configs, models and uploads that an adopted endpoint needs, which cleanup leaves standing. */
export async function neededByAdopted(ground: Ground): Promise<ResourceRef[]> {
  const { aws, journal } = ground;
  const held = heldOf(ground.state(), { kind: 'endpoint', name: journal.endpoint });
  if (held?.adopted !== true) return [];
  const live = await describeEndpoint(aws, journal.endpoint);
  const names = [live?.EndpointConfigName, live?.PendingDeploymentSummary?.EndpointConfigName];
  const needed: ResourceRef[] = [];
  for (const name of names) {
    if (name === undefined) continue;
    needed.push({ kind: 'endpoint-config', name });
    const config = await describeEndpointConfig(aws, name);
    for (const variant of [...(config?.ProductionVariants ?? []), ...(config?.ShadowProductionVariants ?? [])]) {
      if (variant.ModelName === undefined) continue;
      needed.push({ kind: 'model', name: variant.ModelName });
      const model = await describeModel(aws, variant.ModelName);
      const artifact = model?.PrimaryContainer?.ModelDataUrl;
      if (artifact !== undefined) needed.push({ kind: 's3-object', name: artifact });
    }
  }
  return needed;
}
