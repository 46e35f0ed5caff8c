import { Problem } from '../../base/errors.ts';
import { type Release, releasesOf } from '../../state/releases.ts';
import { unfinishedUpdate } from '../../state/updates.ts';
import { type Session, viewEndpoint } from '../session.ts';
import type { EvidenceLook } from './evidence.ts';
import { releaseEvidence } from './port.ts';
import { quietUntil } from './hours.ts';
import { lookForRelease } from './look.ts';
import { answerUntil, boxEnds, type Move, nextMove } from './machine.ts';
import type { ReleaseParts } from './run.ts';
import type { ReleaseSettings } from './settings.ts';

/** Where a release stands: as its next tick would find it. Times are milliseconds since the epoch. */
export interface ReleaseStatus {
  release: Release;
  /** What the next tick would do, or what it waits for; undefined where it has ended. */
  next: Move | undefined;
  /** The evidence as it is now, where it bears on that. */
  look: EvidenceLook | undefined;
  /** Why there was no look at the evidence. */
  problem: Problem | undefined;
  /** When the shadow may gather evidence until; undefined before it has run, and once that is over. */
  boxEnds: number | undefined;
  /** When answers are taken until; undefined where none is waited for, or as long as it takes. */
  answerUntil: number | undefined;
  settings: Pick<ReleaseSettings, 'settle'>;
}

/** Looks as a tick does, at the evidence too, and does nothing. Undefined where there has been no release. */
export async function statusOfRelease(session: Session, parts: ReleaseParts): Promise<ReleaseStatus | undefined> {
  const { endpoint, settings, judging } = parts;
  const found = await viewEndpoint(session, endpoint, async (on) => {
    const state = on.state();
    const release = releasesOf(state).at(-1);
    const seen =
      release === undefined || release.ended !== undefined
        ? undefined
        : await lookForRelease(on, release, settings.quiet);
    return { release, seen, updates: unfinishedUpdate(state) !== undefined };
  });
  const { release, seen, updates } = found;
  if (release === undefined) return undefined;
  const { at } = release;
  const of = {
    release,
    boxEnds:
      at === 'gathering' || (at === 'attaching' && release.firstRan !== undefined) ? boxEnds(release) : undefined,
    answerUntil: at === 'asking' && release.begun.terms.unanswered === 'keep' ? answerUntil(release) : undefined,
    settings,
  };
  if (seen === undefined) return { ...of, next: undefined, look: undefined, problem: undefined };
  if (updates && seen.endpoint.kind === 'settled')
    return { ...of, next: { kind: 'follow' }, look: undefined, problem: undefined };
  const move = nextMove(release, seen);
  if (move.kind !== 'judge') return { ...of, next: untilQuiet(move), look: undefined, problem: undefined };
  try {
    const look = await releaseEvidence(session, endpoint, { settings, judging }).look(release);
    return {
      ...of,
      next: untilQuiet(nextMove(release, { ...seen, evidence: look.evidence })),
      look,
      problem: undefined,
    };
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.kind === 'interrupted') throw problem;
    return { ...of, next: { kind: 'wait', for: 'evidence', until: of.boxEnds }, look: undefined, problem };
  }

  function untilQuiet(next: Move): Move {
    if (next.kind !== 'wait' || next.for !== 'quiet-hours') return next;
    return { ...next, until: quietUntil(settings.quiet, session.clock.now()) };
  }
}
