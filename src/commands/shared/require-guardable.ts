import { cannotRun } from '../../base/errors.ts';
import { type Live, productionOf } from '../../resources/live.ts';

/**
 * Refuses endpoints whose kind has no traffic to shift by instances, or whose shadow would get lost.
 * @returns instances of the fleet
 */
export function requireGuardable(live: Live): number {
  const production = productionOf(live);
  const { config, variant, instances } = production;
  if (variant.ServerlessConfig !== undefined) {
    throw cannotRun(
      `Endpoint "${live.name}" is serverless: it has no instances of which a part could go first.`,
      'Update it with: shadowctl deploy',
    );
  }
  const [shadow] = config.ShadowProductionVariants ?? [];
  if (shadow !== undefined) {
    throw cannotRun(
      `Endpoint "${live.name}" carries the shadow variant "${shadow.VariantName}", which this update would drop.`,
      `End the shadow first: shadowctl promote --endpoint ${live.name}, or shadowctl keep --endpoint ${live.name}`,
    );
  }
  return instances ?? variant.InitialInstanceCount ?? 1;
}
