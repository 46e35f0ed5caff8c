import { tmpdir } from 'node:os';
import { resolve } from 'node:path';

/** Folders whose paths may hold spaces: where this checkout lies, and where tests put their files. */
const FOLDERS = [resolve(import.meta.dirname, '../..'), tmpdir()];

/** The words of a command line that is split at spaces; a path below this checkout or the temporary folder stays whole. */
export function wordsOf(line: string): string[] {
  const marked = FOLDERS.reduce((text, folder, i) => text.replaceAll(folder, `\0${i}\0`), line);
  // oxlint-disable-next-line no-control-regex
  return marked.split(' ').map((word) => word.replaceAll(/\0(\d)\0/g, (_, i: string) => FOLDERS[Number(i)] ?? ''));
}
