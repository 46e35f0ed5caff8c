import type { EventSource } from '../timeline.ts';
import type { World } from '../world.ts';
import { createCapture } from '../capture/capture.ts';
import { advance, begin } from './machine.ts';
import { endpointsOf, type EndpointRecord, keyOf } from './records.ts';
import { closeFleet, type Fleet, openFleet } from '../fleet/fleet.ts';
import type { Change } from './plan.ts';
import { createUtilization } from '../fleet/utilization.ts';
import { ShadowQueue } from '../traffic/shadow.ts';

/** An endpoint with what lives of it in this process. */
export interface Endpoint {
  readonly key: string;
  readonly record: EndpointRecord;
  /** The fleet that serves, and the one that is being built beside it. */
  serving: Fleet | undefined;
  next: Fleet | undefined;
}

/** All endpoints of a world; an endpoint changes only through here. */
export interface Endpoints extends EventSource {
  /** Copies on their way to shadow variants. */
  readonly shadows: ShadowQueue;
  find(account: string, region: string, name: string): Endpoint | undefined;
  /** Adds an endpoint or begins a change of one that stands; the change's first stage begins now. */
  start(record: EndpointRecord, change: Change): void;
}

const registries = new WeakMap<World, Endpoints>();

/** The endpoints of a world, made when first asked for: the event source that moves them on. */
export function createEndpoints(world: World): Endpoints {
  const known = registries.get(world);
  if (known) return known;
  const made = build(world);
  registries.set(world, made);
  return made;
}

function build(world: World): Endpoints {
  const table = endpointsOf(world.store);
  const endpoints = new Map<string, Endpoint>();
  const shadows = new ShadowQueue(world);
  const utilization = createUtilization(world, endpoints);
  let due = Number.POSITIVE_INFINITY;

  const reckon = () => {
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
  for (const [key, record] of table.entries()) open(key, record);
  reckon();

  return {
    shadows,
    next: () => (due === Number.POSITIVE_INFINITY ? undefined : due),
    find: (account, region, name) => endpoints.get(`${account}/${region}/${name}`),
    start(record, change) {
      const key = keyOf(record, record.name);
      record.change = change;
      const endpoint = endpoints.get(key) ?? open(key, record);
      if (change.next && endpoint.next?.record !== change.next) endpoint.next = openFleet(world, record, change.next);
      begin(world, endpoint, change.startedAt);
      table.set(key, record);
      reckon();
    },
    async run(at) {
      shadows.drain();
      utilization.run(at);
      for (const endpoint of [...endpoints.values()]) {
        const change = endpoint.record.change;
        if (!change || change.dueAt > at) continue;
        const outcome = await advance(world, endpoint, at);
        if (outcome === 'gone') {
          await createCapture(world).land(endpoint.key, at);
          for (const fleet of [endpoint.serving, endpoint.next]) if (fleet) await closeFleet(world, fleet);
          endpoints.delete(endpoint.key);
          table.delete(endpoint.key);
        } else if (outcome === 'changed') table.set(endpoint.key, endpoint.record);
      }
      reckon();
    },
  };
}
