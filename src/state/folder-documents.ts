import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { onDisk } from '../base/disk.ts';
import { environmentError } from '../base/errors.ts';
import { makePrivateFolder, requireNoLink } from '../base/private-folder.ts';
import type { DocumentStore } from './store.ts';

const ENDING = '.json';
const ROOM = 'Make room, or the folder writable, and give the command again.';

/** Documents in a folder, a file each. One is written aside, flushed and put in place: it is there whole, or as it was. */
export function folderDocuments(folder: string): DocumentStore {
  const pathOf = (name: string) => join(folder, `${name}${ENDING}`);
  return {
    path: folder,
    async names() {
      const files = await readdir(folder).catch(() => []);
      return files
        .filter((file) => file.endsWith(ENDING))
        .map((file) => file.slice(0, -ENDING.length))
        .toSorted();
    },
    async read(name) {
      try {
        return await readFile(pathOf(name), 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw environmentError(
          `${pathOf(name)} cannot be read: ${(error as Error).message}`,
          'Check the permissions of the file.',
          error,
        );
      }
    },
    write: (name, text) =>
      onDisk(folder, ROOM, async () => {
        makePrivateFolder(folder);
        requireNoLink(pathOf(name));
        const part = `${pathOf(name)}.part`;
        const file = await open(part, 'w', 0o600);
        try {
          await file.writeFile(text);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(part, pathOf(name));
      }),
    remove: (name) => onDisk(folder, ROOM, () => rm(pathOf(name), { force: true })),
  };
}
