import type { ProductionVariant } from '@aws-sdk/client-sagemaker';
import { resolvedImage } from '../images.ts';
import type { Platform } from '../world.ts';
import { type ConfigRecord, type FleetRecord, keyOf, modelsOf, type VariantRecord } from './records.ts';

/** A fleet that runs `config`, with no instances yet: config and models are copied into it. Or the name of a model that is gone. */
export function newFleet(
  world: Pick<Platform, 'store' | 'random' | 'clock'>,
  config: ConfigRecord,
): FleetRecord | { missingModel: string } {
  const models = modelsOf(world.store);
  const missingModel = [...config.production, ...config.shadow]
    .map(({ ModelName = '' }) => ModelName)
    .find((name) => models.get(keyOf(config, name)) === undefined);
  if (missingModel !== undefined) return { missingModel };
  const variantFor = (variant: ProductionVariant): VariantRecord => {
    const model = models.get(keyOf(config, variant.ModelName ?? ''));
    const containers = model?.primary ? [model.primary] : (model?.containers ?? []);
    return {
      name: variant.VariantName ?? '',
      modelName: model?.name ?? '',
      ...(model?.roleArn !== undefined && { roleArn: model.roleArn }),
      containers,
      images: containers.map(({ Image: image = '' }) => resolvedImage(world, image)),
      directContainers: model?.executionMode === 'Direct',
      instanceType: variant.InstanceType ?? '',
      weight: variant.InitialVariantWeight ?? 1,
      desiredWeight: variant.InitialVariantWeight ?? 1,
      desiredCount: variant.InitialInstanceCount ?? 1,
      instances: [],
      serving: 0,
      // Four minutes are SageMaker's default (facts 7.2).
      startupTimeoutSeconds: variant.ContainerStartupHealthCheckTimeoutInSeconds ?? 240,
    };
  };
  return {
    id: world.random.hex(16),
    configName: config.name,
    createdAt: world.clock.now(),
    production: config.production.map(variantFor),
    shadow: config.shadow.map(variantFor),
    ...(config.capture && { capture: config.capture }),
    ...(config.metrics && { metrics: config.metrics }),
  };
}
