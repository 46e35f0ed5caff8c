import type { Clock } from '../../base/clock.ts';
import type { AttachedPolicy } from './attached-policy.ts';

/** How long things take, in milliseconds, by name. */
export interface Latencies {
  /** CreateEndpoint until InService, health checks included. */
  createEndpoint: number;
  /** Launching the instances of a new fleet during UpdateEndpoint, before any traffic is shifted. */
  launchFleet: number;
  /** Taking an old fleet away once no more traffic goes to it. */
  terminateFleet: number;
  /** UpdateEndpointWeightsAndCapacities. */
  updateWeights: number;
  deleteEndpoint: number;
  /** How long after the end of a period its SageMaker metrics can be read. */
  publishMetrics: number;
  /** How long after the end of its minute (or on shutdown) a capture file lands in S3. */
  publishCapture: number;
  /** How long an unhealthy container is pinged until the fleet is given up; never more than the variant's own ContainerStartupHealthCheckTimeoutInSeconds. */
  failHealthCheck: number;
  /** How long after it was put an alarm is first evaluated; then once a minute, or ten seconds. Where in the minute is AWS's secret. */
  firstEvaluation: number;
  /** Median of the simulated ModelLatency of built-in containers; 0 reports what the container really took. */
  modelLatency: number;
  /** Median of the simulated OverheadLatency; 0 reports what the emulator really took. */
  overheadLatency: number;
}

/** Near to what was measured on AWS (facts 4.3, 13); for virtual time, where waiting costs nothing. */
export const REALISTIC_LATENCIES: Latencies = {
  createEndpoint: 285_000,
  launchFleet: 180_000,
  terminateFleet: 30_000,
  updateWeights: 85_000,
  deleteEndpoint: 20_000,
  publishMetrics: 15_000,
  publishCapture: 20_000,
  failHealthCheck: 240_000,
  firstEvaluation: 10_000,
  modelLatency: 1.9,
  overheadLatency: 1.1,
};

/** Short, for a person who waits at the wall clock. */
export const QUICK_LATENCIES: Latencies = {
  createEndpoint: 2_000,
  launchFleet: 2_000,
  terminateFleet: 500,
  updateWeights: 1_000,
  deleteEndpoint: 500,
  publishMetrics: 1_000,
  publishCapture: 1_000,
  failHealthCheck: 3_000,
  firstEvaluation: 10_000,
  modelLatency: 1.9,
  overheadLatency: 1.1,
};

/** What no source could settle (facts 11): each is a switch with a cautious default, never an invented certainty. */
export interface Switches {
  /** Do the captures of production and shadow of one request share their `eventId`? Default false: it must not be relied on. */
  sharedEventId: boolean;
  /** Are failed invocations captured (input only)? Default false. */
  captureFailedCalls: boolean;
  /** Does an alarm that is in ALARM when UpdateEndpoint is called refuse the call, or roll back at the first bake? Default 'rollback'. */
  alarmAlreadyFiring: 'rollback' | 'refuse';
  /** Does UpdateEndpoint refuse an alarm name that does not exist? Default true. */
  requireAlarms: boolean;
  /** Sampling fraction of a shadow: its weight divided by production's, or its weight alone. Default 'ratio'. */
  shadowSampling: 'ratio' | 'weight';
  /** May UpdateEndpointWeightsAndCapacities name a shadow variant? Default false. */
  updateShadowWeights: boolean;
  /** Are guardrails permitted when either config has a shadow variant? Default true. */
  guardrailsWithShadow: boolean;
  /** Is UpdateEndpoint with the config already in use refused? Default true. */
  refuseSameConfig: boolean;
  /** Status seen while a guardrail rollback is under way. Default 'Updating', as observed after the fact. */
  rollbackStatus: 'Updating' | 'RollingBack';
  /** Does an ARN carry its name in lower case? Default false: only runs of 2023 show it (facts 13). */
  lowerCaseArns: boolean;
  /**
   * How many more periods than EvaluationPeriods an alarm looks at. AWS says only that it is more and depends on period
   * and resolution; its tables show 5 for 3, and users report about 3 missing periods before a 1-of-1 alarm reacts.
   * Default 2.
   */
  alarmExtraPeriods: number;
  /** Does SageMaker refuse to update or delete an endpoint that an inference experiment has changed and not yet left? Default true. */
  experimentOwnsEndpoint: boolean;
  /** Has CloudWatch percentile ranks and trimmed counts (`PR(:300)`, `TC(:300)`) of SageMaker's metrics? Default false. */
  rankStatistics: boolean;
}

export const STRICT_SWITCHES: Switches = {
  sharedEventId: false,
  captureFailedCalls: false,
  alarmAlreadyFiring: 'rollback',
  requireAlarms: true,
  shadowSampling: 'ratio',
  updateShadowWeights: false,
  guardrailsWithShadow: true,
  refuseSameConfig: true,
  rollbackStatus: 'Updating',
  lowerCaseArns: false,
  alarmExtraPeriods: 2,
  experimentOwnsEndpoint: true,
  rankStatistics: false,
};

export interface EmulatorOptions {
  clock: Clock;
  /** Folder that survives a restart; without one, everything lives in memory. */
  dir?: string;
  /** 0 lets the system choose. */
  port?: number;
  /** Seed of all randomness: routing, latencies, ids. */
  seed?: number;
  latencies?: Partial<Latencies>;
  switches?: Partial<Switches>;
  /** `IMAGE=http://…` or `IMAGE=command …`: containers of the user's own. */
  containers?: readonly string[];
  /** What callers and roles may do; with none, everybody may do everything. */
  iam?: readonly AttachedPolicy[];
}
