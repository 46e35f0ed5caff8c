import type { Platform } from '../world.ts';
import { closeFleet, openFleet } from '../fleet/fleet.ts';
import { createUtilization } from '../fleet/utilization.ts';
import { ShadowQueue } from '../traffic/shadow.ts';
import type { Endpoint, Endpoints } from './endpoint.ts';
import { announceDeployment, announceStatus } from './announce.ts';
import { advance, beginStage } from './machine.ts';
import { type Change, type EndpointRecord, endpointsOf, keyOf } from './records.ts';

/** The endpoints of a world, and the event source that moves them on. */
export function createEndpoints(world: Platform): Endpoints {
  const table = endpointsOf(world.store);
  const endpoints = new Map<string, Endpoint>();
  const shadows = new ShadowQueue(world);
  const utilization = createUtilization(world, endpoints);
  let due = Number.POSITIVE_INFINITY;

  const scheduleNext = () => {
    due = utilization.next();
    for (const { record } of endpoints.values()) due = Math.min(due, record.change?.dueAt ?? Number.POSITIVE_INFINITY);
  };
  const open = (key: string, record: EndpointRecord): Endpoint => {
    const endpoint = {
      key,
      record,
      serving: record.fleet && openFleet(world, record, record.fleet),
      next: record.change?.next && openFleet(world, record, record.change.next),
    };
    endpoints.set(key, endpoint);
    return endpoint;
  };
  for (const [key, record] of table.entries()) open(key, upgraded(record));
  scheduleNext();

  return {
    mirror: (copy) => shadows.add(copy),
    next: () => (due === Number.POSITIVE_INFINITY ? undefined : due),
    find: (account, region, name) => endpoints.get(`${account}/${region}/${name}`),
    start(record, change) {
      const key = keyOf(record, record.name);
      record.change = change;
      const endpoint = endpoints.get(key) ?? open(key, record);
      if (change.next && endpoint.next?.record !== change.next) endpoint.next = openFleet(world, record, change.next);
      beginStage(world, endpoint, change.startedAt);
      table.set(key, record);
      announceStatus(world, record, change.startedAt);
      scheduleNext();
    },
    async run(at) {
      shadows.drain();
      utilization.run(at);
      for (const endpoint of [...endpoints.values()]) {
        const change = endpoint.record.change;
        if (!change || change.dueAt > at) continue;
        const { status } = endpoint.record;
        const { stage, stageStartedAt, rollback } = change;
        const progress = await advance(world, endpoint, at);
        if (progress === 'gone') {
          await world.capture.land(endpoint.key, at);
          for (const fleet of [endpoint.serving, endpoint.next]) if (fleet) await closeFleet(world, fleet);
          endpoints.delete(endpoint.key);
          table.delete(endpoint.key);
        } else if (progress === 'changed') table.set(endpoint.key, endpoint.record);
        const now = endpoint.record.change;
        const moved = now?.stage !== stage || now.stageStartedAt !== stageStartedAt || now.rollback !== rollback;
        if (progress !== 'gone' && moved && change.kind !== 'create') announceDeployment(world, endpoint.record, at);
        if (progress !== 'gone' && endpoint.record.status !== status) announceStatus(world, endpoint.record, at);
      }
      scheduleNext();
    },
  };
}

/** shadowctl 0.1 kept a rollback that was under way as `undoing`. */
function upgraded(record: EndpointRecord & { change?: Change & { undoing?: Change['rollback'] } }): EndpointRecord {
  const { change } = record;
  if (change?.undoing !== undefined) change.rollback ??= change.undoing;
  return record;
}
