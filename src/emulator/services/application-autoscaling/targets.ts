import type { Context } from '../operation.ts';
import { type Target, targetKey, type TargetRecord, targetsOf, removeTarget } from '../../world/scaling.ts';
import { partitionOf } from '../../world/partition.ts';
import { idOf, targetText } from './names.ts';
import { pageFrom } from '../paging.ts';
import { invalidNextToken, objectNotFound, validationError } from './errors.ts';

interface RegisterInput extends Target {
  MinCapacity?: number;
  MaxCapacity?: number;
  RoleARN?: string;
  SuspendedState?: Record<string, boolean>;
}

const DIMENSION = 'sagemaker:variant:DesiredInstanceCount';

/**
 * Registers or changes the range of a variant. The emulator keeps targets and policies but does not scale by them:
 * counts change by UpdateEndpointWeightsAndCapacities, and UpdateEndpoint retains them when asked to.
 */
export function registerScalableTarget(context: Context, input: RegisterInput): { ScalableTargetARN: string } {
  if (input.ServiceNamespace === 'sagemaker') checkVariant(context, input);
  const key = targetKey(context, input);
  const known = targetsOf(context.world.store).get(key);
  const min = input.MinCapacity ?? known?.min;
  const max = input.MaxCapacity ?? known?.max;
  if (min === undefined || max === undefined) {
    throw validationError(
      'MinCapacity and MaxCapacity are required when a scalable target is registered for the first time.',
    );
  }
  if (min > max) throw validationError(`Maximum capacity cannot be less than minimum capacity: ${max} < ${min}.`);
  const record: TargetRecord = {
    ServiceNamespace: input.ServiceNamespace,
    ResourceId: input.ResourceId,
    ScalableDimension: input.ScalableDimension,
    min,
    max,
    roleArn: input.RoleARN ?? known?.roleArn ?? serviceRole(context),
    createdAt: known?.createdAt ?? context.world.clock.now(),
    suspended: {
      DynamicScalingInSuspended: false,
      DynamicScalingOutSuspended: false,
      ScheduledScalingSuspended: false,
      ...known?.suspended,
      ...input.SuspendedState,
    },
    arn: `arn:${partitionOf(context.region)}:application-autoscaling:${context.region}:${context.account}:scalable-target/${idOf(key).slice(0, 20)}`,
  };
  targetsOf(context.world.store).set(key, record);
  return { ScalableTargetARN: record.arn };
}

/** The role SageMaker's targets always get. */
function serviceRole({ account, region }: Context): string {
  return `arn:${partitionOf(region)}:iam::${account}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint`;
}

/** A variant must exist to be registered; AWS's words are not sourced. */
function checkVariant(context: Context, { ResourceId, ScalableDimension }: Target): void {
  const parts = /^endpoint\/([^/]+)\/variant\/([^/]+)$/.exec(ResourceId);
  if (!parts || ScalableDimension !== DIMENSION) {
    throw validationError('Unsupported service namespace, resource type or scalable dimension');
  }
  const [, name = '', variant = ''] = parts;
  const endpoint = context.world.endpoints.find(context.account, context.region, name);
  const fleet = endpoint?.record.fleet;
  const { scaleShadows } = context.world.switches;
  const scalable = fleet && [...fleet.production, ...(scaleShadows ? fleet.shadow : [])];
  const found = scalable?.some((other) => other.name === variant);
  if (!found)
    throw validationError(
      `No endpoint variant found for resource ID: ${ResourceId}. Register it once its endpoint is in service.`,
    );
}

export function describeScalableTargets(
  context: Context,
  input: {
    ServiceNamespace: string;
    ResourceIds?: string[];
    ScalableDimension?: string;
    MaxResults?: number;
    NextToken?: string;
  },
) {
  const { items, next } = pageFrom(
    targetsOf(context.world.store)
      .entries(`${context.account}/${context.region}/${input.ServiceNamespace}|`)
      .map(([, record]) => record)
      .filter((record) => !input.ResourceIds?.length || input.ResourceIds.includes(record.ResourceId))
      .filter(
        (record) => input.ScalableDimension === undefined || record.ScalableDimension === input.ScalableDimension,
      ),
    { size: input.MaxResults ?? 50, token: input.NextToken, invalidToken: invalidNextToken },
  );
  const ScalableTargets = items.map((record) => ({
    ServiceNamespace: record.ServiceNamespace,
    ResourceId: record.ResourceId,
    ScalableDimension: record.ScalableDimension,
    MinCapacity: record.min,
    MaxCapacity: record.max,
    RoleARN: record.roleArn,
    CreationTime: new Date(record.createdAt),
    SuspendedState: record.suspended,
    ScalableTargetARN: record.arn,
  }));
  return { ScalableTargets, ...(next !== undefined && { NextToken: next }) };
}

export function deregisterScalableTarget(context: Context, input: Target): Record<string, never> {
  if (!removeTarget(context.world.store, targetKey(context, input)))
    throw objectNotFound(`No scalable target found for ${targetText(input)}`);
  return {};
}
