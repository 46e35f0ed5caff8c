import { environmentError, usageError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import type { LockHolder } from '../base/process-lock.ts';
import { newRun, runEvent } from '../resources/apply.ts';
import type { JournalEvent, Recorded } from '../state/events.ts';
import { isMove, requireSettledPlace, type Standing, standingOf } from '../state/moved.ts';
import { replay } from '../state/replay.ts';
import { positionOf } from '../state/rollouts.ts';
import type { DocumentStore, JournalPlace, JournalRoot, JournalStore, StateRoot, StoreLock } from '../state/store.ts';
import { recordedUpdates } from '../state/updates.ts';
import { accountHere, type Session } from './session.ts';

/** One journal, as it lies in its place. */
export interface KeptJournal {
  endpoint: string;
  path: string;
  events: number;
  /** ISO 8601; of the last event. */
  changed: string | undefined;
  /** Nothing of it stands any more, as cleanup has proven. */
  clean: boolean;
  standing: Standing;
  /** Who holds its lock, and who watches an update. */
  holder: LockHolder | undefined;
  watcher: LockHolder | undefined;
}

/** Where the state is, and every journal of this account and region in it, of endpoints and of batches. Changes nothing. */
export async function stateOf(session: Session): Promise<{
  place: string;
  account: string;
  region: string;
  journals: KeptJournal[];
  batches: (Omit<KeptJournal, 'endpoint'> & { batch: string })[];
}> {
  const root = await session.state();
  const { account, region } = await placeOf(session);
  const batches = (await keptIn(root.batches.journals, account, region)).map(({ endpoint: batch, ...one }) => ({
    batch,
    ...one,
  }));
  return { place: root.place, account, region, journals: await keptIn(root, account, region), batches };
}

async function keptIn(root: JournalRoot, account: string, region: string): Promise<KeptJournal[]> {
  const journals: KeptJournal[] = [];
  for (const endpoint of await root.endpoints(account, region)) {
    const store = root.store({ account, region, endpoint });
    const { events } = await store.read();
    journals.push({
      endpoint,
      path: store.path,
      events: events.length,
      changed: events.at(-1)?.at,
      clean: replay(events).clean,
      standing: standingOf(events),
      holder: await store.holder(),
      watcher: await store.watcher(),
    });
  }
  return journals;
}

/** A journal that was moved, or would be. */
export interface MovedJournal {
  /** Whose it is: an endpoint's, or a batch's. */
  of: 'endpoint' | 'batch';
  endpoint: string;
  from: string;
  to: string;
  events: number;
}

/** Which journals a move takes along. @throws Problem where there is none, or one is in the middle of an update */
export async function movable(session: Session, to: StateRoot, endpoint: string | undefined): Promise<MovedJournal[]> {
  const root = await session.state();
  if (root.place === to.place)
    throw usageError(`The state is at ${to.place} already.`, 'Name another place with --to.');
  const { account, region } = await placeOf(session);
  const found: MovedJournal[] = [];
  const there = await root.endpoints(account, region);
  if (endpoint !== undefined && !there.includes(endpoint)) throw nothingToMove(root.place, endpoint);
  for (const name of endpoint === undefined ? there : [endpoint]) {
    const place = { account, region, endpoint: name };
    const { events } = await root.store(place).read();
    if (await hasGone(events, to, to.store(place))) continue;
    requireBetweenUpdates(name, events, root.store(place).path);
    const [from, into] = [root.store(place).path, to.store(place).path];
    found.push({ of: 'endpoint', endpoint: name, from, to: into, events: events.length });
  }
  const batches = root.batches.journals;
  for (const name of endpoint === undefined ? await batches.endpoints(account, region) : []) {
    const place = { account, region, endpoint: name };
    const { events } = await batches.store(place).read();
    if (await hasGone(events, to, to.batches.journals.store(place))) continue;
    const [from, into] = [batches.store(place).path, to.batches.journals.store(place).path];
    found.push({ of: 'batch', endpoint: name, from, to: into, events: events.length });
  }
  if (found.length === 0) throw nothingToMove(root.place, endpoint);
  return found;
}

/** Whether a journal has gone elsewhere. One that was closed before it had arrived, for its move was killed, is still to go. */
async function hasGone(events: readonly Recorded[], to: StateRoot, target: JournalStore): Promise<boolean> {
  const standing = standingOf(events);
  if (standing.kind !== 'moved') return false;
  return standing.to !== to.place || standingOf((await target.read()).events).kind !== 'arriving';
}

/**
 * Copies the journal of one endpoint, or of a batch with its days, to another place, both locked. It is closed in this one before it
 * is used in the other: at no moment it is in both. Killed in between, it is gone through with by the next call: events are only
 * added, and a journal that has not come whole is used by nobody.
 *
 * @throws Problem (cannot-run) where another journal lies there, or an update is under way
 */
export async function moveJournal(
  session: Session,
  to: StateRoot,
  { of, endpoint }: Pick<MovedJournal, 'of' | 'endpoint'>,
): Promise<MovedJournal> {
  const root = await session.state();
  const place: JournalPlace = { ...(await placeOf(session)), endpoint };
  const storeIn = (one: StateRoot) => (of === 'batch' ? one.batches.journals : one).store(place);
  const [source, target] = [storeIn(root), storeIn(to)];
  const run = newRun(session.clock);
  const now = () => new Date(session.clock.now()).toISOString();
  return source.locked('state move', async (ours) => {
    const { events } = await source.read();
    const standing = standingOf(events);
    if (standing.kind === 'arriving')
      throw environmentError(
        `The journal ${source.path} is itself incomplete.`,
        'Finish the move that brought it here, from the place where it was.',
      );
    // Another command has moved it meanwhile.
    if (await hasGone(events, to, target)) requireSettledPlace(events, source.path);
    requireBetweenUpdates(endpoint, events, source.path);
    const leaving = writer(ours, events.length, now);
    let wanted = events.filter((event) => !isMove(event));
    await target.locked('state move', async (theirs) => {
      const there = await target.read();
      const present = there.events.filter((event) => !isMove(event));
      requireBeginning(present, wanted, target);
      if (standing.kind === 'here') {
        // Who moves it is written down here, and goes along.
        await leaving.added(await runEvent(await session.aws(), run, 'state move'));
        wanted = (await source.read()).events.filter((event) => !isMove(event));
      }
      const arriving = writer(theirs, there.events.length, now);
      // The first event says whose journal it is.
      const opened = present.length > 0 ? 0 : 1;
      for (const event of wanted.slice(0, opened)) await arriving.copied(event);
      if (standingOf(there.events).kind !== 'arriving')
        await arriving.added({ type: 'fact', run, name: 'state-moving', value: { from: root.place } });
      for (const event of wanted.slice(present.length + opened)) await arriving.copied(event);
      if (of === 'batch') await copyDays(root.batches.days(place), to.batches.days(place));
      if (standing.kind === 'here')
        await leaving.added({ type: 'fact', run, name: 'state-moved', value: { to: to.place } });
      await arriving.added({ type: 'fact', run, name: 'state-arrived', value: { from: root.place } });
    });
    return { of, endpoint, from: source.path, to: target.path, events: wanted.length };
  });
}

/** What the days of a batch came to goes along; it stays here, too, and is not gone on with. */
async function copyDays(from: DocumentStore, to: DocumentStore): Promise<void> {
  for (const name of await from.names()) {
    const content = await from.read(name);
    if (content !== undefined) await to.write(name, content);
  }
}

/** Takes a lock away whose holder has ended without releasing it. @returns who held it; undefined where it is free */
export async function unlock(session: Session, whose: Locked): Promise<LockHolder | 'damaged' | undefined> {
  return (await storeOf(session, whose)).breakLock();
}

/** Who holds the lock of an endpoint, or of a batch. */
export async function lockHolderOf(session: Session, whose: Locked): Promise<LockHolder | undefined> {
  return (await storeOf(session, whose)).holder();
}

/** Whose lock. */
type Locked = { endpoint: string } | { batch: string };

async function storeOf(session: Session, whose: Locked): Promise<JournalStore> {
  const root = await session.state();
  const place = await placeOf(session);
  return 'batch' in whose
    ? root.batches.journals.store({ ...place, endpoint: whose.batch })
    : root.store({ ...place, endpoint: whose.endpoint });
}

async function placeOf(session: Session): Promise<{ account: string; region: string }> {
  const aws = await session.aws();
  return { account: await accountHere(session), region: aws.target.region };
}

function writer(lock: StoreLock, before: number, now: () => string) {
  let count = before;
  const copied = async (event: Recorded) => {
    await lock.append(event, count);
    count += 1;
  };
  return { copied, added: (event: JournalEvent) => copied({ ...event, at: now() }) };
}

/** What is there already must be the beginning of what comes: else it is the journal of something else. */
function requireBeginning(present: readonly Recorded[], wanted: readonly Recorded[], { path }: JournalStore): void {
  const other = present.findIndex((event, i) => JSON.stringify(event) !== JSON.stringify(wanted[i]));
  if (other < 0) return;
  throw environmentError(
    `There is another journal at ${path}: it differs from event ${other + 1} on.`,
    'Move to another place, or look first at what that journal says: shadowctl state show --state PLACE',
  );
}

function requireBetweenUpdates(endpoint: string, events: readonly Recorded[], path: string): void {
  const state = replay(events);
  if (state.clean) return;
  const update = recordedUpdates(state).at(-1);
  const underWay =
    state.open.length > 0
      ? 'a step of it was begun and has no end yet'
      : update !== undefined && update.ended === undefined
        ? `the update to ${update.started.requested} has no end yet`
        : positionOf(state) !== undefined
          ? 'a rollout is under way'
          : undefined;
  if (underWay === undefined) return;
  throw environmentError(
    `The journal ${path} cannot be moved now: ${underWay}.`,
    text`See what goes on, and let it end: ${shown('status', { endpoint })}`,
  );
}

function nothingToMove(place: string, endpoint: string | undefined) {
  return environmentError(
    `There is no journal${endpoint === undefined ? '' : ` of endpoint "${endpoint}"`} in ${place} for this account and region.`,
    text`See what there is: ${shown('state show', {})}`,
  );
}
