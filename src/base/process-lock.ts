import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { link, open, readFile, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { systemClock } from './clock.ts';
import { onDisk } from './disk.ts';
import { isAlive, pidNamespace, startOf } from './process-alive.ts';

const holderSchema = v.object({
  /** Tells this lock from any other; version 0.1 of the emulator wrote none. */
  id: v.optional(v.string()),
  /** `user@host` */
  by: v.optional(v.string()),
  host: v.pipe(v.string(), v.nonEmpty()),
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** What for: a command. */
  why: v.optional(v.string()),
  /** ISO 8601. */
  since: v.string(),
  /** When the process began: tells it from a later one of the same number. Where the system says. */
  started: v.optional(v.string()),
  /** Where its number is valid, where the system says: containers count their processes anew. */
  pidNamespace: v.optional(v.string()),
});

/** Who holds a lock: the content of the lock file. */
export type LockHolder = v.InferOutput<typeof holderSchema>;

export type LockState =
  | { kind: 'free' }
  /** By a process that lives, or that cannot be seen from here. */
  | { kind: 'held'; holder: LockHolder }
  /** By a process of this host that has ended. */
  | { kind: 'stale'; holder: LockHolder }
  /** The file says nothing that a lock says; `content` is its beginning. */
  | { kind: 'damaged'; content: string };

export interface Lock {
  /** Who held it before, where that process ended without releasing it. */
  after: LockHolder | 'damaged' | undefined;
  release(): Promise<void>;
}

/** The ids of locks that this process holds or takes: with any other id, its own number is that of a process that has ended. */
const heldHere = new Set<string>();

const ATTEMPTS = 5;
/** A lock that is written in two steps (version 0.1 of the emulator, or a disk without links) is read again after this. */
const WRITING_MS = 20;

const ROOM = 'Make room, or the folder writable, and give the command again.';

/**
 * Takes the lock file `path` for this process; a lock whose process has ended is taken over.
 *
 * @param about.now milliseconds since the epoch
 * @param about.takeDamaged take a damaged lock over, instead of answering `damaged`
 * @returns the lock, or why it cannot be taken
 * @throws Problem (cannot-run) where the disk refuses it
 */
export async function claimLock(
  path: string,
  about: { by: string; why: string; now: number; takeDamaged?: boolean },
): Promise<{ kind: 'taken'; lock: Lock } | Extract<LockState, { kind: 'held' | 'damaged' }>> {
  const holder: LockHolder = {
    id: randomUUID(),
    by: about.by,
    host: hostname(),
    pid: process.pid,
    why: about.why,
    since: new Date(about.now).toISOString(),
    started: startOf(process.pid),
    pidNamespace: pidNamespace(),
  };
  const id = holder.id ?? '';
  const content = JSON.stringify(holder);
  // Written aside and linked into place: no process ever sees a lock without its content.
  const draft = `${path}.${id}`;
  heldHere.add(id);
  let after: Lock['after'];
  let taken = false;
  try {
    await onDisk(dirname(path), ROOM, () => writeFile(draft, content, { flag: 'wx', mode: 0o600 }));
    while (!(await onDisk(dirname(path), ROOM, () => put(draft, path, content)))) {
      const { state, text } = await inspect(path);
      if (state.kind === 'free') continue;
      if (state.kind === 'held' || (state.kind === 'damaged' && about.takeDamaged !== true)) return state;
      if (await removeStale(path, text, draft)) after = state.kind === 'stale' ? state.holder : 'damaged';
    }
    taken = true;
  } finally {
    if (!taken) heldHere.delete(id);
    await unlink(draft).catch(() => undefined);
  }
  return { kind: 'taken', lock: { after, release: () => release(path, id) } };
}

/** Another's lock, made after ours was deleted by hand, stays. */
async function release(path: string, id: string): Promise<void> {
  const { state } = await inspect(path).catch(() => ({ state: undefined }));
  if (state !== undefined && 'holder' in state && state.holder.id === id) await unlink(path).catch(() => undefined);
  heldHere.delete(id);
}

/** Who holds the lock at this moment. */
export async function readLock(path: string): Promise<LockState> {
  return (await inspect(path)).state;
}

/** False where there is a lock already. */
async function put(draft: string, path: string, content: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // Some disks have no links: then the lock is written where it belongs, a moment without its content.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
  }
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content);
    } catch (error) {
      // A lock that says nothing would be in everybody's way.
      await unlink(path).catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function inspect(path: string): Promise<{ state: LockState; text: string }> {
  let text = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      // A pipe of that name would be waited for.
      if (statSync(path, { throwIfNoEntry: false })?.isFIFO() === true)
        return { state: { kind: 'damaged', content: 'no file' }, text: '' };
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: { kind: 'free' }, text: '' };
      throw error;
    }
    const holder = parseHolder(text);
    if (holder !== undefined) return { state: { kind: holderRuns(holder) ? 'held' : 'stale', holder }, text };
    if (attempt < ATTEMPTS) await systemClock.sleep(WRITING_MS);
  }
  return { state: { kind: 'damaged', content: text.slice(0, 60) }, text };
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const parsed = v.safeParse(holderSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Does the holder live, as far as can be seen from here? What cannot be seen is taken to live. */
function holderRuns(holder: LockHolder): boolean {
  if (holder.host !== hostname()) return true;
  const ours = pidNamespace();
  if (holder.pidNamespace !== undefined && ours !== undefined && holder.pidNamespace !== ours) return true;
  if (holder.pid === process.pid) return holder.id !== undefined && heldHere.has(holder.id);
  return isAlive(holder.pid, holder.started);
}

/**
 * Deletes the lock that ended with its process, where it still has this content. One process at a time may do that:
 * else a second one, late, would delete the lock that the first has made since.
 * @param draft a file that says who does it
 */
async function removeStale(path: string, content: string, draft: string): Promise<boolean> {
  const guard = `${path}.takeover`;
  if (!(await put(draft, guard, await readFile(draft, 'utf8')))) {
    const { state } = await inspect(guard);
    if (state.kind === 'stale' || state.kind === 'damaged') await unlink(guard).catch(() => undefined);
    else await systemClock.sleep(WRITING_MS);
    return false;
  }
  try {
    if ((await readFile(path, 'utf8').catch(() => undefined)) !== content) return false;
    await unlink(path);
    return true;
  } finally {
    await unlink(guard).catch(() => undefined);
  }
}
