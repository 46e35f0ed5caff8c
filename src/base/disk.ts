import { existsSync, statSync } from 'node:fs';
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { environmentError, type Problem, usageError } from './errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this disk is used up',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOTDIR: 'a file is in the way of the folder',
  EEXIST: 'a file is in the way of the folder',
  EISDIR: 'a folder is in the way of the file',
};

/**
 * Runs what touches the disk: a disk that refuses is a Problem, not a defect of ours.
 *
 * @param folder in which it is written
 * @param next what the user can do about it
 * @throws Problem (cannot-run) where the disk refused, else what the work throws
 */
export async function onDisk<T>(folder: string, next: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskProblem(folder, next, error) ?? error;
  }
}

/**
 * The file that a flag asks to write can be made: found out before the work whose result it is to hold.
 *
 * @param option as the user gave it, like --output
 * @throws Problem (usage) where its folder does not exist, or a folder has its name
 */
export function requireTarget(path: string, option: string): void {
  const folder = dirname(path);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) throw usageError(`${option}: ${path} is a folder.`, 'Name a file in it.');
  if (found === undefined && !(existsSync(folder) && statSync(folder).isDirectory()))
    throw usageError(`${option}: there is no folder ${folder}.`, 'Create the folder first, or name another file.');
}

/**
 * A file that a flag names is there to be read.
 *
 * @param what it is, like policy file
 * @throws Problem (usage) where nothing has that name, or a folder has
 */
export function requireFile(path: string, what: string, option: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw usageError(`There is no ${what} ${path}.`, `Check the path given with ${option}.`);
  if (found.isDirectory()) throw usageError(`${option}: ${path} is a folder, not a ${what}.`, 'Name the file in it.');
  // A pipe may be named (`<(…)`); a device ends nowhere.
  if (!found.isFile() && !found.isFIFO())
    throw usageError(`${option}: ${path} is a device, not a ${what}.`, 'Name a file.');
}

/** What the system refused, where a file is named: a Problem; anything else is not known here. */
export function fileProblem(error: unknown): Problem | undefined {
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || typeof path !== 'string' || syscall === 'connect') return undefined;
  const reason = code === 'ENOENT' ? 'there is no such file or folder' : (REASONS[code] ?? 'the system refuses it');
  return environmentError(
    `${path} cannot be used: ${reason} (${code}).`,
    'Check the path, and whether this user may read and write there.',
    error,
  );
}

function diskProblem(folder: string, next: string, error: unknown): Problem | undefined {
  const code = codeOf(error);
  const reason = REASONS[code];
  return reason === undefined
    ? undefined
    : environmentError(`Could not write to ${folder}: ${reason} (${code}).`, next, error);
}

/** What `onDisk` threw because there was no room. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && ['ENOSPC', 'EDQUOT'].includes(codeOf(error.cause));
}

/** A thread's error keeps only its message, which Node begins with the code; DuckDB gives the system's words. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return code;
  return /^(E[A-Z]+): /.exec(message)?.[1] ?? (/no space left on device/i.test(message) ? 'ENOSPC' : '');
}

/**
 * Writes a file whole or not at all: whoever is killed meanwhile leaves the file that was there before. What is no file, as a
 * pipe, and what lies in a folder that takes no other file, is written as it is.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  const target = there === undefined ? path : await realpath(path);
  const part = `${target}.${process.pid}.part`;
  const file =
    there === undefined || there.isFile() ? await open(part, 'w', there?.mode).catch(() => undefined) : undefined;
  if (file === undefined) return writeFile(path, text);
  try {
    await file.writeFile(text);
    await file.close();
    await rename(part, target);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(part, { force: true });
    throw error;
  }
}
