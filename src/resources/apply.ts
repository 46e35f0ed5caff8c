import { randomBytes } from 'node:crypto';
import { deregisterScalableTarget, registerScalableTarget } from '../aws/autoscaling.ts';
import { deleteAlarm, describeAlarms } from '../aws/cloudwatch.ts';
import type { Aws } from '../aws/clients.ts';
import { AwsProblem } from '../aws/errors.ts';
import { createGlueDatabase } from '../aws/glue.ts';
import { deleteLogGroup } from '../aws/logs.ts';
import { createBucket, deleteBucket, deleteObject, deletePrefix } from '../aws/s3.ts';
import { copyObject } from '../aws/s3-copy.ts';
import { putFile } from '../aws/s3-upload.ts';
import { createTransformJob, stopTransformJob } from '../aws/transform-jobs.ts';
import { type Shift, updateWeights } from '../aws/weights.ts';
import {
  createEndpoint,
  createEndpointConfig,
  createModel,
  deleteEndpoint,
  deleteEndpointConfig,
  deleteModel,
  updateEndpoint,
} from '../aws/sagemaker.ts';
import type { Clock } from '../base/clock.ts';
import { environmentError, Problem } from '../base/errors.ts';
import { ownRuns, replay } from '../state/replay.ts';
import type { JournalEvent } from '../state/events.ts';
import type { Journal } from '../state/journal.ts';
import { whoAmI } from '../state/lock.ts';
import { objectMetadata, resolveStep } from './resolve.ts';
import { type CopyOf, redactInput, type Step, type Upload } from './steps.ts';
import { alarmOwnership, putOwnAlarm } from './alarm-ownership.ts';
import { isOurs, runId } from './tags.ts';
import { deleteOwnDatabase, removeLook } from './athena-look.ts';

/** One run of a command that changes AWS: where it changes it and where it writes that down. */
export interface JournaledRun {
  aws: Aws;
  journal: Journal;
  clock: Clock;
  /** Identifies this run in the journal and in the tag `shadowctl:run`. */
  id: string;
  /** Once this has aborted no step is begun; a step under way is finished. */
  signal: AbortSignal;
}

/** A new id of a run, which begins with the time. */
export function newRun(clock: Clock): string {
  return runId(clock.now(), randomBytes(4).toString('hex'));
}

/** Records who works on the endpoint, and by which command. Needs the journal's lock. */
export async function startRun(
  parts: { aws: Aws; journal: Journal; clock: Clock; signal: AbortSignal },
  command: string,
  id = newRun(parts.clock),
): Promise<JournaledRun> {
  await parts.journal.append(await runEvent(parts.aws, id, command));
  return { ...parts, id };
}

/** What is written down of a command that begins: who runs it, and with whose credentials. */
export async function runEvent(
  aws: Aws,
  run: string,
  command: string,
): Promise<Extract<JournalEvent, { type: 'run' }>> {
  const caller = await aws.caller();
  return { type: 'run', run, command, by: whoAmI(), ...(caller !== undefined && { caller }) };
}

/**
 * The one door through which AWS is changed: intent on disk, call, outcome on disk. What AWS refuses on the first
 * attempt has not happened; after anything less certain AWS is asked what it holds.
 * @throws AwsProblem when the step did not take effect, or that could not be found out: then it stays open for `resolveOpenSteps`
 */
export async function apply(run: JournaledRun, step: Step): Promise<void> {
  run.signal.throwIfAborted();
  const stepId = `${run.id}/${run.journal.events().length}`;
  const begin = {
    type: 'begin',
    run: run.id,
    step: stepId,
    action: step.action,
    resource: { kind: step.kind, name: step.name },
    ...inputOf(run.aws, step),
  } as const;
  await run.journal.append(begin);
  const end = (resolution: { outcome: 'done' | 'refused' | 'absent'; error?: string; recovered?: boolean }) =>
    run.journal.append({ type: 'end', step: stepId, ...resolution });
  try {
    await persist(run, step);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // A problem of our own was found before the call.
    if (!(error instanceof AwsProblem)) {
      await end({ outcome: 'refused', error: error.message });
      throw error;
    }
    if (error.provesNothingHappened) {
      await end({ outcome: 'refused', error: error.words });
      throw error;
    }
    const at = new Date(run.clock.now()).toISOString();
    // Should asking fail too, the step stays open, and the next command asks again.
    const resolution = await resolveStep(run.aws, run.journal.endpoint, { ...begin, at }).catch(() => undefined);
    if (resolution === undefined) throw error;
    await end({ ...resolution, error: resolution.error ?? error.words, recovered: true });
    if (resolution.outcome !== 'done') throw error;
    return;
  }
  await end({ outcome: 'done' });
}

/** Kinds of which a time tells whether they are ours. */
const AGED: ReadonlySet<string> = new Set(['s3-bucket', 's3-object', 'scalable-target']);

/** What the journal keeps of a step, and AWS's time for what only its age tells to be ours. */
function inputOf(aws: Aws, step: Step): { input?: Record<string, unknown> } {
  const input = 'input' in step ? redactInput(step.input) : undefined;
  if (step.action !== 'create' || !AGED.has(step.kind)) return input === undefined ? {} : { input };
  const time = aws.lastTime?.();
  return { input: { ...input, ...(time !== undefined && { awsTime: new Date(time).toISOString() }) } };
}

/** How long IAM takes for a new role, as a rule. */
const ROLE_SPREADS_MS = 10_000;

/** How often, and how long apart in milliseconds, a name that we have just created is asked for again. */
const CONSISTENCY_PAUSES = [1_000, 2_000, 4_000, 8_000];

/**
 * Calls AWS. SageMaker's own store is eventually consistent: for a moment it may not find the config or model that it
 * has just created (facts 8.1), and refuses.
 */
async function persist(run: JournaledRun, step: Step): Promise<void> {
  let roleIsNew = step.kind === 'model' && step.action === 'create';
  for (const pause of [...CONSISTENCY_PAUSES, undefined]) {
    try {
      // Another may have taken the lock over while this machine slept: then what was announced is not done.
      run.journal.requireLock();
      await perform(run, step);
      return;
    } catch (error) {
      // IAM needs some seconds to spread a role that was just created: once, that is waited for.
      if (roleIsNew && error instanceof AwsProblem && /^Could not assume role /i.test(error.words)) {
        roleIsNew = false;
        await run.clock.sleep(ROLE_SPREADS_MS, run.signal);
        continue;
      }
      const notYet =
        error instanceof AwsProblem && /^Could not find (model|endpoint configuration) /i.test(error.words);
      if (!notYet || pause === undefined || step.action === 'delete' || !createdHere(run, error.words)) throw error;
      await run.clock.sleep(pause, run.signal);
    }
  }
}

/** Is what AWS does not find something that this very run created? ARNs come in lower case. */
function createdHere(run: JournaledRun, words: string): boolean {
  const name = /\/([^/"]+)"/.exec(words)?.[1]?.toLowerCase();
  return run.journal
    .events()
    .some(
      (event) =>
        event.type === 'begin' &&
        event.run === run.id &&
        event.action === 'create' &&
        event.resource.name.toLowerCase() === name,
    );
}

async function perform(run: JournaledRun, step: Step): Promise<void> {
  const { aws } = run;
  if (step.action === 'delete') return remove(aws, step);
  if (step.action === 'update') return updateEndpoint(aws, step.input);
  switch (step.kind) {
    case 'model':
      return void (await createModel(aws, step.input));
    case 'endpoint-config':
      return void (await createEndpointConfig(aws, step.input));
    case 'endpoint':
      return void (await createEndpoint(aws, step.input));
    case 'alarm':
      await refuseForeignAlarms(aws, [step.name], run.journal.endpoint, runsOf(run));
      return putOwnAlarm(aws, step.input);
    case 's3-bucket':
      return createBucket(aws, step.name);
    case 's3-object':
      return storeObject(run, step.name, step.input);
    case 'scalable-target':
      return registerScalableTarget(aws, step.name, step.input);
    case 'transform-job':
      return createTransformJob(aws, step.input);
    case 'glue-database':
      return createGlueDatabase(aws, { name: step.name, ...step.input });
    case 's3-prefix':
    case 'batch-outputs':
    case 'log-group':
    case 'athena-data':
    case 'athena-look':
      return;
  }
}

/** Uploads a file, or copies an object, so that it says whose it is. */
function storeObject({ aws, journal, id }: JournaledRun, uri: string, input: Upload | CopyOf): Promise<void> {
  const metadata = objectMetadata(journal.endpoint, id);
  if (!('from' in input)) return putFile(aws, uri, { ...input, metadata });
  const { from, etag, version, bytes } = input;
  return copyObject(aws, { uri: from, etag, version, bytes }, uri, metadata);
}

/** Every run of this endpoint's journal: what carries the tag of one is ours. */
function runsOf({ journal }: JournaledRun): string[] {
  return ownRuns(replay(journal.events()));
}

/**
 * CloudWatch silently overwrites an alarm of the same name: one that is not marked as ours must not be touched.
 * @param runs of this endpoint's journal
 * @throws Problem (cannot-run) naming the first alarm that is not ours
 */
export async function refuseForeignAlarms(
  aws: Aws,
  names: readonly string[],
  endpoint: string,
  runs: readonly string[],
): Promise<void> {
  for (const alarm of await describeAlarms(aws, names)) {
    if (isOurs(await alarmOwnership(aws, alarm), endpoint, runs)) continue;
    throw environmentError(
      `There is an alarm "${alarm.AlarmName}" that carries no tag of this journal's runs, and shadowctl needs that name.`,
      'Rename or delete that alarm.',
    );
  }
}

async function remove(aws: Aws, step: Extract<Step, { action: 'delete' }>): Promise<void> {
  const deletions = {
    endpoint: deleteEndpoint,
    'endpoint-config': deleteEndpointConfig,
    model: deleteModel,
    alarm: deleteAlarm,
    's3-object': deleteObject,
    's3-prefix': deletePrefix,
    's3-bucket': deleteBucket,
    'log-group': deleteLogGroup,
    'scalable-target': deregisterScalableTarget,
    'transform-job': stopTransformJob,
    'batch-outputs': deletePrefix,
    'glue-database': deleteOwnDatabase,
    'athena-data': deletePrefix,
    'athena-look': removeLook,
  };
  await deletions[step.kind](aws, step.name);
}

/** The fact a shift leaves in the journal; it creates nothing, so nothing of it can be left behind. */
const SHIFTED = 'shifted';

/**
 * Divides an endpoint's requests anew among its variants, or gives them other numbers of instances: intent on disk, then
 * the call. To do it again is harmless, so nothing has to be recovered. Needs the journal's lock.
 */
export async function shift(run: JournaledRun, endpoint: string, { weights = {}, counts }: Shift): Promise<void> {
  run.signal.throwIfAborted();
  const value = { weights, ...(counts !== undefined && { counts: { ...counts } }) };
  await run.journal.append({ type: 'fact', run: run.id, name: SHIFTED, value });
  run.journal.requireLock();
  await updateWeights(run.aws, endpoint, { weights, ...(counts !== undefined && { counts }) });
}
