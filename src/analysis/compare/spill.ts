import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../../base/process-alive.ts';
import { onDisk } from '../../base/disk.ts';
import { makePrivateFolder } from '../../base/private-folder.ts';

const ROOM =
  'Make room there, or give the folder back to yourself: the report keeps there what does not fit into --memory.';

/**
 * Works with a folder for what does not fit into memory, which is gone afterwards.
 *
 * @param parent where such folders lie; what killed processes have left there is removed: it may be gigabytes
 * @throws Problem (cannot-run) where the disk refuses
 */
export async function withSpill<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  return onDisk(parent, ROOM, async () => {
    makePrivateFolder(parent);
    // One process may compare several things at once.
    const folder = await mkdtemp(join(parent, `spill-${process.pid}-`));
    try {
      await removeOrphans(parent);
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

async function removeOrphans(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [, pid] = /^spill-(\d+)(?:-|$)/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(parent, name), { recursive: true, force: true });
  }
}
