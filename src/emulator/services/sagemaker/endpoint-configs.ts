import type {
  CreateEndpointConfigInput,
  DescribeEndpointConfigOutput,
  ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import type { Context } from '../operation.ts';
import { type ConfigRecord, configsOf, keyOf, modelsOf } from '../../world/endpoints/records.ts';
import { checkTags, removeTags, setTags } from './tags.ts';
import { arnOf } from '../../world/endpoints/arns.ts';
import { alreadyExists, notFound, featuresNotSupported, notBuilt, validationError } from './errors.ts';

export function createEndpointConfig(
  context: Context,
  input: CreateEndpointConfigInput,
): { EndpointConfigArn: string } {
  const name = input.EndpointConfigName ?? '';
  const configs = configsOf(context.world.store);
  const key = keyOf(context, name);
  if (configs.get(key)) throw alreadyExists(context, 'endpoint-config', name);
  checkConfig(context, input);
  checkTags(input.Tags);
  const production = (input.ProductionVariants ?? []).map(complete);
  const shadow = (input.ShadowProductionVariants ?? []).map(complete);
  for (const { ModelName: model = '' } of [...production, ...shadow]) {
    if (!modelsOf(context.world.store).get(keyOf(context, model))) throw notFound(context, 'model', model);
  }
  const arn = arnOf(context, 'endpoint-config', name);
  const { KmsKeyId, ExecutionRoleArn, VpcConfig, EnableNetworkIsolation } = input;
  const record: ConfigRecord = {
    account: context.account,
    region: context.region,
    name,
    arn,
    createdAt: context.world.clock.now(),
    production,
    shadow,
    rest: { KmsKeyId, ExecutionRoleArn, VpcConfig, EnableNetworkIsolation: EnableNetworkIsolation ?? false },
  };
  if (input.DataCaptureConfig) record.capture = input.DataCaptureConfig;
  if (input.MetricsConfig) record.metrics = input.MetricsConfig;
  configs.set(key, record);
  setTags(context, arn, input.Tags);
  return { EndpointConfigArn: arn };
}

function complete(variant: ProductionVariant): ProductionVariant {
  return { InitialInstanceCount: 1, InitialVariantWeight: 1, ...variant };
}

export function describeEndpointConfig(
  context: Context,
  input: { EndpointConfigName: string },
): DescribeEndpointConfigOutput {
  const record = configsOf(context.world.store).get(keyOf(context, input.EndpointConfigName));
  if (!record) throw notFound(context, 'endpoint-config', input.EndpointConfigName);
  return {
    EndpointConfigName: record.name,
    EndpointConfigArn: record.arn,
    ProductionVariants: record.production,
    ...(record.capture && { DataCaptureConfig: record.capture }),
    CreationTime: new Date(record.createdAt),
    ...(record.shadow.length > 0 && { ShadowProductionVariants: record.shadow }),
    ...(record.metrics && { MetricsConfig: record.metrics }),
    ...Object.fromEntries(
      Object.entries(record.rest).filter(
        ([name, value]) =>
          value !== undefined &&
          (name !== 'EnableNetworkIsolation' || value === true || context.world.switches.showNetworkIsolation),
      ),
    ),
  };
}

/** AWS does not refuse to delete a config in use; every later UpdateEndpoint fails for it (facts 8.1). */
export function deleteEndpointConfig(context: Context, input: { EndpointConfigName: string }): Record<string, never> {
  const configs = configsOf(context.world.store);
  const key = keyOf(context, input.EndpointConfigName);
  const record = configs.get(key);
  if (!record) throw notFound(context, 'endpoint-config', input.EndpointConfigName);
  configs.delete(key);
  removeTags(context, record.arn);
  return {};
}

/**
 * What must hold between the fields of an endpoint config (facts 1.1, 1.2); each field by itself was checked before.
 * The rules are AWS's, their exact words are not sourced unless noted.
 */
function checkConfig({ world }: Context, input: CreateEndpointConfigInput): void {
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
  if (world.switches.refuseDataCapture && input.DataCaptureConfig)
    throw validationError('DataCaptureConfig is not available to this account.');
  if (world.switches.refuseNetworkIsolation && input.EnableNetworkIsolation !== undefined) throw featuresNotSupported();
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
