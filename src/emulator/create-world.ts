import type { ContainerFactory } from './containers/container.ts';
import { createFaults } from './faults.ts';
import { CAUTIOUS, type EmulatorOptions, LIFELIKE } from './options.ts';
import { seededRandom } from './random.ts';
import type { LogStore } from './simulation/logs.ts';
import type { MetricStore } from './simulation/metrics.ts';
import type { ObjectStore } from './simulation/objects.ts';
import { openStore } from './storage/open.ts';
import { type EventSource, Timeline } from './timeline.ts';
import type { World } from './world.ts';

/** Puts the world together: the store opened, the parts that act on their own set on the timeline. */
export async function createWorld(options: EmulatorOptions): Promise<World> {
  const { clock } = options;
  const store = await openStore(options.dir);
  const seed = options.seed ?? 1;
  const timeline = new Timeline(clock);
  const world: World = {
    clock,
    store,
    random: seededRandom(seed),
    latencies: { ...LIFELIKE, ...options.latencies },
    switches: { ...CAUTIOUS, ...options.switches },
    // A stream of its own: a fault must not change what the rest of the run draws.
    faults: createFaults(seededRandom(seed ^ 0x5bd1e995)),
    timeline,
    metrics: (await part('./simulation/metric-store.ts', 'createMetricStore', store)) as MetricStore,
    logs: (await part('./simulation/log-store.ts', 'createLogStore', store, clock)) as LogStore,
    objects: (await part('./simulation/object-store.ts', 'createObjectStore', store, clock)) as ObjectStore,
    containers: (await part('./containers/index.ts', 'createContainerFactory', {
      containers: options.containers ?? [],
      clock,
    })) as ContainerFactory,
  };
  for (const [file, name] of [
    ['./simulation/alarms.ts', 'createAlarms'],
    ['./simulation/endpoints.ts', 'createEndpoints'],
    ['./simulation/capture.ts', 'createCapture'],
  ] as const) {
    const source = (await part(file, name, world)) as EventSource | undefined;
    if (source !== undefined) timeline.add(source);
  }
  return world;
}

async function part(file: string, name: string, ...args: unknown[]): Promise<unknown> {
  try {
    const loaded = (await import(/* @vite-ignore */ file)) as Record<string, (...args: unknown[]) => unknown>;
    return loaded[name]?.(...args);
  } catch {
    return undefined;
  }
}
