import {
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
} from '@aws-sdk/client-cloudformation';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { pages } from './pages.ts';

/** A stack, as far as it is used. */
export interface Stack {
  id: string;
  name: string;
  status: string;
  reason: string | undefined;
  outputs: Readonly<Record<string, string>>;
  tags: Readonly<Record<string, string>>;
}

/** The stack of this name or id; undefined where there is none. A deleted one is found by its id alone. */
export async function describeStack(aws: Aws, name: string, signal?: AbortSignal): Promise<Stack | undefined> {
  const client = await aws.cloudformation();
  try {
    const { Stacks } = await call(
      aws.target,
      `look at stack ${name}`,
      () => client.send(new DescribeStacksCommand({ StackName: name }), { abortSignal: signal }),
      `cloudformation:DescribeStacks on stack ${name}`,
    );
    const [one] = Stacks ?? [];
    if (one === undefined) return undefined;
    return {
      id: one.StackId ?? name,
      name: one.StackName ?? name,
      status: one.StackStatus ?? '',
      reason: one.StackStatusReason,
      outputs: Object.fromEntries(
        (one.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
      ),
      tags: Object.fromEntries((one.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    };
  } catch (error) {
    // A stack that is not there is a ValidationError like any other: "Stack with id … does not exist".
    if (error instanceof AwsProblem && error.code === 'ValidationError' && /does not exist/.test(error.words))
      return undefined;
    throw error;
  }
}

/** What a change set would do to one resource. */
export interface StackChange {
  action: string;
  logicalId: string;
  type: string;
  /** It is made anew. */
  replacement: boolean;
}

export interface ChangeSet {
  id: string;
  status: string;
  reason: string | undefined;
  changes: readonly StackChange[];
}

/** @returns its ARN, and that of its stack */
export async function createChangeSet(
  aws: Aws,
  input: {
    stack: string;
    name: string;
    kind: 'CREATE' | 'UPDATE';
    template: string;
    tags: readonly { Key: string; Value: string }[];
  },
  signal?: AbortSignal,
): Promise<{ id: string; stack: string }> {
  const client = await aws.cloudformation();
  const { Id, StackId } = await call(
    aws.target,
    `create a change set of stack ${input.stack}`,
    () =>
      client.send(
        new CreateChangeSetCommand({
          StackName: input.stack,
          ChangeSetName: input.name,
          ChangeSetType: input.kind,
          TemplateBody: input.template,
          // Its roles have names, so that policies can name them.
          Capabilities: ['CAPABILITY_NAMED_IAM'],
          Tags: [...input.tags],
        }),
        { abortSignal: signal },
      ),
    `cloudformation:CreateChangeSet on stack ${input.stack}`,
  );
  return { id: Id ?? input.name, stack: StackId ?? input.stack };
}

/** Undefined where there is none. */
export async function describeChangeSet(
  aws: Aws,
  id: string,
  stack: string,
  signal?: AbortSignal,
): Promise<ChangeSet | undefined> {
  const client = await aws.cloudformation();
  const changes: StackChange[] = [];
  let found: ChangeSet | undefined;
  const send = (NextToken: string | undefined) =>
    call(
      aws.target,
      `look at change set ${id}`,
      () =>
        client.send(new DescribeChangeSetCommand({ ChangeSetName: id, StackName: stack, NextToken }), {
          abortSignal: signal,
        }),
      `cloudformation:DescribeChangeSet on stack ${stack}`,
    );
  try {
    for await (const page of pages(send, (one) => one.NextToken)) {
      for (const { ResourceChange: one } of page.Changes ?? [])
        changes.push({
          action: one?.Action ?? '',
          logicalId: one?.LogicalResourceId ?? '',
          type: one?.ResourceType ?? '',
          replacement: one?.Replacement === 'True',
        });
      found = { id, status: page.Status ?? '', reason: page.StatusReason, changes };
    }
  } catch (error) {
    if (error instanceof AwsProblem && error.code.startsWith('ChangeSetNotFound')) return undefined;
    throw error;
  }
  return found;
}

/** Begins what a change set plans; the stack says when it is done. */
export async function executeChangeSet(aws: Aws, id: string, stack: string, signal?: AbortSignal): Promise<void> {
  const client = await aws.cloudformation();
  await call(
    aws.target,
    `execute change set ${id}`,
    () => client.send(new ExecuteChangeSetCommand({ ChangeSetName: id, StackName: stack }), { abortSignal: signal }),
    `cloudformation:ExecuteChangeSet on stack ${stack}`,
  );
}

/** Deletes a change set that is not to be executed. */
export async function deleteChangeSet(aws: Aws, id: string, stack: string): Promise<void> {
  const client = await aws.cloudformation();
  await call(
    aws.target,
    `delete change set ${id}`,
    () => client.send(new DeleteChangeSetCommand({ ChangeSetName: id, StackName: stack })),
    `cloudformation:DeleteChangeSet on stack ${stack}`,
  );
}

/** To delete a stack that is gone is no error for AWS either. */
export async function deleteStack(aws: Aws, stack: string, signal?: AbortSignal): Promise<void> {
  const client = await aws.cloudformation();
  await call(
    aws.target,
    `delete stack ${stack}`,
    () => client.send(new DeleteStackCommand({ StackName: stack }), { abortSignal: signal }),
    `cloudformation:DeleteStack on stack ${stack}`,
  );
}

/** Something that happened to a part of a stack. */
export interface StackEvent {
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  logicalId: string;
  type: string;
  status: string;
  reason: string | undefined;
}

/** The events of a stack since this moment, oldest first: AWS lists the newest first. */
export async function stackEvents(aws: Aws, stack: string, since: number, signal?: AbortSignal): Promise<StackEvent[]> {
  const client = await aws.cloudformation();
  const found: StackEvent[] = [];
  const send = (NextToken: string | undefined) =>
    call(
      aws.target,
      `read the events of stack ${stack}`,
      () => client.send(new DescribeStackEventsCommand({ StackName: stack, NextToken }), { abortSignal: signal }),
      `cloudformation:DescribeStackEvents on stack ${stack}`,
    );
  for await (const page of pages(send, (one) => one.NextToken)) {
    const all = (page.StackEvents ?? []).map((one) => ({
      id: one.EventId ?? '',
      at: one.Timestamp?.getTime() ?? 0,
      logicalId: one.LogicalResourceId ?? '',
      type: one.ResourceType ?? '',
      status: one.ResourceStatus ?? '',
      reason: one.ResourceStatusReason,
    }));
    found.push(...all.filter(({ at }) => at >= since));
    if (all.some(({ at }) => at < since)) break;
  }
  return found.toReversed();
}
