import { environmentError, type Problem } from './errors.ts';

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

function diskProblem(folder: string, next: string, error: unknown): Problem | undefined {
  const code = codeOf(error);
  const reason = REASONS[code];
  return reason === undefined
    ? undefined
    : environmentError(`Could not write to ${folder}: ${reason} (${code}).`, next, error);
}

/** A thread's error keeps only its message, which Node begins with the code; DuckDB gives the system's words. */
function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return code;
  return /^(E[A-Z]+): /.exec(message)?.[1] ?? (/no space left on device/i.test(message) ? 'ENOSPC' : '');
}
