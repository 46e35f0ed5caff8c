import type {
  CapacitySize,
  ContainerDefinition,
  DataCaptureConfig,
  DeploymentConfig,
  EndpointStatus,
  InferenceSpecification,
  MetricsConfig,
  ModelApprovalStatus,
  ProductionVariant,
  Tag,
  VariantStatus,
} from '@aws-sdk/client-sagemaker';
import type { Store, Table } from '../../storage/store.ts';

/** What CreateModel was given, kept as it came. Times in every record are milliseconds since the epoch. */
export interface ModelRecord {
  account: string;
  region: string;
  name: string;
  arn: string;
  createdAt: number;
  primary?: ContainerDefinition;
  containers?: ContainerDefinition[];
  executionMode?: 'Serial' | 'Direct';
  roleArn?: string;
  vpc?: { SecurityGroupIds: string[]; Subnets: string[] };
  networkIsolation: boolean;
}

/** A group of the Model Registry. */
export interface PackageGroupRecord {
  name: string;
  arn: string;
  createdAt: number;
  description?: string;
  /** The number of the newest version there has been: numbers are not given again. */
  versions: number;
}

/** A version in a group of the Model Registry. */
export interface PackageRecord {
  /** Of its group. */
  name: string;
  version: number;
  arn: string;
  createdAt: number;
  modifiedAt: number;
  approval: ModelApprovalStatus;
  approvalDescription?: string;
  inference: InferenceSpecification;
  metadata: Record<string, string>;
  /** Members that are kept and given back, but change nothing here: ModelMetrics, Domain, … */
  rest: Record<string, unknown>;
}

export interface ConfigRecord {
  account: string;
  region: string;
  name: string;
  arn: string;
  createdAt: number;
  production: ProductionVariant[];
  shadow: ProductionVariant[];
  capture?: DataCaptureConfig;
  metrics?: MetricsConfig;
  /** Members that are kept and given back, but change nothing here: KmsKeyId, ExecutionRoleArn, VpcConfig, … */
  rest: Record<string, unknown>;
}

/** One machine of a fleet. */
export interface InstanceRecord {
  /** `i-0…` */
  id: string;
  /** Its containers answered /ping: it may take requests. */
  healthy: boolean;
  /** Seed of its latencies. */
  seed: number;
}

/** A variant as a fleet runs it: config and model copied, so that deleting either changes nothing here (as on AWS). */
export interface VariantRecord {
  name: string;
  modelName: string;
  /** The role that the model runs with; unknown of fleets that an earlier version has stored. */
  roleArn?: string;
  /** The model's containers, in the order requests pass through them. */
  containers: ContainerDefinition[];
  /** Their images by digest; unknown of fleets that an earlier version has stored. */
  images?: string[];
  directContainers: boolean;
  instanceType: string;
  weight: number;
  desiredWeight: number;
  desiredCount: number;
  instances: InstanceRecord[];
  /** How many of the instances take requests. */
  serving: number;
  startupTimeoutSeconds: number;
  /** What is being done to it now, as DescribeEndpoint shows it. */
  doing?: { status: VariantStatus; message: string; since: number };
}

/** All instances that run one endpoint config for one endpoint. */
export interface FleetRecord {
  id: string;
  configName: string;
  /** When the fleet was asked for. */
  createdAt: number;
  production: VariantRecord[];
  shadow: VariantRecord[];
  capture?: DataCaptureConfig;
  metrics?: MetricsConfig;
  /** It runs for an inference experiment. */
  experiment?: true;
}

/** How many instances of each variant, by name. */
export type Counts = Record<string, number>;

/** One stage of a change. A change is a list of them, planned up front; each says all it does. */
export type ChangeStage =
  /** The call was accepted; nothing is to be seen of it yet (facts 4.2). */
  | { kind: 'accept' }
  /** Starts instances and waits until their containers are healthy. */
  | { kind: 'launch'; fleet: 'old' | 'new'; counts: Counts }
  /** Lets this many instances of either fleet take requests. */
  | { kind: 'activate'; serving: { old: Counts; new: Counts }; extent: 'canary' | 'full' }
  /** Watches the alarms. */
  | { kind: 'bake'; seconds: number; extent: 'canary' | 'full' }
  | { kind: 'terminate'; fleet: 'old' | 'new'; counts: Counts }
  /** Weights and counts of the standing fleet (UpdateEndpointWeightsAndCapacities). */
  | {
      kind: 'scale';
      weights: Record<string, number>;
      counts: Counts;
      before: { weights: Record<string, number>; counts: Counts };
    }
  | { kind: 'delete' };

/** What is under way on an endpoint. */
export interface Change {
  kind: 'create' | 'update' | 'scale' | 'delete';
  startedAt: number;
  stages: ChangeStage[];
  /** Index of the stage under way. */
  stage: number;
  stageStartedAt: number;
  /** When something happens next. */
  dueAt: number;
  /** When the stage under way ends by itself. */
  endsAt: number;
  /** The fleet being built. */
  next?: FleetRecord;
  /** When `PendingDeploymentSummary` first shows it. */
  pendingSince?: number;
  alarms: string[];
  /** MaximumExecutionTimeoutInSeconds runs out. */
  timeOutAt?: number;
  /** A container did not answer /ping: until when it is tried again. */
  unhealthy?: { until: number };
  /** The instances of the launch under way were granted; asked once, however often their health is looked at. */
  granted?: boolean;
  /** The change is being rolled back, for this reason. */
  rollback?: { reason: string };
  rollbackBatch?: CapacitySize;
}

export interface EndpointRecord {
  account: string;
  region: string;
  name: string;
  arn: string;
  status: EndpointStatus;
  /** The config it runs; while it is created, the config it shall run. */
  configName: string;
  createdAt: number;
  modifiedAt: number;
  failureReason?: string;
  /** Configs that it ran before the present one; unknown of endpoints that an earlier version has stored. */
  ran?: string[];
  lastDeployment?: DeploymentConfig;
  /** The fleet that serves; none while creating. */
  fleet?: FleetRecord;
  /** What is under way; none when the endpoint has settled. */
  change?: Change;
}

/** `account/region/name`, the key of every record. */
export function keyOf(place: { account: string; region: string }, name: string): string {
  return `${place.account}/${place.region}/${name}`;
}

/** By `account/region/name`. */
export const modelsOf = (store: Store): Table<ModelRecord> => store.table('sagemaker-models');
/** By `account/region/name`. */
export const configsOf = (store: Store): Table<ConfigRecord> => store.table('sagemaker-endpoint-configs');
/** By `account/region/name`. */
export const packageGroupsOf = (store: Store): Table<PackageGroupRecord> => store.table('sagemaker-package-groups');
/** By `account/region/arn`. */
export const packagesOf = (store: Store): Table<PackageRecord> => store.table('sagemaker-packages');
/** By `account/region/name`. */
export const endpointsOf = (store: Store): Table<EndpointRecord> => store.table('sagemaker-endpoints');
/** Tags by `account/region/arn`. */
export const tagsOf = (store: Store): Table<Tag[]> => store.table('sagemaker-tags');

/** Every variant of a fleet, production first. */
export function variantsOf(fleet: FleetRecord): VariantRecord[] {
  return [...fleet.production, ...fleet.shadow];
}
