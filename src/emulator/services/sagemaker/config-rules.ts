import type { CreateEndpointConfigInput, ProductionVariant } from '@aws-sdk/client-sagemaker';
import { featuresNotSupported, notBuilt, validationError } from './errors.ts';

/**
 * What must hold between the fields of an endpoint config (facts 1.1, 1.2); each field by itself was checked before.
 * The rules are AWS's, their exact words are not sourced unless noted.
 */
export function checkConfig(input: CreateEndpointConfigInput): void {
  const production = input.ProductionVariants ?? [];
  const shadow = input.ShadowProductionVariants ?? [];
  if (shadow.length > 0 && (production.length !== 1 || shadow.length !== 1)) {
    // Close to the words of the API reference.
    throw validationError(
      `If you use ShadowProductionVariants, you can only specify one variant for ProductionVariants and one variant for ShadowProductionVariants: there are ${production.length} and ${shadow.length}.`,
    );
  }
  const names = [...production, ...shadow].map((variant) => variant.VariantName ?? '');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw validationError(
      `Duplicate variant name "${twice}": each variant of an endpoint configuration needs its own name.`,
    );
  for (const variant of [...production, ...shadow]) checkVariant(variant, shadow.length > 0);
  if (shadow.length > 0 && input.AsyncInferenceConfig) throw featuresNotSupported();
  if (input.AsyncInferenceConfig) throw notBuilt('asynchronous inference (AsyncInferenceConfig)');
  if (input.ExplainerConfig) throw notBuilt('online explanations (ExplainerConfig)');
}

function checkVariant(variant: ProductionVariant, shadowed: boolean): void {
  if (variant.ServerlessConfig) {
    if (shadowed) throw featuresNotSupported();
    throw notBuilt('serverless inference (ServerlessConfig)');
  }
  // Shadow tests exclude Inf1 and Elastic Inference (facts 1.2).
  if (shadowed && (variant.InstanceType?.startsWith('ml.inf1.') || variant.AcceleratorType))
    throw featuresNotSupported();
  if (variant.ManagedInstanceScaling) {
    throw validationError('ManagedInstanceScaling is only supported for inference component endpoints.');
  }
  if (variant.ModelName === undefined) throw notBuilt('inference components (a variant without ModelName)');
  if (variant.InstancePools) throw notBuilt('instance pools (InstancePools)');
  if (variant.InstanceType === undefined)
    throw validationError(`Variant "${variant.VariantName}" needs an InstanceType.`);
}
