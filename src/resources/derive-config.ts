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
  // Whatever else there is, known to this version or not (`sagemaker.ts`), is carried on.
  const {
    $metadata: _reply,
    EndpointConfigArn: _arn,
    CreationTime: _created,
    ProductionVariants: _production,
    ShadowProductionVariants: _shadows,
    EnableNetworkIsolation: isolated,
    ...kept
  } = live;
  const input: CreateEndpointConfigCommandInput = {
    ...kept,
    EndpointConfigName: changes.name,
    ProductionVariants: changes.production,
    ShadowProductionVariants: changes.shadows,
    DataCaptureConfig: changes.capture ?? live.DataCaptureConfig,
    // Said only where it is on: beside a model name AWS may refuse to be told that it is off.
    EnableNetworkIsolation: isolated === true ? true : undefined,
    Tags: changes.tags,
  };
  return withoutUndefined(input);
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
