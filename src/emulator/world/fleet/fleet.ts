import type { Platform } from '../world.ts';
import {
  type EndpointRecord,
  type FleetRecord,
  type InstanceRecord,
  type VariantRecord,
  variantsOf,
} from '../endpoints/records.ts';
import { artifactBlob, instanceOf, stopInstances } from './instance.ts';
import { type Fleet, type Instance, membersOf, type Variant } from './variant.ts';
import { createMeter } from '../traffic/meter.ts';

/** A number in [0, 1) that only depends on the text (FNV-1a, mixed once more). */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** Brings a fleet's record to life; nothing starts yet. */
export function openFleet(world: Platform, endpoint: EndpointRecord, record: FleetRecord): Fleet {
  const open = (variant: VariantRecord): Variant => ({
    record: variant,
    fleet: record,
    endpoint,
    instances: new Map(),
    serving: [],
    meter: createMeter(world, endpoint, record, variant.name),
    capture: world.capture.sink(endpoint, variant, record.capture),
    pace: 0.85 + 0.3 * fraction(variant.containers.map((c) => `${c.Image} ${c.ModelDataUrl}`).join(' ')),
    busy: 0,
    inFlight: 0,
  });
  const fleet: Fleet = {
    record,
    production: record.production.map(open),
    shadow: record.shadow[0] ? open(record.shadow[0]) : undefined,
  };
  refreshServing(fleet);
  return fleet;
}

/** Brings a fleet in line with its records: which instances there are, and which take requests. Returns those that are gone. */
export function refreshServing(fleet: Fleet): Instance[] {
  const gone: Instance[] = [];
  for (const variant of membersOf(fleet)) {
    const wanted = new Set(variant.record.instances.map((instance) => instance.id));
    for (const [id, instance] of variant.instances) {
      if (wanted.has(id)) continue;
      variant.instances.delete(id);
      gone.push(instance);
    }
    for (const instance of variant.record.instances) {
      if (!variant.instances.has(instance.id)) variant.instances.set(instance.id, instanceOf(instance));
    }
    const healthy = variant.record.instances.filter((instance) => instance.healthy);
    variant.serving = healthy
      .slice(0, variant.record.serving)
      .map((instance) => variant.instances.get(instance.id))
      .filter((instance) => instance !== undefined);
  }
  return gone;
}

/** New machines for a variant; they take no requests before they are healthy. */
export function addInstances(world: Platform, variant: VariantRecord, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const instance: InstanceRecord = { id: `i-0${world.random.hex(16)}`, healthy: false, seed: world.random.next() };
    variant.instances.push(instance);
  }
}

/** Lets machines go: those that take no requests first. */
export function removeInstances(variant: VariantRecord, count: number): void {
  const keep = Math.max(0, variant.instances.length - count);
  variant.instances.sort((a, b) => Number(b.healthy) - Number(a.healthy));
  variant.instances.length = keep;
  variant.serving = Math.min(variant.serving, keep);
}

/** Stops a fleet for good and forgets its copies of the artifacts. */
export async function closeFleet(world: Platform, fleet: Fleet): Promise<void> {
  const instances = membersOf(fleet).flatMap((variant) => [...variant.instances.values()]);
  await stopInstances(world, instances);
  for (const variant of variantsOf(fleet.record)) {
    for (const index of variant.containers.keys())
      await world.store.blobs.delete(artifactBlob(fleet.record, variant, index));
  }
}
