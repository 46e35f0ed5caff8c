import type { ProductionVariant } from '@aws-sdk/client-sagemaker';
import { cannotRun } from '../../errors.ts';
import type { Candidate } from '../../resources/candidate.ts';
import { deriveConfig } from '../../resources/derive-config.ts';
import { type Live, productionOf } from '../../resources/live.ts';
import { newModel } from '../../resources/new-model.ts';
import type { Step } from '../../resources/steps.ts';
import { type Ownership, tagList } from '../../resources/tags.ts';

/** Everything a canary is made of, decided. */
export interface CanarySpec {
  own: Ownership;
  tags: Readonly<Record<string, string>>;
  candidate: Candidate;
  role: string;
  environment: Readonly<Record<string, string>>;
  modelName: string;
  configName: string;
}

/**
 * What must exist before the update: the upload, the model, and a config that is the live one with that model. Instance
 * type, counts, capture and the variant's name are the live ones: nothing is declared a second time. Pure.
 */
export function planCanary(spec: CanarySpec, live: Live): Step[] {
  const production = productionOf(live);
  const tags = tagList(spec.own, spec.tags);
  const variant: ProductionVariant = {
    ...production.variant,
    ModelName: spec.modelName,
    ...(production.instances === undefined ? {} : { InitialInstanceCount: production.instances }),
  };
  return [
    ...spec.candidate.steps,
    {
      action: 'create',
      kind: 'model',
      name: spec.modelName,
      input: newModel(spec.modelName, spec.candidate, {
        role: spec.role,
        environment: spec.environment,
        tags,
        live: live.model,
      }),
    },
    {
      action: 'create',
      kind: 'endpoint-config',
      name: spec.configName,
      input: deriveConfig(production.config, { name: spec.configName, production: [variant], tags }),
    },
  ];
}

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
