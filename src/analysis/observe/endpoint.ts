import type {
  DescribeEndpointCommandOutput,
  DescribeEndpointConfigCommandOutput,
  ProductionVariant,
  ProductionVariantSummary,
} from '@aws-sdk/client-sagemaker';
import type { Aws } from '../../aws/clients.ts';
import { endpointNotFound } from '../../aws/endpoint-not-found.ts';
import { describeEndpoint, describeEndpointConfig, describeModel } from '../../aws/sagemaker.ts';
import { environmentError } from '../../base/errors.ts';
import type { VariantFacts } from '../observations.ts';
import { type Notes, withFallbackIfDenied } from './refused.ts';

/** What stands behind an endpoint, or stood, as far as a report must know. Times are milliseconds since the epoch. */
export interface EndpointFacts {
  config: string | undefined;
  production: VariantFacts;
  shadow: VariantFacts | undefined;
  /** Share of production's requests that the shadow's weight asks for. */
  sampling: number | undefined;
  /** `s3://…` under which captures land; undefined where nothing is captured. */
  captures: string | undefined;
  /** When the endpoint config was made: nobody ran it before. */
  created: number | undefined;
}

/** Facts of what an endpoint runs now. */
export interface LiveFacts extends EndpointFacts {
  /** When the endpoint was made. */
  born: number | undefined;
  /** When the endpoint was changed last, be it only in its weights or its number of instances. */
  modified: number | undefined;
  /** When the last of its images was resolved to a digest: what runs now did not run before. */
  resolved: number | undefined;
  /** Its weights are others than the config's: they were changed later. */
  reweighted: boolean;
  /** Since when an update to another config has been under way. */
  leaving: number | undefined;
  /** Another config is coming. Autoscaling is Updating, too, and changes nothing of whose the evidence is. */
  updating?: { to: string } | undefined;
}

/** What a config says; what the journal kept of one has no time. */
export type ConfigFacts = Partial<
  Pick<
    DescribeEndpointConfigCommandOutput,
    'EndpointConfigName' | 'ProductionVariants' | 'ShadowProductionVariants' | 'DataCaptureConfig' | 'CreationTime'
  >
>;

/**
 * Reads the endpoint, the config it runs, and the models of its variants; a model that may not be looked at is noted.
 * @throws Problem (cannot-run) where there is no such endpoint, or it has no variant (yet)
 */
export async function readEndpoint(aws: Aws, name: string, notes: Notes, signal?: AbortSignal): Promise<LiveFacts> {
  const endpoint = await describeEndpoint(aws, name, signal);
  if (endpoint === undefined) {
    throw endpointNotFound(aws.target, name);
  }
  const configName = endpoint.EndpointConfigName;
  const config = configName === undefined ? undefined : await describeEndpointConfig(aws, configName, signal);
  const live = endpoint.ProductionVariants?.[0];
  if (live?.VariantName === undefined && config?.ProductionVariants?.[0]?.VariantName === undefined) {
    throw environmentError(
      `Endpoint "${name}" has no production variant (it is ${endpoint.EndpointStatus}).`,
      'Wait until it is in service.',
    );
  }
  const facts = await factsOf(aws, { ...config, EndpointConfigName: configName }, endpoint, notes, signal);
  const { PendingDeploymentSummary: pending } = endpoint;
  const towards = pending?.EndpointConfigName === configName ? undefined : pending?.EndpointConfigName;
  return {
    ...facts,
    born: endpoint.CreationTime?.getTime(),
    modified: endpoint.LastModifiedTime?.getTime(),
    resolved: resolvedOf(endpoint),
    reweighted: weightsChanged(endpoint, config),
    leaving: towards === undefined ? undefined : pending?.StartTime?.getTime(),
    ...(endpoint.EndpointStatus === 'Updating' && towards !== undefined && { updating: { to: towards } }),
  };
}

/**
 * What a config says, and of a live endpoint what became of it.
 *
 * @param live undefined of a config that ran at another time
 */
export async function factsOf(
  aws: Aws,
  config: ConfigFacts,
  live: DescribeEndpointCommandOutput | undefined,
  notes: Notes,
  signal?: AbortSignal,
): Promise<EndpointFacts> {
  const { EndpointConfigName: configName, DataCaptureConfig: capture } = config;
  const variant = async (asked: ProductionVariant | undefined, seen: ProductionVariantSummary | undefined) => {
    const { ModelName: modelName } = asked ?? {};
    const model =
      modelName === undefined
        ? undefined
        : await withFallbackIfDenied(
            () => describeModel(aws, modelName, signal),
            () => undefined,
            notes,
            'Its image and artifact are not shown.',
            `model ${modelName}`,
          );
    const container = model?.PrimaryContainer ?? model?.Containers?.[0];
    return {
      name: seen?.VariantName ?? asked?.VariantName ?? '',
      endpointConfig: configName,
      model: modelName,
      image: container?.Image,
      artifact: container?.ModelDataUrl,
      instanceType: asked?.InstanceType,
      // None: an update has taken the fleet away already, and how many gave the evidence nobody says.
      instances: seen?.CurrentInstanceCount || undefined,
    } satisfies VariantFacts;
  };
  const [asked, shadowAsked] = [config.ProductionVariants?.[0], config.ShadowProductionVariants?.[0]];
  const [seen, shadowSeen] = [live?.ProductionVariants?.[0], live?.ShadowProductionVariants?.[0]];
  const weight = seen?.CurrentWeight ?? asked?.InitialVariantWeight;
  const shadowWeight = shadowSeen?.CurrentWeight ?? shadowAsked?.InitialVariantWeight;
  const hasShadow = (shadowSeen?.VariantName ?? shadowAsked?.VariantName) !== undefined;
  return {
    config: configName,
    production: await variant(asked, seen),
    shadow: hasShadow ? await variant(shadowAsked, shadowSeen) : undefined,
    sampling:
      !hasShadow || weight === undefined || shadowWeight === undefined || weight <= 0
        ? undefined
        : Math.min(1, shadowWeight / weight),
    created: config.CreationTime?.getTime(),
    captures: capture?.EnableCapture === false ? undefined : capture?.DestinationS3Uri,
  };
}

function resolvedOf(endpoint: DescribeEndpointCommandOutput): number | undefined {
  const variants = [...(endpoint.ProductionVariants ?? []), ...(endpoint.ShadowProductionVariants ?? [])];
  const times = variants.flatMap(({ DeployedImages = [] }) =>
    DeployedImages.flatMap(({ ResolutionTime }) => (ResolutionTime === undefined ? [] : [ResolutionTime.getTime()])),
  );
  return times.length === 0 ? undefined : Math.max(...times);
}

function weightsChanged(
  endpoint: DescribeEndpointCommandOutput,
  config: DescribeEndpointConfigCommandOutput | undefined,
): boolean {
  return (['ProductionVariants', 'ShadowProductionVariants'] as const).some((side) =>
    endpoint[side]?.some(({ VariantName, CurrentWeight, DesiredWeight }) => {
      const asked = config?.[side]?.find((one) => one.VariantName === VariantName)?.InitialVariantWeight ?? 1;
      return [CurrentWeight, DesiredWeight].some((weight) => weight !== undefined && weight !== asked);
    }),
  );
}
