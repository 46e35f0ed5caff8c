import type { Clock } from '../../base/clock.ts';
import type { ContainerFactory } from '../containers/container.ts';
import type { Faults } from './faults.ts';
import type { Latencies, Switches } from './options.ts';
import type { Random } from './random.ts';
import type { LogStore } from './logs/logs.ts';
import type { MetricStore } from './cloudwatch/metrics/metrics.ts';
import type { ObjectStore } from './objects/objects.ts';
import type { Store } from '../storage/store.ts';
import type { Timeline } from './timeline.ts';

/** Everything there is in the emulator, passed to every operation; made once in `server.ts`. */
export interface World {
  readonly clock: Clock;
  readonly store: Store;
  readonly random: Random;
  readonly latencies: Latencies;
  readonly switches: Switches;
  readonly faults: Faults;
  /** What happens by itself as time passes: alarm evaluations, endpoint transitions, capture files landing. */
  readonly timeline: Timeline;
  readonly metrics: MetricStore;
  readonly logs: LogStore;
  readonly objects: ObjectStore;
  readonly containers: ContainerFactory;
}
