import { describeStack, type Stack } from '../aws/cloudformation.ts';
import { AwsProblem } from '../aws/errors.ts';
import { bucketExists, deleteBucket, deletePrefix, isEmpty } from '../aws/s3.ts';
import { readNotifications, writeNotifications } from '../aws/s3-notifications.ts';
import { s3Place } from '../aws/s3-uri.ts';
import { environmentError } from '../base/errors.ts';
import { lines, shown, text } from '../base/text.ts';
import { journalsHere, type Session, viewEndpoint } from '../lifecycle/session.ts';
import type { Place } from '../lifecycle/plans.ts';
import type { RecordedFact } from '../state/facts.ts';
import { openRelease } from '../state/releases.ts';
import { replay } from '../state/replay.ts';
import { atState } from './at-state.ts';
import { removeStack } from './deploy.ts';
import { type PipelineEvents, record } from './install.ts';
import { ownBucket, pipelineNames } from './names.ts';
import { sendsEvents, withoutEvents } from './notifications.ts';
import { folderOf } from './places.ts';
import { BUCKET_TAG, STATE_TAG } from './plan.ts';
import { PIPELINE_TAG } from './template/template.ts';

export interface RemoveRequest {
  endpoint: string;
  /** Where journals are kept by the settings: a folder, or an `s3://` URI. */
  state: string;
  /** Delete the bucket of the journal, too, where nothing is in it. */
  deleteBucket: boolean;
  /** Leave a release that is under way to whoever goes on with it. */
  leaveRelease: boolean;
}

export interface RemovePlan {
  kind: 'remove';
  place: Place;
  endpoint: string;
  stack: Stack | undefined;
  /** Where the journal is; undefined: nothing is there. */
  state: string | undefined;
  /** Buckets that will send no events to EventBridge any more, as before the pipeline. */
  off: readonly string[];
  /** Buckets that go on sending them: others listen, too. */
  stays: readonly string[];
  deleteBucket: string | undefined;
  /** A release that nobody looks after then. */
  release: string | undefined;
}

export interface Removed {
  stack: string;
  /** False: there was none. */
  stood: boolean;
  off: readonly string[];
  /** The bucket that is gone, where that was asked for. */
  bucket: string | undefined;
}

/**
 * What there is to remove. Looks, and changes nothing.
 * @throws Problem (cannot-run) where a release is under way that nobody would look after
 */
export async function planRemoval(session: Session, request: RemoveRequest): Promise<RemovePlan> {
  const { endpoint } = request;
  const aws = await session.aws();
  const account = await aws.account(endpoint);
  const { region } = aws.target;
  const names = pipelineNames(endpoint);
  const stack = await describeStack(aws, names.stack, session.signal);
  if (stack !== undefined && stack.tags[PIPELINE_TAG] !== endpoint)
    throw environmentError(`Stack ${names.stack} is no pipeline of endpoint "${endpoint}": nothing was changed.`);
  const state =
    stack?.outputs.State ??
    stack?.tags[STATE_TAG] ??
    (s3Place(request.state) === undefined ? `s3://${ownBucket(region, account)}/journals` : request.state);
  const bucket = s3Place(state)?.bucket ?? '';
  const stands = await bucketExists(aws, bucket);
  const there = atState(session, state);
  const release = stands ? await viewEndpoint(there, endpoint, async (on) => openRelease(on.state())?.id) : undefined;
  if (release !== undefined && stack !== undefined && !request.leaveRelease)
    throw environmentError(
      `Release ${release} is under way on endpoint "${endpoint}", and nobody would look after it: its shadow would stay, and be billed. Nothing was removed.`,
      lines(
        text`End it first:               ${shown('release cancel', { endpoint, state })}`,
        text`Or go on with it elsewhere: ${shown('pipeline remove', { endpoint, 'leave-release': true })}, then ${shown('release', { endpoint, state })}`,
      ),
    );
  const { off, stays } = stands ? await eventsOf(there, endpoint) : { off: [], stays: [] };
  const own = stack?.tags[BUCKET_TAG] === 'own' || (stack === undefined && bucket === ownBucket(region, account));
  return {
    kind: 'remove',
    place: { account, region, profile: aws.target.profileInUse, endpointUrl: aws.target.endpointUrl },
    endpoint,
    stack,
    state: stands ? state : undefined,
    off,
    stays,
    deleteBucket: request.deleteBucket && own && stands ? bucket : undefined,
    release,
  };
}

/** Removes a pipeline; the endpoint, its models and its history stay. Whatever it was killed in, the same command goes on. */
export async function removePipeline(session: Session, plan: RemovePlan, hooks: PipelineEvents): Promise<Removed> {
  const { endpoint, stack, state } = plan;
  const names = pipelineNames(endpoint);
  const aws = await session.aws();
  const there = state === undefined ? undefined : atState(session, state);
  const at = () => session.clock.now();
  if (there !== undefined)
    await record(there, endpoint, { name: 'pipeline-removing', value: { stack: names.stack, at: at() } });
  if (stack !== undefined) await removeStack(session, stack, hooks);
  for (const bucket of plan.off) {
    const notifications = await readNotifications(aws, bucket, session.signal);
    if (!sendsEvents(notifications)) continue;
    await writeNotifications(aws, bucket, withoutEvents(notifications), session.signal);
    hooks.done(`told bucket ${bucket} to send no events to EventBridge any more`);
  }
  if (there === undefined || state === undefined)
    return { stack: names.stack, stood: stack !== undefined, off: [], bucket: undefined };
  const { account, region } = plan.place;
  await deletePrefix(aws, folderOf(state, { account, region, endpoint }));
  await record(there, endpoint, {
    name: 'pipeline-removed',
    value: { stack: names.stack, off: [...plan.off], at: at() },
  });
  return {
    stack: names.stack,
    stood: stack !== undefined,
    off: plan.off,
    bucket: plan.deleteBucket === undefined ? undefined : await deleteEmpty(session, plan.deleteBucket),
  };
}

/** @throws Problem (cannot-run) where anything is in it */
async function deleteEmpty(session: Session, bucket: string): Promise<string> {
  const aws = await session.aws();
  const refused = environmentError(
    `Bucket "${bucket}" is not empty: it holds the history of releases. The pipeline was removed; the bucket stays.`,
    'Delete what is in it first, if nobody needs that history.',
  );
  if (!(await isEmpty(aws, `s3://${bucket}/`))) throw refused;
  try {
    await deleteBucket(aws, bucket);
    return bucket;
  } catch (error) {
    if (error instanceof AwsProblem && error.code === 'BucketNotEmpty') throw refused;
    throw error;
  }
}

/** What journals say of buckets whose events pipelines have turned on, and who still listens. */
async function eventsOf(session: Session, endpoint: string): Promise<{ off: string[]; stays: string[] }> {
  const { journals } = await journalsHere(session);
  const journaled = journals.map((one) => ({ endpoint: one.endpoint, ...watchedBy(replay(one.events).facts) }));
  const own = journaled.find((one) => one.endpoint === endpoint);
  const buckets = own?.buckets ?? [];
  const others = journaled.filter((one) => one.endpoint !== endpoint && one.installed);
  const listened = (bucket: string) => others.some((one) => one.buckets.includes(bucket));
  // Whoever removes the last one puts back what the first one found.
  const turnedOn = (bucket: string) => journaled.some((one) => one.turnedOn.includes(bucket));
  return {
    off: buckets.filter((bucket) => turnedOn(bucket) && !listened(bucket)),
    stays: buckets.filter((bucket) => turnedOn(bucket) && listened(bucket)),
  };
}

/** Pure. */
function watchedBy(facts: readonly RecordedFact[]): {
  installed: boolean;
  buckets: string[];
  turnedOn: string[];
} {
  let installed = false;
  let buckets: string[] = [];
  let turnedOn: string[] = [];
  for (const fact of facts)
    if (fact.name === 'pipeline-installing') installed = true;
    else if (fact.name === 'pipeline-events') {
      const { bucket, before } = fact.value;
      buckets = [...buckets.filter((one) => one !== bucket), bucket];
      if (!before) turnedOn = [...turnedOn.filter((one) => one !== bucket), bucket];
    } else if (fact.name === 'pipeline-removed') {
      installed = false;
      const { off } = fact.value;
      buckets = [];
      // What was not turned off, since others listened, is still to be turned off by the last of them.
      turnedOn = turnedOn.filter((one) => !off.includes(one));
    }
  return { installed, buckets, turnedOn };
}
