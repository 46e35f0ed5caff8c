import type {
  CreateStackCommandInput,
  DeleteStackCommandInput,
  Stack,
  StackEvent as EventView,
  StackStatus,
  UpdateStackCommandInput,
} from '@aws-sdk/client-cloudformation';
import { setStatus } from '../../stacks/engine.ts';
import { changesOf } from '../../stacks/plan.ts';
import { type Definition, eventsOf, findStack, stackArn, type StackRecord, stacksOf } from '../../stacks/records.ts';
import { parametersOf } from '../../stacks/resolve.ts';
import { readTemplate } from '../../stacks/template.ts';
import type { Context } from '../operation.ts';
import { pageAfter, pageFrom } from '../paging.ts';
import { alreadyExists, notBuilt, refusing, stackNotFound, validationError } from './errors.ts';
import { check, definitionOf, type StackInput, stackNamed } from './input.ts';

const PAGE = 100;

type Named = { StackName?: string | undefined; NextToken?: string | undefined };

export const stackOperations = {
  async CreateStack(context: Context, input: CreateStackCommandInput) {
    const name = input.StackName ?? '';
    if (input.DisableRollback !== undefined && input.OnFailure !== undefined)
      throw validationError('Either DisableRollback or OnFailure can be specified, not both.');
    const definition = await definitionOf(context, input);
    if (findStack(context.world.store, context, name) !== undefined) throw alreadyExists(name);
    const stack = newStack(
      context,
      input,
      definition,
      input.OnFailure ?? (input.DisableRollback === true ? 'DO_NOTHING' : 'ROLLBACK'),
    );
    stack.protected = input.EnableTerminationProtection ?? false;
    beginCreate(context, stack, input.Capabilities ?? []);
    return { StackId: stack.id };
  },

  async UpdateStack(context: Context, input: UpdateStackCommandInput) {
    const definition = await definitionOf(context, input, stackNamed(context, input.StackName));
    const stack = structuredClone(stackNamed(context, input.StackName));
    updatable(stack);
    beginUpdate(context, stack, definition, {
      capabilities: input.Capabilities ?? [],
      onFailure: input.DisableRollback === true ? 'DO_NOTHING' : 'ROLLBACK',
      roleArn: input.RoleARN,
      token: input.ClientRequestToken,
      notificationArns: input.NotificationARNs,
    });
    return { StackId: stack.id };
  },

  /** Deleting what is not there succeeds. */
  DeleteStack(context: Context, input: DeleteStackCommandInput) {
    const found = findStack(context.world.store, context, input.StackName ?? '');
    if (found === undefined || found.status === 'DELETE_COMPLETE') return {};
    const stack = structuredClone(found);
    if (stack.protected)
      throw validationError(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`);
    if (stack.work?.kind === 'delete') return {};
    if (input.DeletionMode === 'FORCE_DELETE_STACK') throw notBuilt('forced deletion of stacks (DeletionMode)');
    if (stack.work?.kind === 'update')
      throw validationError(`Stack [${stack.id}] cannot be deleted while in status ${stack.status}`);
    const { world } = context;
    const now = world.clock.now();
    const retain = input.RetainResources ?? [];
    if (retain.length > 0 && stack.status !== 'DELETE_FAILED')
      throw validationError(
        `Invalid operation on stack [${stack.name}]. Cannot specify RetainResources on a stack that is not in DELETE_FAILED state.`,
      );
    if (input.RoleARN !== undefined) stack.roleArn = input.RoleARN;
    called(context, stack, input.ClientRequestToken);
    stack.work = {
      kind: 'delete',
      phase: 'forward',
      dueAt: now,
      todo: [...stack.order, ...Object.keys(stack.resources).filter((id) => !stack.order.includes(id))].toReversed(),
      done: [],
      cleanup: stack.leftovers ?? [],
      failed: [],
      retain,
    };
    delete stack.leftovers;
    setStatus(world, stack, 'DELETE_IN_PROGRESS', now, 'User Initiated');
    keep(context, stack);
    return {};
  },

  DescribeStacks(context: Context, input: Named) {
    if (input.StackName !== undefined) return { Stacks: [view(stackNamed(context, input.StackName))] };
    const { account, region, world } = context;
    const all = stacksOf(world.store)
      .entries(stackArn({ account, region }, '', '').replace(/\/\/?$/, '/'))
      .filter(([, { status }]) => status !== 'DELETE_COMPLETE');
    const { items, next } = pageAfter(all, {
      keyOf: ([id]) => id,
      size: PAGE,
      token: input.NextToken,
      invalidToken,
    });
    return { Stacks: items.map(([, stack]) => view(stack)), ...(next !== undefined && { NextToken: next }) };
  },

  ListStacks(context: Context, input: { NextToken?: string; StackStatusFilter?: string[] }) {
    const { account, region, world } = context;
    const all = stacksOf(world.store)
      .entries(stackArn({ account, region }, '', '').replace(/\/\/?$/, '/'))
      .filter(([, { status }]) => input.StackStatusFilter?.includes(status) ?? true);
    const { items, next } = pageAfter(all, { keyOf: ([id]) => id, size: PAGE, token: input.NextToken, invalidToken });
    return {
      StackSummaries: items.map(([, stack]) => ({
        StackId: stack.id,
        StackName: stack.name,
        ...statusOf(stack),
        ...(stack.description !== undefined && { TemplateDescription: stack.description }),
      })),
      ...(next !== undefined && { NextToken: next }),
    };
  },

  DescribeStackEvents(context: Context, input: Named) {
    const stack = stackNamed(context, input.StackName);
    const all = eventsOf(context.world.store).entries(`${stack.id}/`).toReversed();
    const { items, next } = pageFrom(all, { size: PAGE, token: input.NextToken, invalidToken });
    return {
      StackEvents: items.map(
        ([, event]): EventView => ({
          StackId: event.stackId,
          StackName: event.stackName,
          EventId: event.id,
          LogicalResourceId: event.logicalId,
          PhysicalResourceId: event.physicalId,
          ResourceType: event.type,
          Timestamp: new Date(event.at),
          ResourceStatus: event.status as never,
          ...(event.reason !== undefined && { ResourceStatusReason: event.reason }),
          ...(event.properties !== undefined && { ResourceProperties: event.properties }),
          ...(event.token !== undefined && { ClientRequestToken: event.token }),
        }),
      ),
      ...(next !== undefined && { NextToken: next }),
    };
  },

  GetTemplate(context: Context, input: Named & { ChangeSetName?: string }) {
    if (input.ChangeSetName !== undefined) throw notBuilt('GetTemplate of change sets');
    return {
      TemplateBody: stackNamed(context, input.StackName).template,
      StagesAvailable: ['Original', 'Processed'] as ('Original' | 'Processed')[],
    };
  },
};

export function invalidToken() {
  return validationError('Invalid NextToken.');
}

/** A stack of which nothing is made yet. */
export function newStack(
  context: Context,
  input: StackInput,
  definition: Definition,
  onFailure: StackRecord['onFailure'],
): StackRecord {
  const { account, region, world } = context;
  const name = input.StackName ?? '';
  const stack: StackRecord = {
    ...definition,
    account,
    region,
    name,
    id: stackArn(context, name, world.random.uuid()),
    status: '',
    createdAt: world.clock.now(),
    capabilities: input.Capabilities ?? [],
    notificationArns: input.NotificationARNs ?? [],
    onFailure,
    protected: false,
    outputs: [],
    resources: {},
    order: [],
    baseUrl: context.baseUrl,
    ...(input.RoleARN !== undefined && { roleArn: input.RoleARN }),
  };
  called(context, stack, input.ClientRequestToken);
  return stack;
}

/** Begins to make a stack. @throws AwsError where its template is refused */
export function beginCreate(context: Context, stack: StackRecord, capabilities: readonly string[]): void {
  const { world } = context;
  const { template, order } = check(stack, capabilities);
  const now = world.clock.now();
  if (template.description !== undefined) stack.description = template.description;
  stack.work = {
    kind: 'create',
    phase: 'forward',
    dueAt: now,
    todo: order,
    done: [],
    cleanup: [],
    failed: [],
    retain: [],
  };
  setStatus(world, stack, 'CREATE_IN_PROGRESS', now, 'User Initiated');
  keep(context, stack);
}

/** Begins to change a stack. @throws AwsError where its template is refused, or nothing would change */
export function beginUpdate(
  context: Context,
  stack: StackRecord,
  definition: Definition,
  more: {
    capabilities: readonly string[];
    onFailure: StackRecord['onFailure'];
    roleArn: string | undefined;
    token: string | undefined;
    notificationArns: string[] | undefined;
  },
): void {
  const { world } = context;
  const { order } = check({ ...stack, ...definition }, more.capabilities);
  const changes = refusing(() => changesOf(stack, definition));
  const outputs =
    JSON.stringify(readTemplate(definition.template).outputs) !== JSON.stringify(readTemplate(stack.template).outputs);
  if (changes.length === 0 && !outputs && JSON.stringify(definition.tags) === JSON.stringify(stack.tags))
    throw validationError('No updates are to be performed.');
  const { template, parameters, tags, resources, order: before, outputs: had } = structuredClone(stack);
  const now = world.clock.now();
  Object.assign(stack, definition, { updatedAt: now, capabilities: [...more.capabilities], onFailure: more.onFailure });
  if (more.roleArn !== undefined) stack.roleArn = more.roleArn;
  if (more.notificationArns !== undefined) stack.notificationArns = more.notificationArns;
  called(context, stack, more.token);
  stack.work = {
    kind: 'update',
    phase: 'forward',
    dueAt: now,
    todo: order,
    done: [],
    before: { template, parameters, tags, resources, order: before, outputs: had },
    cleanup: [],
    failed: [],
    retain: [],
  };
  setStatus(world, stack, 'UPDATE_IN_PROGRESS', now, 'User Initiated');
  keep(context, stack);
}

/** Refuses a stack that cannot be updated now. @throws AwsError */
export function updatable(stack: StackRecord): void {
  if (stack.status === 'DELETE_COMPLETE') throw stackNotFound(stack.name);
  if (/^(?:CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE$|^(?:CREATE|UPDATE)_FAILED$/.test(stack.status)) return;
  throw validationError(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`);
}

/** Writes a stack to the store. */
export function keep(context: Context, stack: StackRecord): void {
  stacksOf(context.world.store).set(stack.id, stack);
  context.world.stackWork.set(stack.id, stack.work?.dueAt);
}

/** Who asked, and how the emulator was called: resources are made so. */
function called(context: Context, stack: StackRecord, token: string | undefined): void {
  stack.baseUrl = context.baseUrl;
  if (context.accessKeyId === undefined) delete stack.accessKeyId;
  else stack.accessKeyId = context.accessKeyId;
  if (token === undefined) delete stack.token;
  else stack.token = token;
}

function view(stack: StackRecord): Stack {
  const declared = refusing(() => readTemplate(stack.template).parameters);
  const values = Object.keys(declared).length === 0 ? {} : refusing(() => parametersOf(declared, stack.parameters));
  return {
    StackId: stack.id,
    StackName: stack.name,
    ...(stack.description !== undefined && { Description: stack.description }),
    Parameters: Object.entries(values).map(([ParameterKey, value]) => ({
      ParameterKey,
      ParameterValue: String(declared[ParameterKey]?.NoEcho) === 'true' ? '****' : value,
    })),
    ...statusOf(stack),
    DisableRollback: stack.onFailure === 'DO_NOTHING',
    NotificationARNs: stack.notificationArns,
    Capabilities: stack.capabilities as never,
    Outputs: stack.outputs.map(({ key, value, description }) => ({
      OutputKey: key,
      OutputValue: value,
      ...(description !== undefined && { Description: description }),
    })),
    ...(stack.roleArn !== undefined && { RoleARN: stack.roleArn }),
    Tags: Object.entries(stack.tags).map(([Key, Value]) => ({ Key, Value })),
    EnableTerminationProtection: stack.protected,
    RollbackConfiguration: {},
    DriftInformation: { StackDriftStatus: 'NOT_CHECKED' },
  };
}

/** Where a stack stands, and since when. */
function statusOf(stack: StackRecord) {
  return {
    CreationTime: new Date(stack.createdAt),
    ...(stack.updatedAt !== undefined && { LastUpdatedTime: new Date(stack.updatedAt) }),
    ...(stack.deletedAt !== undefined && { DeletionTime: new Date(stack.deletedAt) }),
    StackStatus: stack.status as StackStatus,
    ...(stack.reason !== undefined && { StackStatusReason: stack.reason }),
  };
}
