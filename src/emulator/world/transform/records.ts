import type { ContainerDefinition, CreateTransformJobRequest, TransformJobStatus } from '@aws-sdk/client-sagemaker';
import type { Store, Table } from '../../storage/store.ts';
import type { EventSource } from '../timeline.ts';

/** What a job has made of one object; its bytes are in the blob until they lie in S3. */
export interface TransformOutput {
  /** The key of the object it was made of, and its bucket. */
  input: { bucket: string; key: string };
  /** Where it goes, in the bucket of S3OutputPath. */
  key: string;
  blob: string;
  size: number;
  /** With its double quotes. */
  etag: string;
}

/** Whose fault a failure is, as FailureReason begins. */
export type Blame = 'AlgorithmError' | 'ClientError' | 'CapacityError' | 'InternalServerError';

/** A transform job. Times are milliseconds since the epoch. */
export interface TransformRecord {
  account: string;
  region: string;
  name: string;
  arn: string;
  createdAt: number;
  modifiedAt: number;
  /** From here until `endedAt` it is billed. */
  startedAt?: number;
  endedAt?: number;
  status: TransformJobStatus;
  failureReason?: string;
  /** What was asked for, with AWS's defaults where it shows them. */
  request: Omit<CreateTransformJobRequest, 'TransformJobName' | 'ModelName' | 'Tags'>;
  modelName: string;
  /** The model's containers and role: the job has a copy, so that deleting the model changes nothing here. */
  containers: ContainerDefinition[];
  roleArn?: string;
  /** Ids of its instances (`i-0…`), once they work. */
  instances: string[];
  /** What is under way, and when it goes on; none once the job is over. */
  stage?: { kind: 'launch' | 'work' | 'store' | 'stop'; dueAt: number };
  /** What the containers have answered, before it is stored. */
  outputs?: TransformOutput[];
}

/** The transform jobs of a world, and the event source that moves them on. */
export interface Transforms extends EventSource {
  /** Takes up a new job. */
  add(record: TransformRecord): void;
  /** Ends one that is InProgress; nothing of it is stored. */
  stop(record: TransformRecord): void;
  /** Calls off what runs: the job goes on from the same place when the world is opened again. */
  close(): Promise<void>;
}

/** By `account/region/name`. Records stay for ever: SageMaker has no operation that deletes a transform job. */
export const transformsOf = (store: Store): Table<TransformRecord> => store.table('sagemaker-transforms');

/** The blobs that a job's outputs wait in. */
export function* outputBlobs(store: Store): Iterable<string> {
  for (const [, { outputs }] of transformsOf(store).entries()) for (const { blob } of outputs ?? []) yield blob;
}
