import { AwsProblem } from '../aws/errors.ts';
import { fileProblem } from '../base/disk.ts';
import { Problem } from '../base/errors.ts';
import { RENEWED_WITHIN } from '../resources/wait.ts';
import type { Report } from '../report/report.ts';
import { type JudgeOptions, type JudgeSession, looksAt } from './judge.ts';

/** How often one looks, and when one gives up. */
export interface WatchOptions {
  /** Milliseconds between two looks. */
  every: number;
  /** Milliseconds after which an endpoint that is not decided is left undecided. */
  timeout: number;
}

/** What a look came to. */
export type Look =
  | { kind: 'report'; report: Report; last: boolean }
  /** AWS did not answer this time, or a file was deleted while it was read, which the next look may not meet. `at` is milliseconds since the epoch. */
  | { kind: 'trouble'; at: number; problem: Problem };

/**
 * Whether to look again. The bounds of the verdict hold for all looks together, so waiting for a decision is no
 * cheating; where there is no verdict there is nothing to wait for. Pure.
 *
 * @param now when the look began; milliseconds since the epoch, as is `deadline`
 */
export function afterLook(
  found: (Pick<Report, 'verdict'> & Partial<Pick<Report, 'observations'>>) | 'trouble',
  { now, deadline, every }: { now: number; deadline: number; every: number },
): 'stop' | 'continue' {
  if (now + every > deadline) return 'stop';
  // The shadow goes with the update: nothing is added to its evidence any more.
  if (found !== 'trouble' && found.observations?.underWay !== undefined) return 'stop';
  return found === 'trouble' || found.verdict?.outcome === 'inconclusive' ? 'continue' : 'stop';
}

/**
 * Looks until the first decision, and gives every look. The last one is marked.
 *
 * @param look how to look, where a caller wants to show its progress
 * @throws Problem where the last look fails, or one for a reason that does not pass by itself
 */
export async function* watchEndpoint(
  session: JudgeSession,
  options: JudgeOptions,
  { every, timeout }: WatchOptions,
  look: () => Promise<Report> = looksAt(session, options, true),
): AsyncGenerator<Look, void> {
  const deadline = session.clock.now() + timeout;
  let expired: number | undefined;
  let looked = false;
  for (;;) {
    const now = session.clock.now();
    const found = await look().catch((error: unknown) => asTrouble(error));
    expired = found instanceof AwsProblem && found.aboutCredentials ? (expired ?? now) : undefined;
    // What was refused from the beginning is wrong, and did not expire.
    if (expired !== undefined && (!looked || now - expired > RENEWED_WITHIN || (await keysAreFixed(session))))
      throw found;
    looked ||= !(found instanceof Problem);
    const next = afterLook(found instanceof Problem ? 'trouble' : found, { now, deadline, every });
    if (!(found instanceof Problem)) yield { kind: 'report', report: found, last: next === 'stop' };
    else if (next === 'stop') throw found;
    else yield { kind: 'trouble', at: session.clock.now(), problem: found };
    if (next === 'stop') return;
    await session.clock.sleep(every, session.signal);
  }
}

/** Keys of the environment cannot change while this runs; a profile, a role, SSO can be renewed beside it, as for every long wait. */
async function keysAreFixed(session: JudgeSession): Promise<boolean> {
  return (await session.aws()).target.credentials !== undefined;
}

/** @throws what does not pass by itself */
function asTrouble(error: unknown): Problem {
  if (error instanceof AwsProblem && (error.transient || error.aboutCredentials)) return error;
  const { code } = error as NodeJS.ErrnoException;
  const vanished = code === 'ENOENT' ? fileProblem(error) : undefined;
  if (vanished !== undefined) return vanished;
  throw error;
}
