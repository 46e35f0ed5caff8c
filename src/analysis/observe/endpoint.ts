import type { Aws } from '../../aws/clients.ts';
import { endpointNotFound } from '../../aws/endpoint-not-found.ts';
import { describeEndpoint, describeEndpointConfig, describeModel } from '../../aws/sagemaker.ts';
import { environmentError } from '../../base/errors.ts';
import type { VariantFacts } from '../observations.ts';
import { withFallbackIfDenied } from './refused.ts';

/** What stands behind an endpoint, as far as a report must know. */
export interface EndpointFacts {
  production: VariantFacts;
  shadow: VariantFacts | undefined;
  /** Share of production's requests that the shadow's weight asks for. */
  sampling: number | undefined;
  /** `s3://…` under which captures land; undefined where nothing is captured. */
  captures: string | undefined;
  /** When the endpoint config was made, milliseconds since the epoch: its shadow saw nothing before. */
  created: number | undefined;
  /** Since when the endpoint has run what it runs, milliseconds since the epoch. */
  since: number | undefined;
}

/**
 * Reads the endpoint, the config it runs, and the models of its variants; a model that may not be looked at is noted.
 * @throws Problem (cannot-run) where there is no such endpoint, or it has no variant (yet)
 */
export async function readEndpoint(
  aws: Aws,
  name: string,
  notes: string[],
  signal?: AbortSignal,
): Promise<EndpointFacts> {
  const endpoint = await describeEndpoint(aws, name, signal);
  if (endpoint === undefined) {
    throw endpointNotFound(aws.target, name);
  }
  const configName = endpoint.EndpointConfigName;
  const config = configName === undefined ? undefined : await describeEndpointConfig(aws, configName, signal);
  const live = endpoint.ProductionVariants?.[0];
  const asked = config?.ProductionVariants?.[0];
  const variant = live?.VariantName ?? asked?.VariantName;
  if (variant === undefined) {
    throw environmentError(
      `Endpoint "${name}" has no production variant (it is ${endpoint.EndpointStatus}).`,
      'Wait until it is in service.',
    );
  }
  const shadowLive = endpoint.ShadowProductionVariants?.[0];
  const shadowAsked = config?.ShadowProductionVariants?.[0];
  const shadowName = shadowLive?.VariantName ?? shadowAsked?.VariantName;
  const facts = async (variantName: string, parts: { model?: string; type?: string; instances?: number }) => {
    const { model: modelName } = parts;
    const model =
      modelName === undefined
        ? undefined
        : await withFallbackIfDenied(
            () => describeModel(aws, modelName, signal),
            () => undefined,
            notes,
            'Its image and artifact are not shown.',
          );
    const container = model?.PrimaryContainer ?? model?.Containers?.[0];
    return {
      name: variantName,
      endpointConfig: configName,
      model: parts.model,
      image: container?.Image,
      artifact: container?.ModelDataUrl,
      instanceType: parts.type,
      instances: parts.instances,
    } satisfies VariantFacts;
  };
  const weights = [
    live?.CurrentWeight ?? asked?.InitialVariantWeight,
    shadowLive?.CurrentWeight ?? shadowAsked?.InitialVariantWeight,
  ] as const;
  const capture = config?.DataCaptureConfig;
  return {
    production: await facts(variant, {
      model: asked?.ModelName,
      type: asked?.InstanceType,
      instances: live?.CurrentInstanceCount,
    }),
    shadow:
      shadowName === undefined
        ? undefined
        : await facts(shadowName, {
            model: shadowAsked?.ModelName,
            type: shadowAsked?.InstanceType,
            instances: shadowLive?.CurrentInstanceCount,
          }),
    sampling:
      shadowName === undefined || weights[0] === undefined || weights[1] === undefined || weights[0] <= 0
        ? undefined
        : Math.min(1, weights[1] / weights[0]),
    created: config?.CreationTime?.getTime(),
    since: endpoint.LastModifiedTime?.getTime(),
    captures: capture?.EnableCapture === false ? undefined : capture?.DestinationS3Uri,
  };
}
