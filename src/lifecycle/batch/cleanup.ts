import { AwsProblem } from '../../aws/errors.ts';
import { describeTransformJob } from '../../aws/transform-jobs.ts';
import { apply } from '../../resources/apply.ts';
import { inventory } from '../../resources/inventory.ts';
import { resolveOpenSteps } from '../../resources/resolve.ts';
import { type Deletion, type Keep, planTeardown, type Remainder } from '../../resources/teardown.ts';
import type { ResourceKind } from '../../state/journal.ts';
import { attemptsOf } from '../../state/batches.ts';
import { existing } from '../../state/replay.ts';
import { dropCaptures } from '../../analysis/observe/cache.ts';
import { capturesPlace } from '../captures-cache.ts';
import { neededByOthers } from '../others.ts';
import type { CleanupPlan } from '../plans.ts';
import { notSeen, openRun, placeOf, type Session } from '../session.ts';
import type { BatchOn } from './decision.ts';
import { knownBatch, openBatch } from './store.ts';
import { batchOn } from './on.ts';

/** What a batch makes and can be deleted. */
const DELETED: readonly ResourceKind[] = ['model', 's3-object', 's3-bucket', 'batch-outputs'];
/** How often a job that is stopping is looked at, milliseconds. */
const LOOK = 15_000;

/** A batch cleaned up, or its plan. */
export type BatchCleanup = {
  batch: string;
  /** Days that are kept: what they came to is evidence, and stays. */
  days: number;
  /** Records of transform jobs, which SageMaker keeps for ever. */
  records: number;
} & (
  | { kind: 'planned'; plan: CleanupPlan }
  | { kind: 'done'; deleted: readonly Deletion[]; left: readonly Remainder[]; clean: boolean }
);

/**
 * Stops the jobs of a batch that are running, and deletes what it made: models, uploads, inputs and outputs in S3. What its days
 * came to stays.
 * @throws Problem (cannot-run) where there is no such batch here
 */
export async function cleanBatch(
  session: Session,
  batch: string,
  { keep, plan }: { keep: Keep; plan: boolean },
): Promise<BatchCleanup> {
  const store = await knownBatch(session, batch);
  const { journal } = store;
  const on = await batchOn(session, batch, store);
  const { aws } = on;
  const facts = {
    batch,
    days: (await store.days()).length,
    records: attemptsOf(on.state()).reduce((sum, { jobs }) => sum + jobs.length, 0),
  };
  if (plan) return { ...facts, kind: 'planned', plan: await planCleanup(on, keep) };
  return journal.locked(`cleanup --batch ${batch}`, async () => {
    for (const step of await resolveOpenSteps(aws, journal, notSeen(session)))
      session.emit({ kind: 'recovered', step });
    const todo = await planCleanup(on, keep);
    if (todo.steps.length > 0) await session.approve(todo);
    return { ...facts, kind: 'done', ...(await carryOut(on, todo, keep)) };
  });
}

async function planCleanup(on: BatchOn, keep: Keep): Promise<CleanupPlan> {
  const needed = await neededByOthers(on);
  const checks = await inventory(on, 'or unseen', DELETED);
  const { steps, left } = planTeardown(
    checks,
    needed.map(({ ref }) => ref),
    keep,
  );
  const running = await runningJobs(on);
  return {
    kind: 'cleanup',
    place: placeOf(on),
    endpoint: on.endpoint,
    steps: [...running.map((name) => ({ action: 'delete', kind: 'transform-job', name }) as const), ...steps],
    left,
    notKnown: [],
  };
}

/** Stops the jobs of a batch that are running; what they have answered stays. */
export async function stopJobs(session: Session, batch: string): Promise<void> {
  const store = await openBatch(session, batch);
  if (store.journal.events().length === 0) return;
  const on = await batchOn(session, batch, store);
  if ((await runningJobs(on)).length === 0) return;
  await on.journal.locked('release', async () => {
    const run = await openRun(on, 'release');
    for (const name of await runningJobs(on)) await apply(run, { action: 'delete', kind: 'transform-job', name });
  });
}

async function runningJobs({ aws, state, session }: BatchOn): Promise<string[]> {
  const ended = new Set(attemptsOf(state()).flatMap(({ jobs }) => jobs.flatMap((one) => one.ended?.job ?? [])));
  const names = existing(state(), 'transform-job').map(({ ref }) => ref.name);
  const running: string[] = [];
  for (const name of names.filter((one) => !ended.has(one)))
    if ((await describeTransformJob(aws, name, session.signal))?.status === 'InProgress') running.push(name);
  return running;
}

async function carryOut(
  on: BatchOn,
  { steps, left: staying }: CleanupPlan,
  keep: Keep,
): Promise<{ deleted: Deletion[]; left: Remainder[]; clean: boolean }> {
  const { session, aws } = on;
  const run = await openRun(on, 'cleanup --batch');
  const deleted: Deletion[] = [];
  const left: Remainder[] = [...staying];
  for (const step of steps) {
    try {
      await apply(run, step);
      if (step.kind === 'transform-job') await awaitStopped(on, step.name);
      deleted.push(step);
      session.emit({ kind: 'deleted', step });
    } catch (error) {
      if (!(error instanceof AwsProblem)) throw error;
      const ref = { kind: step.kind, name: step.name };
      if (error.denied) left.push({ ref, why: `not deleted: needs ${error.missing ?? error.words}`, denied: true });
      else if (error.code === 'BucketNotEmpty')
        left.push({ ref, why: 'it contains objects that are not of this batch' });
      else if (error.provesNothingHappened && !error.aboutCredentials)
        left.push({ ref, why: `not deleted: ${error.words}`, denied: true });
      else throw error;
    }
  }
  // What batch report had downloaded of the rows goes with them.
  const { folder } = await capturesPlace(session);
  if (folder !== undefined && !keep.captures)
    await dropCaptures(folder, { account: on.account, region: aws.target.region, endpoint: on.endpoint }, false);
  const found = await inventory({ ...on, aws }, 'or unseen', DELETED);
  const unexpected = found
    .filter(({ exists, managed }) => exists && managed)
    .filter(({ tracked }) => !left.some(({ ref }) => ref.name === tracked.ref.name))
    .map(({ tracked }) => ({ ref: tracked.ref, why: 'it is still there' }));
  const all: Remainder[] = [...left, ...unexpected];
  if (all.length === 0) await run.journal.append({ type: 'fact', run: run.id, name: 'clean', value: {} });
  return { deleted, left: all, clean: unexpected.length === 0 && all.every(({ denied }) => denied !== true) };
}

/** What a job that is being stopped still writes would be left behind. */
async function awaitStopped({ session, aws }: BatchOn, name: string): Promise<void> {
  for (;;) {
    const job = await describeTransformJob(aws, name, session.signal);
    if (job === undefined || (job.status !== 'InProgress' && job.status !== 'Stopping')) return;
    await session.clock.sleep(LOOK, session.signal);
  }
}
