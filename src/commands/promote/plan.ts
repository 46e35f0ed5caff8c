import type { ProductionVariant, Tag } from '@aws-sdk/client-sagemaker';
import { cannotRun } from '../../base/errors.ts';
import { deriveConfig } from '../../resources/derive-config.ts';
import { type Live, productionOf } from '../../resources/live.ts';
import type { Step } from '../../resources/steps.ts';

/** The shadow of a live endpoint, with what tells exactly which model it runs. */
export interface Shadow {
  variant: string;
  model: string;
  /** The images its instances really run, by digest. */
  images: readonly string[];
}

/** @throws Problem where there is no shadow to promote */
export function shadowOf(live: Live): Shadow {
  const [declared] = productionOf(live).config.ShadowProductionVariants ?? [];
  if (declared?.ModelName === undefined || declared.VariantName === undefined) {
    throw cannotRun(
      `Endpoint "${live.name}" carries no shadow; it runs ${live.endpoint.EndpointConfigName}.`,
      `Attach one first: shadowctl shadow --endpoint ${live.name} --artifact … --algorithm …`,
    );
  }
  const running = live.endpoint.ShadowProductionVariants?.find((one) => one.VariantName === declared.VariantName);
  return {
    variant: declared.VariantName,
    model: declared.ModelName,
    images: (running?.DeployedImages ?? []).map((image) => image.ResolvedImage ?? image.SpecifiedImage ?? ''),
  };
}

/**
 * The live config with the shadow's model in production and no shadow. Production's name, instance type, scaled count
 * and capture stay: the shadow's own size was a matter of the test. Pure.
 */
export function planPromotion(live: Live, shadow: Shadow, change: { config: string; tags: Tag[] }): Step[] {
  const { config, variant, instances } = productionOf(live);
  const production: ProductionVariant = {
    ...variant,
    ModelName: shadow.model,
    ...(instances === undefined ? {} : { InitialInstanceCount: instances }),
  };
  return [
    {
      action: 'create',
      kind: 'endpoint-config',
      name: change.config,
      input: deriveConfig(config, { name: change.config, production: [production], tags: change.tags }),
    },
  ];
}
