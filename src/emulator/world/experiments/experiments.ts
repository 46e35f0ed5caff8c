import type { Endpoint, Endpoints } from '../endpoints/endpoint.ts';
import { newFleet } from '../endpoints/new-fleet.ts';
import { acceptMs, changeAt, planUpdate } from '../endpoints/plan.ts';
import { type ConfigRecord, configsOf, keyOf } from '../endpoints/records.ts';
import type { Platform } from '../world.ts';
import { makeConfig, runningLayout } from './configs.ts';
import { type ExperimentRecord, type Experiments, experimentsOf, OVER } from './records.ts';

/** Statuses that end when the endpoint has settled. */
const SETTLING = new Set<string>(['Starting', 'Updating', 'Stopping']);

type World = Platform & { readonly endpoints: Endpoints };

/** The inference experiments of a world, and the event source that moves them on. */
export function createExperiments(world: World): Experiments {
  return new ExperimentMachine(world);
}

class ExperimentMachine implements Experiments {
  readonly #world: World;
  readonly #table: ReturnType<typeof experimentsOf>;
  /** Those to which something will still happen, by key. */
  readonly #active = new Map<string, ExperimentRecord>();

  constructor(world: World) {
    this.#world = world;
    this.#table = experimentsOf(world.store);
    for (const [key, record] of this.#table.entries()) if (!OVER.includes(record.status)) this.#active.set(key, record);
  }

  keep(record: ExperimentRecord): void {
    const key = keyOf(record, record.name);
    this.#table.set(key, record);
    if (OVER.includes(record.status)) this.#active.delete(key);
    else this.#active.set(key, record);
  }

  forget(record: ExperimentRecord): void {
    const key = keyOf(record, record.name);
    this.#active.delete(key);
    this.#table.delete(key);
  }

  begin(record: ExperimentRecord): void {
    this.#begin(record, this.#world.clock.now());
  }

  change(record: ExperimentRecord): void {
    const endpoint = this.#endpointOf(record);
    const now = this.#world.clock.now();
    if (endpoint === undefined) return;
    const config = makeConfig(this.#world, record, endpoint.record, runningLayout(record));
    if (this.#update(record, endpoint, config, now)) this.#set(record, 'Updating', now);
  }

  stop(record: ExperimentRecord, layout: Parameters<Experiments['stop']>[1]): void {
    const endpoint = this.#endpointOf(record);
    const now = this.#world.clock.now();
    const { status = 'Completed', reason } = record.ending ?? {};
    if (endpoint === undefined || layout === undefined) return this.#set(record, status, now, reason);
    if (this.#update(record, endpoint, makeConfig(this.#world, record, endpoint.record, layout), now))
      this.#set(record, 'Stopping', now);
  }

  owner(account: string, region: string, endpoint: string): ExperimentRecord | undefined {
    return [...this.#active.values()].find(
      (record) =>
        record.account === account &&
        record.region === region &&
        record.endpoint === endpoint &&
        record.status !== 'Creating' &&
        record.status !== 'Created',
    );
  }

  next(): number | undefined {
    let first: number | undefined;
    for (const record of this.#active.values()) {
      const due = this.#dueOf(record);
      if (due !== undefined && (first === undefined || due < first)) first = due;
    }
    return first;
  }

  run(at: number): void {
    for (const record of [...this.#active.values()]) {
      const due = this.#dueOf(record);
      if (due !== undefined && due <= at) this.#step(record, at);
    }
  }

  #endpointOf(record: ExperimentRecord): Endpoint | undefined {
    return this.#world.endpoints.find(record.account, record.region, record.endpoint);
  }

  #set(record: ExperimentRecord, status: ExperimentRecord['status'], at: number, reason?: string): void {
    record.status = status;
    record.modifiedAt = at;
    if (reason !== undefined) record.statusReason = reason.slice(0, 1024);
    if (OVER.includes(status)) record.completedAt = at;
    this.keep(record);
  }

  /** When something happens to it next. */
  #dueOf(record: ExperimentRecord): number | undefined {
    if (record.status === 'Creating') return record.createdAt + acceptMs(this.#world.latencies);
    const endpoint = this.#endpointOf(record);
    if (endpoint === undefined) return record.modifiedAt;
    // What is under way on the endpoint must end first; its own events bring that about.
    if (endpoint.record.change !== undefined) return undefined;
    if (SETTLING.has(record.status)) return endpoint.record.modifiedAt;
    return Math.max(record.status === 'Created' ? record.start : record.end, endpoint.record.modifiedAt);
  }

  /** Lets happen to a record what is due. */
  #step(record: ExperimentRecord, at: number): void {
    const endpoint = this.#endpointOf(record);
    if (endpoint === undefined)
      return this.#set(record, 'Cancelled', at, `The endpoint ${record.endpoint} is not there.`);
    const { configName, failureReason } = endpoint.record;
    const reached = configName === record.config;
    switch (record.status) {
      case 'Creating':
        this.#set(record, 'Created', at);
        if (record.start <= at && endpoint.record.change === undefined) this.#begin(record, at);
        return undefined;
      case 'Created':
        return this.#begin(record, at);
      case 'Starting':
        return reached
          ? this.#set(record, 'Running', at)
          : this.#set(record, 'Cancelled', at, failureReason ?? 'The endpoint was not updated.');
      case 'Updating':
        return this.#set(record, 'Running', at, reached ? undefined : failureReason);
      case 'Running':
        return this.#revert(record, endpoint, at);
      default: {
        const { status = 'Completed', reason } = record.ending ?? {};
        if (!reached) record.removed = [];
        return this.#set(record, reached ? status : 'Cancelled', at, reached ? reason : failureReason);
      }
    }
  }

  #begin(record: ExperimentRecord, at: number): void {
    const endpoint = this.#endpointOf(record);
    if (endpoint === undefined)
      return this.#set(record, 'Cancelled', at, `The endpoint ${record.endpoint} is not there.`);
    const { configName, fleet } = endpoint.record;
    record.before = {
      config: configName,
      ...(fleet?.capture && { capture: fleet.capture }),
      ...(fleet?.metrics && { metrics: fleet.metrics }),
    };
    const config = makeConfig(this.#world, record, endpoint.record, runningLayout(record));
    if (this.#update(record, endpoint, config, at)) this.#set(record, 'Starting', at);
  }

  /** The endpoint goes back to what it ran before (facts 6). */
  #revert(record: ExperimentRecord, endpoint: Endpoint, at: number): void {
    const { production, shadow } = runningLayout(record);
    record.removed = [shadow?.name ?? ''];
    record.ending = { status: 'Completed' };
    const config =
      configsOf(this.#world.store).get(keyOf(record, record.before?.config ?? '')) ??
      makeConfig(this.#world, record, endpoint.record, { production, capture: record.before?.capture });
    if (this.#update(record, endpoint, config, at)) this.#set(record, 'Stopping', at);
  }

  /** Starts the update to `config`; false when a model of it is gone, which ends the experiment. */
  #update(record: ExperimentRecord, endpoint: Endpoint, config: ConfigRecord, at: number): boolean {
    const old = endpoint.record.fleet;
    const next = newFleet(this.#world, config);
    if (old === undefined || 'missingModel' in next) {
      const what =
        old === undefined
          ? `endpoint ${endpoint.record.name}`
          : `model ${'missingModel' in next ? next.missingModel : ''}`;
      this.#set(record, 'Cancelled', at, `The ${what} is not there.`);
      return false;
    }
    record.config = config.name;
    if (next.shadow.length > 0) next.experiment = true;
    endpoint.record.status = 'Updating';
    endpoint.record.modifiedAt = at;
    this.#world.endpoints.start(endpoint.record, { ...changeAt(at, 'update', planUpdate(old, next, undefined)), next });
    return true;
  }
}
