import { readdir, readFile, readlink } from 'node:fs/promises';
import { getJson } from '../../emulator/daemon/request.ts';

/** Who listens on a port of this machine, in words: as far as can be found out. */
export async function occupantOf(port: number): Promise<string> {
  const [found, emulator] = await Promise.all([listener(port), isEmulator(port)]);
  const what = emulator ? 'another shadowctl emulator' : (found?.name ?? 'another program');
  return found === undefined ? what : `${what} (process ${found.pid})`;
}

async function isEmulator(port: number): Promise<boolean> {
  try {
    return (await getJson(`http://127.0.0.1:${port}/_shadowctl/health`)).status === 200;
  } catch {
    return false;
  }
}

/** Looks in /proc, where there is one: the socket's inode by port, then who has it open. */
async function listener(port: number): Promise<{ pid: number; name: string } | undefined> {
  try {
    const inodes = (await Promise.all(['tcp', 'tcp6'].map((table) => inodesIn(table, port)))).flat();
    if (inodes.length === 0) return undefined;
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      if (!(await holds(pid, inodes))) continue;
      return { pid: Number(pid), name: `"${(await readFile(`/proc/${pid}/comm`, 'utf8')).trim()}"` };
    }
  } catch {
    // Not Linux, or not ours to see.
  }
  return undefined;
}

async function inodesIn(table: string, port: number): Promise<string[]> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = (await readFile(`/proc/net/${table}`, 'utf8')).split('\n').slice(1);
  // Columns: slot, local address, remote address, state (0A listens), …, the tenth is the inode.
  return lines
    .map((line) => line.trim().split(/\s+/))
    .flatMap((fields) => (fields[1]?.endsWith(wanted) && fields[3] === '0A' ? [fields[9] ?? ''] : []));
}

async function holds(pid: string, inodes: readonly string[]): Promise<boolean> {
  try {
    const open = await readdir(`/proc/${pid}/fd`);
    const targets = await Promise.all(open.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    return targets.some((target) => inodes.includes(target.replace(/^socket:\[(\d+)\]$/, '$1')));
  } catch {
    return false;
  }
}
