import type { DataCaptureConfig, ModelVariantConfig, ProductionVariant } from '@aws-sdk/client-sagemaker';
import type { Platform } from '../world.ts';
import { arnOf } from '../endpoints/arns.ts';
import { type ConfigRecord, configsOf, type EndpointRecord, keyOf } from '../endpoints/records.ts';
import { type ExperimentRecord, type Layout, rolesOf } from './records.ts';

/** The layout while an experiment runs. Without a DataStorageConfig what the endpoint captured before stays (not sourced). */
export function runningLayout(record: ExperimentRecord): Layout {
  const { production, shadow, percent } = rolesOf(record);
  const of = (name: string) => record.variants.find((variant) => variant.VariantName === name);
  return {
    production: { name: production, variant: of(production) },
    shadow: { name: shadow, variant: of(shadow), percent },
    capture: captureOf(record) ?? record.before?.capture,
  };
}

function captureOf({ storage }: ExperimentRecord): DataCaptureConfig | undefined {
  if (storage === undefined) return undefined;
  return {
    EnableCapture: true,
    InitialSamplingPercentage: 100,
    DestinationS3Uri: storage.Destination,
    ...(storage.KmsKey !== undefined && { KmsKeyId: storage.KmsKey }),
    CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
    ...(storage.ContentType && { CaptureContentTypeHeader: storage.ContentType }),
  };
}

/**
 * Makes the config of a layout. SageMaker names such configs itself; how is not sourced. What the variants of the
 * present config say besides model and machines stays.
 */
export function makeConfig(
  world: Platform,
  record: ExperimentRecord,
  { fleet, configName }: EndpointRecord,
  { production, shadow, capture }: Layout,
): ConfigRecord {
  const configs = configsOf(world.store);
  const present = configs.get(keyOf(record, configName));
  const known = [...(present?.production ?? []), ...(present?.shadow ?? [])];
  const live = fleet === undefined ? [] : [...fleet.production, ...fleet.shadow];
  const variant = (name: string, given: ModelVariantConfig | undefined, weight: number): ProductionVariant => {
    const standing = live.find((one) => one.name === name);
    const machines = given?.InfrastructureConfig?.RealTimeInferenceConfig;
    return {
      ...known.find((one) => one.VariantName === name),
      VariantName: name,
      ModelName: given?.ModelName ?? standing?.modelName ?? '',
      InstanceType: machines?.InstanceType ?? (standing?.instanceType as never),
      InitialInstanceCount: machines?.InstanceCount ?? standing?.desiredCount ?? 1,
      InitialVariantWeight: weight,
    };
  };
  const name = `${record.name.slice(0, 50).replace(/-+$/, '')}-${world.random.hex(12)}`;
  const config: ConfigRecord = {
    account: record.account,
    region: record.region,
    name,
    arn: arnOf({ ...record, world }, 'endpoint-config', name),
    createdAt: world.clock.now(),
    production: [variant(production.name, production.variant, 1)],
    shadow: shadow === undefined ? [] : [variant(shadow.name, shadow.variant, shadow.percent / 100)],
    ...(capture && { capture }),
    ...(record.before?.metrics && { metrics: record.before.metrics }),
    rest: present?.rest ?? { EnableNetworkIsolation: false },
  };
  configs.set(keyOf(record, name), config);
  return config;
}
