import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { environmentError } from '../../base/errors.ts';
import { claimLock, type LockHolder, readLock } from '../../base/process-lock.ts';

const held = new Set<string>();

/**
 * Takes `dir` for this process and answers how to let go of it, and whether a process that held it died: what such a
 * one of this host left behind is taken over. Rejects with a `Problem` that says who holds it and since when.
 */
export async function lockFolder(dir: string): Promise<{ unlock(): Promise<void>; orphaned: boolean }> {
  const file = join(dir, 'lock');
  if (held.has(dir)) throw environmentError(`The emulator's folder ${dir} is already open in this process.`);
  // A lock that was never written to its end is that of a process that died while it wrote.
  const about = { by: hostname(), why: 'emulator', now: systemClock.now(), takeDamaged: true };
  const claim = await claimLock(file, about);
  if (claim.kind === 'held') throw inUse(dir, file, claim.holder);
  if (claim.kind === 'damaged')
    throw environmentError(`The lock ${file} cannot be taken.`, `Delete ${file} and try again.`);
  const { lock } = claim;
  held.add(dir);
  return {
    orphaned: lock.after !== undefined,
    async unlock() {
      held.delete(dir);
      await lock.release();
    },
  };
}

/** The live process that holds `dir`, of this host or another; undefined when it is free. */
export async function holderOf(dir: string): Promise<LockHolder | undefined> {
  const state = await readLock(join(dir, 'lock'));
  return state.kind === 'held' ? state.holder : undefined;
}

function inUse(dir: string, file: string, holder: LockHolder): Error {
  const elsewhere = holder.host !== hostname();
  return environmentError(
    `The emulator's folder ${dir} is in use by process ${holder.pid}${elsewhere ? ` on ${holder.host}` : ''} since ${holder.since}.`,
    elsewhere
      ? `If no emulator runs there any more, delete ${file} and try again.`
      : 'Use that emulator, stop it first (shadowctl emulator stop), or choose another folder (--dir).',
  );
}
