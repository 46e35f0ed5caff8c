import type {
  CreateEndpointConfigCommandInput,
  DescribeEndpointConfigCommandOutput,
  ProductionVariant,
  Tag,
} from '@aws-sdk/client-sagemaker';

/**
 * A new endpoint config that is the live one in everything but what is named here: whatever else a team has set
 * (capture, encryption, network, metrics) survives, because it is never declared a second time.
 * @param changes.shadows `undefined` leaves the new config without shadow variants
 */
export function deriveConfig(
  live: DescribeEndpointConfigCommandOutput,
  changes: {
    name: string;
    production: ProductionVariant[];
    shadows?: ProductionVariant[];
    capture?: CreateEndpointConfigCommandInput['DataCaptureConfig'];
    tags: Tag[];
  },
): CreateEndpointConfigCommandInput {
  const capture = changes.capture ?? live.DataCaptureConfig;
  const input: CreateEndpointConfigCommandInput = {
    EndpointConfigName: changes.name,
    ProductionVariants: changes.production,
    ShadowProductionVariants: changes.shadows,
    DataCaptureConfig: capture,
    KmsKeyId: live.KmsKeyId,
    AsyncInferenceConfig: live.AsyncInferenceConfig,
    ExplainerConfig: live.ExplainerConfig,
    ExecutionRoleArn: live.ExecutionRoleArn,
    VpcConfig: live.VpcConfig,
    // Said only where it is on: beside a model name AWS may refuse to be told that it is off.
    EnableNetworkIsolation: live.EnableNetworkIsolation === true ? true : undefined,
    MetricsConfig: live.MetricsConfig,
    Tags: changes.tags,
  };
  return withoutUndefined(input);
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
