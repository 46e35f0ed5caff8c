import type { CreateEndpointConfigCommandInput, ProductionVariant, Tag } from '@aws-sdk/client-sagemaker';
import { deriveConfig } from '../../resources/derive-config.ts';
import { type Live, productionOf } from '../../resources/live.ts';

/** The name of the second variant; SageMaker tells variants apart by name only. */
const CANDIDATE = 'candidate';

/**
 * Both configs of a rollout: production and candidate side by side, the candidate as large as production, for it is
 * to carry as much; and what is left at the end, which is production with the new model. Pure.
 */
export function planConfigs(
  live: Live,
  change: { variant: Partial<ProductionVariant>; config: string; final: string; firstShare: number; tags: Tag[] },
): { both: CreateEndpointConfigCommandInput; final: CreateEndpointConfigCommandInput; candidate: string } {
  const { config, variant, instances } = productionOf(live);
  const count = instances === undefined ? {} : { InitialInstanceCount: instances };
  const candidate = variant.VariantName === CANDIDATE ? `${CANDIDATE}-2` : CANDIDATE;
  const production = { ...variant, ...count };
  return {
    candidate,
    both: deriveConfig(config, {
      name: change.config,
      production: [
        { ...production, InitialVariantWeight: 1 - change.firstShare },
        { ...production, ...change.variant, VariantName: candidate, InitialVariantWeight: change.firstShare },
      ],
      tags: change.tags,
    }),
    final: deriveConfig(config, {
      name: change.final,
      production: [{ ...production, ...change.variant }],
      tags: change.tags,
    }),
  };
}
