import { describeStack } from '../aws/cloudformation.ts';
import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { bucketExists } from '../aws/s3.ts';
import { s3Place, s3Uri } from '../aws/s3-uri.ts';
import { environmentError, usageError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import { DAY, duration, MINUTE } from '../base/units.ts';
import type { Target } from '../lifecycle/events.ts';
import type { Place } from '../lifecycle/plans.ts';
import { requireGuardable } from '../lifecycle/guarded-update/start.ts';
import { adopts, type Session, viewEndpoint } from '../lifecycle/session.ts';
import { decisionsOf } from '../lifecycle/release/batch-settings.ts';
import type { ReleaseSettings } from '../lifecycle/release/settings.ts';
import { readLive, requireOurs } from '../resources/live.ts';
import { artifactsOf } from '../resources/model.ts';
import { atState } from './at-state.ts';
import { stands } from './deploy.ts';
import { monthlyCost, type MonthlyCost } from './cost.ts';
import { ownBucket, pipelineNames } from './names.ts';
import type { PipelineSpec } from './template/spec.ts';
import { PIPELINE_TAG } from './template/template.ts';

/** What is asked for, as the command line and shadowctl.yaml say it. */
export interface PipelineRequest {
  endpoint: string;
  watch: string | undefined;
  emails: readonly string[];
  /** A bucket for the journal; undefined: that of the state, or one that the stack makes. */
  bucket: string | undefined;
  /** Where journals are kept by the settings: a folder, or an `s3://` URI. */
  state: string;
  link: boolean;
  architecture: 'arm64' | 'x86_64';
  adopt: boolean;
  /** Milliseconds. */
  wayBack: number;
  project: string;
  tags: Readonly<Record<string, string>>;
  release: ReleaseSettings;
  /** Everybody who is told, beside the pipeline's own topic. */
  targets: readonly Target[];
  /** What the function is told of the project. */
  settings: Record<string, unknown>;
}

/** What is about to be done. */
export interface PipelinePlan {
  kind: 'install';
  place: Place;
  spec: Omit<PipelineSpec, 'code' | 'settings'>;
  request: PipelineRequest;
  /** Where the journal is, an `s3://` URI. */
  state: string;
  cost: MonthlyCost;
  stands: boolean;
}

/** The key of the journals in a bucket that a pipeline makes or is given. */
const KEY = 'journals';
const GROUP = /^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:model-package-group\/([\w-]+)$/i;

/**
 * Decides what a pipeline will be made of, and whether it can be: looks, and changes nothing.
 * @throws Problem (usage) for what a pipeline cannot do; (cannot-run) where something else stands in its way
 */
export async function planPipeline(session: Session, request: PipelineRequest): Promise<PipelinePlan> {
  const { endpoint, watch, link, architecture, emails, release } = request;
  const aws = await session.aws();
  const account = await aws.account(endpoint);
  const { region } = aws.target;
  if (release.every > DAY)
    throw usageError(
      `every: ${duration(release.every)} is more than a day between two ticks, for which CloudWatch's alarms that none fails and none is missing cannot be made.`,
      'Write a day or less under release:.',
    );
  const names = pipelineNames(endpoint);
  const stack = await describeStack(aws, names.stack, session.signal);
  if (stack !== undefined && stack.tags[PIPELINE_TAG] !== endpoint)
    throw environmentError(
      `There is a stack ${names.stack} already, and it is no pipeline of endpoint "${endpoint}": it does not carry the tag ${PIPELINE_TAG}.`,
      'Delete or rename that stack.',
    );
  const { bucket, key, own } = await stateOf(session, request, {
    ...{ region, account },
    stackTags: stack !== undefined && stands(stack) ? stack.tags : undefined,
  });
  const state = s3Uri({ bucket, key });
  const look = await lookAt(atState(session, state), endpoint, request.adopt, bucket);
  await requireOneJournal(session, request, state);
  const watched = watch === undefined ? undefined : watchOf(watch);
  const labels = release.labels === undefined ? undefined : s3Place(release.labels.replace(/:[^:/]*$/, ''))?.bucket;
  const { batch } = release;
  const writes = batch && s3Place(batch.output)?.bucket;
  const delivered = batch && [batch.input, decisionsOf(batch)].map((uri) => s3Place(uri ?? '')?.bucket);
  const read = [
    watched?.kind === 'uploads' ? watched.bucket : undefined,
    labels,
    ...(delivered ?? []),
    ...look.buckets,
  ];
  const spec: PipelinePlan['spec'] = {
    ...{ region, account, endpoint, link, architecture, emails },
    project: request.project,
    tags: request.tags,
    role: release.role ?? look.role,
    watch: watched,
    everyMinutes: Math.max(1, Math.round(release.every / MINUTE)),
    state: { bucket, key },
    ownBucket: own,
    readBuckets: [...new Set(read.filter((one) => one !== undefined))].filter(
      (one) => one !== writes && one !== bucket && one !== `sagemaker-${region}-${account}`,
    ),
    batch: writes === undefined ? undefined : { buckets: [writes] },
    topics: request.targets.flatMap((target) => (target.kind === 'topic' ? [target.arn] : [])),
    logDays: LOG_DAYS,
  };
  const place = { account, region, profile: aws.target.profileInUse, endpointUrl: aws.target.endpointUrl };
  return {
    kind: 'install',
    place,
    spec,
    request,
    state,
    cost: monthlyCost(spec, release.timeBox),
    stands: stack !== undefined && stands(stack),
  };
}

const LOG_DAYS = 30;

/** @throws Problem (usage) for anything but a place in S3 or a group of the Model Registry */
function watchOf(watch: string): NonNullable<PipelineSpec['watch']> {
  const group = GROUP.exec(watch)?.[1];
  if (group !== undefined) return { kind: 'registry', group };
  const place = s3Place(watch);
  if (place === undefined)
    throw usageError(
      `--watch: "${watch}" is neither a place in S3 nor a group of the Model Registry.`,
      'Give one like s3://bucket/prefix/, or arn:aws:sagemaker:us-east-1:123456789012:model-package-group/weather.',
    );
  return { kind: 'uploads', bucket: place.bucket, prefix: place.key };
}

/** Says on the stack whose its bucket is. */
export const BUCKET_TAG = 'shadowctl:bucket';
/** Says on the stack where its journal is: one that never came up has no outputs. */
export const STATE_TAG = 'shadowctl:state';

/** A key of S3 takes more characters than a tag's value does. Pure. */
export function stateTag(uri: string): { Key: string; Value: string }[] {
  return /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u.test(uri) ? [{ Key: STATE_TAG, Value: uri }] : [];
}

async function stateOf(
  session: Session,
  { bucket: given, state }: PipelineRequest,
  {
    region,
    account,
    stackTags,
  }: { region: string; account: string; stackTags: Readonly<Record<string, string>> | undefined },
): Promise<{ bucket: string; key: string; own: boolean }> {
  const said = s3Place(state);
  if (said !== undefined) {
    if (given !== undefined && given !== said.bucket)
      throw usageError(
        `--bucket ${given}: the state is kept in s3://${said.bucket}/${said.key}.`,
        'Leave --bucket out.',
      );
    return { bucket: said.bucket, key: said.key.replace(/\/+$/, ''), own: false };
  }
  if (given !== undefined) return { bucket: given, key: KEY, own: false };
  const bucket = ownBucket(region, account);
  // One that a pipeline of another endpoint has made, or that outlived an earlier one, is taken as it is.
  const own =
    stackTags?.[BUCKET_TAG] === undefined
      ? !(await bucketExists(await session.aws(), bucket))
      : stackTags[BUCKET_TAG] === 'own';
  return { bucket, key: KEY, own };
}

/** The endpoint as it is: what a release there would need. */
async function lookAt(
  session: Session,
  endpoint: string,
  adopt: boolean,
  bucket: string,
): Promise<{ role: string | undefined; buckets: string[] }> {
  const aws = await session.aws();
  const live = await readLive(aws, endpoint, session.signal);
  if (live === undefined) throw endpointNotFound(aws.target, endpoint);
  // While a release goes on, its shadow is there.
  if ((live.config?.ShadowProductionVariants ?? []).length === 0) requireGuardable(live);
  if (await bucketExists(aws, bucket))
    await viewEndpoint(session, endpoint, async (on) => {
      if (!adopts(live, on.state(), adopt)) requireOurs(live, on.state(), on.journal.path, 'adopt');
    });
  else if (!adopt) requireAdoption(endpoint);
  const captures = s3Place(live.config?.DataCaptureConfig?.DestinationS3Uri ?? '')?.bucket;
  const artifacts = live.model === undefined ? [] : artifactsOf(live.model);
  return {
    role: live.model?.ExecutionRoleArn,
    buckets: [captures, ...artifacts.map((uri) => s3Place(uri)?.bucket)].filter((one) => one !== undefined),
  };
}

/** Nothing is known of it where its journal will be: that it may be changed must be said. */
function requireAdoption(endpoint: string): void {
  throw environmentError(
    `The journal of the pipeline is a new one, and knows nothing of endpoint "${endpoint}".`,
    text`Add --adopt to let it change the endpoint; or keep the journal in a bucket first: ${shown('state move', { endpoint, to: 's3://…' })}`,
  );
}

/** Two journals of one endpoint would each know half. @throws Problem (cannot-run) */
async function requireOneJournal(session: Session, { endpoint, state }: PipelineRequest, place: string): Promise<void> {
  if (s3Place(state) !== undefined) return;
  const known = await viewEndpoint(session, endpoint, async (on) => on.journal.events().length > 0);
  if (!known) return;
  throw environmentError(
    `The journal of endpoint "${endpoint}" is kept in ${state}, where a function of AWS Lambda cannot write.`,
    text`Move it to a bucket first: ${shown('state move', { endpoint, to: place })}`,
  );
}
