import { randomUUID } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { isAlive } from '../base/process-alive.ts';
import type { Clock } from '../base/clock.ts';
import { cannotRun } from '../base/errors.ts';

/** Who holds a lock, what for and since when: the content of the lock file. */
export interface Holder {
  id: string;
  by: string;
  host: string;
  pid: number;
  why: string;
  /** ISO 8601. */
  since: string;
}

export interface Lock {
  /** What the user should know: a stale lock was taken over. */
  notes: readonly string[];
  release(): Promise<void>;
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
 * Takes the lock file `path`. A lock whose process has died on this machine is taken over, with a note.
 * @throws Problem (cannot-run) naming the holder where somebody else has it
 */
export async function takeLock(path: string, why: string, clock: Clock): Promise<Lock> {
  const holder: Holder = {
    id: randomUUID(),
    by: whoAmI(),
    host: hostname(),
    pid: process.pid,
    why,
    since: new Date(clock.now()).toISOString(),
  };
  const notes: string[] = [];
  // Written aside and linked into place: nobody ever sees a lock without its content.
  const draft = `${path}.${holder.id}`;
  await writeFile(draft, JSON.stringify(holder), { flag: 'wx' });
  try {
    for (let attempt = 1; !(await linked(draft, path)); attempt += 1) {
      const other = await readHolder(path);
      if (other === undefined) {
        if (attempt < 5) continue;
        throw cannotRun(`The lock ${path} cannot be read.`, 'If no other shadowctl is at work, delete the file.');
      }
      if (!isStale(other) || attempt >= 5) throw held(path, other);
      if (await discard(path, other, `${draft}.stale`)) {
        notes.push(`Took over the lock of ${describe(other)}: that process has ended without releasing it.`);
      }
    }
  } finally {
    await unlink(draft).catch(() => undefined);
  }
  return {
    notes,
    async release() {
      if ((await readHolder(path))?.id === holder.id) await unlink(path).catch(() => undefined);
    },
  };
}

/** Who holds the lock at this moment, if anybody does who may still be alive. */
export async function lockHolder(path: string): Promise<Holder | undefined> {
  const holder = await readHolder(path);
  return holder === undefined || isStale(holder) ? undefined : holder;
}

function held(path: string, other: Holder): Error {
  return cannotRun(
    `This endpoint is locked by ${describe(other)}.`,
    `Wait until that has ended. If you are sure that it is no longer running, delete ${path}`,
  );
}

function describe(holder: Holder): string {
  return `${holder.by} (process ${holder.pid}) for \`${holder.why}\` since ${holder.since.replace(/\.\d+Z$/, 'Z')}`;
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** Only a process of this machine can be seen to be dead. */
function isStale(holder: Holder): boolean {
  return holder.host === hostname() && !isAlive(holder.pid);
}

/** Takes the stale lock out of the way; should it be another's by now, it is put back. */
async function discard(path: string, stale: Holder, aside: string): Promise<boolean> {
  try {
    await rename(path, aside);
  } catch {
    return false;
  }
  const moved = await readHolder(aside);
  const right = moved?.id === stale.id;
  if (!right) await link(aside, path).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
  return right;
}
