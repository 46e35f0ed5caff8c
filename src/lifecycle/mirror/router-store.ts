import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentError } from '../../base/errors.ts';
import type { RouterStore } from '../../mirror/mirror.ts';
import { readRouterState, ROUTER_FILE, type RouterState } from '../../mirror/router/state.ts';

/** Who answers, as the folder of a mirror's records has it; undefined where nothing was decided there. */
export async function loadRouterState(folder: string): Promise<RouterState | undefined> {
  const path = join(folder, ROUTER_FILE);
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw environmentError(
      `${path} cannot be read: ${(error as Error).message}.`,
      'It says who answers; a mirror must not guess that.',
      error,
    );
  }
  const state = readRouterState(content);
  if (state !== undefined) return state;
  throw environmentError(
    `${path} is damaged, or a newer version wrote it: who answers is not known.`,
    'Put a copy of it back. Or move it away: then the live side of the configuration answers everything.',
  );
}

/**
 * Keeps who answers in one file. It is written aside, flushed to disk and then put in place, so that whatever happens in between
 * leaves what was saved last, whole.
 */
export function fileRouterStore(folder: string): RouterStore {
  return {
    load: () => loadRouterState(folder),
    async save(state) {
      const path = join(folder, ROUTER_FILE);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await replaceFile(path, `${JSON.stringify(state, null, 2)}\n`);
        await flushFolder(folder);
      } catch (error) {
        throw environmentError(
          `${path} cannot be written: ${(error as Error).message}. Who answers stays as it was.`,
          'Make room on the disk, or give this user the right to write there.',
          error,
        );
      }
    },
  };
}

async function replaceFile(path: string, content: string): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
}

/** The new name lasts as well. Some systems have no such thing. */
async function flushFolder(folder: string): Promise<void> {
  const opened = await open(folder, 'r').catch(() => undefined);
  await opened?.sync().catch(() => undefined);
  await opened?.close();
}
