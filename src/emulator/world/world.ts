import type { Clock } from '../../base/clock.ts';
import type { ContainerFactory } from '../containers/container.ts';
import type { SandboxPool } from '../containers/functions/pool.ts';
import type { Store } from '../storage/store.ts';
import type { Capture } from './capture/capture.ts';
import type { AlarmStore } from './cloudwatch/alarms/store.ts';
import type { MetricStore } from './cloudwatch/metrics/metrics.ts';
import type { Agenda } from './agenda.ts';
import type { Iam } from './callers.ts';
import type { Endpoints } from './endpoints/endpoint.ts';
import type { Experiments } from './experiments/records.ts';
import type { Faults } from './faults.ts';
import type { FunctionEvents } from './functions/records.ts';
import type { LogStore } from './logs/logs.ts';
import type { ObjectStore } from './objects/objects.ts';
import type { InstancePrice, Latencies, Quota, Switches } from './options.ts';
import type { Queries } from './queries/records.ts';
import type { Random } from './random.ts';
import type { Bus } from './rules/records.ts';
import type { Schedules } from './schedules.ts';
import type { Timeline } from './timeline.ts';
import type { Transforms } from './transform/records.ts';

/** What endpoints run on: everything there is but the endpoints themselves. */
export interface Platform {
  readonly clock: Clock;
  readonly store: Store;
  readonly random: Random;
  readonly latencies: Latencies;
  readonly switches: Switches;
  readonly faults: Faults;
  /** What callers and roles may do. */
  readonly iam: Iam;
  /** What the Price List API knows. */
  readonly prices: readonly InstancePrice[];
  /** How much of something an account may have; what is not in it has no limit. */
  readonly quotas: readonly Quota[];
  /** What happens by itself as time passes: alarm evaluations, endpoint transitions, capture files landing. */
  readonly timeline: Timeline;
  readonly metrics: MetricStore;
  readonly alarms: AlarmStore;
  readonly logs: LogStore;
  readonly objects: ObjectStore;
  /** What EventBridge brings to its targets. */
  readonly bus: Bus;
  /** Captured requests on their way to S3. */
  readonly capture: Capture;
  readonly containers: ContainerFactory;
  /** The processes of functions. */
  readonly sandboxes: SandboxPool;
  /** A Trino server that runs the queries of Athena; undefined: DuckDB does. */
  readonly trino: string | undefined;
  /** Where the emulator listens, once it does: `http://127.0.0.1:port`. */
  readonly address: { url: string | undefined };
}

/** Everything there is in the emulator, passed to every operation; made once, by `createWorld`. */
export interface World extends Platform {
  readonly endpoints: Endpoints;
  readonly experiments: Experiments;
  readonly transforms: Transforms;
  readonly schedules: Schedules;
  /** Queries of Athena. */
  readonly queries: Queries;
  /** When stacks go on. */
  readonly stackWork: Agenda;
  /** What functions are given by themselves. */
  readonly functionEvents: FunctionEvents;
}
