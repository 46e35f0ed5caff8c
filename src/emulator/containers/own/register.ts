import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isAlive, startOf } from '../../../base/process-alive.ts';
import type { Store } from '../../storage/store.ts';

/** A command's process, so that another life of the emulator can find and end it. */
interface Record {
  host: string;
  pid: number;
  /** When it began, which distinguishes it from a later process of the same number. Undefined where the system does not say. */
  started: string | undefined;
  /** Holds its model. */
  folder: string;
}

/** Where processes are written down as long as they run. */
export interface Register {
  /** Resolves when it would survive a kill -9. */
  began(pid: number, folder: string): Promise<void>;
  ended(pid: number): void;
}

/** Remembers processes in the store, so that those that outlive a killed emulator can be ended. */
export function createRegister(store: Store): Register {
  const table = store.table<Record>('container-processes');
  return {
    began(pid, folder) {
      table.set(String(pid), { host: hostname(), pid, started: identify(pid), folder });
      return store.flush();
    },
    ended: (pid) => void table.delete(String(pid)),
  };
}

/** Ends what an emulator that was killed has left running, with everything it started, and takes its folders away. */
export async function endLeftovers(store: Store): Promise<void> {
  const table = store.table<Record>('container-processes');
  for (const [key, { host, pid, started, folder }] of table.entries()) {
    // This host cannot know whether a process of another host is alive.
    if (host !== hostname()) continue;
    if (started !== undefined && isAlive(pid) && identify(pid) === started) kill(pid);
    await rm(folder, { recursive: true, force: true });
    table.delete(key);
  }
}

/** Its group: what the command started in turn belongs to it. */
function kill(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** When a process began, by /proc or, where there is none, by `ps`. */
function identify(pid: number): string | undefined {
  const started = startOf(pid);
  if (started !== undefined || process.platform === 'win32') return started;
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
