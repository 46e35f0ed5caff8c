import type {
  ContainerDefinition,
  DataCaptureConfig,
  DeploymentConfig,
  EndpointStatus,
  MetricsConfig,
  ProductionVariant,
  Tag,
  VariantStatus,
} from '@aws-sdk/client-sagemaker';
import type { Store, Table } from '../../storage/store.ts';
import type { Change } from './plan.ts';

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
  /** The model's containers, in the order requests pass through them. */
  containers: ContainerDefinition[];
  directContainers: boolean;
  instanceType: string;
  weight: number;
  desiredWeight: number;
  desiredCount: number;
  instances: InstanceRecord[];
  /** How many of the instances take requests. */
  serving: number;
  startupTimeoutSeconds: number;
  /** What is being done to it now, as DescribeEndpoint tells it. */
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

export const modelsOf = (store: Store): Table<ModelRecord> => store.table('sagemaker-models');
export const configsOf = (store: Store): Table<ConfigRecord> => store.table('sagemaker-endpoint-configs');
export const endpointsOf = (store: Store): Table<EndpointRecord> => store.table('sagemaker-endpoints');
/** Tags by `account/region/arn`. */
export const tagsOf = (store: Store): Table<Tag[]> => store.table('sagemaker-tags');

/** Every variant of a fleet, production first. */
export function variantsOf(fleet: FleetRecord): VariantRecord[] {
  return [...fleet.production, ...fleet.shadow];
}
