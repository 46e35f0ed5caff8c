import { dropCaptures } from '../analysis/observe/cache.ts';
import { AwsProblem } from '../aws/errors.ts';
import { orUnseen, type Unseen, unseenWords } from '../aws/unseen.ts';
import { s3Place } from '../aws/s3-uri.ts';
import { listObjects } from '../aws/s3.ts';
import { describeEndpoint, describeEndpointConfig } from '../aws/sagemaker.ts';
import { environmentError, Problem } from '../base/errors.ts';
import { lines, shown, text } from '../base/text.ts';
import { MINUTE } from '../base/units.ts';
import type { JournaledRun } from '../resources/apply.ts';
import type { Needed } from '../resources/prune.ts';
import { ourPrefix } from '../resources/artifact/candidate.ts';
import { inventory, neededBy, neededByForeign } from '../resources/inventory.ts';
import { requireSettled } from '../resources/live.ts';
import {
  CONTAINS_KEPT,
  type Deletion,
  type Keep,
  planTeardown,
  refusedDeletion,
  type Remainder,
  type ResourceCheck,
  stillThere,
  type Teardown,
} from '../resources/teardown.ts';
import { isSettled, waitForEndpoint } from '../resources/wait.ts';
import { recordFact, type ResourceRef } from '../state/journal.ts';
import { existing, replay, type State, trackedResource, withFound } from '../state/replay.ts';
import { positionOf } from '../state/rollouts.ts';
import { findByTag } from './by-tag.ts';
import { neededByOthers } from './others.ts';
import type { CleanupPlan, NeedingEndpoint, PlainUpdatePlan } from './plans.ts';
import { endShadow, shadowToEnd } from './shadow/end-first.ts';
import {
  applyStep,
  type DamagedJournal,
  damagedProblem,
  doTask,
  type EndpointSession,
  type JournalHere,
  journalsHere,
  type LockedEndpoint,
  onEndpoint,
  openRun,
  placeOf,
  type Session,
} from './session.ts';
import { capturesPlace } from './captures-cache.ts';
import { isName } from '../resources/naming.ts';
import type { JournalStore } from '../state/store.ts';
import type { Recorded } from '../state/journal.ts';

export interface CleanupOptions {
  /** Undefined: every endpoint with a journal here, in this account and region. */
  endpoint?: string | undefined;
  /** Also what no journal names and whose tags say that shadowctl created it for this endpoint. */
  byTag?: boolean | undefined;
  /** What stays; by default nothing. */
  keep?: Keep;
  /** Decide only: the plans are returned, and nothing is changed. */
  plan?: boolean;
  /** Something else is cleaned up as well: that no endpoint has a journal here is no mistake. */
  others?: boolean;
}

const KEEP_NOTHING: Keep = { uploads: false, captures: false, logs: false };

/** One endpoint cleaned up, or its plan. */
export type EndpointCleanup =
  | { kind: 'planned'; plan: CleanupPlan }
  | {
      kind: 'done';
      endpoint: string;
      deleted: readonly Deletion[];
      /** The shadow variant of ours that was taken away first, from an endpoint that stays. */
      ended: string | undefined;
      /** What is still there, and why; empty where nothing is left. */
      left: readonly Remainder[];
      /** Nothing is left but what was to stay: what it proves is written down. */
      clean: boolean;
      /** Folders of captures that were deleted so soon after the last request that SageMaker may write there once more. */
      late: readonly string[];
      /** The endpoint that stays, where it needs any of that. */
      needs: NeedingEndpoint | undefined;
      /** What tags could not tell; none where nobody asked for tags. */
      notKnown: readonly string[];
    };

export interface CleanupResult {
  /** In the order in which they were cleaned up; those of which nothing stood are left out. */
  endpoints: EndpointCleanup[];
  /** Every endpoint that has a journal here. */
  journaled: readonly string[];
  /** Journals that say nothing: what they name was not cleaned up. */
  damaged: readonly DamagedJournal[];
  /** Of several, those of which nothing could be done, and why: the others were. */
  refused: readonly DamagedJournal[];
}

/**
 * Deletes what shadowctl created, and ends by looking in AWS for whatever the journal ever named.
 * @param done called after each endpoint
 */
export async function cleanup(
  session: Session,
  options: CleanupOptions,
  done: (one: EndpointCleanup) => void = () => undefined,
): Promise<CleanupResult> {
  const { journals, damaged } = await journalsHere(session);
  const journaled = [...journals, ...damaged].map(({ endpoint }) => endpoint);
  const none = journals.length === 0 && damaged.length === 0 && options.others === true;
  const all = () => (none ? Promise.resolve([]) : everyEndpoint(session, journals, damaged));
  const names = options.endpoint === undefined ? await all() : [options.endpoint];
  const endpoints: EndpointCleanup[] = [];
  const refused: DamagedJournal[] = [];
  for (const endpoint of names) {
    if (names.length > 1) session.emit({ kind: 'cleanup-begun', endpoint });
    const others = journaled.filter((other) => other !== endpoint);
    // One of which nothing could be done goes on with what it runs with.
    const going = others.filter((other) => names.includes(other) && !refused.some((one) => one.endpoint === other));
    const staying = others.filter((other) => !going.includes(other));
    try {
      const one = await onEndpoint(session, { endpoint, command: 'cleanup', readOnly: options.plan === true }, (on) =>
        cleanEndpoint(on, options.keep ?? KEEP_NOTHING, { going, staying }, options.byTag === true),
      );
      endpoints.push(one);
      done(one);
    } catch (problem) {
      // One that is busy, or locked, keeps nobody from the others.
      const passes = problem instanceof Problem && problem.kind === 'cannot-run' && !(problem instanceof AwsProblem);
      if (names.length === 1 || !passes) throw problem;
      refused.push({ endpoint, problem });
    }
  }
  return { endpoints, journaled, damaged: options.endpoint === undefined ? damaged : [], refused };
}

/** What to say of endpoints of which nothing could be done beside others; undefined where there are none. */
export function refusedProblem(refused: CleanupResult['refused']): Problem | undefined {
  if (refused.length === 0) return undefined;
  const said = refused.map(({ endpoint, problem }) => `${endpoint}: ${problem.message}`);
  return environmentError(
    `${refused.length === 1 ? 'One endpoint was' : `${refused.length} endpoints were`} left out; the others were not. ${said.join(' ')}`,
    lines(...refused.map(({ problem }) => problem.next), 'Then run the command again.'),
  );
}

/** Those of which anything may stand; whose journal holds the bucket that others use comes last. */
async function everyEndpoint(
  session: Session,
  journals: readonly JournalHere[],
  damaged: readonly DamagedJournal[],
): Promise<string[]> {
  if (journals.length === 0) {
    const problem = damagedProblem(damaged);
    if (problem !== undefined) throw problem;
    const { place } = await session.state();
    const aws = await session.aws();
    throw environmentError(
      `There is no journal in ${place} for account ${await aws.account()} in ${aws.target.region}.`,
      'Work from the folder that holds .shadowctl/, with the profile and region the endpoint was created with.',
    );
  }
  const states = journals.flatMap(({ endpoint, events, moved }) =>
    moved ? [] : [{ endpoint, state: replay(events) }],
  );
  const unclean = states.filter(({ state }) => !state.clean);
  const holds = ({ state }: (typeof states)[number]) => existing(state, 's3-bucket').length;
  return unclean.toSorted((a, b) => holds(a) - holds(b)).map(({ endpoint }) => endpoint);
}

/** The other endpoints that have a journal in this folder, account and region. */
interface Neighbours {
  /** Those that this very command cleans up as well. */
  going: readonly string[];
  staying: readonly string[];
}

async function cleanEndpoint(
  on: EndpointSession,
  keep: Keep,
  neighbours: Neighbours,
  byTag: boolean,
): Promise<EndpointCleanup> {
  const { session, journal, endpoint } = on;
  if (journal.events().length === 0 && !byTag) throw noJournal(on);
  const { found, notKnown } = byTag ? await findByTag(on) : { found: [], notKnown: [] };
  const now = new Date(session.clock.now()).toISOString();
  const known = { ...on, state: () => withFound(on.state(), found, now) };
  const foreign = byTag ? await neededByOthers(on) : [];
  const shadow = await shadowToEnd(on);
  const planned = await planCleanup(known, keep, neighbours, foreign, shadow?.update);
  const withWhy = ({ steps, left }: Teardown): Teardown => ({
    steps,
    left: left.map((one) => (one.adopted === true && isAmong(found, one.ref) ? { ...one, why: ADOPTED } : one)),
  });
  const first = withWhy(planned);
  const { steps } = first;
  const needs = await neededFor(on, first.left, shadow !== undefined);
  const plan: CleanupPlan = { kind: 'cleanup', place: placeOf(on), endpoint, shadow, ...first, needs, notKnown };
  // Who changes an endpoint whose journal is elsewhere, nobody here can tell.
  if (byTag || !steps.some(isEndpoint)) requireQuiet(endpoint, await liveOf(on), on.state());
  else await requireUnwatched(on);
  if (!on.locked) return { kind: 'planned', plan };
  if (steps.length > 0 || shadow !== undefined) await session.approve(plan);
  if (journal.events().length === 0 && found.length === 0)
    return {
      kind: 'done',
      endpoint,
      deleted: [],
      ended: undefined,
      left: [],
      clean: true,
      late: [],
      needs: undefined,
      notKnown,
    };
  if (shadow !== undefined) await endShadow(on, shadow);
  const going = shadow === undefined ? first : withWhy(await planCleanup(known, keep, neighbours, foreign));
  const run = await openRun(on, byTag ? 'cleanup --by-tag' : 'cleanup');
  for (const value of found) await recordFact(run, { name: 'found', value });
  const { deleted, left, late } = await tearDown(on, run, going, keep, neighbours, foreign);
  const unexpected = await verify(on, left);
  const all = [...left, ...unexpected];
  if (all.length === 0) await journal.append({ type: 'fact', run: run.id, name: 'clean', value: {} });
  return {
    kind: 'done',
    endpoint,
    deleted,
    ended: shadow?.variant,
    left: all,
    late,
    clean: unexpected.length === 0 && all.every((one) => one.denied !== true),
    needs: await neededFor(on, all, false),
    notKnown,
  };
}

/** @param ends the shadow that it carries goes first */
async function neededFor(
  on: EndpointSession,
  left: readonly Remainder[],
  ends: boolean,
): Promise<NeedingEndpoint | undefined> {
  if (!left.some(({ inUse }) => inUse === true)) return undefined;
  const live = await liveOf(on);
  if (live === undefined) return undefined;
  const carries = !ends && (live.ShadowProductionVariants ?? []).length > 0;
  const managed = trackedResource(on.state(), { kind: 'endpoint', name: on.endpoint })?.state === 'exists';
  return { runs: positionOf(on.state()) !== undefined ? 'rollout' : carries ? 'shadow' : 'model', managed };
}

/** Why something stays that carries shadowctl's tag. */
const ADOPTED = 'adopted, which nothing deletes; once it is given back (disown), it goes by its tag';

const isAmong = (found: readonly ResourceRef[], { kind, name }: ResourceRef) =>
  found.some((one) => one.kind === kind && one.name === name);

const isEndpoint = ({ kind }: Deletion) => kind === 'endpoint';

const liveOf = ({ aws, endpoint, session }: EndpointSession) => describeEndpoint(aws, endpoint, session.signal);

/**
 * An endpoint that stays keeps what its update needs: without the alarms that guard it, SageMaker would bring a broken
 * model to all requests; without the old config there is no way back.
 * @throws Problem (cannot-run) where it is being changed
 */
function requireQuiet(name: string, live: Awaited<ReturnType<typeof describeEndpoint>>, state: State): void {
  if (live !== undefined && !isSettled(live) && live.EndpointStatus !== 'Deleting')
    requireSettled({ name, endpoint: live }, state);
}

/**
 * An update that nobody watches any more is waited for, and its endpoint deleted. One that a command watches is that command's:
 * it would end as done, of an endpoint that is gone.
 * @throws Problem (cannot-run) where a command watches it
 */
async function requireUnwatched(on: EndpointSession): Promise<void> {
  const watcher = await on.journal.store.watcher();
  if (watcher === undefined) return;
  const live = await liveOf(on);
  if (live !== undefined && !isSettled(live) && live.EndpointStatus !== 'Deleting')
    requireSettled({ name: on.endpoint, endpoint: live }, on.state(), watcher);
}

function noJournal({ endpoint, account, journal }: EndpointSession): Error {
  return environmentError(
    `There is no journal of endpoint "${endpoint}" in account ${account}, ${journal.region}: ${journal.path} does not exist.`,
    lines(
      'Work from the folder that holds its .shadowctl/, with the profile and region it was created with.',
      text`If the journal is lost, what carries the tag shadowctl:endpoint=${endpoint} is found without it: ${shown('cleanup', { endpoint, 'by-tag': true, plan: true })}`,
    ),
  );
}

/**
 * What is to be deleted of an endpoint, and what stays: a bucket is planned only where nothing else will lie in it.
 * @param next an update of the endpoint that comes first
 */
async function planCleanup(
  on: EndpointSession,
  keep: Keep,
  neighbours: Neighbours,
  foreign: readonly Needed[],
  next?: PlainUpdatePlan,
): Promise<Teardown> {
  const checks = await inventory(on);
  const inUse = [
    ...(await neededByForeign(on, next && { name: next.config, config: await configOf(on, next) })),
    ...(await neededByNeighbours(on, checks, neighbours)),
    ...foreign.map(({ ref }) => ref),
  ];
  const captured = inUse.flatMap(({ kind, name }) => (kind === 's3-prefix' ? [s3Place(name)?.bucket] : []));
  const stays = checks.some(({ tracked, exists }) => tracked.ref.kind === 'endpoint' && tracked.adopted && exists);
  const rollout = stays ? positionOf(on.state())?.rollout : undefined;
  // The way back of a rollout that is under way is not what runs.
  if (rollout !== undefined) inUse.push({ kind: 'endpoint-config', name: rollout.previous });
  const plan = planTeardown(checks, inUse, keep);
  for (const step of plan.steps.filter(({ kind }) => kind === 's3-bucket')) {
    let unseen: Unseen | undefined;
    // An endpoint that stays may have written nothing there yet.
    const why = captured.includes(step.name)
      ? CAPTURED
      : await orUnseen(
          `what is in bucket ${step.name}`,
          () => whyBucketStays(on, step.name, plan, neighbours),
          (one) => (unseen = one),
        );
    if (why === undefined && unseen === undefined) continue;
    plan.steps = plan.steps.filter((other) => other !== step);
    const ref = { kind: step.kind, name: step.name };
    plan.left.push(unseen === undefined ? { ref, why: why ?? '' } : { ref, why: unseenWords(unseen), denied: true });
  }
  return plan;
}

/** The config that an update brings the endpoint to: as it creates it, else as it stands. */
async function configOf({ aws, session }: EndpointSession, { config, steps }: PlainUpdatePlan) {
  const made = steps.find((step) => step.action === 'create' && step.kind === 'endpoint-config');
  return made?.action === 'create' && made.kind === 'endpoint-config'
    ? made.input
    : describeEndpointConfig(aws, config, session.signal);
}

/**
 * Of what is to go, what other endpoints of this folder that stay run with: a model may have been given to another endpoint
 * by its name. What their journals do not mention they do not use.
 */
async function neededByNeighbours(
  { aws, account, session }: EndpointSession,
  checks: readonly ResourceCheck[],
  { going, staying }: Neighbours,
): Promise<ResourceRef[]> {
  const needed: ResourceRef[] = [];
  const root = await session.state();
  for (const endpoint of [...staying, ...going]) {
    // Of a journal that was moved, too: what it names may still run.
    // No endpoint's: a stray copy, under a name that AWS knows none by.
    if (!isName('endpoint', endpoint)) continue;
    const events = await eventsOf(root.store({ account, region: aws.target.region, endpoint }));
    if (events === undefined) {
      // Its journal is damaged: AWS tells what it runs with.
      needed.push(...(await neededBy(aws, endpoint)));
      continue;
    }
    const ours = replay(events).resources.some((one) => one.ref.kind === 'endpoint' && !one.adopted);
    if (!staying.includes(endpoint) && ours) continue;
    const words = JSON.stringify(events);
    const mentioned = checks.map(({ tracked }) => tracked.ref).filter(({ name }) => words.includes(`"${name}"`));
    if (mentioned.length === 0) continue;
    const unseen = (one: Unseen) => session.emit({ kind: 'not-seen', unseen: one });
    const used = await orUnseen(`what endpoint ${endpoint} runs with`, () => neededBy(aws, endpoint), unseen);
    needed.push(...(used ?? mentioned));
  }
  return needed;
}

/** What a journal says; undefined where it is damaged. */
async function eventsOf(store: JournalStore): Promise<readonly Recorded[] | undefined> {
  try {
    return (await store.read()).events;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return undefined;
  }
}

/** Looks for an object that this command will not delete; AWS refuses to delete a bucket that holds any. */
async function whyBucketStays(
  { aws, account }: EndpointSession,
  bucket: string,
  { steps, left }: Teardown,
  { going, staying }: Neighbours,
): Promise<string | undefined> {
  const prefixOf = (endpoint: string) => ourPrefix(aws.target.region, account, endpoint);
  const objects = new Set(steps.filter((step) => step.kind === 's3-object').map((step) => step.name));
  const prefixes = [
    ...steps.filter(({ kind }) => kind === 's3-prefix' || kind === 'athena-data').map((step) => step.name),
    ...going.map(prefixOf),
  ];
  for await (const { key } of listObjects(aws, { bucket, key: '' })) {
    const uri = `s3://${bucket}/${key}`;
    if (objects.has(uri) || prefixes.some((prefix) => uri.startsWith(prefix))) continue;
    if (left.some(({ ref }) => ref.name === uri || (ref.kind === 's3-prefix' && uri.startsWith(ref.name))))
      return CONTAINS_KEPT;
    const user = staying.find(
      (endpoint) => s3Place(prefixOf(endpoint))?.bucket === bucket && uri.startsWith(prefixOf(endpoint)),
    );
    return user === undefined ? NOT_OURS : `in use by endpoint ${user}; cleanup --all removes both`;
  }
  return undefined;
}

const CAPTURED = 'an endpoint that is kept captures to it';
const NOT_OURS = 'it contains objects that no journal here names';

/** How long after an endpoint is gone, or captures no more, its captures are waited for, in milliseconds. */
const LATE_CAPTURES = 30_000;
/** From then on nobody need look for late ones: "couple of minutes" (facts 2.2). */
const NO_MORE_CAPTURES = 10 * MINUTE;

/**
 * Deletes the endpoint, waits until it is gone, looks again, and deletes the rest: an endpoint that was still being
 * created or served requests leaves logs and captures that nobody could see before.
 */
async function tearDown(
  on: LockedEndpoint,
  run: JournaledRun,
  plan: Teardown,
  keep: Keep,
  neighbours: Neighbours,
  foreign: readonly Needed[],
): Promise<{ deleted: Deletion[]; left: Remainder[]; late: string[] }> {
  const { session, endpoint: name } = on;
  const deleted: Deletion[] = [];
  const remove = async (step: Deletion) => {
    await applyStep(session, run, step);
    if (step.kind === 'endpoint') await awaitEndpoint(session, name, 'await-gone');
    deleted.push(step);
    session.emit({ kind: 'deleted', step });
  };
  const endpoint = plan.steps.find(isEndpoint);
  const live = await liveOf(on);
  // Somebody may have begun an update while the plan was looked at.
  if (endpoint === undefined) requireQuiet(name, live, on.state());
  const leaving = live?.EndpointStatus === 'Deleting';
  // Deleted by a command that was stopped, or by somebody else: nothing it uses may go before it is gone.
  if (leaving) await awaitEndpoint(session, name, 'await-gone');
  else if (endpoint !== undefined) {
    // SageMaker deletes no endpoint that is being created or updated.
    if (live !== undefined && !isSettled(live)) await awaitEndpoint(session, name, 'await-settled');
    await remove(endpoint);
  }
  const gone = leaving || endpoint !== undefined;
  // An endpoint that stays may have stopped to capture just now: with its shadow, as a rule.
  const since =
    gone || live?.LastModifiedTime === undefined ? 0 : session.clock.now() - live.LastModifiedTime.getTime();
  const goes = gone ? existing(on.state(), 's3-prefix').length > 0 : plan.steps.some(isCaptures);
  if (!keep.captures && goes && since < LATE_CAPTURES)
    await doTask(session, { name: 'await-captures' }, () => session.clock.sleep(LATE_CAPTURES - since, session.signal));
  const rest = gone ? await planCleanup(on, keep, neighbours, foreign) : plan;
  const left = [...rest.left];
  for (const step of rest.steps) {
    try {
      await remove(step);
    } catch (error) {
      left.push(refusedDeletion(step, error, NOT_OURS));
    }
  }
  // What report had downloaded of the captures goes with them.
  if (!keep.captures && !left.some(({ ref, inUse }) => ref.kind === 's3-prefix' && inUse === true)) {
    const owner = { account: on.account, region: on.aws.target.region, endpoint: name };
    const { folder } = await capturesPlace(session);
    if (folder !== undefined) await dropCaptures(folder, owner, neighbours.staying.length === 0);
  }
  const buckets = deleted.flatMap(({ kind, name: bucket }) => (kind === 's3-bucket' ? [bucket] : []));
  const late = deleted
    .filter(isCaptures)
    .map((step) => step.name)
    // Without the bucket nothing can be written.
    .filter((prefix) => since < NO_MORE_CAPTURES && !buckets.includes(s3Place(prefix)?.bucket ?? ''));
  return { deleted, left, late };
}

const isCaptures = ({ kind }: Deletion) => kind === 's3-prefix';

async function awaitEndpoint(session: Session, endpoint: string, name: 'await-settled' | 'await-gone'): Promise<void> {
  const aws = await session.aws();
  await doTask(session, { name, endpoint }, (report) =>
    waitForEndpoint(aws, session.clock, {
      endpoint,
      config: undefined,
      untilGone: name === 'await-gone',
      signal: session.signal,
      onLook: (seen) => report.progress({ kind: 'endpoint', endpoint: seen }),
      onTrouble: (problem) => report.progress({ kind: 'trouble', problem }),
    }),
  );
}

/** Looks once more for everything the journal ever named; gives what is still there and was to go. */
async function verify(on: LockedEndpoint, expected: readonly Remainder[]): Promise<Remainder[]> {
  return stillThere(await doTask(on.session, { name: 'look-for-remains' }, () => inventory(on)), expected);
}
