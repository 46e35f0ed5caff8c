import type {
  DataCaptureConfig,
  InferenceExperimentDataStorageConfig,
  InferenceExperimentStatus,
  MetricsConfig,
  ModelVariantConfig,
  ShadowModeConfig,
} from '@aws-sdk/client-sagemaker';
import type { Store, Table } from '../../storage/store.ts';
import type { EventSource } from '../timeline.ts';

/** An inference experiment. Times are milliseconds since the epoch. */
export interface ExperimentRecord {
  account: string;
  region: string;
  name: string;
  arn: string;
  roleArn: string;
  endpoint: string;
  createdAt: number;
  modifiedAt: number;
  completedAt?: number;
  status: InferenceExperimentStatus;
  statusReason?: string;
  description?: string;
  kmsKey?: string;
  start: number;
  end: number;
  variants: ModelVariantConfig[];
  shadowMode: ShadowModeConfig;
  storage?: InferenceExperimentDataStorageConfig;
  /** What the endpoint ran when the experiment began. */
  before?: { config: string; capture?: DataCaptureConfig; metrics?: MetricsConfig };
  /** The config that the endpoint runs for the experiment, or is being brought to. */
  config?: string;
  /** How it ends once the endpoint has settled. */
  ending?: { status: 'Completed' | 'Cancelled'; reason?: string };
  /** Variants that its end takes away. */
  removed: string[];
}

/** What an experiment lets its endpoint run. */
export interface Layout {
  production: { name: string; variant: ModelVariantConfig | undefined };
  shadow?: { name: string; variant: ModelVariantConfig | undefined; percent: number };
  capture: DataCaptureConfig | undefined;
}

/** The inference experiments of a world, and the event source that moves them on. */
export interface Experiments extends EventSource {
  /** Takes up a new experiment, or a change of one that is kept. */
  keep(record: ExperimentRecord): void;
  forget(record: ExperimentRecord): void;
  /** Begins one that is Created, at once. */
  begin(record: ExperimentRecord): void;
  /** Brings the endpoint to another layout while the experiment runs; undefined where nothing of it changes. */
  change(record: ExperimentRecord): void;
  /** Ends one that runs: the endpoint is brought to `layout`, or stays as it is where there is none. */
  stop(record: ExperimentRecord, layout: Layout | undefined): void;
  /** The experiment that has changed the endpoint and has not ended; undefined where none has. */
  owner(account: string, region: string, endpoint: string): ExperimentRecord | undefined;
}

/** By `account/region/name`. */
export const experimentsOf = (store: Store): Table<ExperimentRecord> => store.table('sagemaker-experiments');

/** Statuses in which nothing more happens. */
export const OVER: readonly InferenceExperimentStatus[] = ['Completed', 'Cancelled'];

/** The variant that answers callers while the experiment runs, and the one that is given copies. */
export function rolesOf({ shadowMode }: Pick<ExperimentRecord, 'shadowMode'>): {
  production: string;
  shadow: string;
  percent: number;
} {
  const [shadow] = shadowMode.ShadowModelVariants ?? [];
  return {
    production: shadowMode.SourceModelVariantName ?? '',
    shadow: shadow?.ShadowModelVariantName ?? '',
    percent: shadow?.SamplingPercentage ?? 0,
  };
}
