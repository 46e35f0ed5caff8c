import type {
  CreateEndpointConfigInput,
  DescribeEndpointConfigOutput,
  ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import type { Context } from '../operation.ts';
import { type ConfigRecord, configsOf, keyOf, modelsOf } from '../../world/endpoints/records.ts';
import { checkConfig } from './config-rules.ts';
import { checkTags, removeTags, setTags } from './tags.ts';
import { arnOf } from './arns.ts';
import { alreadyExists, notFound } from './errors.ts';

export function createEndpointConfig(
  context: Context,
  input: CreateEndpointConfigInput,
): { EndpointConfigArn: string } {
  const name = input.EndpointConfigName ?? '';
  const configs = configsOf(context.world.store);
  const key = keyOf(context, name);
  if (configs.get(key)) throw alreadyExists(context, 'endpoint-config', name);
  checkConfig(input);
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
    ...Object.fromEntries(Object.entries(record.rest).filter(([, value]) => value !== undefined)),
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
