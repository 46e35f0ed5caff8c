import { scalableTargets, scalingPolicies, variantOf } from '../aws/autoscaling.ts';
import { describeAlarms } from '../aws/cloudwatch.ts';
import type { Aws } from '../aws/clients.ts';
import { glueDatabase } from '../aws/glue.ts';
import { logGroupExists } from '../aws/logs.ts';
import { bucketCreated, headObject, isEmpty } from '../aws/s3.ts';
import { describeEndpoint, describeEndpointConfig, describeModel, tagsOf } from '../aws/sagemaker.ts';
import { describeTransformJob } from '../aws/transform-jobs.ts';
import { replay, type OpenStep } from '../state/replay.ts';
import type { Journal, ResourceKind, ResourceRef, StepOutcome } from '../state/journal.ts';
import { orUnseen, type Unseen } from '../aws/unseen.ts';
import { NOTED, nameOf } from './steps.ts';
import { alarmOwnership } from './alarm-ownership.ts';
import { hasRemains } from './athena-look.ts';
import { BATCH_TAG, ENDPOINT_TAG, isOurs, ownerTag, RUN_TAG } from './tags.ts';
import { MINUTE } from '../base/units.ts';
import { abortUploads, goesInParts } from '../aws/s3-upload.ts';

/** How a step ended, as found by looking. */
export interface Resolution {
  outcome: StepOutcome;
  /** Why it did not take effect. */
  error?: string;
}

/** How far our clock and AWS's may differ when a bucket's age is read, in milliseconds. */
const CLOCK_SKEW = 5 * MINUTE;

/** A step whose outcome the command that began it never learned. */
export interface ResolvedStep extends Resolution {
  action: OpenStep['action'];
  resource: ResourceRef;
}

/**
 * Settles what an earlier command left open: asks AWS what became of every step that was begun and never ended, and
 * writes the answer. Only what carries the tag of the very run that began it is claimed.
 * @param unseen is told of what these credentials may not look at: it stays open
 * @returns the steps that were settled
 */
export async function resolveOpenSteps(
  aws: Aws,
  journal: Journal,
  unseen: (one: Unseen) => void = () => undefined,
): Promise<ResolvedStep[]> {
  const resolved: ResolvedStep[] = [];
  for (const step of replay(journal.events()).open) {
    const look = () => resolveStep(aws, journal.endpoint, step);
    // Of the endpoint itself it must be known what became of it; anything else stays open until somebody may look.
    const strict = step.resource.kind === 'endpoint';
    const what = `what became of ${nameOf(step.resource)}, which an earlier command began to ${step.action}`;
    const resolution = strict ? await look() : await orUnseen(what, look, unseen);
    if (resolution === undefined) continue;
    await journal.append({ type: 'end', step: step.step, recovered: true, ...resolution });
    resolved.push({ action: step.action, resource: step.resource, ...resolution });
  }
  return resolved;
}

/** Looks in AWS for what became of one step. */
export async function resolveStep(aws: Aws, endpoint: string, step: OpenStep): Promise<Resolution> {
  if (step.action === 'update') return updated(aws, step);
  const { kind } = step.resource;
  // Taking note that something will be ours makes no call that could have failed.
  if (step.action === 'create' && NOTED.has(kind)) return { outcome: 'done' };
  if (step.action === 'create' && kind === 's3-object') await endUploads(aws, step);
  const found = await findResource(aws, step.resource);
  if (step.action === 'delete') {
    if (found === undefined || found.deleting) return { outcome: 'done' };
    return { outcome: 'refused', error: 'had not been carried out' };
  }
  if (found === undefined) return { outcome: 'absent' };
  if (await found.isManaged(endpoint, { runs: [step.run], at: begunAt(step) })) return { outcome: 'done' };
  return {
    outcome: 'absent',
    error: 'had not been carried out: what has that name does not carry the tag of this run',
  };
}

/** What a killed command had uploaded of a large file before the last part was there. */
async function endUploads(aws: Aws, step: OpenStep): Promise<void> {
  const bytes = step.input?.bytes;
  if (typeof bytes === 'number' && !goesInParts(bytes)) return;
  await abortUploads(aws, step.resource.name, Date.parse(begunAt(step)) - CLOCK_SKEW);
}

/** When a step began by AWS's own clock, where that was seen; else by the clock of the machine, which may be wrong. */
export function begunAt({ input, at }: { input?: Record<string, unknown> | undefined; at: string }): string {
  const time = input?.awsTime;
  return typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : at;
}

/** Whether an endpoint took up, or is taking up, the config it was told to run. */
async function updated(aws: Aws, step: OpenStep): Promise<Resolution> {
  const asked = step.input?.EndpointConfigName;
  const live = await describeEndpoint(aws, step.resource.name);
  if (live?.EndpointConfigName === asked || live?.PendingDeploymentSummary?.EndpointConfigName === asked)
    return { outcome: 'done' };
  // In the first moment of an update AWS says "Updating" and not yet towards what (facts 4.2).
  if (live?.EndpointStatus === 'Updating' && live.PendingDeploymentSummary === undefined) return { outcome: 'done' };
  return { outcome: 'absent', error: 'is not in effect' };
}

/** Something that exists in AWS. */
export interface Found {
  /** It is being deleted at this moment. */
  deleting: boolean;
  /** Did shadowctl create it? `runs` are those that may have, `at` is when the first of them began it, ISO 8601. */
  isManaged(endpoint: string, claim: { runs: readonly string[]; at: string }): Promise<boolean>;
}

/** How to look for a resource of each kind; undefined where it does not exist. */
const FINDERS: Readonly<Record<ResourceKind, (aws: Aws, name: string) => Promise<Found | undefined>>> = {
  async endpoint(aws, name) {
    const live = await describeEndpoint(aws, name);
    return live && { ...tagged(aws, live.EndpointArn), deleting: live.EndpointStatus === 'Deleting' };
  },
  async 'endpoint-config'(aws, name) {
    const live = await describeEndpointConfig(aws, name);
    return live && tagged(aws, live.EndpointConfigArn);
  },
  async model(aws, name) {
    const live = await describeModel(aws, name);
    return live && tagged(aws, live.ModelArn);
  },
  async alarm(aws, name) {
    const [live] = await describeAlarms(aws, [name]);
    return live && stands(async () => alarmOwnership(aws, live));
  },
  async 's3-object'(aws, name) {
    const live = await headObject(aws, name);
    return live && stands(async () => objectTags(live.metadata));
  },
  async 's3-bucket'(aws, name) {
    const created = await bucketCreated(aws, name);
    if (created === undefined) return undefined;
    // A bucket cannot be given its tags in the call that creates it: its age tells, and only an empty one is deleted.
    return { deleting: false, isManaged: async (_, claim) => created >= Date.parse(claim.at) - CLOCK_SKEW };
  },
  async 's3-prefix'(aws, name) {
    return (await isEmpty(aws, name)) ? undefined : { deleting: false, isManaged: async () => true };
  },
  async 'scalable-target'(aws, name) {
    const { endpoint, variant } = variantOf(name);
    const [live] = await scalableTargets(aws, endpoint, [variant]);
    if (live === undefined) return undefined;
    // A target tells of nobody: its policies do, by their names; before it has any, its age.
    const policies = await scalingPolicies(aws, name);
    const isManaged: Found['isManaged'] = async (_, { runs, at }) =>
      policies.length === 0
        ? (live.created ?? 0) >= Date.parse(at) - CLOCK_SKEW
        : policies.some((policy) => runs.some((run) => policy.name.includes(run)));
    return { deleting: false, isManaged };
  },
  async 'transform-job'(aws, name) {
    const live = await describeTransformJob(aws, name);
    return live && { ...tagged(aws, live.arn), deleting: live.status !== 'InProgress' };
  },
  async 'batch-outputs'(aws, name) {
    return (await isEmpty(aws, name)) ? undefined : { deleting: false, isManaged: async () => true };
  },
  async 'glue-database'(aws, name) {
    const live = await glueDatabase(aws, name);
    return live && stands(async () => ({ ...live.parameters }));
  },
  async 'athena-data'(aws, name) {
    return (await isEmpty(aws, name)) ? undefined : { deleting: false, isManaged: async () => true };
  },
  async 'athena-look'(aws, name) {
    return (await hasRemains(aws, name)) ? { deleting: false, isManaged: async () => true } : undefined;
  },
  async 'log-group'(aws, name) {
    return (await logGroupExists(aws, name)) ? { deleting: false, isManaged: async () => true } : undefined;
  },
};

/** Looks whether a resource exists; undefined where it does not. */
export function findResource(aws: Aws, resource: ResourceRef): Promise<Found | undefined> {
  return FINDERS[resource.kind](aws, resource.name);
}

function stands(tags: () => Promise<Record<string, string>>): Found {
  return { deleting: false, isManaged: async (endpoint, { runs }) => isOurs(await tags(), endpoint, runs) };
}

function tagged(aws: Aws, arn: string | undefined): Found {
  return stands(() => tagsOf(aws, arn ?? ''));
}
/** S3 metadata keys hold no colon. */
export function objectMetadata(endpoint: string, run: string): Record<string, string> {
  const [key, value] = ownerTag(endpoint);
  return { [metadataKey(key)]: value, [metadataKey(RUN_TAG)]: run };
}

/** Whose an upload is, as its metadata says; empty texts where it says nothing. */
export function objectTags(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries([ENDPOINT_TAG, BATCH_TAG, RUN_TAG].map((tag) => [tag, metadata[metadataKey(tag)] ?? '']));
}

function metadataKey(tag: string): string {
  return tag.replace(':', '-');
}
