import type { CapacitySize, DeploymentConfig } from '@aws-sdk/client-sagemaker';
import type { Context } from '../operation.ts';
import { instancesOf } from '../../world/endpoints/plan.ts';
import type { FleetRecord } from '../../world/endpoints/records.ts';
import { validationError } from './errors.ts';

/**
 * What must hold for a DeploymentConfig (facts 4.1) when a fleet is updated to `next`. The rules are documented,
 * AWS's words for them are not sourced unless noted.
 */
export function checkDeployment(context: Context, config: DeploymentConfig, next: FleetRecord): void {
  const blueGreen = config.BlueGreenUpdatePolicy;
  const rolling = config.RollingUpdatePolicy;
  if (blueGreen && rolling)
    throw validationError('Only one update policy can be used: BlueGreenUpdatePolicy or RollingUpdatePolicy.');
  const routing = blueGreen?.TrafficRoutingConfiguration;
  if (routing?.Type === 'CANARY') checkSize('CanarySize', routing.CanarySize, next, 0, 50);
  if (routing?.Type === 'LINEAR') checkSize('LinearStepSize', routing.LinearStepSize, next, 10, 50);
  if (rolling) {
    checkSize('MaximumBatchSize', rolling.MaximumBatchSize, next, 5, 50);
    if (next.production.length > 1)
      throw validationError('Rolling deployments are not supported for endpoints with multiple production variants.');
  }
  checkTimes(config);
  checkAlarms(context, config);
}

function checkSize(name: string, size: CapacitySize | undefined, next: FleetRecord, least: number, most: number): void {
  if (size?.Value === undefined) throw validationError(`${name} is required for this update policy.`);
  for (const variant of next.production) {
    const total = variant.desiredCount;
    const percent = size.Type === 'INSTANCE_COUNT' ? (100 * size.Value) / total : size.Value;
    // A percentage still means whole instances: of a single one, half is all of it.
    const all = instancesOf(size, total) >= total;
    if (percent > most || percent < least || all) {
      const range = least === 0 ? `less than or equal to ${most}%` : `between ${least}% and ${most}%`;
      throw validationError(
        `${name} of ${size.Value} (${size.Type}) is not valid: it must be ${range} of the total instance count of variant "${variant.name}", which is ${total}.`,
      );
    }
  }
}

/** "Must be larger than" the waits together (facts 4.1). */
function checkTimes(config: DeploymentConfig): void {
  const blueGreen = config.BlueGreenUpdatePolicy;
  const limit =
    blueGreen?.MaximumExecutionTimeoutInSeconds ?? config.RollingUpdatePolicy?.MaximumExecutionTimeoutInSeconds;
  if (limit === undefined) return;
  const waits =
    (blueGreen?.TerminationWaitInSeconds ?? 0) +
    (blueGreen?.TrafficRoutingConfiguration?.WaitIntervalInSeconds ?? 0) +
    (config.RollingUpdatePolicy?.WaitIntervalInSeconds ?? 0);
  if (limit <= waits) {
    throw validationError(
      `MaximumExecutionTimeoutInSeconds of ${limit} must be larger than the total of TerminationWaitInSeconds and WaitIntervalInSeconds, which is ${waits}.`,
    );
  }
}

/** Whether AWS checks the alarms up front, and in which words, is not sourced (facts 4.4): two switches. */
function checkAlarms(context: Context, config: DeploymentConfig): void {
  const names = (config.AutoRollbackConfiguration?.Alarms ?? []).map((alarm) => alarm.AlarmName ?? '');
  const { world, account, region } = context;
  const missing = names.filter((name) => world.alarms.get(account, region, name) === undefined);
  if (world.switches.requireAlarms && missing.length > 0) {
    throw validationError(
      `Could not find the CloudWatch alarm(s) [${missing.join(', ')}] of AutoRollbackConfiguration.`,
    );
  }
  const firing = world.alarms.firing({ account, region }, names);
  if (world.switches.alarmAlreadyFiring === 'refuse' && firing.length > 0) {
    throw validationError(
      `The CloudWatch alarm(s) [${firing.join(', ')}] of AutoRollbackConfiguration are in ALARM state.`,
    );
  }
}
