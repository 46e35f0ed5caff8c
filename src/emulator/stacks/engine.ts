import { AwsError } from '../model/aws-error.ts';
import type { ServiceId } from '../model/shapes.ts';
import { partitionOf } from '../world/partition.ts';
import type { Random } from '../world/random.ts';
import type { Store } from '../storage/store.ts';
import { outputsOf, scopeOf } from './plan.ts';
import { eventsOf, type StackRecord, type StackResource, stacksOf, type Work } from './records.ts';
import { orderOf, parametersOf, resolveValue, type Scope } from './resolve.ts';
import { readTemplate } from './template.ts';
import { TemplateError } from './template-error.ts';
import { type ResourceType, same, type TypeContext } from './type.ts';
import { TYPES } from './types/table.ts';

/** What the engine needs of a world. */
export interface Surroundings {
  store: Store;
  random: Random;
  /** How long each resource takes, in ms. */
  pause: number;
  /** Calls an operation as whoever changes the stack. @throws AwsError */
  call(stack: StackRecord, service: ServiceId, operation: string, input: Record<string, unknown>): Promise<unknown>;
}

/** How long until something that is not ready is looked at again, in ms. */
const LOOK = 250;

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** One step of what is under way with a stack: one resource is begun, or done. The record is changed and kept. */
export async function step(world: Surroundings, stack: StackRecord, at: number): Promise<void> {
  const { work } = stack;
  if (work === undefined) return;
  work.dueAt = at + world.pause;
  const run = new Run(world, stack, work, at);
  if (work.kind === 'delete') await run.delete();
  else if (work.phase === 'forward') await run.forward();
  else if (work.phase === 'cleanup') await run.cleanUp();
  else await run.rollBack();
  stacksOf(world.store).set(stack.id, stack);
}

/** Notes what happens to a stack or a resource of it. */
function note(
  { store, random }: Pick<Surroundings, 'store' | 'random'>,
  stack: StackRecord,
  at: number,
  what: { logicalId: string; physicalId: string; type: string; status: string; reason?: string; properties?: object },
): void {
  const table = eventsOf(store);
  const number = table.entries(`${stack.id}/`).length + 1;
  const { properties, ...rest } = what;
  table.set(`${stack.id}/${String(number).padStart(8, '0')}`, {
    id: random.uuid(),
    stackId: stack.id,
    stackName: stack.name,
    at,
    ...rest,
    ...(properties !== undefined && { properties: JSON.stringify(properties) }),
    ...(stack.token !== undefined && { token: stack.token }),
  });
}

/** Gives a stack another status, and notes it. */
export function setStatus(
  world: Pick<Surroundings, 'store' | 'random'>,
  stack: StackRecord,
  status: string,
  at: number,
  reason?: string,
): void {
  stack.status = status;
  if (reason === undefined) delete stack.reason;
  else stack.reason = reason;
  const self = { logicalId: stack.name, physicalId: stack.id, type: 'AWS::CloudFormation::Stack' };
  note(world, stack, at, { ...self, status, ...(reason !== undefined && { reason }) });
}

/** One step. */
class Run {
  readonly #world: Surroundings;
  readonly #stack: StackRecord;
  readonly #work: Work;
  readonly #at: number;

  constructor(world: Surroundings, stack: StackRecord, work: Work, at: number) {
    this.#world = world;
    this.#stack = stack;
    this.#work = work;
    this.#at = at;
  }

  /** Makes or changes the next resource. */
  async forward(): Promise<void> {
    const { current } = this.#work;
    if (current !== undefined) {
      await this.#goOn(current, 'COMPLETE', this.#afterOf(current.id), this.#beforeOf(current.id));
      return;
    }
    const id = this.#work.todo.shift();
    if (id === undefined) return this.#finish();
    try {
      await this.#begin(id, this.#scope());
    } catch (error) {
      this.#fail(id, reasonOf(error));
    }
  }

  async #begin(id: string, scope: Scope): Promise<void> {
    const stack = this.#stack;
    const definition = scope.template.resources[id];
    if (definition === undefined) return;
    const { Type, DeletionPolicy, UpdateReplacePolicy } = definition;
    const policies = {
      ...(DeletionPolicy !== undefined && { deletionPolicy: DeletionPolicy }),
      ...(UpdateReplacePolicy !== undefined && { replacePolicy: UpdateReplacePolicy }),
    };
    const type = typeOf(Type);
    const properties = resolveValue(definition.Properties, scope) as Record<string, unknown>;
    const before = stack.resources[id];
    if (before !== undefined) {
      const { deletionPolicy: _, replacePolicy: __, ...bare } = before;
      const tagged = same(stack.tags, this.#work.before?.tags ?? stack.tags);
      if (same(properties, before.properties) && tagged) {
        stack.resources[id] = { ...bare, ...policies };
        // Nothing is to be done, so that it takes no time.
        this.#work.dueAt = this.#at;
        return;
      }
      if (
        type.update !== undefined &&
        !type.replacing.some((name) => !same(properties[name], before.properties[name]))
      ) {
        this.#work.done.push({ id, how: 'updated' });
        stack.resources[id] = { ...bare, ...policies, properties };
        this.#mark(id, 'UPDATE_IN_PROGRESS', undefined, properties);
        const { more, attributes } = await type.update(
          this.#context(id),
          before.physicalId,
          properties,
          before.properties,
          0,
        );
        if (attributes !== undefined) Object.assign(before.attributes, attributes);
        this.#work.current = { id, phase: 0, more };
        return;
      }
      refuseNamed(type, properties, before.properties);
    }
    await this.#create(id, { Type, properties, policies }, type, before);
  }

  async #create(
    id: string,
    { Type, properties, policies }: { Type: string; properties: Record<string, unknown>; policies: object },
    type: ResourceType,
    before: StackResource | undefined,
  ): Promise<void> {
    const stack = this.#stack;
    const doing = before === undefined ? 'CREATE' : 'UPDATE';
    stack.resources[id] = {
      ...policies,
      logicalId: id,
      type: Type,
      physicalId: '',
      status: '',
      at: this.#at,
      properties,
      attributes: {},
    };
    this.#mark(id, `${doing}_IN_PROGRESS`, undefined, properties);
    let made;
    let begun: string | undefined;
    const context: TypeContext = {
      ...this.#context(id),
      begun: (physicalId) => {
        begun = physicalId;
      },
    };
    try {
      if ((await type.exists?.(context, properties)) === true)
        throw new AwsError(
          'AlreadyExists',
          `Resource of type '${Type}' with the name that the template gives already exists.`,
        );
      made = await type.create(context, properties);
    } catch (error) {
      if (begun !== undefined && !(await removed(type, context, begun, properties))) {
        // What could not be deleted is the stack's still: going back tries again, and says so.
        Object.assign(stack.resources[id] ?? {}, { physicalId: begun });
        this.#made(id, before);
        throw error;
      }
      // There is no new one; the old one stands.
      if (before === undefined) delete stack.resources[id];
      else stack.resources[id] = before;
      throw error;
    }
    Object.assign(stack.resources[id] ?? {}, made);
    this.#made(id, before);
    this.#mark(id, `${doing}_IN_PROGRESS`, 'Resource creation Initiated', properties);
    this.#work.current = { id, phase: 0, more: false };
  }

  /** A resource stands, in place of the one before it where there was one. */
  #made(id: string, before: StackResource | undefined): void {
    if (before !== undefined) this.#work.cleanup.push(before);
    this.#work.done.push({ id, how: before === undefined ? 'created' : 'replaced' });
  }

  /** Waits until the resource under way is ready, and goes on with its next phase, or is done with it. */
  async #goOn(
    current: NonNullable<Work['current']>,
    end: string,
    after: Record<string, unknown>,
    before: Record<string, unknown>,
  ): Promise<void> {
    const { id } = current;
    const resource = this.#stack.resources[id];
    if (resource === undefined) return void delete this.#work.current;
    const type = typeOf(resource.type);
    const doing = resource.status.split('_')[0];
    try {
      const context = this.#context(id);
      if (type.ready !== undefined && !(await type.ready(context, resource.physicalId))) {
        this.#work.dueAt = this.#at + LOOK;
        return;
      }
      if (current.more && type.update !== undefined) {
        current.phase += 1;
        const { more } = await type.update(context, resource.physicalId, after, before, current.phase);
        current.more = more;
        return;
      }
    } catch (error) {
      delete this.#work.current;
      if (this.#work.phase === 'forward') this.#fail(id, reasonOf(error));
      else {
        this.#work.failed.push(id);
        this.#mark(id, `${doing}_FAILED`, reasonOf(error));
      }
      return;
    }
    delete this.#work.current;
    this.#mark(id, `${doing}_${end}`);
  }

  #afterOf(id: string): Record<string, unknown> {
    return this.#stack.resources[id]?.properties ?? {};
  }

  #beforeOf(id: string): Record<string, unknown> {
    return this.#work.before?.resources[id]?.properties ?? {};
  }

  /** Everything is made: what is left over goes, and the stack is complete. */
  #finish(): void {
    const stack = this.#stack;
    const work = this.#work;
    let wanted: Set<string>;
    try {
      const scope = this.#scope();
      wanted = new Set(orderOf(scope));
      stack.outputs = outputsOf(scope);
      if (scope.template.description === undefined) delete stack.description;
      else stack.description = scope.template.description;
    } catch (error) {
      this.#fail(undefined, reasonOf(error));
      return;
    }
    if (work.kind === 'create') {
      this.#end('CREATE_COMPLETE');
      return;
    }
    const removed = stack.order.filter((id) => !wanted.has(id)).toReversed();
    for (const id of removed) {
      const gone = stack.resources[id];
      if (gone !== undefined) work.cleanup.push(gone);
      delete stack.resources[id];
    }
    work.cleanup.push(...(stack.leftovers ?? []));
    delete stack.leftovers;
    stack.order = orderIn(stack, work);
    work.phase = 'cleanup';
    setStatus(this.#world, stack, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', this.#at);
  }

  /** Deletes what was replaced, or is no longer in the template. A failure is noted, and keeps nothing back. */
  async cleanUp(): Promise<void> {
    const old = this.#work.cleanup.shift();
    if (old === undefined) return this.#end('UPDATE_COMPLETE');
    const replaced = this.#stack.resources[old.logicalId] !== undefined;
    await this.#remove(old, replaced ? old.replacePolicy : old.deletionPolicy);
  }

  /** What was done is undone, newest first. */
  async rollBack(): Promise<void> {
    const stack = this.#stack;
    const work = this.#work;
    if (work.current !== undefined) {
      const { id } = work.current;
      await this.#goOn(work.current, 'COMPLETE', this.#beforeOf(id), this.#afterOf(id));
      const before = work.before?.resources[id];
      if (work.current === undefined && before !== undefined) stack.resources[id] = { ...before, at: this.#at };
      return;
    }
    const last = work.done.pop();
    if (last === undefined) return this.#rolledBack();
    const resource = stack.resources[last.id];
    const before = work.before?.resources[last.id];
    if (resource === undefined) return;
    if (last.how === 'updated' && before !== undefined) {
      this.#mark(last.id, 'UPDATE_IN_PROGRESS');
      try {
        const change = typeOf(resource.type).update?.(
          this.#context(last.id),
          resource.physicalId,
          before.properties,
          resource.properties,
          0,
        );
        const { more } = (await change) ?? { more: false };
        work.current = { id: last.id, phase: 0, more };
      } catch (error) {
        work.failed.push(last.id);
        this.#mark(last.id, 'UPDATE_FAILED', reasonOf(error));
      }
      return;
    }
    // What is new and shall be retained is kept (API_UpdateStack, RetainExceptOnCreate); a replacement is not.
    const policy = last.how === 'created' && resource.deletionPolicy === 'Retain' ? 'Retain' : 'Delete';
    const isGone = await this.#remove(resource, policy);
    if (!isGone) work.failed.push(last.id);
    if (before !== undefined) stack.resources[last.id] = before;
    else if (isGone) delete stack.resources[last.id];
  }

  #rolledBack(): void {
    const stack = this.#stack;
    const { kind, failed, before } = this.#work;
    const why = failed.length > 0 ? `The following resource(s) failed to delete: [${failed.join(', ')}].` : undefined;
    if (kind === 'create') {
      if (stack.onFailure === 'DELETE' && failed.length === 0) {
        stack.deletedAt = this.#at;
        return this.#end('DELETE_COMPLETE');
      }
      return this.#end(failed.length > 0 ? 'ROLLBACK_FAILED' : 'ROLLBACK_COMPLETE', why);
    }
    if (before !== undefined) {
      const { template, parameters, tags, order, outputs } = before;
      Object.assign(stack, { template, parameters, tags, order, outputs });
      stack.resources = { ...stack.resources, ...before.resources };
    }
    this.#end(failed.length > 0 ? 'UPDATE_ROLLBACK_FAILED' : 'UPDATE_ROLLBACK_COMPLETE', why);
  }

  /** Deletes the resources of a stack, newest first; what one that could not be deleted may need is left. */
  async delete(): Promise<void> {
    const stack = this.#stack;
    const work = this.#work;
    const old = work.cleanup.shift();
    if (old !== undefined) {
      if (!(await this.#remove(old, old.replacePolicy))) {
        stack.leftovers = [...(stack.leftovers ?? []), old];
        work.failed.push(old.logicalId);
      }
      return;
    }
    const id = work.todo.shift();
    if (id === undefined) {
      if (work.failed.length > 0)
        return this.#end('DELETE_FAILED', `The following resource(s) failed to delete: [${work.failed.join(', ')}]. `);
      stack.deletedAt = this.#at;
      return this.#end('DELETE_COMPLETE');
    }
    const resource = stack.resources[id];
    if (resource === undefined) return;
    if (this.#isNeeded(id)) return;
    const policy = work.retain.includes(id) ? 'Retain' : resource.deletionPolicy;
    if (await this.#remove(resource, policy)) delete stack.resources[id];
    else work.failed.push(id);
  }

  /** Does a resource that could not be deleted refer to this one? */
  #isNeeded(id: string): boolean {
    const { physicalId, attributes } = this.#stack.resources[id] ?? { physicalId: '', attributes: {} };
    const names = [physicalId, ...Object.values(attributes)].filter((one) => one !== '');
    return this.#work.failed.some((failed) => {
      const text = JSON.stringify(this.#stack.resources[failed]?.properties ?? {});
      return names.some((name) => text.includes(JSON.stringify(name).slice(1, -1)));
    });
  }

  /** Deletes a resource, or leaves it where its policy says so. @returns false where it could not be deleted */
  async #remove(resource: StackResource, policy: string | undefined): Promise<boolean> {
    const { logicalId, physicalId, type } = resource;
    const event = { logicalId, physicalId, type };
    const isCurrent = this.#stack.resources[logicalId] === resource;
    const say = (status: string, reason?: string) => {
      if (isCurrent) Object.assign(resource, { status, at: this.#at, reason });
      note(this.#world, this.#stack, this.#at, { ...event, status, ...(reason !== undefined && { reason }) });
    };
    if (policy === 'Retain' || policy === 'RetainExceptOnCreate') {
      say('DELETE_SKIPPED');
      return true;
    }
    say('DELETE_IN_PROGRESS');
    try {
      await typeOf(type).remove(this.#context(logicalId), physicalId, resource.properties);
    } catch (error) {
      say('DELETE_FAILED', reasonOf(error));
      return false;
    }
    say('DELETE_COMPLETE');
    return true;
  }

  /** A resource could not be made or changed: the stack goes back. */
  #fail(id: string | undefined, reason: string): void {
    const stack = this.#stack;
    const work = this.#work;
    const doing = work.kind === 'create' ? 'CREATE' : 'UPDATE';
    if (id !== undefined) {
      const resource = stack.resources[id];
      const type = readTemplate(stack.template).resources[id]?.Type ?? '';
      const event = { logicalId: id, physicalId: resource?.physicalId ?? '', type };
      const status = `${resource === undefined ? 'CREATE' : doing}_FAILED`;
      if (resource !== undefined) Object.assign(resource, { status, reason, at: this.#at });
      note(this.#world, stack, this.#at, { ...event, status, reason });
    }
    const what = id === undefined ? reason : `The following resource(s) failed to ${doing.toLowerCase()}: [${id}]. `;
    delete work.current;
    if (stack.onFailure === 'DO_NOTHING') {
      if (work.cleanup.length > 0) stack.leftovers = [...(stack.leftovers ?? []), ...work.cleanup];
      return this.#end(`${doing}_FAILED`, what);
    }
    work.phase = 'rollback';
    work.todo = [];
    const status = work.kind === 'create' ? 'ROLLBACK_IN_PROGRESS' : 'UPDATE_ROLLBACK_IN_PROGRESS';
    setStatus(this.#world, stack, status, this.#at, `${what}Rollback requested by user.`);
  }

  #end(status: string, reason?: string): void {
    const stack = this.#stack;
    delete stack.work;
    if (status !== 'DELETE_COMPLETE' && status !== 'DELETE_FAILED') stack.order = orderIn(stack, this.#work);
    setStatus(this.#world, stack, status, this.#at, reason);
  }

  #mark(id: string, status: string, reason?: string, properties?: object): void {
    const resource = this.#stack.resources[id];
    if (resource === undefined) return;
    resource.status = status;
    resource.at = this.#at;
    if (reason === undefined) delete resource.reason;
    else resource.reason = reason;
    const { logicalId, physicalId, type } = resource;
    note(this.#world, this.#stack, this.#at, {
      logicalId,
      physicalId,
      type,
      status,
      ...(reason !== undefined && { reason }),
      ...(properties !== undefined && { properties }),
    });
  }

  #scope(): Scope {
    const stack = this.#stack;
    const template = readTemplate(stack.template);
    const parameters = parametersOf(template.parameters, stack.parameters);
    return scopeOf({ ...stack, parameters }, template, stack.resources);
  }

  #context(logicalId: string): TypeContext {
    const { random, call } = this.#world;
    const stack = this.#stack;
    const { account, region, name: stackName, tags } = stack;
    return {
      account,
      region,
      partition: partitionOf(region),
      stackName,
      logicalId,
      tags,
      begun: () => {},
      call: async (service, operation, input) =>
        ((await call(stack, service, operation, input)) ?? {}) as Record<string, unknown>,
      name(longest) {
        let end = '';
        while (end.length < 12) end += BASE32[Math.floor(random.next() * 32)];
        const room = longest - end.length - 2;
        const [first, second] = [stackName.slice(0, Math.ceil(room / 2)), logicalId.slice(0, Math.floor(room / 2))];
        const whole = stackName.length + logicalId.length <= room;
        return whole ? `${stackName}-${logicalId}-${end}` : `${first}-${second}-${end}`;
      },
    };
  }
}

/** The order in which the resources of a stack were made. */
function orderIn(stack: StackRecord, work: Work): string[] {
  const before = stack.order.filter((id) => stack.resources[id] !== undefined);
  const added = work.done.map(({ id }) => id).filter((id) => stack.resources[id] !== undefined && !before.includes(id));
  return [...before, ...added];
}

/** Deletes what was begun. @returns false where that failed, too */
async function removed(
  type: ResourceType,
  context: TypeContext,
  physicalId: string,
  properties: Record<string, unknown>,
): Promise<boolean> {
  try {
    await type.remove(context, physicalId, properties);
    return true;
  } catch {
    return false;
  }
}

function typeOf(name: string): ResourceType {
  const type = TYPES.get(name);
  if (type === undefined) throw new TemplateError(`The emulator has not built resources of the type ${name}.`, true);
  return type;
}

/** A name of one's own cannot be given to another while the first still has it. */
function refuseNamed({ named }: ResourceType, after: Record<string, unknown>, before: Record<string, unknown>): void {
  if (named !== undefined && after[named] !== undefined && same(after[named], before[named]))
    throw new TemplateError(
      'CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename and update the stack again.',
    );
}

/** Why something failed, as CloudFormation shows what a resource's handler says. */
function reasonOf(error: unknown): string {
  if (error instanceof AwsError)
    return `Resource handler returned message: "${error.message}" (HandlerErrorCode: ${HANDLER_CODES[error.code] ?? (error.status === 403 ? 'AccessDenied' : 'GeneralServiceException')})`;
  if (error instanceof TemplateError) return error.message;
  throw error;
}

const HANDLER_CODES: Readonly<Record<string, string>> = {
  AccessDenied: 'AccessDenied',
  AccessDeniedException: 'AccessDenied',
  AlreadyExists: 'AlreadyExists',
  BucketAlreadyExists: 'AlreadyExists',
  EntityAlreadyExistsException: 'AlreadyExists',
  ResourceAlreadyExistsException: 'AlreadyExists',
  ResourceConflictException: 'AlreadyExists',
  ConflictException: 'AlreadyExists',
  ValidationException: 'InvalidRequest',
  InvalidParameterValueException: 'InvalidRequest',
};
