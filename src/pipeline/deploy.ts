import { randomBytes } from 'node:crypto';
import {
  createChangeSet,
  deleteChangeSet,
  deleteStack,
  describeChangeSet,
  describeStack,
  executeChangeSet,
  type Stack,
  type StackChange,
  type StackEvent,
  stackEvents,
} from '../aws/cloudformation.ts';
import type { Aws } from '../aws/clients.ts';
import { environmentError } from '../base/errors.ts';
import { lines } from '../base/text.ts';
import { SECOND } from '../base/units.ts';
import type { Session } from '../lifecycle/session.ts';
import type { Template } from './template/template.ts';

/** Between two looks at what AWS CloudFormation is doing. */
const LOOK_EVERY = 3 * SECOND;
/** How often a change set is looked at, which CloudFormation only computes. */
const CHANGE_SET_EVERY = SECOND;
/** The clocks of two machines differ; events are told apart by their ids. */
const CLOCKS_DIFFER = 60 * SECOND;

export interface DeployEvents {
  /** What is about to be changed. */
  changes(changes: readonly StackChange[]): void;
  /** Something happened to a part of the stack. */
  event(event: StackEvent): void;
}

export interface Deployed {
  kind: 'created' | 'updated' | 'unchanged';
  stack: Stack;
}

/**
 * Brings a stack to a template, by a change set: what is about to be changed is known before anything is. Whoever was killed
 * gives the command again: what goes on is waited for, what was left half made is deleted.
 * @throws Problem (cannot-run) where CloudFormation did not take it or rolled it back, with its reasons
 */
export async function deployStack(
  session: Session,
  wanted: { name: string; template: Template; tags: readonly { Key: string; Value: string }[] },
  hooks: DeployEvents,
): Promise<Deployed> {
  const aws = await session.aws();
  const { name, template, tags } = wanted;
  const before = await usable(session, aws, name, hooks);
  const kind = before === undefined || before.status === 'REVIEW_IN_PROGRESS' ? 'CREATE' : 'UPDATE';
  const set = await createChangeSet(
    aws,
    {
      stack: name,
      name: `shadowctl-${randomBytes(8).toString('hex')}`,
      kind,
      template: JSON.stringify(template),
      tags,
    },
    session.signal,
  );
  for (;;) {
    const found = await describeChangeSet(aws, set.id, set.stack, session.signal);
    if (found?.status === 'CREATE_COMPLETE') {
      hooks.changes(found.changes);
      break;
    }
    if (found === undefined || found.status === 'FAILED') {
      const reason = found?.reason ?? 'the change set is gone';
      if (found !== undefined) await deleteChangeSet(aws, set.id, set.stack);
      if (before !== undefined && NOTHING_TO_DO.test(reason)) return { kind: 'unchanged', stack: before };
      throw environmentError(`AWS CloudFormation does not take the template of stack ${name}: ${reason}`);
    }
    await session.clock.sleep(CHANGE_SET_EVERY, session.signal);
  }
  const began = session.clock.now();
  await executeChangeSet(aws, set.id, set.stack, session.signal);
  const { stack, seen } = await settled(session, aws, set.stack, began, hooks);
  if (stack === undefined || !GOOD.has(stack.status)) throw failure(name, stack, seen);
  return { kind: kind === 'CREATE' ? 'created' : 'updated', stack };
}

/** What CloudFormation says of a change set in which nothing changes (facts: "Submit different information to create a change set"). */
const NOTHING_TO_DO = /didn't contain changes|No updates are to be performed/i;
const GOOD: ReadonlySet<string> = new Set(['CREATE_COMPLETE', 'UPDATE_COMPLETE']);
/** Out of these, a stack can only be deleted. */
const DEAD: ReadonlySet<string> = new Set([
  ...['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'CREATE_FAILED', 'DELETE_FAILED'],
  // One could be told to go on rolling back; but what it holds is made again by the same command.
  'UPDATE_ROLLBACK_FAILED',
]);

/** Whether a stack of this status stands, and will be brought up to date; else it is made anew. */
export function stands({ status }: Pick<Stack, 'status'>): boolean {
  return status !== 'REVIEW_IN_PROGRESS' && status !== 'DELETE_COMPLETE' && !DEAD.has(status);
}

function isChanging({ status }: Stack): boolean {
  return status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';
}

/** The stack as it can be changed: what goes on is waited for, what never came to be is deleted. */
async function usable(session: Session, aws: Aws, name: string, hooks: DeployEvents): Promise<Stack | undefined> {
  let stack = await describeStack(aws, name, session.signal);
  if (stack !== undefined && isChanging(stack))
    stack = (await settled(session, aws, stack.id, session.clock.now(), hooks)).stack;
  if (stack === undefined || stack.status === 'DELETE_COMPLETE') return undefined;
  if (!DEAD.has(stack.status)) return stack;
  await removeStack(session, stack, hooks);
  return undefined;
}

/** Deletes a stack and waits until it is gone. @throws Problem (cannot-run) with CloudFormation's reasons where parts of it stay */
export async function removeStack(
  session: Session,
  { id, name }: Stack,
  hooks: Pick<DeployEvents, 'event'>,
): Promise<void> {
  const aws = await session.aws();
  const began = session.clock.now();
  await deleteStack(aws, id, session.signal);
  const { stack, seen } = await settled(session, aws, id, began, hooks);
  if (stack !== undefined && stack.status !== 'DELETE_COMPLETE') throw failure(name, stack, seen);
}

/** Waits until nothing changes any more, and tells what happens. A stack that is gone altogether is undefined. */
async function settled(
  session: Session,
  aws: Aws,
  id: string,
  began: number,
  hooks: Pick<DeployEvents, 'event'>,
): Promise<{ stack: Stack | undefined; seen: readonly StackEvent[] }> {
  const seen = new Map<string, StackEvent>();
  for (;;) {
    // The events come first: those of the end are told, too.
    const stack = await describeStack(aws, id, session.signal);
    if (stack !== undefined)
      for (const event of await stackEvents(aws, id, began - CLOCKS_DIFFER, session.signal)) {
        if (seen.has(event.id)) continue;
        seen.set(event.id, event);
        if (event.at >= began) hooks.event(event);
      }
    if (stack === undefined || !isChanging(stack)) return { stack, seen: [...seen.values()] };
    await session.clock.sleep(LOOK_EVERY, session.signal);
  }
}

function failure(name: string, stack: Stack | undefined, seen: readonly StackEvent[]) {
  const failed = seen.filter(({ status, reason }) => status.endsWith('_FAILED') && reason !== undefined);
  // What was only cancelled because something else failed says nothing.
  const causes = failed.filter(({ reason }) => !/cancelled/i.test(reason ?? ''));
  const [first] = causes.length > 0 ? causes : failed;
  return environmentError(
    `Stack ${name} is ${stack?.status ?? 'gone'}${first === undefined ? (stack?.reason === undefined ? '' : `: ${stack.reason}`) : `: ${first.logicalId} (${first.type}): ${first.reason}`}`,
    lines(
      ...causes.slice(1, 4).map(({ logicalId, reason }) => `${logicalId}: ${reason}`),
      'Correct that, and give the command again: it goes on from what stands.',
    ),
  );
}
