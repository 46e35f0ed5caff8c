import type { Problem } from '../../base/errors.ts';
import { environmentError } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import { HeldByAnother } from '../../state/lock.ts';
import { type Release, releasesOf } from '../../state/releases.ts';
import { unfinishedUpdate } from '../../state/updates.ts';
import { followUpdate } from '../guarded-update/follow.ts';
import { lockEndpoint, type Session, viewEndpoint } from '../session.ts';
import { carryOut } from './carry-out.ts';
import type { EvidenceLook } from './evidence.ts';
import { isQuiet, quietUntil } from './hours.ts';
import { lookForRelease } from './look.ts';
import { GATHERS, gather, lookOrTell } from './looking.ts';
import { answerUntil, boxEnds, type Move, nextMove } from './machine.ts';
import { dueNote } from './due-note.ts';
import { requireOwnClock } from './own-clock.ts';
import { answerOf, hearsRegistry, statusOf } from './registry.ts';
import { recordAnswer } from './release.ts';
import { noteTrouble, sendDueNote, tellAlarms } from './send-notes.ts';
import { markOf, type TickParts } from './tick-parts.ts';

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
    const due = dueNote(release, settings, session.clock.now());
    if (due !== undefined) {
      if (due.about === 'asked' || due.about === 'reminder') look ??= await lookOrTell(session, parts, release);
      await sendDueNote(session, parts, { release, mark: markOf(state) }, due, look);
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

function isBroken(endpoint: string, status: string): Problem {
  return environmentError(
    `Endpoint "${endpoint}" is ${status}: nothing can be changed until it serves again.`,
    text`See what stands: ${shown('status', { endpoint })}`,
  );
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
