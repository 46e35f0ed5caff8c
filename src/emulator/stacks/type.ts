import type { ServiceId } from '../model/shapes.ts';

/** Values of properties, intrinsics carried out. */
export type Properties = Readonly<Record<string, unknown>>;

/** What a type of resource is made with. */
export interface TypeContext {
  account: string;
  region: string;
  partition: string;
  stackName: string;
  logicalId: string;
  /** Of the stack; a resource's own come beside them. */
  tags: Readonly<Record<string, string>>;
  /** Calls an operation as whoever changes the stack. @throws AwsError */
  call(service: ServiceId, operation: string, input: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** Said of what exists from now on: it is deleted again where something else of its creation fails. */
  begun(physicalId: string): void;
  /** A name for what the template names not: `stack-Logical-1A2B3C4D5E6F`, of `longest` characters at most. */
  name(longest: number): string;
}

/** A resource that was made: what `Ref` and `Fn::GetAtt` answer. */
interface Made {
  physicalId: string;
  attributes: Record<string, string>;
}

/** How CloudFormation makes, changes and deletes one type of resource. */
export interface ResourceType {
  required: readonly string[];
  /** All that is built; any other is refused by name. */
  properties: readonly string[];
  /** Those whose change makes another resource in place of this one. */
  replacing: readonly string[];
  attributes: readonly string[];
  /** The property that names it, where it has one. */
  named?: string;
  /** Is there such a one already? Asked where creating does not refuse what exists. */
  exists?(context: TypeContext, properties: Properties): Promise<boolean>;
  create(context: TypeContext, properties: Properties): Promise<Made>;
  /**
   * Changes it in place, in as many phases as it says: each is called when the one before is ready. Without it, every
   * change makes another.
   */
  update?(
    context: TypeContext,
    physicalId: string,
    after: Properties,
    before: Properties,
    phase: number,
  ): Promise<{ more: boolean; attributes?: Record<string, string> }>;
  /** Deletes it; that it is gone is no mistake. */
  remove(context: TypeContext, physicalId: string, properties: Properties): Promise<void>;
  /** Is it stable? Without it, it is at once. */
  ready?(context: TypeContext, physicalId: string): Promise<boolean>;
}

/** The members of some names, those that are not there left out. */
export function pick(properties: Properties, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.filter((name) => properties[name] !== undefined).map((name) => [name, properties[name]]),
  );
}

/** A value as text: numbers and booleans may be written either way in a template. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? '' : JSON.stringify(value);
}

/** Numbers may be written as text in a template. */
export function number(value: unknown): number | undefined {
  return value === undefined ? undefined : Number(value);
}

/** A boolean of a template, which may also be written as the text `true`. */
export function flag(value: unknown): boolean | undefined {
  return value === undefined ? undefined : value === true || value === 'true';
}

/** A policy may be written as an object. */
export function json(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The stack's tags and the resource's own (a list of Key and Value), by key. */
export function tagMap(context: Pick<TypeContext, 'tags'>, own: unknown): Record<string, string> {
  const list = Array.isArray(own) ? (own as { Key: string; Value: unknown }[]) : [];
  return { ...context.tags, ...Object.fromEntries(list.map(({ Key, Value }) => [Key, text(Value)])) };
}

/** The tags of a resource, the stack's included, as services list them. */
export function tagList(context: Pick<TypeContext, 'tags'>, own: unknown): { Key: string; Value: string }[] {
  return Object.entries(tagMap(context, own)).map(([Key, Value]) => ({ Key, Value }));
}

/** Undefined for a map or list that is empty: most services refuse those. */
export function orNothing<T extends object>(value: T): T | undefined {
  return Object.keys(value).length > 0 ? value : undefined;
}

/** Are two values equal as JSON, the order of keys included? */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Runs a deletion; what is gone is deleted. */
export async function gone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Does a call find something? */
export async function found(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  const { code = '', status } = error as { code?: string; status?: number };
  return status === 404 || /^(?:NoSuch|NotFound|QueueDoesNotExist|ResourceNotFound)/.test(code);
}
