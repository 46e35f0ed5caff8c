import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, readlinkSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { environmentError, type Problem } from './errors.ts';

/** The folder of a project's state. */
const STATE = '.shadowctl';

/** Folders that were found to be no links; what is deleted meanwhile is made anew without that look. */
const looked = new Set<string>();

/**
 * Makes a folder that only this user can read. `.shadowctl` gets a .gitignore that leaves all of it out, and nothing below it may
 * be a link: a repository that is cloned could lead what is written there to any other file.
 *
 * @throws Problem (cannot-run) for a link, and for a `.shadowctl` that leads nowhere; else what the system says
 */
export function makePrivateFolder(folder: string): void {
  const top = stateFolderOf(folder);
  if (top !== undefined && !looked.has(folder)) {
    const dangling = danglingLink(top);
    if (dangling !== undefined) throw dangling;
    requireNoLinks(top, folder);
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (top === undefined || looked.has(folder)) return;
  looked.add(folder);
  ignoreInGit(top);
}

/**
 * A file below `.shadowctl` is itself, and no link to another.
 * @throws Problem (cannot-run)
 */
export function requireNoLink(file: string): void {
  const top = stateFolderOf(file);
  if (top !== undefined) requireNoLinks(top, file);
}

/** Takes from others what an older version let them read. */
export function keepPrivate(file: string): void {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o077) !== 0) chmodSync(file, 0o600);
}

function stateFolderOf(path: string): string | undefined {
  for (let at = path; dirname(at) !== at; at = dirname(at)) if (basename(at) === STATE) return at;
  return undefined;
}

function danglingLink(top: string): Problem | undefined {
  if (lstatSync(top, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return undefined;
  if (statSync(top, { throwIfNoEntry: false }) !== undefined) return undefined;
  return environmentError(
    `${top} is a link to ${readlinkSync(top)}, and there is no such folder.`,
    'Make that folder, or remove the link.',
  );
}

function requireNoLinks(top: string, path: string): void {
  let at = top;
  for (const name of relative(top, path)
    .split(sep)
    .filter((part) => part !== '')) {
    at = join(at, name);
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw environmentError(
        `${at} is a link, to ${readlinkSync(at)}. State is not kept behind links: a repository that is cloned could lead it to any file.`,
        'Remove the link. Another place for journals is named with --state or `state:`, one for captures with `cache:`.',
      );
  }
}

function ignoreInGit(top: string): void {
  try {
    const file = openSync(join(top, '.gitignore'), 'wx', 0o600);
    writeSync(file, '# Journals, downloaded captures, the emulator: nothing to commit.\n*\n');
    closeSync(file);
  } catch {
    // There is one, or the folder cannot be written, which is told where it matters.
  }
}

/**
 * What is there is a file: to read a pipe would wait for whoever writes to it.
 * @throws Problem (cannot-run)
 */
export function requireRegular(path: string, what: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return;
  throw environmentError(`The ${what} ${path} is not a regular file.`, 'Move it elsewhere.');
}
