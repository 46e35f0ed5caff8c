import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { isMirrorFolder, lastRun } from '../../analysis/observe/mirror/folder.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import { parsedJson } from '../../base/json.ts';

/** The file, in the folder of the records, that tells commands where the mirror's control socket is. */
const PLACE_FILE = 'mirror.json';
/** The path of a Unix socket may have so many bytes on every system. */
const MAX_SOCKET_PATH = 90;

const placeSchema = v.object({ socket: v.pipe(v.string(), v.nonEmpty()) });

/**
 * Where the control socket of a mirror is that names none: beside its records; where that path is too long for a socket, in a
 * folder of this user's alone.
 */
export async function defaultSocket(folder: string): Promise<string> {
  const beside = join(folder, 'control.sock');
  if (Buffer.byteLength(beside) <= MAX_SOCKET_PATH) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return beside;
  }
  const own = join(tmpdir(), `shadowctl-${userInfo().uid}`);
  await mkdir(own, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(own);
  if (uid !== userInfo().uid || (mode & 0o077) !== 0)
    throw environmentError(
      `${own} belongs to somebody else, or others may write there: a control socket in it would not be safe.`,
      'Name another place: --socket FILE.',
    );
  return join(own, `${createHash('sha256').update(folder).digest('hex').slice(0, 16)}.sock`);
}

/** Tells commands that are given the folder where the mirror listens. */
export async function writePlace(folder: string, place: { socket: string }): Promise<void> {
  const path = join(folder, PLACE_FILE);
  await writeFile(`${path}.part`, `${JSON.stringify(place)}\n`, { mode: 0o600 });
  await rename(`${path}.part`, path);
}

/**
 * The control socket of the mirror that writes this folder.
 * @throws Problem (usage) where the folder is none of a mirror; (cannot-run) where its mirror never told
 */
export async function socketOf(folder: string): Promise<string> {
  await requireMirrorFolder(folder);
  const kind = (await lastRun(folder))?.kind;
  if (kind === 'replay')
    throw usageError(
      `${folder} holds a replay: recorded requests that were sent again. No mirror divides requests by it.`,
      'Judge it with report --files; a promotion needs live evidence.',
    );
  if (kind === 'record')
    throw usageError(
      `${folder} holds what callers logged (record): no mirror divides their requests.`,
      'The callers themselves must use the answers of the other model, and keep the one of today as the way back.',
    );
  const content = await readFile(join(folder, PLACE_FILE), 'utf8').catch(() => undefined);
  const found = content === undefined ? undefined : v.safeParse(placeSchema, parsedJson(content));
  if (found?.success === true) return found.output.socket;
  throw environmentError(
    `Nothing in ${folder} says where its mirror takes commands.`,
    'Start the mirror again, with these records.',
  );
}

/** @throws Problem (usage) where the folder is none that a mirror has written */
export async function requireMirrorFolder(folder: string): Promise<void> {
  if (await isMirrorFolder(folder)) return;
  throw usageError(
    `${folder} is not a folder with a mirror's records.`,
    'A mirror is named by the folder that it was started with: --records FOLDER.',
  );
}
