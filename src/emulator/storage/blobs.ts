import { createHash } from 'node:crypto';
import { appendFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Blobs } from './store.ts';

/** Where bytes are kept while they are being written; what a crash left there is of no use. */
export const UNFINISHED = 'unfinished';

export interface DiskBlobs extends Blobs {
  /** Puts what was written since the last call onto the disk itself. */
  sync(): Promise<void>;
  /** Deletes what is under none of these keys. */
  keepOnly(keys: Iterable<string>): Promise<void>;
}

/**
 * Bytes as files, named by the hash of their key, so that no key can lead out of the folder or meet the file system's
 * limits. A blob that is put appears whole or not at all. Calls on one key take effect in the order they were made.
 */
export function createDiskBlobs(dir: string): DiskBlobs {
  const unsynced = new Set<string>();
  const turns = new Map<string, Promise<unknown>>();
  const folders = new Set<string>();
  let begun = 0;

  const inTurn = <T>(file: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(file) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => undefined);
    turns.set(file, settled);
    void settled.then(() => turns.get(file) === settled && turns.delete(file));
    return turn;
  };
  const folderOf = async (file: string) => {
    const folder = dirname(file);
    if (folders.has(folder)) return;
    if ((await mkdir(folder, { recursive: true })) !== undefined) unsynced.add(dir);
    folders.add(folder);
  };

  return {
    put(key, bytes) {
      const file = pathOf(dir, key);
      return inTurn(file, async () => {
        const temporary = join(dir, UNFINISHED, String(++begun));
        await folderOf(temporary);
        await folderOf(file);
        await writeFile(temporary, bytes);
        await rename(temporary, file);
        unsynced.add(file).add(dirname(file));
      });
    },
    get(key, range) {
      const file = pathOf(dir, key);
      return inTurn(file, () => absent(range === undefined ? readFile(file) : readRange(file, range.start, range.end)));
    },
    append(key, bytes) {
      const file = pathOf(dir, key);
      return inTurn(file, async () => {
        await folderOf(file);
        await appendFile(file, bytes);
        unsynced.add(file).add(dirname(file));
      });
    },
    delete(key) {
      const file = pathOf(dir, key);
      return inTurn(file, async () => {
        unsynced.delete(file);
        await rm(file, { force: true });
      });
    },
    async keepOnly(keys) {
      const kept = new Set<string>();
      for (const key of keys) kept.add(pathOf(dir, key));
      for (const folder of (await absent(readdir(dir))) ?? []) {
        for (const name of await readdir(join(dir, folder))) {
          const file = join(dir, folder, name);
          if (!kept.has(file)) await rm(file, { force: true });
        }
      }
    },
    async sync() {
      const paths = [...unsynced];
      unsynced.clear();
      for (const path of paths) {
        const handle = await absent(open(path, 'r'));
        if (handle === undefined) continue;
        try {
          await handle.sync();
        } finally {
          await handle.close();
        }
      }
    },
  };
}

function pathOf(dir: string, key: string): string {
  const hash = createHash('sha256').update(key).digest('hex');
  return join(dir, hash.slice(0, 2), hash.slice(2));
}

async function readRange(file: string, start: number, end: number): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(end + 1, size) - start));
    let read = 0;
    while (read < bytes.length) {
      const { bytesRead } = await handle.read(bytes, read, bytes.length - read, start + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return bytes.subarray(0, read);
  } finally {
    await handle.close();
  }
}

/** undefined where the file does not exist. */
async function absent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
