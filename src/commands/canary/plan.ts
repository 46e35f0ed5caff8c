import type { ProductionVariant, Tag } from '@aws-sdk/client-sagemaker';
import { deriveConfig } from '../../resources/derive-config.ts';
import { type Live, productionOf } from '../../resources/live.ts';
import type { Step } from '../../resources/steps.ts';

/**
 * The live config with another model. Instance type, counts, capture and the variant's name are the live ones: nothing
 * is declared a second time. Pure.
 */
export function planConfig(live: Live, change: { config: string; model: string; tags: Tag[] }): Step {
  const production = productionOf(live);
  const variant: ProductionVariant = {
    ...production.variant,
    ModelName: change.model,
    ...(production.instances === undefined ? {} : { InitialInstanceCount: production.instances }),
  };
  return {
    action: 'create',
    kind: 'endpoint-config',
    name: change.config,
    input: deriveConfig(production.config, { name: change.config, production: [variant], tags: change.tags }),
  };
}
