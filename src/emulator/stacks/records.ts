import type { Store, Table } from '../storage/store.ts';
import { partitionOf } from '../world/partition.ts';

/** A resource of a stack. Times are milliseconds since the epoch. */
export interface StackResource {
  logicalId: string;
  type: string;
  physicalId: string;
  status: string;
  reason?: string;
  at: number;
  /** As they were given when it was made or last changed. */
  properties: Record<string, unknown>;
  attributes: Record<string, string>;
  deletionPolicy?: string;
  replacePolicy?: string;
}

/** What a stack is made of. */
export interface Definition {
  template: string;
  parameters: Record<string, string>;
  tags: Record<string, string>;
}

/** What is under way with a stack. */
export interface Work {
  kind: 'create' | 'update' | 'delete';
  phase: 'forward' | 'rollback' | 'cleanup';
  dueAt: number;
  /** Logical ids that are still to be made, changed, taken back or deleted, in this order. */
  todo: string[];
  /** The one under way: waits until it is ready; `more` where its change has another phase. */
  current?: { id: string; phase: number; more: boolean };
  /** What was done to which resource, in this order. */
  done: { id: string; how: 'created' | 'updated' | 'replaced' }[];
  /** What an update makes of the stack before it: to go back to. */
  before?: Definition & { resources: Record<string, StackResource>; order: string[]; outputs: StackOutput[] };
  /** Old resources that others have replaced, and those that the template has no longer. */
  cleanup: StackResource[];
  failed: string[];
  retain: string[];
}

interface StackOutput {
  key: string;
  value: string;
  description?: string;
  exportName?: string;
}

export interface StackRecord extends Definition {
  account: string;
  region: string;
  name: string;
  /** The ARN. */
  id: string;
  status: string;
  reason?: string;
  createdAt: number;
  updatedAt?: number;
  deletedAt?: number;
  description?: string;
  capabilities: string[];
  roleArn?: string;
  notificationArns: string[];
  onFailure: 'ROLLBACK' | 'DELETE' | 'DO_NOTHING';
  protected: boolean;
  outputs: StackOutput[];
  resources: Record<string, StackResource>;
  /** Logical ids in the order in which they were made. */
  order: string[];
  /** What updates replaced that failed and were left so: deleted by the next that succeeds, or with the stack. */
  leftovers?: StackResource[];
  /** The access key of whoever asked last, and how the emulator was called. */
  accessKeyId?: string;
  baseUrl: string;
  token?: string;
  work?: Work;
}

export interface StackEvent {
  id: string;
  stackId: string;
  stackName: string;
  logicalId: string;
  physicalId: string;
  type: string;
  at: number;
  status: string;
  reason?: string;
  properties?: string;
  token?: string;
}

/** A set of changes that was computed, and may be executed. */
export interface ChangeSetRecord extends Definition {
  id: string;
  name: string;
  stackId: string;
  type: 'CREATE' | 'UPDATE';
  description?: string;
  createdAt: number;
  status: 'CREATE_COMPLETE' | 'FAILED';
  execution: 'AVAILABLE' | 'UNAVAILABLE' | 'EXECUTE_COMPLETE';
  reason?: string;
  capabilities: string[];
  roleArn?: string;
  notificationArns: string[];
  onFailure: StackRecord['onFailure'];
  changes: Change[];
}

export interface Change {
  action: 'Add' | 'Modify' | 'Remove';
  logicalId: string;
  physicalId?: string;
  type: string;
  /** Of a modification. */
  replacement?: 'True' | 'False' | 'Conditional';
}

interface Place {
  account: string;
  region: string;
}

/** By the id. */
export const stacksOf = (store: Store): Table<StackRecord> => store.table('stacks');
/** By the id of the stack and a number that rises. */
export const eventsOf = (store: Store): Table<StackEvent> => store.table('stack-events');
/** By the id. */
export const changeSetsOf = (store: Store): Table<ChangeSetRecord> => store.table('stack-change-sets');

/** The id of a stack: `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID`. */
export function stackArn({ account, region }: Place, name: string, uuid: string): string {
  return `arn:${partitionOf(region)}:cloudformation:${region}:${account}:stack/${name}/${uuid}`;
}

/** A stack by its name, where it was not deleted, or by its id. */
export function findStack(store: Store, place: Place, nameOrId: string): StackRecord | undefined {
  if (nameOrId.startsWith('arn:')) {
    const found = stacksOf(store).get(nameOrId);
    return found?.account === place.account && found.region === place.region ? found : undefined;
  }
  return stacksOf(store)
    .entries(stackArn(place, nameOrId, ''))
    .map(([, stack]) => stack)
    .find(({ status }) => status !== 'DELETE_COMPLETE');
}
