import { createHash, randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { AwsProblem } from '../../aws/errors.ts';
import { describeAlarms } from '../../aws/cloudwatch.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { isDiskFull } from '../../base/disk.ts';
import { environmentError, Problem } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import { duration } from '../../base/units.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import { isSettled } from '../../resources/wait.ts';
import { HeldByAnother } from '../../state/lock.ts';
import { recordFact } from '../../state/journal.ts';
import { isByBatch, openRelease, type Release, releasesOf } from '../../state/releases.ts';
import type { State } from '../../state/replay.ts';
import { recordedUpdates, unfinishedUpdate } from '../../state/updates.ts';
import type { Target } from '../events.ts';
import { followUpdate } from '../guarded-update/follow.ts';
import { UpdateRefused } from '../guarded-update/start.ts';
import { type Judgement, nothingJudged } from '../judge.ts';
import { sendNote } from '../notify.ts';
import { recordEnd } from '../plain-update.ts';
import { promoteDetached, promoteShadowOn } from '../promote.ts';
import { type LockedEndpoint, lockEndpoint, openRun, type Session, viewEndpoint } from '../session.ts';
import { type EvidenceLook, type EvidencePort, type Gathered, stillFits } from './evidence.ts';
import { isQuiet, quietUntil } from './hours.ts';
import { lookForRelease } from './look.ts';
import { answerUntil, boxEnds, type Move, nextMove, type Seen } from './machine.ts';
import type { ReleaseNote } from './note.ts';
import { requireOwnClock } from './own-clock.ts';
import { answersElsewhere } from './page.ts';
import { answerOf, answersInRegistry, hearsRegistry, statusOf } from './registry.ts';
import { recordAnswer } from './release.ts';
import type { ReportShelf } from './reports.ts';
import type { ReleaseSettings } from './settings.ts';
import { secureArtifact } from './source.ts';
import { beforeRelease } from './way-back.ts';

/** What a tick works with. */
export interface TickParts {
  endpoint: string;
  settings: ReleaseSettings;
  evidence: EvidencePort;
  targets: readonly Target[];
  /** Of what a verdict and a promotion rest on in the settings: written down with each question. */
  digest?: string | undefined;
  /** Where the report of a question is kept; undefined: nowhere. */
  reports?: ReportShelf | undefined;
  /** The longest that a look at the evidence may take, in milliseconds; undefined: as long as it takes. */
  lookWithin?: number | undefined;
  /** Before this moment (ms since the epoch) nothing is looked at that no deadline asks for. */
  lookAgain?: number | undefined;
  /** Is told how long a look took, in milliseconds. */
  looked?: ((took: number) => void) | undefined;
}

/** What a tick came to. */
export type TickResult =
  /** `last`: the release that has ended, where the next one is waited for. */
  | { kind: 'idle'; last?: Release }
  /** Another command has the endpoint's lock, and may be doing the same. */
  | { kind: 'busy'; words: string }
  | { kind: 'waits'; release: Release; move: Extract<Move, { kind: 'wait' }>; look: EvidenceLook | undefined }
  /** `before`: it had ended, and people had been told, when this tick began. */
  | { kind: 'ended'; release: Release; before?: true };

/** A tick does what can be done now: a release has fewer moves than this. */
const MAX_MOVES = 40;

/**
 * Takes the endpoint's release as far as it goes now, and returns. To do it again is harmless, and so is another beside
 * it: whatever is changed is changed under the endpoint's lock, and only where the release stands as it was looked at.
 * @throws Problem where something stands in its way: it was written down and told, and the next tick tries again
 */
export async function tick(session: Session, parts: TickParts): Promise<TickResult> {
  // Whoever began the release has agreed to what it does.
  const agreed: Session = { ...session, approve: async () => undefined };
  try {
    return await advance(agreed, parts);
  } catch (error) {
    if (error instanceof HeldByAnother) return { kind: 'busy', words: error.message };
    throw error;
  }
}

async function advance(session: Session, parts: TickParts): Promise<TickResult> {
  const { endpoint, settings, lookWithin } = parts;
  let look: EvidenceLook | undefined;
  let gathered: 'nothing new' | 'new' | undefined;
  const began = session.clock.now();
  for (let moves = 0; moves < MAX_MOVES; moves += 1) {
    session.signal.throwIfAborted();
    const found = await viewEndpoint(session, endpoint, async (on) => {
      const state = on.state();
      const release = releasesOf(state).at(-1);
      const seen =
        release?.ended === undefined && release ? await lookForRelease(on, release, settings.quiet) : undefined;
      if (seen !== undefined) requireOwnClock(on.aws, session.clock.now());
      return { release, seen, state };
    });
    const { release, state } = found;
    if (release === undefined) return { kind: 'idle' };
    // What a killed tick left open is settled before anything is concluded from it.
    if (state.open.length > 0 && moves === 0) {
      await lockEndpoint(session, { endpoint, command: 'release' }, async () => undefined);
      continue;
    }
    const owed = owedNote(release, settings, session.clock.now());
    if (owed !== undefined) {
      if (owed.about === 'asked' || owed.about === 'reminder') look ??= await lookOrTell(session, parts, release);
      await tell(session, parts, { release, mark: markOf(state) }, owed, look);
      continue;
    }
    if (release.ended !== undefined || found.seen === undefined)
      return { kind: 'ended', release, ...(moves === 0 && { before: true }) };
    if (await takeRegistryAnswer(session, parts, release)) continue;
    const { seen } = found;
    const open = unfinishedUpdate(state);
    if (open !== undefined && seen.endpoint.kind === 'settled') {
      await followUpdate(session, open.started);
      continue;
    }
    let move = nextMove(release, seen);
    if (move.kind === 'judge' && gathered === undefined && GATHERS.has(release.at)) {
      gathered = (await gather(session, parts, release)) ? 'new' : 'nothing new';
      if (gathered === 'new') continue;
    }
    const tired = lookWithin !== undefined && session.clock.now() - began > lookWithin / 2;
    const rests = tired || (gathered !== 'new' && restsFromLooking(release, parts, seen.now));
    if (move.kind === 'judge' && rests)
      return { kind: 'waits', release, move: waitsMeanwhile(release), look: undefined };
    if (move.kind === 'judge') {
      look = await lookOrTell(session, parts, release);
      // A look takes minutes: hours may have begun meanwhile, and a deadline may have passed.
      const now = session.clock.now();
      move = nextMove(release, { ...seen, now, quiet: isQuiet(settings.quiet, now), evidence: look.evidence });
    }
    if (move.kind === 'wait') {
      if (seen.endpoint.kind === 'settled' && seen.endpoint.broken !== undefined)
        await noteTrouble(session, parts, release, isBroken(endpoint, seen.endpoint.broken));
      if (move.for === 'settling' && (await tellAlarms(session, parts, release, state))) continue;
      const until = move.for === 'quiet-hours' ? quietUntil(settings.quiet, session.clock.now()) : move.until;
      return { kind: 'waits', release, move: { ...move, until }, look };
    }
    if (move.kind === 'judge') throw new Error('a release asked twice for the same look');
    await carryOut(session, parts, { release, mark: markOf(state), move, seen, look });
    // The next look is of the world as it is then.
    if (move.kind === 'attach' || move.kind === 'gather') look = undefined;
  }
  throw new Error('a release made more moves in one tick than it has');
}

/** Where evidence gathers: also while people are asked, since their answer is judged again. */
const GATHERS: ReadonlySet<Release['at']> = new Set(['gathering', 'asking']);

/**
 * Does what is due for evidence to come, and writes it down. What stands in its way is told; a release whose time is over goes on with
 * what there is.
 * @returns whether there is more to look at than before
 */
async function gather(session: Session, parts: TickParts, release: Release): Promise<boolean> {
  const { evidence, endpoint } = parts;
  const { gather: work } = evidence;
  if (work === undefined) return false;
  let found: Gathered;
  try {
    found = await inTime(session, parts, (signal) => work(release, signal));
  } catch (error) {
    await noteTrouble(session, parts, release, error);
    if (!staysInTheWay(error) || session.clock.now() < deadlineOf(release)) throw error;
    return false;
  }
  const { days, problem } = found;
  if (days.length > 0)
    await lockEndpoint(session, { endpoint, command: 'release' }, async (on) => {
      if (openRelease(on.state())?.id !== release.id) return;
      const run = await openRun(on, 'release');
      const at = session.clock.now();
      for (const one of days)
        await recordFact(run, { name: 'release-day', value: { release: release.id, ...one, at } });
    });
  if (problem !== undefined) await noteTrouble(session, parts, release, problem);
  return days.length > 0;
}

/** Whether the evidence need not be looked at now: nothing was approved, no deadline has passed, and the last look took long. */
function restsFromLooking(release: Release, { lookAgain }: TickParts, now: number): boolean {
  if (lookAgain === undefined || now >= lookAgain) return false;
  if (release.at === 'gathering') return now < boxEnds(release);
  if (release.at !== 'asking') return false;
  return release.begun.terms.unanswered === 'wait' || now < answerUntil(release);
}

function waitsMeanwhile(release: Release): Extract<Move, { kind: 'wait' }> {
  const { at, step, begun } = release;
  if (at === 'asking')
    return { kind: 'wait', for: 'answer', until: begun.terms.unanswered === 'keep' ? answerUntil(release) : undefined };
  const last = step >= begun.terms.sampling.length - 1;
  return { kind: 'wait', for: last ? 'evidence' : 'errors', until: boxEnds(release) };
}

/**
 * A look at the evidence. People are told where there can be none; and where its time is over as well, nothing is proven: a shadow
 * must not stay because its labels cannot be read.
 */
async function lookOrTell(session: Session, parts: TickParts, release: Release): Promise<EvidenceLook> {
  const began = session.clock.now();
  try {
    return await inTime(session, parts, (signal) => parts.evidence.look(release, signal));
  } catch (error) {
    await noteTrouble(session, parts, release, error);
    if (!staysInTheWay(error) || session.clock.now() < deadlineOf(release)) throw error;
    const { message } = error;
    const evidence = { outcome: 'inconclusive', passes: false, errors: 'inconclusive', summary: message } as const;
    return {
      evidence: { ...evidence, reasons: [], open: [], unread: true },
      judgement: nothingJudged('inconclusive', message),
      sides: [],
    };
  } finally {
    parts.looked?.(session.clock.now() - began);
  }
}

/** When people are asked, or not waited for any more, with whatever evidence there is. */
function deadlineOf(release: Release): number {
  return release.at === 'gathering' ? boxEnds(release) : answerUntil(release);
}

/** A look takes more time or room than there is here: another place may have it. */
class NotDecidedHere extends Problem {
  constructor(endpoint: string, why: string) {
    super('cannot-run', `Not decided here: ${why}.`, {
      next: text`Decide it where there is more time and room: ${shown('release', { endpoint, once: true })}`,
    });
  }
}

/** @throws NotDecidedHere where it takes longer than it may */
async function inTime<T extends object>(
  session: Session,
  { lookWithin, endpoint }: TickParts,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (lookWithin === undefined) return work(session.signal);
  const enough = new AbortController();
  const looked = new AbortController();
  const signal = AbortSignal.any([session.signal, enough.signal]);
  // Every request under way listens to it: ten are no leak.
  setMaxListeners(0, signal);
  const [look] = await session.clock.all<T | undefined>([
    async () => {
      try {
        return await work(signal);
      } catch (error) {
        if (session.signal.aborted) throw error;
        if (enough.signal.aborted)
          throw new NotDecidedHere(
            endpoint,
            `to read this window takes longer than the ${duration(lookWithin)} that there are`,
          );
        if (isDiskFull(error))
          throw new NotDecidedHere(endpoint, 'the captures of this window are more than the disk here takes');
        throw error;
      } finally {
        looked.abort();
      }
    },
    async () => {
      await session.clock.sleep(lookWithin, AbortSignal.any([session.signal, looked.signal])).then(
        () => enough.abort(),
        () => undefined,
      );
      return undefined;
    },
  ]);
  if (look === undefined) throw new Error('a look ended without a result');
  return look;
}

function isBroken(endpoint: string, status: string): Problem {
  return environmentError(
    `Endpoint "${endpoint}" is ${status}: nothing can be changed until it serves again.`,
    text`See what stands: ${shown('status', { endpoint })}`,
  );
}

/** Where the journal stood when it was looked at, as far as a release is concerned. */
function markOf({ facts, lifetimes }: Pick<State, 'facts' | 'lifetimes'>): string {
  const told = facts.filter(({ name }) => name.startsWith('release-') || name === 'clean').length;
  return `${told}/${lifetimes.flat().length}`;
}

interface Task {
  release: Release;
  mark: string;
  move: Exclude<Move, { kind: 'wait' | 'judge' }>;
  seen: Seen;
  look: EvidenceLook | undefined;
}

/** Carries one move out under the lock, where the release still stands as it was looked at. */
async function carryOut(session: Session, parts: TickParts, task: Task): Promise<void> {
  const { endpoint } = parts;
  try {
    await lockEndpoint(session, { endpoint, command: 'release' }, async (on) => {
      if (markOf(on.state()) === task.mark && (await stillAsSeen(on, task))) await perform(on, parts, task);
    });
  } catch (error) {
    await noteTrouble(session, parts, task.release, error);
    throw error;
  }
}

/** Moves that change what the endpoint runs. */
const CHANGES_ENDPOINT: ReadonlySet<Move['kind']> = new Set(['attach', 'promote', 'detach']);

/**
 * Whether the endpoint still runs what the move was decided for. Since then the evidence was looked at, for minutes: another's shadow
 * may stand where the release's stood, and would be promoted, or removed, in its place.
 */
async function stillAsSeen({ aws, endpoint, session }: LockedEndpoint, { move, seen }: Task): Promise<boolean> {
  if (!CHANGES_ENDPOINT.has(move.kind) || seen.endpoint.kind !== 'settled') return true;
  const live = await describeEndpoint(aws, endpoint, session.signal);
  return live !== undefined && isSettled(live) && live.EndpointConfigName === seen.endpoint.config;
}

async function perform(on: LockedEndpoint, parts: TickParts, task: Task): Promise<void> {
  const { release, move, look } = task;
  const { session } = on;
  const at = session.clock.now();
  const id = { release: release.id };
  const record = async (fact: Parameters<typeof recordFact>[1]) => recordFact(await openRun(on, 'release'), fact);
  switch (move.kind) {
    case 'copy':
      return secureArtifact(on, release);
    case 'attach': {
      const { step, again } = move;
      const sample = release.begun.terms.sampling[step] ?? 1;
      return parts.evidence.attach(on, release, { step, again }, (run, names) =>
        recordFact(run, { name: 'release-attaching', value: { ...id, step, sample, ...names, at } }),
      );
    }
    case 'gather':
      await recordRunning(on, release.config);
      return record({ name: 'release-gathering', value: { ...id, step: release.step, at } });
    case 'ask': {
      const verdict = verdictOf(look);
      const ask = release.asks.length + 1;
      const report = await keepReport(on, parts, { release: release.id, ask }, look);
      const registry = answersInRegistry(release)
        ? (await statusOf(session, release.begun.source.name))?.status
        : undefined;
      const { digest } = parts;
      const kept = {
        ...(report !== undefined && { report }),
        ...(registry !== undefined && { registry }),
        ...(digest !== undefined && { settings: digest }),
      };
      const value = { ...id, ask, about: move.about, ...verdict, ...kept, at };
      return record({ name: 'release-asked', value });
    }
    case 'approve': {
      const ask = release.ask?.ask ?? 0;
      const value = { ...id, ask, answer: 'approve', by: 'the settings (approve: auto)', how: 'auto', at };
      return record({ name: 'release-answered', value });
    }
    case 'turn':
      return record({
        name: 'release-turned',
        value: { ...id, ask: release.ask?.ask ?? 0, ...verdictOf(look), at },
      });
    case 'promote':
      return promote(on, parts, task, move);
    case 'follow':
      // Done by the tick itself, without the lock.
      return undefined;
    case 'settle':
      return record({
        name: 'release-settling',
        value: { ...id, config: release.config ?? '', until: at + parts.settings.settle, at },
      });
    case 'detach':
      return parts.evidence.detach(on, async (run) => {
        if (release.leaving === undefined || release.leaving.why !== move.why)
          await recordFact(run, {
            name: 'release-detaching',
            value: { ...id, why: move.why, reason: move.reason, at },
          });
      });
    case 'end': {
      const { endpoint } = task.seen;
      await parts.evidence.close?.(release);
      if (release.at === 'detaching' && endpoint.kind === 'settled') await recordRunning(on, endpoint.config);
      return record({ name: 'release-ended', value: { ...id, outcome: move.outcome, reason: move.reason, at } });
    }
  }
}

/** Writes down what the Model Registry answers. @returns whether it did */
async function takeRegistryAnswer(session: Session, { endpoint }: TickParts, release: Release): Promise<boolean> {
  if (!hearsRegistry(release)) return false;
  const found = await statusOf(session, release.begun.source.name);
  if (found === undefined || answerOf(release, found) === undefined) return false;
  return lockEndpoint(session, { endpoint, command: 'release' }, async (on) => {
    const now = releasesOf(on.state()).at(-1);
    const answer = now?.id === release.id ? answerOf(now, found) : undefined;
    // Somebody else was faster: the next look sees it.
    if (now !== undefined && answer !== undefined)
      await recordAnswer(on, now, { answer, reason: undefined }, { by: found.by, how: 'registry' });
    return true;
  });
}

/** Keeps what the question rests on. People are asked all the same where it cannot be kept. @returns its URI */
async function keepReport(
  { session, endpoint }: LockedEndpoint,
  { reports }: TickParts,
  of: { release: string; ask: number },
  look: EvidenceLook | undefined,
): Promise<string | undefined> {
  if (reports === undefined || look?.report === undefined) return undefined;
  try {
    return await reports.keep({ endpoint, ...of }, look.report);
  } catch (error) {
    if (!(error instanceof AwsProblem)) throw error;
    session.emit({ kind: 'report-not-kept', problem: error });
    return undefined;
  }
}

/** The endpoint runs the config that it was told to run: for the history. */
async function recordRunning(on: LockedEndpoint, config: string | undefined): Promise<void> {
  const { aws, endpoint, session } = on;
  const live = await describeEndpoint(aws, endpoint, session.signal);
  if (live !== undefined && config !== undefined && live.EndpointConfigName === config)
    await recordEnd(on, config, { kind: 'running', endpoint: live });
}

function verdictOf(look: EvidenceLook | undefined) {
  if (look === undefined) throw new Error('a release decided without a look at its evidence');
  const { outcome, summary, reasons } = look.evidence;
  return { outcome, summary, reasons: [...reasons] };
}

async function promote(
  on: LockedEndpoint,
  { settings }: TickParts,
  { release, look, seen }: Task,
  { alone, again }: Extract<Move, { kind: 'promote' }>,
): Promise<void> {
  const at = on.session.clock.now();
  const model = release.model ?? '';
  const value = (config: string) => ({ release: release.id, model, config, beside: !alone, at });
  const announce = (run: JournaledRun, config: string) =>
    recordFact(run, { name: 'release-promoting', value: value(config) });
  const configName = again && (await stillFits(on, release.config)) ? release.config : undefined;
  const options = { guard: settings.guard, configName, traffic: undefined };
  if (alone && look !== undefined) {
    // By a batch: judged now, and nothing was on the endpoint.
    const was = {
      config: seen.endpoint.kind === 'settled' ? seen.endpoint.config : '',
      shadow: { variant: '', model, images: [] },
      judgement: look.judgement,
    };
    await promoteDetached(on, { ...options, force: !look.evidence.passes }, was, announce);
    return;
  }
  if (alone) {
    const runs = seen.endpoint.kind === 'settled' ? seen.endpoint.config : '';
    const judgement: Judgement = nothingJudged(outcomeOf(release.ask?.outcome), release.ask?.summary ?? '');
    const was = { config: runs, shadow: { variant: '', model, images: [] }, judgement };
    await promoteDetached(on, { ...options, force: judgement.outcome !== 'pass' }, was, announce);
    return;
  }
  if (look === undefined) throw new Error('a release promotes only what was looked at');
  try {
    await promoteShadowOn(on, { ...options, force: !look.evidence.passes }, look.judgement, announce);
  } catch (error) {
    if (!(error instanceof UpdateRefused)) throw error;
    const run = await openRun(on, 'release');
    const refused = { release: release.id, words: error.words, at: on.session.clock.now() };
    await recordFact(run, { name: 'release-unguardable', value: refused });
  }
}

function outcomeOf(words: string | undefined): Judgement['outcome'] {
  return words === 'pass' || words === 'fail' ? words : 'inconclusive';
}

/** What passes by itself, or with a login, is told by the tick alone. */
function staysInTheWay(error: unknown): error is Problem {
  if (!(error instanceof Problem) || error instanceof HeldByAnother || error.kind === 'interrupted') return false;
  return !(error instanceof AwsProblem && (error.transient || error.aboutCredentials));
}

/** Writes down what stands in the way, once, so that people are told of it. */
async function noteTrouble(session: Session, parts: TickParts, release: Release, error: unknown): Promise<void> {
  if (!staysInTheWay(error)) return;
  const { endpoint } = parts;
  try {
    await lockEndpoint(session, { endpoint, command: 'release' }, async (on) => {
      const now = releasesOf(on.state()).at(-1);
      if (now?.id !== release.id || now.ended !== undefined || now.trouble?.what === error.message) return;
      const elsewhere = error instanceof NotDecidedHere;
      const value = {
        release: release.id,
        what: error.message,
        ...(elsewhere && { elsewhere }),
        at: session.clock.now(),
      };
      await recordFact(await openRun(on, 'release'), { name: 'release-trouble', value });
    });
    const { now, mark } = await viewEndpoint(session, endpoint, async (on) => ({
      now: releasesOf(on.state()).at(-1),
      mark: markOf(on.state()),
    }));
    const owed = now && owedNote(now, parts.settings, session.clock.now());
    if (now !== undefined && owed?.about === 'trouble')
      await tell(session, parts, { release: now, mark }, owed, undefined);
  } catch (second) {
    // The first error says more.
    if (!(second instanceof Problem)) throw second;
  }
}

/** What people are still to be told, and the word by which the journal remembers it. */
interface Owed {
  key: string;
  about: ReleaseNote['about'];
}

function owedNote(release: Release, settings: ReleaseSettings, now: number): Owed | undefined {
  const { told, ask, ended, trouble, at, begun } = release;
  const untold = (key: string) => !told.some(({ about }) => about === key);
  if (untold('begun')) return { key: 'begun', about: 'begun' };
  const turned = release.turns.findLast((one) => untold(`turned-${one.ask}`));
  if (turned !== undefined) return { key: `turned-${turned.ask}`, about: 'turned' };
  if (ended !== undefined) return untold('ended') ? { key: 'ended', about: 'ended' } : undefined;
  const automatic = begun.terms.approve === 'auto' && ask?.outcome === 'pass';
  if (ask !== undefined && at === 'asking' && release.answer === undefined && !automatic) {
    const asked = `asked-${ask.ask}`;
    const reminded = `reminded-${ask.ask}`;
    if (untold(asked)) return { key: asked, about: 'asked' };
    const last = told.findLast(({ about }) => about === asked || about === reminded);
    if (settings.remind !== undefined && last !== undefined && now >= last.at + settings.remind)
      return { key: reminded, about: 'reminder' };
  }
  if (trouble !== undefined) {
    const key = `trouble-${createHash('sha256').update(trouble.what).digest('hex').slice(0, 12)}`;
    if (untold(key)) return { key, about: 'trouble' };
  }
  if (at === 'settling' && untold('settling')) return { key: 'settling', about: 'settling' };
  return undefined;
}

/** Tells people, and writes that down: who is killed between the two tells it again. */
async function tell(
  session: Session,
  parts: TickParts,
  { release, mark }: { release: Release; mark: string },
  owed: Owed,
  look: EvidenceLook | undefined,
): Promise<void> {
  const { endpoint, targets } = parts;
  await lockEndpoint(session, { endpoint, command: 'release' }, async (on) => {
    if (markOf(on.state()) !== mark) return;
    const run = await openRun(on, 'release');
    const link =
      owed.about === 'asked' || owed.about === 'reminder'
        ? await newLink(run, parts, release, session.clock.now())
        : undefined;
    const note = await noteOf(on, parts, release, owed, look, link);
    session.emit({ kind: 'release-told', note });
    await sendNote(session, targets, note);
    await recordFact(run, {
      name: 'release-told',
      value: { release: release.id, about: owed.key, at: session.clock.now() },
    });
  });
}

/** A page for the question that is open; its token is kept as a hash, written down before anybody gets it. */
async function newLink(
  run: JournaledRun,
  { endpoint, settings }: TickParts,
  release: Release,
  now: number,
): Promise<string | undefined> {
  const { ask } = release;
  if (settings.link === undefined || ask === undefined) return undefined;
  const token = randomBytes(32).toString('base64url');
  const sha256 = createHash('sha256').update(token).digest('hex');
  // Where answers are waited for without end, a reminder's link is as good as the first one.
  const { unanswered, answer } = release.begun.terms;
  const until = unanswered === 'wait' ? now + answer : answerUntil(release);
  await recordFact(run, { name: 'release-link', value: { release: release.id, ask: ask.ask, sha256, until } });
  return `${settings.link}/release/${endpoint}/${release.id}?token=${token}`;
}

async function noteOf(
  on: LockedEndpoint,
  parts: TickParts,
  release: Release,
  { about }: Owed,
  look: EvidenceLook | undefined,
  link: string | undefined,
): Promise<ReleaseNote> {
  const { terms, source } = release.begun;
  const byBatch = isByBatch(release) && { evidence: 'batch' as const };
  const of = { endpoint: parts.endpoint, release: release.id, source: source.name, ...byBatch };
  const ask = release.ask;
  const verdict = { outcome: ask?.outcome ?? '', summary: ask?.summary ?? '', reasons: ask?.reasons ?? [] };
  switch (about) {
    case 'begun':
      return {
        ...of,
        about,
        sampling: terms.sampling,
        timeBox: terms.timeBox,
        cost: await parts.evidence.cost(on, release),
      };
    case 'asked':
    case 'reminder':
      return {
        ...of,
        about,
        ask: ask?.ask ?? 0,
        verdict,
        asks: ask?.about === 'pass' ? 'pass' : 'inconclusive',
        sides: look?.sides ?? [],
        until: answerUntil(release),
        unanswered: terms.unanswered === 'wait' ? 'wait' : 'keep',
        link,
        approvers: terms.approvers,
        pageAnswers: answersElsewhere(release) === undefined,
        registry: ask?.registry,
      };
    case 'turned': {
      const turn = release.turns.at(-1);
      return { ...of, about, ask: turn?.ask ?? 0, verdict: turn ?? verdict };
    }
    case 'trouble':
      return { ...of, about, what: release.trouble?.what ?? '', elsewhere: release.trouble?.elsewhere === true };
    case 'settling':
      return { ...of, about, config: release.config ?? '', until: release.until ?? 0 };
    default: {
      const { outcome = '', reason = '' } = release.ended ?? {};
      const wayBack = outcome === 'promoted' ? beforeRelease(on.state(), release) : undefined;
      return { ...of, about: 'ended', outcome, reason, wayBack };
    }
  }
}

/** Alarms that guarded the update and fire after it: production is not touched, people are told once. */
async function tellAlarms(session: Session, parts: TickParts, release: Release, state: State): Promise<boolean> {
  const { endpoint, targets } = parts;
  const update = recordedUpdates(state).findLast(({ started }) => started.requested === release.config);
  if (update === undefined || release.told.some(({ about }) => about === 'alarm')) return false;
  const alarms = await describeAlarms(await session.aws(), update.started.alarms, session.signal);
  const firing = alarms.flatMap((one) => (one.StateValue === 'ALARM' ? [one.AlarmName ?? ''] : []));
  if (firing.length === 0) return false;
  await lockEndpoint(session, { endpoint, command: 'release' }, async (on) => {
    if (markOf(on.state()) !== markOf(state)) return;
    const { source } = release.begun;
    const of = { endpoint, release: release.id, source: source.name };
    const note: ReleaseNote = { ...of, about: 'alarm', alarms: firing, wayBack: beforeRelease(on.state(), release) };
    session.emit({ kind: 'release-told', note });
    await sendNote(session, targets, note);
    const value = { release: release.id, about: 'alarm', at: session.clock.now() };
    await recordFact(await openRun(on, 'release'), { name: 'release-told', value });
  });
  return true;
}
