import type { CreateEndpointInput, DescribeEndpointOutput } from '@aws-sdk/client-sagemaker';
import type { Context } from '../operation.ts';
import { changeAt, planCreate } from '../../world/endpoints/plan.ts';
import { endpointDescription } from '../../world/endpoints/describe.ts';
import type { Change, ChangeStage, EndpointRecord } from '../../world/endpoints/records.ts';
import type { Endpoint } from '../../world/endpoints/endpoint.ts';
import { removeTargetsOf } from '../../world/scaling.ts';
import { checkDeployment } from './deployment-rules.ts';
import { configNamed, fleetFor } from './fleets.ts';
import { checkTags, removeTags, setTags } from './tags.ts';
import { arnOf } from '../../world/endpoints/arns.ts';
import { alreadyExists, notFound, updateInProgress, validationError } from './errors.ts';

/** The endpoint of this name, or AWS's refusal. */
export function endpointNamed(context: Context, name: string): Endpoint {
  const endpoint = context.world.endpoints.find(context.account, context.region, name);
  if (!endpoint) throw notFound(context, 'endpoint', name);
  return endpoint;
}

/** Refuses what an inference experiment has changed and will change back; a switch, AWS's words are not sourced. */
export function refuseOwned(context: Context, name: string): void {
  const { world, account, region } = context;
  const owner = world.switches.experimentOwnsEndpoint ? world.experiments.owner(account, region, name) : undefined;
  if (owner === undefined) return;
  throw validationError(
    `Endpoint "${arnOf(context, 'endpoint', name)}" is used by inference experiment "${owner.arn}", which is ${owner.status}: stop it first.`,
  );
}

/** A change that begins now with the first of `stages`. */
export function changeOf(context: Context, kind: Change['kind'], stages: ChangeStage[]): Change {
  return changeAt(context.world.clock.now(), kind, stages);
}

export function createEndpoint(context: Context, input: CreateEndpointInput): { EndpointArn: string } {
  const name = input.EndpointName ?? '';
  const endpoints = context.world.endpoints;
  if (endpoints.find(context.account, context.region, name)) throw alreadyExists(context, 'endpoint', name);
  const config = configNamed(context, input.EndpointConfigName ?? '');
  checkTags(input.Tags);
  const fleet = fleetFor(context, config);
  if (input.DeploymentConfig) checkDeployment(context, input.DeploymentConfig, fleet);
  const now = context.world.clock.now();
  const record: EndpointRecord = {
    account: context.account,
    region: context.region,
    name,
    arn: arnOf(context, 'endpoint', name),
    status: 'Creating',
    configName: config.name,
    createdAt: now,
    modifiedAt: now,
  };
  if (input.DeploymentConfig) record.lastDeployment = input.DeploymentConfig;
  setTags(context, record.arn, input.Tags);
  endpoints.start(record, { ...changeOf(context, 'create', planCreate(fleet)), next: fleet });
  return { EndpointArn: record.arn };
}

export function describeEndpoint(context: Context, input: { EndpointName: string }): DescribeEndpointOutput {
  return endpointDescription(endpointNamed(context, input.EndpointName).record);
}

export function deleteEndpoint(context: Context, input: { EndpointName: string }): Record<string, never> {
  const { record } = endpointNamed(context, input.EndpointName);
  if (record.change) throw updateInProgress(context, input.EndpointName);
  refuseOwned(context, input.EndpointName);
  record.status = 'Deleting';
  record.modifiedAt = context.world.clock.now();
  removeTags(context, record.arn);
  removeTargetsOf(context.world.store, context, record.name);
  context.world.endpoints.start(record, changeOf(context, 'delete', [{ kind: 'delete' }]));
  return {};
}
