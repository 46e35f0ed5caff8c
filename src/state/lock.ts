import { hostname, userInfo } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { environmentError, Problem } from '../base/errors.ts';
import type { Text } from '../base/text.ts';
import { claimLock, type LockHolder, readLock } from '../base/process-lock.ts';

/** Somebody else has the lock at this moment. */
export class HeldByAnother extends Problem {
  readonly holder: LockHolder;

  constructor(message: string, next: Text, holder: LockHolder) {
    super('cannot-run', message, { next });
    this.holder = holder;
    this.name = 'HeldByAnother';
  }
}

export interface JournalLock {
  /** Whose lock was taken over: its process had ended without releasing it. */
  after: LockHolder | undefined;
  release(): Promise<void>;
}

/** Says in the file `path` who watches an update; undefined where another does already, or the folder cannot be written. */
export async function claimWatch(
  path: string,
  why: string,
  now: number,
): Promise<{ release(): Promise<void> } | undefined> {
  const claim = await claimLock(path, { by: whoAmI(), why, now, takeDamaged: true }).catch(() => undefined);
  return claim?.kind === 'taken' ? claim.lock : undefined;
}

/** `user@host`, for journals and locks. */
export function whoAmI(): string {
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // A container may run under a user id that has no name.
  }
  return `${user}@${hostname()}`;
}

/**
 * Takes the lock file `path`. A lock whose process has ended on this machine is taken over, with a note.
 * @throws Problem (cannot-run) naming the holder where somebody else has it, or the file where it is damaged
 */
export async function takeLock(path: string, why: string, clock: Clock): Promise<JournalLock> {
  const claim = await claimLock(path, { by: whoAmI(), why, now: clock.now() });
  if (claim.kind === 'held') {
    throw new HeldByAnother(
      `This endpoint is locked by ${describeHolder(claim.holder)}.`,
      `Wait until it has ended. If you are sure that it is no longer running, delete ${path}`,
      claim.holder,
    );
  }
  if (claim.kind === 'damaged') {
    throw environmentError(
      `The lock ${path} is damaged: it does not say who holds it, but ${JSON.stringify(claim.content)}.`,
      'If no other shadowctl is running, delete the file.',
    );
  }
  const { after, release } = claim.lock;
  return { after: after === 'damaged' ? undefined : after, release };
}

/** Who holds the lock at this moment, if a process does that may still be alive. */
export async function lockHolder(path: string): Promise<LockHolder | undefined> {
  const state = await readLock(path);
  return state.kind === 'held' ? state.holder : undefined;
}

/** The holder of a lock in words: who, for what, since when. */
export function describeHolder({ by, host, pid, why, since }: LockHolder): string {
  const what = why === undefined ? '' : ` for \`${why}\``;
  return `${by ?? host} (process ${pid})${what} since ${since.replace(/\.\d+Z$/, 'Z')}`;
}
