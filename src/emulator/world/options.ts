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
  /** CreateFunction, or a change of a function, until it is Active. */
  functionActive: number;
  /** How long after its first failure an asynchronous event is tried again; after the second, twice as long. */
  functionRetry: number;
  /** How long an event takes through EventBridge to its targets. */
  deliverEvent: number;
  /** What CloudFormation takes for each resource of a stack. */
  stackResource: number;
  /** CreateTransformJob until its instances are there: TransformStartTime. */
  launchTransformJob: number;
  /** What a transform job takes beside its requests: starting containers, storing outputs. */
  runTransformJob: number;
  /** StopTransformJob until Stopped. */
  stopTransformJob: number;
  /** StartQueryExecution of Athena until the query runs. */
  queueQuery: number;
  /** How long a query of Athena runs. */
  runQuery: number;
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
  functionActive: 3_000,
  functionRetry: 60_000,
  deliverEvent: 1_000,
  stackResource: 5_000,
  launchTransformJob: 210_000,
  runTransformJob: 90_000,
  stopTransformJob: 30_000,
  queueQuery: 200,
  runQuery: 2_000,
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
  functionActive: 200,
  functionRetry: 5_000,
  deliverEvent: 100,
  stackResource: 100,
  launchTransformJob: 1_000,
  runTransformJob: 1_000,
  stopTransformJob: 500,
  queueQuery: 50,
  runQuery: 200,
  modelLatency: 1.9,
  overheadLatency: 1.1,
};

/** What no source could settle (facts 11): each is a switch with a cautious default, never an invented certainty. */
export interface Switches {
  /** Do the captures of production and shadow of one request share their `eventId`? Default false: it must not be relied on. */
  sharedEventId: boolean;
  /** Are failed invocations captured (input only)? Default false. */
  captureFailedCalls: boolean;
  /** Are requests to a raw shadow variant captured? AWS shows it of inference experiments only (facts 2.2). Default true. */
  shadowCaptures: boolean;
  /** Do captures of a shadow carry the caller's InferenceId? One notebook of AWS's relies on it (facts 2.4). Default true. */
  shadowInferenceId: boolean;
  /** Is DataCaptureConfig refused, as to accounts new to Model Monitor (facts 2.1)? Default false. */
  refuseDataCapture: boolean;
  /** Does an alarm that is in ALARM when UpdateEndpoint is called refuse the call, or roll back at the first bake? Default 'rollback'. */
  alarmAlreadyFiring: 'rollback' | 'refuse';
  /** What does an alarm in INSUFFICIENT_DATA do while an update bakes (facts 4.4)? Default 'ignore'. */
  alarmWithoutData: 'ignore' | 'rollback';
  /** Does UpdateEndpoint refuse an alarm name that does not exist? Default true. */
  requireAlarms: boolean;
  /** Sampling fraction of a shadow: its weight divided by production's, or its weight alone. Default 'ratio'. */
  shadowSampling: 'ratio' | 'weight';
  /** May UpdateEndpointWeightsAndCapacities name a shadow variant? Default false. */
  updateShadowWeights: boolean;
  /** May a shadow variant be a scalable target? Default true. */
  scaleShadows: boolean;
  /** Are guardrails permitted when either config has a shadow variant: all, all at once alone (AWS's notebook names no other), none? Default true. */
  guardrailsWithShadow: boolean | 'all-at-once';
  /** May RetainAllVariantProperties be set when either config has a shadow variant? Default true. */
  retainWithShadow: boolean;
  /** `DataCaptureConfig` in ExcludeRetainedVariantProperties is "Not currently supported": ignored, or refused? Default 'ignore'. */
  excludeDataCapture: 'ignore' | 'refuse';
  /** Does CreateEndpointConfig refuse EnableNetworkIsolation, also false, beside variants with models? Default false. */
  refuseNetworkIsolation: boolean;
  /** Does DescribeEndpointConfig show EnableNetworkIsolation where it is false? Default true. */
  showNetworkIsolation: boolean;
  /** Is UpdateEndpoint with the config already in use refused? Default true. */
  refuseSameConfig: boolean;
  /** Does UpdateEndpoint take a config that the endpoint ran before ("you must create a new EndpointConfig")? Default true. */
  reuseConfigs: boolean;
  /** Status seen while a guardrail rollback is under way. Default 'Updating', as observed after the fact. */
  rollbackStatus: 'Updating' | 'RollingBack';
  /** Is there a FailureReason after a rollback? Seen after alarms; "may become empty" after others (facts 4.3). Default true. */
  rollbackReason: boolean;
  /** Which of the two waits the message of a canary's bake names; AWS's sample names that of the end (facts 4.2). */
  bakingWait: 'TerminationWaitInSeconds' | 'WaitIntervalInSeconds';
  /** Does a plain update leave LastDeploymentConfig as it is? Default true. */
  keepLastDeployment: boolean;
  /** Seconds that MaximumExecutionTimeoutInSeconds is where it is left out; 'none': there is no limit. Default 'none'. */
  executionTimeout: 'none' | 600 | 3600;
  /** Does an ARN carry its name in lower case? Default false: only runs of 2023 show it (facts 13). */
  lowerCaseArns: boolean;
  /** Does DeleteModel refuse a model that a config or an endpoint uses? Default false. */
  refuseModelInUse: boolean;
  /**
   * How many more periods than EvaluationPeriods an alarm looks at. AWS says only that it is more and depends on period
   * and resolution; its tables show 5 for 3, and users report about 3 missing periods before a 1-of-1 alarm reacts.
   * Default 2.
   */
  alarmExtraPeriods: number;
  /** Does SageMaker refuse to update or delete an endpoint that an inference experiment has changed and not yet left? Default true. */
  experimentOwnsEndpoint: boolean;
  /** Has CloudWatch percentiles (`p99`) of SageMaker's metrics? The Developer Guide does not list them. Default true. */
  percentiles: boolean;
  /** Has CloudWatch percentile ranks and trimmed counts (`PR(:300)`, `TC(:300)`) of SageMaker's metrics? Default false. */
  rankStatistics: boolean;
  /** Can a minute of SageMaker's metrics be read when half of it is counted, the rest a minute later? Default false. */
  halfMinutes: boolean;
  /** Does EventBridge Scheduler call again where the API has refused (4xx)? Default false: it must not be relied on. */
  retrySchedules: boolean;
  /**
   * Does a new instance of a fleet that runs resolve the tag of its image again, or take the digest that was resolved when the fleet
   * was made (facts 8.1)? Default true, so that a tag that is gone is noticed.
   */
  resolveTagsAgain: boolean;
  /** Does every event come twice? "SageMaker AI may send multiple events for each state change"; EventBridge delivers at least once. Default false. */
  repeatEvents: boolean;
  /** Does a schedule at a rate call at once when it is created, or after its first period? Default false. */
  rateStartsAtOnce: boolean;
  /**
   * What an output is called where the input's prefix ends within a name: by the part of the key below the prefix's last
   * slash, or below the prefix itself. Default 'folder'.
   */
  transformOutputPath: 'folder' | 'prefix';
  /** Is what data processing does not allow (JoinSource with another Accept …) refused, or does the job fail? Default 'refuse'. */
  transformRules: 'refuse' | 'fail';
  /** Is an S3OutputPath in a bucket that is not there refused, or does the job fail once it has worked? Default 'fail'. */
  transformOutputBucket: 'fail' | 'refuse';
  /** What of an object whose answers have fewer rows than were asked for, with JoinSource Input: none, or the rows there are. Default 'fail'. */
  unequalJoin: 'fail' | 'shorten';
  /** Is an answer of a transform job's container read as CSV wherever Accept says so, also where nothing is done to it? Default true. */
  checkCsvAnswers: boolean;
  /** Does linear-learner take a line that is an array of features, as the InputFilter `$.features` leaves it? Default false. */
  linearLearnerArrays: boolean;
  /** Is the end of a slice in a filter (`$[1:4]`) part of it, as the Developer Guide says, or not, as in JSONPath? Default 'inclusive'. */
  sliceEnd: 'inclusive' | 'exclusive';
  /** Significant digits with which joined rows print numbers anew. Default 15. */
  joinedDigits: 15 | 17;
  /** What Lake Formation denies whatever IAM says: nothing, reading a table in a query, or all of databases and tables. Default 'open'. */
  lakeFormation: 'open' | 'select' | 'all';
}

export const STRICT_SWITCHES: Switches = {
  sharedEventId: false,
  captureFailedCalls: false,
  shadowCaptures: true,
  shadowInferenceId: true,
  refuseDataCapture: false,
  alarmAlreadyFiring: 'rollback',
  alarmWithoutData: 'ignore',
  requireAlarms: true,
  shadowSampling: 'ratio',
  updateShadowWeights: false,
  scaleShadows: true,
  guardrailsWithShadow: true,
  retainWithShadow: true,
  excludeDataCapture: 'ignore',
  refuseNetworkIsolation: false,
  showNetworkIsolation: true,
  refuseSameConfig: true,
  reuseConfigs: true,
  rollbackStatus: 'Updating',
  rollbackReason: true,
  bakingWait: 'TerminationWaitInSeconds',
  keepLastDeployment: true,
  executionTimeout: 'none',
  lowerCaseArns: false,
  refuseModelInUse: false,
  alarmExtraPeriods: 2,
  experimentOwnsEndpoint: true,
  percentiles: true,
  rankStatistics: false,
  halfMinutes: false,
  retrySchedules: false,
  resolveTagsAgain: true,
  repeatEvents: false,
  rateStartsAtOnce: false,
  transformOutputPath: 'folder',
  transformRules: 'refuse',
  transformOutputBucket: 'fail',
  unequalJoin: 'fail',
  checkCsvAnswers: true,
  linearLearnerArrays: false,
  sliceEnd: 'inclusive',
  joinedDigits: 15,
  lakeFormation: 'open',
};

/** The price of an instance type in a region. */
export interface InstancePrice {
  region: string;
  instanceType: string;
  /** US dollars an hour. */
  hourly: number;
}

/** A quota of Service Quotas, by its name there. */
export interface Quota {
  /** `ml.m5.xlarge for transform job usage` */
  name: string;
  limit: number;
}

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
  /** What the Price List API says that an instance costs for hosting; with none, it knows no product. */
  prices?: readonly InstancePrice[];
  /**
   * The URL of a Trino server that runs the queries of Athena instead of DuckDB: its catalogue `awsdatacatalog` reads Glue and
   * S3 of this emulator.
   */
  trino?: string;
  /** Quotas of every account in every region; what is not named has no limit. */
  quotas?: readonly Quota[];
}
