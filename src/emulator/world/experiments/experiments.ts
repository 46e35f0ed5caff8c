import type { Endpoint, Endpoints } from '../endpoints/endpoint.ts';
import { newFleet } from '../endpoints/new-fleet.ts';
import { acceptMs, changeAt, planUpdate } from '../endpoints/plan.ts';
import { type ConfigRecord, configsOf, keyOf } from '../endpoints/records.ts';
import type { Platform } from '../world.ts';
import { makeConfig, runningLayout } from './configs.ts';
import { type ExperimentRecord, type Experiments, experimentsOf, OVER } from './records.ts';

/** Statuses that end when the endpoint has settled. */
const SETTLING = new Set<string>(['Starting', 'Updating', 'Stopping']);

/** The inference experiments of a world, and the event source that moves them on. */
export function createExperiments(world: Platform & { readonly endpoints: Endpoints }): Experiments {
  const table = experimentsOf(world.store);
  /** Those to which something will still happen, by key. */
  const active = new Map<string, ExperimentRecord>();
  for (const [key, record] of table.entries()) if (!OVER.includes(record.status)) active.set(key, record);

  const endpointOf = (record: ExperimentRecord) => world.endpoints.find(record.account, record.region, record.endpoint);
  const keep = (record: ExperimentRecord) => {
    const key = keyOf(record, record.name);
    table.set(key, record);
    if (OVER.includes(record.status)) active.delete(key);
    else active.set(key, record);
  };
  const set = (record: ExperimentRecord, status: ExperimentRecord['status'], at: number, reason?: string) => {
    record.status = status;
    record.modifiedAt = at;
    if (reason !== undefined) record.statusReason = reason.slice(0, 1024);
    if (OVER.includes(status)) record.completedAt = at;
    keep(record);
  };

  /** Starts the update to `config`; false when a model of it is gone, which ends the experiment. */
  const update = (record: ExperimentRecord, endpoint: Endpoint, config: ConfigRecord, at: number): boolean => {
    const old = endpoint.record.fleet;
    const next = newFleet(world, config);
    if (old === undefined || 'missingModel' in next) {
      const what =
        old === undefined
          ? `endpoint ${endpoint.record.name}`
          : `model ${'missingModel' in next ? next.missingModel : ''}`;
      set(record, 'Cancelled', at, `The ${what} is not there.`);
      return false;
    }
    record.config = config.name;
    if (next.shadow.length > 0) next.experiment = true;
    endpoint.record.status = 'Updating';
    endpoint.record.modifiedAt = at;
    world.endpoints.start(endpoint.record, { ...changeAt(at, 'update', planUpdate(old, next, undefined)), next });
    return true;
  };
  const begin = (record: ExperimentRecord, at: number) => {
    const endpoint = endpointOf(record);
    if (endpoint === undefined) return set(record, 'Cancelled', at, `The endpoint ${record.endpoint} is not there.`);
    const { configName, fleet } = endpoint.record;
    record.before = {
      config: configName,
      ...(fleet?.capture && { capture: fleet.capture }),
      ...(fleet?.metrics && { metrics: fleet.metrics }),
    };
    const config = makeConfig(world, record, endpoint.record, runningLayout(record));
    if (update(record, endpoint, config, at)) set(record, 'Starting', at);
  };
  /** The endpoint goes back to what it ran before (facts 6). */
  const revert = (record: ExperimentRecord, endpoint: Endpoint, at: number) => {
    const { production, shadow } = runningLayout(record);
    record.removed = [shadow?.name ?? ''];
    record.ending = { status: 'Completed' };
    const config =
      configsOf(world.store).get(keyOf(record, record.before?.config ?? '')) ??
      makeConfig(world, record, endpoint.record, { production, capture: record.before?.capture });
    if (update(record, endpoint, config, at)) set(record, 'Stopping', at);
  };
  /** When something happens to it next. */
  const dueOf = (record: ExperimentRecord): number | undefined => {
    if (record.status === 'Creating') return record.createdAt + acceptMs(world.latencies);
    const endpoint = endpointOf(record);
    if (endpoint === undefined) return record.modifiedAt;
    // What is under way on the endpoint must end first; its own events bring that about.
    if (endpoint.record.change !== undefined) return undefined;
    if (SETTLING.has(record.status)) return endpoint.record.modifiedAt;
    return Math.max(record.status === 'Created' ? record.start : record.end, endpoint.record.modifiedAt);
  };
  const step = (record: ExperimentRecord, at: number) => {
    const endpoint = endpointOf(record);
    if (endpoint === undefined) return set(record, 'Cancelled', at, `The endpoint ${record.endpoint} is not there.`);
    const { configName, failureReason } = endpoint.record;
    const reached = configName === record.config;
    switch (record.status) {
      case 'Creating':
        set(record, 'Created', at);
        if (record.start <= at && endpoint.record.change === undefined) begin(record, at);
        return undefined;
      case 'Created':
        return begin(record, at);
      case 'Starting':
        return reached
          ? set(record, 'Running', at)
          : set(record, 'Cancelled', at, failureReason ?? 'The endpoint was not updated.');
      case 'Updating':
        return set(record, 'Running', at, reached ? undefined : failureReason);
      case 'Running':
        return revert(record, endpoint, at);
      default: {
        const { status = 'Completed', reason } = record.ending ?? {};
        if (!reached) record.removed = [];
        return set(record, reached ? status : 'Cancelled', at, reached ? reason : failureReason);
      }
    }
  };

  return {
    keep,
    forget(record) {
      const key = keyOf(record, record.name);
      active.delete(key);
      table.delete(key);
    },
    begin: (record) => begin(record, world.clock.now()),
    change(record) {
      const endpoint = endpointOf(record);
      const now = world.clock.now();
      if (endpoint === undefined) return;
      const config = makeConfig(world, record, endpoint.record, runningLayout(record));
      if (update(record, endpoint, config, now)) set(record, 'Updating', now);
    },
    stop(record, layout) {
      const endpoint = endpointOf(record);
      const now = world.clock.now();
      const { status = 'Completed', reason } = record.ending ?? {};
      if (endpoint === undefined || layout === undefined) return set(record, status, now, reason);
      if (update(record, endpoint, makeConfig(world, record, endpoint.record, layout), now))
        set(record, 'Stopping', now);
    },
    owner: (account, region, endpoint) =>
      [...active.values()].find(
        (record) =>
          record.account === account &&
          record.region === region &&
          record.endpoint === endpoint &&
          record.status !== 'Creating' &&
          record.status !== 'Created',
      ),
    next() {
      let first: number | undefined;
      for (const record of active.values()) {
        const due = dueOf(record);
        if (due !== undefined && (first === undefined || due < first)) first = due;
      }
      return first;
    },
    run(at) {
      for (const record of [...active.values()]) {
        const due = dueOf(record);
        if (due !== undefined && due <= at) step(record, at);
      }
    },
  };
}
