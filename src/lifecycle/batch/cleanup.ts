import { describeTransformJob } from '../../aws/transform-jobs.ts';
import { apply, type JournaledRun } from '../../resources/apply.ts';
import { inventory } from '../../resources/inventory.ts';
import { resolveOpenSteps } from '../../resources/resolve.ts';
import {
  type Deletion,
  type Keep,
  planTeardown,
  refusedDeletion,
  type Remainder,
  stillThere,
} from '../../resources/teardown.ts';
import { factsNamed } from '../../state/facts.ts';
import { recordFact, type ResourceKind } from '../../state/journal.ts';
import { attemptsOf } from '../../state/batches.ts';
import { existing, type State, withFound } from '../../state/replay.ts';
import { dropCaptures } from '../../analysis/observe/cache.ts';
import { capturesPlace } from '../captures-cache.ts';
import { neededByOthers } from '../others.ts';
import type { CleanupPlan } from '../plans.ts';
import { notSeen, openRun, placeOf, type Session } from '../session.ts';
import type { ByTag } from '../tagged.ts';
import { findBatchByTag } from './by-tag.ts';
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
  /** What tags could not tell; none where nobody asked for tags. */
  notKnown: readonly string[];
} & (
  | { kind: 'planned'; plan: CleanupPlan }
  | { kind: 'done'; deleted: readonly Deletion[]; left: readonly Remainder[]; clean: boolean }
);

/**
 * Stops the jobs of a batch that are running, and deletes what it made: models, uploads, inputs and outputs in S3. What its days
 * came to stays.
 * @param how.byTag also what no journal names and whose tags say that shadowctl created it for this batch
 * @throws Problem (cannot-run) where there is no such batch here, and tags were not asked for
 */
export async function cleanBatch(
  session: Session,
  batch: string,
  { keep, plan, byTag = false }: { keep: Keep; plan: boolean; byTag?: boolean },
): Promise<BatchCleanup> {
  const store = byTag ? await openBatch(session, batch) : await knownBatch(session, batch);
  const { journal } = store;
  const on = await batchOn(session, batch, store);
  const { aws } = on;
  const days = (await store.days()).length;
  const look = async () => {
    const { found, notKnown } = byTag ? await findBatchByTag(on) : NOTHING_FOUND;
    const now = new Date(session.clock.now()).toISOString();
    const known = { ...on, state: () => withFound(on.state(), found, now) };
    const todo = await planCleanup(known, keep, notKnown);
    return { found, todo, facts: { batch, days, records: jobsOf(known.state()).size, notKnown } };
  };
  if (plan) {
    const { facts, todo } = await look();
    return { ...facts, kind: 'planned', plan: todo };
  }
  return journal.locked(`cleanup --batch ${batch}`, async () => {
    for (const step of await resolveOpenSteps(aws, journal, notSeen(session)))
      session.emit({ kind: 'recovered', step });
    const { facts, found, todo } = await look();
    if (todo.steps.length > 0) await session.approve(todo);
    // Records of jobs stay for ever, and are found each time: alone, they are nothing to write down.
    if (journal.events().length === 0 && todo.steps.length === 0)
      return {
        ...facts,
        kind: 'done',
        deleted: [],
        left: todo.left,
        clean: todo.left.every(({ denied }) => denied !== true),
      };
    const run = await openRun(on, byTag ? 'cleanup --batch --by-tag' : 'cleanup --batch');
    if (todo.steps.length > 0) for (const value of found) await recordFact(run, { name: 'found', value });
    return { ...facts, kind: 'done', ...(await carryOut(on, run, todo, keep)) };
  });
}

const NOTHING_FOUND: ByTag = { found: [], notKnown: [] };

/** The jobs of a batch, by its journal and by what was found. */
function jobsOf(state: State): Set<string> {
  return new Set([
    ...attemptsOf(state).flatMap(({ jobs }) => jobs.map(({ job }) => job)),
    ...factsNamed(state.facts, 'found').flatMap(({ value }) => (value.kind === 'transform-job' ? [value.name] : [])),
    ...state.resources.flatMap(({ ref }) => (ref.kind === 'transform-job' ? [ref.name] : [])),
  ]);
}

async function planCleanup(on: BatchOn, keep: Keep, notKnown: readonly string[]): Promise<CleanupPlan> {
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
    notKnown,
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
  run: JournaledRun,
  { steps, left: staying }: CleanupPlan,
  keep: Keep,
): Promise<{ deleted: Deletion[]; left: Remainder[]; clean: boolean }> {
  const { session, aws } = on;
  const deleted: Deletion[] = [];
  const left: Remainder[] = [...staying];
  for (const step of steps) {
    try {
      await apply(run, step);
      if (step.kind === 'transform-job') await awaitStopped(on, step.name);
      deleted.push(step);
      session.emit({ kind: 'deleted', step });
    } catch (error) {
      left.push(refusedDeletion(step, error, 'it contains objects that are not of this batch'));
    }
  }
  // What batch report had downloaded of the rows goes with them.
  const { folder } = await capturesPlace(session);
  if (folder !== undefined && !keep.captures)
    await dropCaptures(folder, { account: on.account, region: aws.target.region, endpoint: on.endpoint }, false);
  const unexpected = stillThere(await inventory({ ...on, aws }, 'or unseen', DELETED), left);
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
