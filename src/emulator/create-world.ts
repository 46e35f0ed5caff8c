import { createContainerFactory } from './containers/index.ts';
import { createFaults } from './faults.ts';
import { CAUTIOUS, type EmulatorOptions, LIFELIKE } from './options.ts';
import { seededRandom } from './random.ts';
import { createAlarms } from './simulation/alarms.ts';
import { createCapture } from './simulation/capture.ts';
import { createEndpoints } from './simulation/endpoints.ts';
import { createLogStore } from './simulation/log-store.ts';
import { createMetricStore } from './simulation/metric-store.ts';
import { createObjectStore } from './simulation/object-store.ts';
import { openStore } from './storage/open.ts';
import { Timeline } from './timeline.ts';
import type { World } from './world.ts';

/**
 * Puts the world together: the store opened, the parts that act on their own set on the timeline. Rejects with a
 * `Problem` when the folder cannot be used.
 */
export async function createWorld(options: EmulatorOptions): Promise<World> {
  const { clock } = options;
  const store = await openStore(options.dir);
  const seed = options.seed ?? 1;
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
    containers: createContainerFactory({ containers: options.containers ?? [], clock }),
  };
  // Among events of the same moment the first source goes first: endpoints shift traffic before alarms look.
  world.timeline.add(createEndpoints(world));
  world.timeline.add(createCapture(world));
  world.timeline.add(createAlarms(world));
  return world;
}
