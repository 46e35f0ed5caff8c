import { open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { cannotRun } from '../../base/errors.ts';
import { isAlive, startOf } from '../../base/process-alive.ts';

/** Who holds a folder. */
export interface Holder {
  pid: number;
  host: string;
  /** ISO 8601. */
  since: string;
  /** When the process itself began, in the kernel's ticks: tells a process from a later one of the same number. */
  started: string | undefined;
}

const held = new Set<string>();

/**
 * Takes `dir` for this process and answers how to let go of it, and whether a process that held it died: what such a
 * one of this host left behind is taken over. Rejects with a `Problem` that says who holds it and since when.
 */
export async function lockFolder(dir: string): Promise<{ unlock(): Promise<void>; orphaned: boolean }> {
  const file = join(dir, 'lock');
  if (held.has(dir)) throw cannotRun(`The emulator's folder ${dir} is already open in this process.`);
  let orphaned = false;
  while (!(await claim(file))) {
    const holder = await readHolder(file);
    if (holder !== undefined && holds(holder)) throw inUse(dir, file, holder);
    orphaned = true;
    await takeAway(file);
  }
  held.add(dir);
  return {
    orphaned,
    async unlock() {
      held.delete(dir);
      await rm(file, { force: true });
    },
  };
}

/** The live process that holds `dir`, of this host or another; undefined when it is free. */
export async function holderOf(dir: string): Promise<Holder | undefined> {
  const holder = await readHolder(join(dir, 'lock'));
  return holder !== undefined && holds(holder) ? holder : undefined;
}

async function claim(file: string): Promise<boolean> {
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    since: new Date(systemClock.now()).toISOString(),
    started: startOf(process.pid),
  };
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(`${JSON.stringify(holder)}\n`);
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** undefined when the lock is gone meanwhile, or was never written to its end. */
async function readHolder(file: string): Promise<Holder | undefined> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as Holder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      // Whoever holds it may be about to write; a process that died before it wrote never will.
      await systemClock.sleep(20);
    }
  }
  return undefined;
}

function holds(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  // A container's first process always has the same number: our own number in the file is a dead process's.
  if (holder.pid === process.pid) return false;
  return isAlive(holder.pid, holder.started);
}

/** Renames first: of several that find the same stale lock, one alone removes it. */
async function takeAway(file: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  await rm(aside, { force: true });
}

function inUse(dir: string, file: string, holder: Holder): Error {
  const elsewhere = holder.host !== hostname();
  return cannotRun(
    `The emulator's folder ${dir} is in use by process ${holder.pid}${elsewhere ? ` on ${holder.host}` : ''} since ${holder.since}.`,
    elsewhere
      ? `If no emulator runs there any more, delete ${file} and try again.`
      : 'Use that emulator, stop it first (shadowctl emulator stop), or choose another folder (--dir).',
  );
}
