import { isDeepStrictEqual } from 'node:util';
import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import type { TargetTrackingScalingPolicyConfiguration } from '@aws-sdk/client-application-auto-scaling';
import type {
  CreateEndpointCommandInput,
  CreateEndpointConfigCommandInput,
  CreateModelCommandInput,
  CreateTransformJobCommandInput,
  UpdateEndpointCommandInput,
} from '@aws-sdk/client-sagemaker';
import { environmentError } from '../base/errors.ts';
import type { ScalableTarget } from '../aws/autoscaling.ts';
import type { ResourceKind } from '../state/journal.ts';
import { type State, trackedResource } from '../state/replay.ts';

/** A file to be uploaded, checked beforehand. */
export interface Upload {
  path: string;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
}

/** An object of S3 that is to be copied as it was when it was looked at. */
export interface CopyOf {
  from: string;
  etag: string;
  version?: string | undefined;
  bytes: number;
}

/** How a variant is to scale automatically. */
export interface Scaling extends Pick<ScalableTarget, 'min' | 'max' | 'suspended'> {
  /** By name. */
  policies: readonly { name: string; tracking: TargetTrackingScalingPolicyConfiguration }[];
}

/** A database of the Glue Data Catalog that is to be made. */
interface NewDatabase {
  parameters: Readonly<Record<string, string>>;
  tags: Readonly<Record<string, string>>;
}

/** The process that a look belongs to: once it is gone, what the look has left is anybody's to remove. */
interface LookHolder {
  host: string;
  pid: number;
  /** When the process began, where the system tells. */
  started?: string | undefined;
}

/**
 * One change of AWS, as a value: what a plan is made of and what `apply` does. Log groups, S3 prefixes and outputs of jobs are
 * created by SageMaker itself when it first writes there; their step only takes note that they will be ours to delete.
 */
export type Step =
  | { action: 'create'; kind: 'model'; name: string; input: CreateModelCommandInput }
  | { action: 'create'; kind: 'endpoint-config'; name: string; input: CreateEndpointConfigCommandInput }
  | { action: 'create'; kind: 'endpoint'; name: string; input: CreateEndpointCommandInput }
  | { action: 'update'; kind: 'endpoint'; name: string; input: UpdateEndpointCommandInput }
  | { action: 'create'; kind: 'alarm'; name: string; input: PutMetricAlarmCommandInput }
  | { action: 'create'; kind: 's3-bucket'; name: string }
  | { action: 'create'; kind: 's3-object'; name: string; input: Upload | CopyOf }
  | { action: 'create'; kind: 's3-prefix' | 'log-group' | 'batch-outputs' | 'athena-data'; name: string }
  | { action: 'create'; kind: 'glue-database'; name: string; input: NewDatabase }
  /** Takes note that a look begins (`lookName`): of its queries, their results and its tables. */
  | { action: 'create'; kind: 'athena-look'; name: string; input: LookHolder }
  /** To delete one is to stop it: its record stays for ever. */
  | { action: 'create'; kind: 'transform-job'; name: string; input: CreateTransformJobCommandInput }
  /** Named `endpoint/NAME/variant/NAME`; its policies follow, and go with it. */
  | { action: 'create'; kind: 'scalable-target'; name: string; input: Scaling }
  | { action: 'delete'; kind: ResourceKind; name: string };

/** `endpoint config "x"`: how a resource is called in sentences. */
export function nameOf(resource: { kind: ResourceKind; name: string }): string {
  const kinds: Record<ResourceKind, string> = {
    model: 'model',
    'endpoint-config': 'endpoint config',
    endpoint: 'endpoint',
    alarm: 'alarm',
    's3-object': 'upload',
    's3-bucket': 'bucket',
    's3-prefix': 'captures under',
    'log-group': 'log group',
    'scalable-target': 'scalable target',
    'transform-job': 'transform job',
    'batch-outputs': 'outputs under',
    'glue-database': 'Glue database',
    'athena-data': 'evidence of Athena under',
    'athena-look': 'queries and tables of report',
  };
  return `${kinds[resource.kind]} ${shortName(resource.name)}`;
}

/** Kinds of which creating is only taking note: something else makes them later. */
export const NOTED: ReadonlySet<ResourceKind> = new Set([
  'log-group',
  's3-prefix',
  'batch-outputs',
  'athena-data',
  'athena-look',
]);

const DONE = { create: 'created', update: 'updating', delete: 'deleted' } as const;

/**
 * What to say of a step that AWS has accepted: `created model weather-model-1`. Undefined where nothing was done yet: a
 * log group and captures are written by SageMaker later, and the journal only remembers that they will be ours.
 */
export function appliedWords(step: Step): string | undefined {
  if (step.action === 'delete' && step.kind === 'transform-job') return `stopping ${nameOf(step)}`;
  if (step.action !== 'create') return `${DONE[step.action]} ${nameOf(step)}`;
  if (NOTED.has(step.kind)) return undefined;
  if (step.kind === 'transform-job') return `began ${nameOf(step)}`;
  // PutMetricAlarm creates one or changes the one that stands.
  if (step.kind === 'alarm') return `set ${nameOf(step)}`;
  if (step.kind === 'scalable-target') return `registered ${nameOf(step)}`;
  if (step.kind === 'endpoint') return `creating ${nameOf(step)}`;
  return `${step.kind === 's3-object' ? 'stored' : DONE.create} ${nameOf(step)}`;
}

/** A name for reading: of an upload, its bucket, the folder of its endpoint, and the first digits of its content hash. */
export function shortName(name: string): string {
  return name.replace(
    /^(s3:\/\/[^/]+)\/shadowctl\/(?:batches\/)?([^/]+)\/artifacts\/([0-9a-f]{8})[0-9a-f]{56}\/.*$/,
    '$1/…/$2/$3…',
  );
}

/**
 * Leaves out what an earlier, interrupted run of the same command has already created: same name, same content, and
 * known to exist by the journal. So a command can simply be given again.
 * @param exists which of the named resources AWS has at this moment
 * @throws Problem (cannot-run) where AWS has one of that name that is not the same
 */
export function withoutExisting(steps: readonly Step[], state: State, exists: (step: Step) => boolean): Step[] {
  return steps.filter((step) => {
    if (step.action !== 'create' || (step.kind !== 'model' && step.kind !== 'endpoint-config') || !exists(step))
      return true;
    const tracked = trackedResource(state, step);
    if (tracked?.state === 'exists' && isDeepStrictEqual(content(tracked.input), content({ ...step.input })))
      return false;
    const whose = tracked?.state === 'exists' ? 'with other content' : "and this endpoint's journal does not name it";
    throw environmentError(
      `There is ${step.kind === 'model' ? 'a' : 'an'} ${nameOf(step)} already, ${whose}.`,
      step.kind === 'model' ? 'Give another --model-name.' : 'Give another --config-name.',
    );
  });
}

/** What was asked for, without tags: they name the run. */
function content(input: Readonly<Record<string, unknown>>): unknown {
  const { Tags: _, ...rest } = input;
  return redactInput(rest);
}

/**
 * What the journal keeps of an input: all but the values of a container's environment, which may be secrets. What was
 * redacted before stays as it is.
 */
export function redactInput(input: object): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(input, (key, value: unknown) =>
      key === 'Environment' && typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.keys(value)
        : value,
    ),
  ) as Record<string, unknown>;
}
