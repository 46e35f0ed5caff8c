import type { CreateEndpointInput, DescribeEndpointOutput } from '@aws-sdk/client-sagemaker';
import type { Context } from '../operation.ts';
import { planCreate } from '../../world/endpoints/plan.ts';
import { endpointDescription } from '../../world/endpoints/describe.ts';
import type { Change, ChangeStage, EndpointRecord } from '../../world/endpoints/records.ts';
import type { Endpoint } from '../../world/endpoints/endpoint.ts';
import { removeTargetsOf } from '../../world/scaling.ts';
import { checkDeployment } from './deployment-rules.ts';
import { configNamed, fleetFor } from './fleets.ts';
import { checkTags, removeTags, setTags } from './tags.ts';
import { arnOf } from './arns.ts';
import { alreadyExists, notFound, updateInProgress } from './errors.ts';

/** The endpoint of this name, or AWS's refusal. */
export function endpointNamed(context: Context, name: string): Endpoint {
  const endpoint = context.world.endpoints.find(context.account, context.region, name);
  if (!endpoint) throw notFound(context, 'endpoint', name);
  return endpoint;
}

/** A change that begins now with the first of `stages`. */
export function changeOf(context: Context, kind: Change['kind'], stages: ChangeStage[]): Change {
  const now = context.world.clock.now();
  return { kind, startedAt: now, stages, stage: 0, stageStartedAt: now, dueAt: now, endsAt: now, alarms: [] };
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
  record.status = 'Deleting';
  record.modifiedAt = context.world.clock.now();
  removeTags(context, record.arn);
  removeTargetsOf(context.world.store, context, record.name);
  context.world.endpoints.start(record, changeOf(context, 'delete', [{ kind: 'delete' }]));
  return {};
}
