import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { isMirrorFolder } from '../../analysis/observe/mirror/folder.ts';
import { writeWhole } from '../../base/disk.ts';
import { keepPrivate, makePrivateFolder, requireNoLink } from '../../base/private-folder.ts';
import { mirrorStatus, type MirrorStatus } from './status.ts';
import { parsedJson } from '../../base/json.ts';

/** Below the folder of the project's state: a file for each mirror that was started from it. */
const FOLDER = 'mirrors';
const knownSchema = v.object({ folder: v.pipe(v.string(), v.nonEmpty()) });

/** Writes down that a mirror was started from this project, by the folder of its records. */
export async function rememberMirror(stateDir: string, folder: string): Promise<void> {
  const into = join(stateDir, FOLDER);
  const path = join(into, `${createHash('sha256').update(folder).digest('hex').slice(0, 16)}.json`);
  makePrivateFolder(into);
  requireNoLink(path);
  await writeWhole(path, `${JSON.stringify({ folder })}\n`);
  keepPrivate(path);
}

/**
 * The mirrors that were started from this project and whose records are still there, in the order of their folders.
 * @param words how a folder is shown
 */
export async function knownMirrors(stateDir: string, words: (folder: string) => string): Promise<MirrorStatus[]> {
  const into = join(stateDir, FOLDER);
  const names = await readdir(into).catch(() => []);
  const folders: string[] = [];
  for (const name of names.filter((one) => one.endsWith('.json'))) {
    const found = v.safeParse(knownSchema, parsedJson(await readFile(join(into, name), 'utf8').catch(() => '')));
    if (found.success && (await isMirrorFolder(found.output.folder))) folders.push(found.output.folder);
  }
  const all: MirrorStatus[] = [];
  for (const folder of folders.toSorted()) all.push(await mirrorStatus({ folder, words: words(folder) }));
  return all;
}
