import { createSandboxPool } from '../containers/functions/pool.ts';
import { createContainerFactory } from '../containers/index.ts';
import { createRegister, endLeftovers } from '../containers/own/register.ts';
import { trackContainers } from '../containers/track.ts';
import { openStore } from '../storage/open.ts';
import type { Store } from '../storage/store.ts';
import { createAgenda } from './agenda.ts';
import { createIam } from './callers.ts';
import { createCapture } from './capture/capture.ts';
import { alarmEvents } from './cloudwatch/alarms/events.ts';
import { AlarmStore } from './cloudwatch/alarms/store.ts';
import { createMetricStore, flushMetrics } from './cloudwatch/metrics/store.ts';
import { createEndpoints } from './endpoints/endpoints.ts';
import { endpointsOf, variantsOf } from './endpoints/records.ts';
import { createExperiments } from './experiments/experiments.ts';
import { createFaults } from './faults.ts';
import { artifactBlob } from './fleet/instance.ts';
import { createFunctionEvents } from './functions/events.ts';
import { functionsOf } from './functions/records.ts';
import { createLogStore } from './logs/store.ts';
import type { StreamRecord } from './logs/stream.ts';
import { objects, parts } from './objects/records.ts';
import { createObjectStore } from './objects/store.ts';
import { STRICT_SWITCHES, type EmulatorOptions, REALISTIC_LATENCIES } from './options.ts';
import { createQueries } from './queries/queries.ts';
import { seededRandom } from './random.ts';
import { queueMetrics } from './queues/metrics.ts';
import { documentsOf } from './roles.ts';
import { createBus } from './rules/bus.ts';
import { createSchedules } from './schedules.ts';
import { Timeline } from './timeline.ts';
import { createTransforms } from './transform/jobs.ts';
import { outputBlobs } from './transform/records.ts';
import type { Platform, World } from './world.ts';

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
  const switches = { ...STRICT_SWITCHES, ...options.switches };
  const containers = trackContainers(
    createContainerFactory({
      containers: options.containers ?? [],
      clock,
      register: createRegister(store),
      bareArrays: switches.linearLearnerArrays,
    }),
  );
  const random = seededRandom(seed);
  const latencies = { ...REALISTIC_LATENCIES, ...options.latencies };
  const iam = createIam(options.iam ?? [], (account, name) => documentsOf(store, account, name));
  // What is told and whom it is told know each other.
  const told: { world?: World } = {};
  const bus = createBus(() => told.world as World, seed);
  const objects = createObjectStore(store, clock, bus);
  const platform: Platform = {
    clock,
    store,
    random,
    latencies,
    switches,
    // A stream of its own: a fault must not change what the rest of the run draws.
    faults: createFaults(seededRandom(seed ^ 0x5bd1e995)),
    iam,
    prices: options.prices ?? [],
    quotas: options.quotas ?? [],
    timeline: new Timeline(clock),
    metrics: createMetricStore(store),
    alarms: new AlarmStore(store),
    logs: createLogStore(store, clock),
    objects,
    bus,
    capture: createCapture({ clock, store, random, latencies, objects, iam }),
    containers: containers.start,
    sandboxes: createSandboxPool(),
    trino: options.trino,
    address: { url: undefined },
  };
  const hosting = { ...platform, endpoints: createEndpoints(platform) };
  const known = {
    ...hosting,
    experiments: createExperiments(hosting),
    transforms: createTransforms(platform),
    schedules: createSchedules(store),
    queries: createQueries(platform),
    stackWork: createAgenda(),
  };
  // What functions are given and the world that they are given it in know each other.
  const world: World = Object.assign(known, { functionEvents: createFunctionEvents(known as World) });
  told.world = world;
  // Among events of the same moment the first source goes first: endpoints shift traffic before alarms look.
  world.timeline.add(world.endpoints);
  world.timeline.add(world.experiments);
  world.timeline.add(world.transforms);
  world.timeline.add(world.capture);
  world.timeline.add(world.queries);
  world.timeline.add(alarmEvents(world));
  world.timeline.add(queueMetrics(world));
  world.timeline.add(world.bus);
  world.timeline.add(world.functionEvents);
  // Simulated time ends with its process, so that no later process goes on after a kill.
  if (options.dir !== undefined && !clock.virtual) world.timeline.add(flushMetrics(world));
  return {
    world,
    async close() {
      await world.transforms.close();
      await world.queries.close();
      await Promise.all([containers.stopAll(), world.sandboxes.stopAll()]);
      await world.functionEvents.settle();
      // What is still gathered in memory: the open minutes of metrics, log chunks, captures that have not landed.
      await world.capture.flush();
      await world.logs.flush();
      world.metrics.flush();
      await store.close();
    },
  };
}

/** The keys of all bytes that a record of the store refers to; other bytes were left behind by a process that died. */
function* bytesInUse(store: Store): Iterable<string> {
  for (const [, object] of objects(store).entries()) for (const { blob } of object.pieces) yield blob;
  for (const [, { piece }] of parts(store).entries()) yield piece.blob;
  for (const [, stream] of store.table<StreamRecord>('log-streams').entries())
    for (const { key } of stream.chunks) yield key;
  for (const [, { code }] of functionsOf(store).entries()) yield code.blob;
  yield* outputBlobs(store);
  // A capture on its way is kept under the key of its record.
  for (const [blob] of store.table('sagemaker-captures').entries()) yield blob;
  for (const [, { fleet, change }] of endpointsOf(store).entries()) {
    for (const one of [fleet, change?.next]) {
      for (const variant of one ? variantsOf(one) : [])
        for (const index of variant.containers.keys()) if (one) yield artifactBlob(one, variant, index);
    }
  }
}
