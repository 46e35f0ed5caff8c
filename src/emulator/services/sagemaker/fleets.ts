import type { ProductionVariant } from '@aws-sdk/client-sagemaker';
import type { Context } from '../operation.ts';
import {
  type ConfigRecord,
  configsOf,
  type FleetRecord,
  keyOf,
  modelsOf,
  type VariantRecord,
} from '../../world/endpoints/records.ts';
import { notFound } from './errors.ts';

/** The config of this name, or AWS's refusal. */
export function configNamed(context: Context, name: string): ConfigRecord {
  const config = configsOf(context.world.store).get(keyOf(context, name));
  if (!config) throw notFound(context, 'endpoint-config', name);
  return config;
}

/** A fleet that runs `config`, with no instances yet: config and models are copied into it. */
export function fleetFor(context: Context, config: ConfigRecord): FleetRecord {
  const fleet: FleetRecord = {
    id: context.world.random.hex(16),
    configName: config.name,
    createdAt: context.world.clock.now(),
    production: config.production.map((variant) => variantFor(context, variant)),
    shadow: config.shadow.map((variant) => variantFor(context, variant)),
  };
  if (config.capture) fleet.capture = config.capture;
  if (config.metrics) fleet.metrics = config.metrics;
  return fleet;
}

function variantFor(context: Context, variant: ProductionVariant): VariantRecord {
  const name = variant.ModelName ?? '';
  const model = modelsOf(context.world.store).get(keyOf(context, name));
  if (!model) throw notFound(context, 'model', name);
  return {
    name: variant.VariantName ?? '',
    modelName: model.name,
    ...(model.roleArn !== undefined && { roleArn: model.roleArn }),
    containers: model.primary ? [model.primary] : (model.containers ?? []),
    directContainers: model.executionMode === 'Direct',
    instanceType: variant.InstanceType ?? '',
    weight: variant.InitialVariantWeight ?? 1,
    desiredWeight: variant.InitialVariantWeight ?? 1,
    desiredCount: variant.InitialInstanceCount ?? 1,
    instances: [],
    serving: 0,
    // Four minutes are SageMaker's default (facts 7.2).
    startupTimeoutSeconds: variant.ContainerStartupHealthCheckTimeoutInSeconds ?? 240,
  };
}
