import type {
  DesiredWeightAndCapacity,
  DeploymentConfig,
  UpdateEndpointInput,
  UpdateEndpointWeightsAndCapacitiesInput,
} from '@aws-sdk/client-sagemaker';
import type { Context } from '../operation.ts';
import { planUpdate } from '../../world/endpoints/plan.ts';
import { type Change, type FleetRecord, variantsOf } from '../../world/endpoints/records.ts';
import { checkDeployment } from './deployment-rules.ts';
import { changeOf, endpointNamed, refuseOwned } from './endpoints.ts';
import { configNamed, fleetFor } from './fleets.ts';
import { arnOf } from '../../world/endpoints/arns.ts';
import { updateInProgress, validationError } from './errors.ts';

export function updateEndpoint(context: Context, input: UpdateEndpointInput): { EndpointArn: string } {
  const name = input.EndpointName ?? '';
  const { record } = endpointNamed(context, name);
  const old = standing(context, name);
  const config = configNamed(context, input.EndpointConfigName ?? '');
  // A config deleted while in use makes every later update fail, in the words for the OLD one (facts 8.1).
  configNamed(context, record.configName);
  if (context.world.switches.refuseSameConfig && config.name === record.configName) {
    // Documented as a rule, AWS's words not sourced (facts 4.5).
    throw validationError(
      `Endpoint "${record.arn}" already uses endpoint configuration "${config.arn}": create a new one to update it.`,
    );
  }
  if (!context.world.switches.reuseConfigs && record.ran?.includes(config.name)) {
    // "You must create a new EndpointConfig" (API_UpdateEndpoint); AWS's words are not sourced.
    throw validationError(
      `Endpoint "${record.arn}" has used endpoint configuration "${config.arn}" before: create a new one to update it.`,
    );
  }
  const next = fleetFor(context, config);
  checkRetained(context, input, old, next);
  if (input.RetainAllVariantProperties) retain(old, next, input.ExcludeRetainedVariantProperties);
  const deployment = input.DeploymentConfig ?? (input.RetainDeploymentConfig ? record.lastDeployment : undefined);
  if (deployment) {
    checkGuardrails(context, old, next, deployment);
    checkDeployment(context, deployment, next);
  }
  // Inf1 falls back to all at once without baking (facts 4.5).
  const inf1 = [...old.production, ...next.production].some((variant) => variant.instanceType.startsWith('ml.inf1.'));
  const guarded = inf1 ? undefined : deployment;
  const change: Change = { ...changeOf(context, 'update', planUpdate(old, next, guarded)), next };
  arm(context, change, guarded);
  // What a plain update leaves of it is not sourced; "the most recent deployment configuration" is kept.
  if (deployment) record.lastDeployment = deployment;
  else if (!context.world.switches.keepLastDeployment) delete record.lastDeployment;
  record.status = 'Updating';
  record.modifiedAt = change.startedAt;
  context.world.endpoints.start(record, change);
  return { EndpointArn: record.arn };
}

/** The fleet of an endpoint that may be changed now. */
function standing(context: Context, name: string): FleetRecord {
  const { record } = endpointNamed(context, name);
  if (record.change) throw updateInProgress(context, name);
  refuseOwned(context, name);
  if (record.status === 'Failed' || !record.fleet) {
    // Only DeleteEndpoint is permitted then (facts 4.2); AWS's words are not sourced.
    throw validationError(
      `Cannot update endpoint "${arnOf(context, 'endpoint', name)}" in status ${record.status}: it can only be deleted.`,
    );
  }
  return record.fleet;
}

/** Live counts and weights instead of the config's, but for what is excluded (facts 4.1); by the variants' names. */
function retain(
  old: FleetRecord,
  next: FleetRecord,
  exclude: UpdateEndpointInput['ExcludeRetainedVariantProperties'],
): void {
  const excluded = new Set((exclude ?? []).map((property) => property.VariantPropertyType));
  for (const variant of variantsOf(next)) {
    const live = variantsOf(old).find((other) => other.name === variant.name);
    if (!live) continue;
    if (!excluded.has('DesiredInstanceCount')) variant.desiredCount = live.desiredCount;
    if (!excluded.has('DesiredWeight')) {
      variant.weight = live.desiredWeight;
      variant.desiredWeight = live.desiredWeight;
    }
  }
}

const hasShadow = (...fleets: FleetRecord[]) => fleets.some((fleet) => fleet.shadow.length > 0);

/** Two switches (facts 4.1): whether properties are retained beside a shadow, and what is documented as not supported. */
function checkRetained({ world }: Context, input: UpdateEndpointInput, old: FleetRecord, next: FleetRecord): void {
  const excluded = (input.ExcludeRetainedVariantProperties ?? []).map((property) => property.VariantPropertyType);
  if (world.switches.excludeDataCapture === 'refuse' && excluded.includes('DataCaptureConfig'))
    throw validationError('VariantPropertyType DataCaptureConfig is not currently supported.');
  if (input.RetainAllVariantProperties && !world.switches.retainWithShadow && hasShadow(old, next))
    throw validationError('RetainAllVariantProperties is not supported for endpoints with shadow variants.');
}

/** Guardrails need the same variant names (facts 4.5); whether they go with shadows is a switch (facts 1.6). */
function checkGuardrails(context: Context, old: FleetRecord, next: FleetRecord, deployment: DeploymentConfig): void {
  const names = (fleet: FleetRecord) => fleet.production.map((variant) => variant.name).sort();
  if (names(old).join() !== names(next).join()) {
    throw validationError(
      `Deployment guardrails require the new endpoint configuration to have the same variant names as the old one: [${names(next).join(', ')}] is not [${names(old).join(', ')}].`,
    );
  }
  const { guardrailsWithShadow: permitted } = context.world.switches;
  const atOnce =
    deployment.BlueGreenUpdatePolicy?.TrafficRoutingConfiguration?.Type === 'ALL_AT_ONCE' &&
    permitted === 'all-at-once';
  if (permitted !== true && !atOnce && hasShadow(old, next)) {
    throw validationError('Deployment guardrails are not supported for endpoints with shadow variants.');
  }
}

function arm({ world }: Context, change: Change, deployment: DeploymentConfig | undefined): void {
  change.alarms = (deployment?.AutoRollbackConfiguration?.Alarms ?? []).map((alarm) => alarm.AlarmName ?? '');
  const policy = deployment?.BlueGreenUpdatePolicy ?? deployment?.RollingUpdatePolicy;
  const { executionTimeout } = world.switches;
  const byDefault = executionTimeout === 'none' ? undefined : executionTimeout;
  const seconds = policy && (policy.MaximumExecutionTimeoutInSeconds ?? byDefault);
  if (seconds !== undefined) change.timeOutAt = change.startedAt + seconds * 1000;
  const batch = deployment?.RollingUpdatePolicy?.RollbackMaximumBatchSize;
  if (batch) change.rollbackBatch = batch;
}

export function updateEndpointWeightsAndCapacities(
  context: Context,
  input: UpdateEndpointWeightsAndCapacitiesInput,
): { EndpointArn: string } {
  const name = input.EndpointName ?? '';
  const { record } = endpointNamed(context, name);
  const fleet = standing(context, name);
  const desired = input.DesiredWeightsAndCapacities ?? [];
  checkVariants(context, fleet, desired);
  const variants = variantsOf(fleet);
  const before = {
    weights: Object.fromEntries(variants.map((variant) => [variant.name, variant.desiredWeight])),
    counts: Object.fromEntries(variants.map((variant) => [variant.name, variant.desiredCount])),
  };
  const weights: Record<string, number> = {};
  const counts: Record<string, number> = {};
  for (const { VariantName: variant = '', DesiredWeight, DesiredInstanceCount } of desired) {
    if (DesiredWeight !== undefined) weights[variant] = DesiredWeight;
    if (DesiredInstanceCount !== undefined) counts[variant] = DesiredInstanceCount;
  }
  record.status = 'Updating';
  record.modifiedAt = context.world.clock.now();
  context.world.endpoints.start(record, changeOf(context, 'scale', [{ kind: 'scale', weights, counts, before }]));
  return { EndpointArn: record.arn };
}

function checkVariants(context: Context, fleet: FleetRecord, desired: readonly DesiredWeightAndCapacity[]): void {
  const known = context.world.switches.updateShadowWeights ? variantsOf(fleet) : fleet.production;
  const names = desired.map((item) => item.VariantName ?? '');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  // That it is refused is known, AWS's words are not.
  if (twice !== undefined) throw validationError(`Duplicate variant name "${twice}": each variant may be named once.`);
  const unknown = names.filter((name) => !known.some((variant) => variant.name === name));
  if (unknown.length > 0) {
    throw validationError(
      `The variant name(s) "${unknown.join(', ')}" is/are not present within endpoint configuration "${fleet.configName}".`,
    );
  }
  for (const { VariantName: name, DesiredInstanceCount: count } of desired) {
    if (count !== undefined && count < 1) {
      throw validationError(`DesiredInstanceCount of variant "${name}" must be at least 1, not ${count}.`);
    }
  }
}
