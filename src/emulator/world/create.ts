import { bytesInUse } from './bytes-in-use.ts';
import type { Container, ContainerFactory } from '../containers/container.ts';
import { createContainerFactory } from '../containers/index.ts';
import { createRegister, endLeftovers } from '../containers/own/register.ts';
import { createFaults } from './faults.ts';
import { CAUTIOUS, type EmulatorOptions, LIFELIKE } from './options.ts';
import { seededRandom } from './random.ts';
import { createAlarms } from './cloudwatch/alarms/alarms.ts';
import { createCapture } from './capture/capture.ts';
import { createEndpoints } from './endpoints/endpoints.ts';
import { createLogStore } from './logs/store.ts';
import { createMetricKeeper } from './cloudwatch/metrics/flush.ts';
import { createMetricStore } from './cloudwatch/metrics/store.ts';
import { createObjectStore } from './objects/store.ts';
import { openStore } from '../storage/open.ts';
import { Timeline } from './timeline.ts';
import type { World } from './world.ts';

/**
 * Puts the world together: the store opened, the parts that act on their own set on the timeline. `close` stops the
 * containers, keeps the state and lets go of the folder. Rejects with a `Problem` when the folder cannot be used.
 */
export async function createWorld(options: EmulatorOptions): Promise<{ world: World; close(): Promise<void> }> {
  const { clock } = options;
  const store = await openStore(options.dir);
  await store.sweep(() => bytesInUse(store));
  await endLeftovers(store);
  const seed = options.seed ?? 1;
  const containers = accountable(
    createContainerFactory({ containers: options.containers ?? [], clock, register: createRegister(store) }),
  );
  const world: World = {
    clock,
    store,
    random: seededRandom(seed),
    latencies: { ...LIFELIKE, ...options.latencies },
    switches: { ...CAUTIOUS, ...options.switches },
    // A stream of its own: a fault must not change what the rest of the run draws.
    faults: createFaults(seededRandom(seed ^ 0x5bd1e995)),
    timeline: new Timeline(clock),
    metrics: createMetricStore(store),
    logs: createLogStore(store, clock),
    objects: createObjectStore(store, clock),
    containers: containers.start,
  };
  // Among events of the same moment the first source goes first: endpoints shift traffic before alarms look.
  world.timeline.add(createEndpoints(world));
  world.timeline.add(createCapture(world));
  world.timeline.add(createAlarms(world));
  // Simulated time ends with its process: nothing of it is ever killed and gone on with.
  if (options.dir !== undefined && !clock.virtual) world.timeline.add(createMetricKeeper(world));
  return {
    world,
    async close() {
      await containers.stopAll();
      // What is still gathered in memory: the open minutes of metrics, log chunks, captures that have not landed.
      await createCapture(world).flush();
      await world.logs.flush();
      world.metrics.flush();
      await store.close();
    },
  };
}

/** A factory that remembers what runs or starts: containers may be processes, and must not outlive the emulator. */
function accountable(factory: ContainerFactory): { start: ContainerFactory; stopAll(): Promise<void> } {
  const running = new Set<Container>();
  const starting = new Set<Promise<Container>>();
  const closing = new AbortController();
  const begin = async (...[spec, log, signal]: Parameters<ContainerFactory>) => {
    const signals = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
    const made = factory(spec, log, signals);
    starting.add(made);
    try {
      return await made;
    } finally {
      starting.delete(made);
    }
  };
  return {
    async start(spec, log, signal) {
      const made = await begin(spec, log, signal);
      const container: Container = {
        ...made,
        stop() {
          running.delete(container);
          return made.stop();
        },
      };
      running.add(container);
      return container;
    },
    async stopAll() {
      closing.abort(new Error('The emulator was closed while the container started.'));
      await Promise.allSettled(starting);
      await Promise.allSettled([...running].map((container) => container.stop()));
    },
  };
}
