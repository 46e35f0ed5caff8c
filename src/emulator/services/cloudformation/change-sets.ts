import type {
  CreateChangeSetCommandInput,
  DescribeChangeSetOutput,
  ExecuteChangeSetCommandInput,
} from '@aws-sdk/client-cloudformation';
import { setStatus } from '../../stacks/engine.ts';
import { changesOf } from '../../stacks/plan.ts';
import { type ChangeSetRecord, changeSetsOf, findStack, type StackRecord, stacksOf } from '../../stacks/records.ts';
import { partitionOf } from '../../world/partition.ts';
import type { Context } from '../operation.ts';
import {
  alreadyExists,
  changeSetNotFound,
  invalidChangeSetStatus,
  notBuilt,
  refusing,
  stackNotFound,
  validationError,
} from './errors.ts';
import { check, definitionOf, stackNamed } from './input.ts';
import { beginCreate, beginUpdate, keep, newStack, updatable } from './stacks.ts';

type Named = { ChangeSetName?: string | undefined; StackName?: string | undefined };

export const changeSetOperations = {
  /** The changes are computed at once; on AWS that takes a while. */
  async CreateChangeSet(context: Context, input: CreateChangeSetCommandInput) {
    const { world, account, region } = context;
    const name = input.ChangeSetName ?? '';
    if (input.ChangeSetType === 'IMPORT' || input.ResourcesToImport !== undefined)
      throw notBuilt('imports of resources');
    if (input.IncludeNestedStacks === true) throw notBuilt('nested stacks');
    const type = input.ChangeSetType ?? 'UPDATE';
    const present = findStack(world.store, context, input.StackName ?? '');
    if (type === 'UPDATE' && present === undefined) throw stackNotFound(input.StackName ?? '');
    if (type === 'CREATE' && present !== undefined && present.status !== 'REVIEW_IN_PROGRESS')
      throw alreadyExists(present.name);
    if (type === 'UPDATE' && present !== undefined) updatable(present);
    const definition = await definitionOf(context, input, type === 'UPDATE' ? present : undefined);
    const stack = present ?? newStack(context, input, definition, 'ROLLBACK');
    if (find(context, { ChangeSetName: name, StackName: stack.id }) !== undefined)
      throw validationError(`ChangeSet ${name} cannot be created due to a mismatch with existing attribute Template`);
    check({ ...stack, ...definition }, input.Capabilities ?? []);
    const changes = refusing(() => changesOf(stack, definition));
    const now = world.clock.now();
    if (present === undefined) {
      setStatus(world, stack, 'REVIEW_IN_PROGRESS', now, 'User Initiated');
      keep(context, stack);
    }
    const none = changes.length === 0;
    const record: ChangeSetRecord = {
      ...definition,
      id: `arn:${partitionOf(region)}:cloudformation:${region}:${account}:changeSet/${name}/${world.random.uuid()}`,
      name,
      stackId: stack.id,
      type,
      ...(input.Description !== undefined && { description: input.Description }),
      createdAt: now,
      status: none ? 'FAILED' : 'CREATE_COMPLETE',
      execution: none ? 'UNAVAILABLE' : 'AVAILABLE',
      ...(none && {
        reason:
          "The submitted information didn't contain changes. Submit different information to create a change set.",
      }),
      capabilities: input.Capabilities ?? [],
      ...(input.RoleARN !== undefined && { roleArn: input.RoleARN }),
      notificationArns: input.NotificationARNs ?? [],
      onFailure: input.OnStackFailure ?? 'ROLLBACK',
      changes,
    };
    changeSetsOf(world.store).set(record.id, record);
    return { Id: record.id, StackId: stack.id };
  },

  DescribeChangeSet(context: Context, input: Named): Omit<DescribeChangeSetOutput, '$metadata'> {
    const record = named(context, input);
    const stack = stackNamed(context, record.stackId);
    return {
      ChangeSetName: record.name,
      ChangeSetId: record.id,
      StackId: stack.id,
      StackName: stack.name,
      ...(record.description !== undefined && { Description: record.description }),
      Parameters: Object.entries(record.parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
      CreationTime: new Date(record.createdAt),
      ExecutionStatus: record.execution,
      Status: record.status,
      ...(record.reason !== undefined && { StatusReason: record.reason }),
      Capabilities: record.capabilities as never,
      NotificationARNs: record.notificationArns,
      Tags: Object.entries(record.tags).map(([Key, Value]) => ({ Key, Value })),
      Changes: record.changes.map(({ action, logicalId, physicalId, type, replacement }) => ({
        Type: 'Resource',
        ResourceChange: {
          Action: action,
          LogicalResourceId: logicalId,
          ...(physicalId !== undefined && { PhysicalResourceId: physicalId }),
          ResourceType: type,
          ...(replacement !== undefined && { Replacement: replacement }),
          Scope: [],
          Details: [],
        },
      })),
    };
  },

  ExecuteChangeSet(context: Context, input: ExecuteChangeSetCommandInput) {
    const record = named(context, input);
    if (input.RetainExceptOnCreate === true) throw notBuilt('RetainExceptOnCreate of requests');
    if (record.execution !== 'AVAILABLE')
      throw invalidChangeSetStatus(
        `ChangeSet [${record.id}] cannot be executed in its current status of [${record.status}]`,
      );
    const stack = structuredClone(stackNamed(context, record.stackId));
    const onFailure = input.DisableRollback === true ? 'DO_NOTHING' : record.onFailure;
    const { template, parameters, tags, capabilities } = record;
    if (record.type === 'CREATE') {
      Object.assign(stack, { template, parameters, tags, capabilities, onFailure });
      beginCreate(context, stack, capabilities);
    } else {
      updatable(stack);
      beginUpdate(
        context,
        stack,
        { template, parameters, tags },
        {
          capabilities,
          onFailure,
          roleArn: record.roleArn,
          token: input.ClientRequestToken,
          notificationArns: undefined,
        },
      );
    }
    // What was computed for the stack as it was before is of no use any longer.
    for (const [id, other] of changeSetsOf(context.world.store).entries())
      if (other.stackId === stack.id) changeSetsOf(context.world.store).delete(id);
    return {};
  },

  DeleteChangeSet(context: Context, input: Named) {
    const record = find(context, input);
    if (record === undefined) return {};
    changeSetsOf(context.world.store).delete(record.id);
    return {};
  },
};

/** A change set by its id, or by its name and its stack. */
function find(context: Context, { ChangeSetName: name = '', StackName }: Named): ChangeSetRecord | undefined {
  const table = changeSetsOf(context.world.store);
  if (name.startsWith('arn:')) return table.get(name);
  const stack: StackRecord | undefined =
    StackName === undefined
      ? undefined
      : (stacksOf(context.world.store).get(StackName) ?? findStack(context.world.store, context, StackName));
  if (StackName === undefined)
    throw validationError('StackName must be specified if ChangeSetName is not specified as an ARN.');
  return table
    .entries()
    .map(([, one]) => one)
    .find((one) => one.name === name && one.stackId === stack?.id);
}

function named(context: Context, input: Named): ChangeSetRecord {
  const found = find(context, input);
  if (found === undefined) throw changeSetNotFound(input.ChangeSetName ?? '');
  return found;
}
