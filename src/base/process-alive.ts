import { readFileSync, readlinkSync } from 'node:fs';

/** When a process began, in the kernel's ticks and with the boot it belongs to; undefined where /proc does not tell. */
export function startOf(pid: number): string | undefined {
  return lookUp(pid)?.started;
}

/** Where this process's number is valid: containers count their processes anew. Undefined where /proc does not tell. */
export function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/**
 * Does a process of this host live? `started`, from `startOf`, tells it from a later one of the same number; where the
 * system cannot tell them apart the answer is yes.
 */
export function isAlive(pid: number, started?: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const found = lookUp(pid);
  if (found === undefined) return true;
  // A dead process that nobody has collected, as happens in containers, still answers to its number.
  if (found.state === 'Z' || found.state === 'X') return false;
  return started === undefined || found.started === started;
}

/** A process's state, and its boot and start time, where /proc tells them; undefined elsewhere. */
function lookUp(pid: number): { state: string | undefined; started: string } | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command's name in brackets and may hold spaces; the third is the state, the 22nd the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], started: `${boot}/${fields[19]}` };
  } catch {
    return undefined;
  }
}
