import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { labelText, MAX_LABEL_BYTES } from '../analysis/answers/label-text.ts';
import type { LabelText } from '../analysis/answers/label-text.ts';
import { noTruth, readTruths } from '../analysis/answers/truth.ts';
import type { Truth } from '../analysis/answers/truth.ts';
import type { Aws } from '../aws/clients.ts';
import { usageError } from '../base/errors.ts';

/** Where labels lie. */
export interface LabelSource {
  /** A file or a folder: an absolute path, or an s3:// URI (that of a folder ends in a slash). */
  at: string;
  /** The same as the user wrote it. */
  name: string;
  /** Which column holds the label; undefined: the one that is called so. */
  column: string | undefined;
}

/** Labels as `--labels` names them. */
export function labelWords({ name, column }: Pick<LabelSource, 'name' | 'column'>): string {
  return column === undefined ? name : `${name}:${column}`;
}

/**
 * Reads labels; a folder is all files below it.
 *
 * @param late a folder without a file is one that labels are still to come to, not a mistake
 * @throws Problem (usage) where there are none, too many, or they cannot be read
 */
export async function readLabels(
  session: { signal: AbortSignal; aws(): Promise<Aws> },
  { at, name, column }: LabelSource,
  late = false,
  role: 'labels' | 'decisions' = 'labels',
): Promise<Truth> {
  const { files, hidden } = at.startsWith('s3://')
    ? await remoteFiles(await session.aws(), at, session.signal)
    : await localFiles(at, name, role);
  if (files.length === 0) {
    const nothing = `There are no files under ${name}`;
    if (late) return noTruth(`${nothing} yet: the labels are still to come.`);
    throw usageError(`${nothing}.`, `Check the path given with ${role === 'labels' ? '--labels' : '--live'}.`);
  }
  const truth = readTruths(files, column, role);
  if (hidden === 0) return truth;
  const many = hidden === 1 ? '1 file, whose name begins' : `${hidden} files, whose names begin`;
  return { ...truth, notes: [...truth.notes, `${name}: ${many} with a dot or an underscore, left out.`] };
}

/** Files below a folder, without those that tools leave behind: `.DS_Store`, `_SUCCESS`. */
interface Found {
  files: LabelText[];
  /** How many are left out for their names. */
  hidden: number;
}

const HIDDEN = /(^|[/\\])[._][^/\\]*$/;

async function remoteFiles(aws: Aws, uri: string, signal: AbortSignal): Promise<Found> {
  const { listObjects, readObject } = await import('../aws/s3.ts');
  const { s3Place, s3Uri } = await import('../aws/s3-uri.ts');
  const place = s3Place(uri);
  if (place === undefined || !(place.key === '' || place.key.endsWith('/')))
    return { files: [labelText(await readObject(aws, uri, MAX_LABEL_BYTES, signal), uri)], hidden: 0 };
  const files: LabelText[] = [];
  let hidden = 0;
  let bytes = 0;
  for await (const object of listObjects(aws, place, signal, 'problem')) {
    // What looks like a folder in S3 is an empty object.
    if (object.bytes === 0) continue;
    if (HIDDEN.test(object.key)) {
      hidden += 1;
      continue;
    }
    bytes = bounded(bytes + object.bytes, uri);
    const one = s3Uri({ bucket: place.bucket, key: object.key });
    files.push(labelText(await readObject(aws, one, MAX_LABEL_BYTES, signal), one));
  }
  return { files, hidden };
}

async function localFiles(path: string, said: string, role: 'labels' | 'decisions'): Promise<Found> {
  if (!existsSync(path))
    throw usageError(
      `There is no ${role} file ${path}.`,
      `Check the path given with ${role === 'labels' ? '--labels' : '--live'}.`,
    );
  if (!(await stat(path)).isDirectory()) return { files: [labelText(await readFile(path), said)], hidden: 0 };
  const files: LabelText[] = [];
  let hidden = 0;
  let bytes = 0;
  for (const name of await readdir(path, { recursive: true })) {
    const one = join(path, name);
    const facts = await stat(one);
    if (!facts.isFile() || facts.size === 0) continue;
    if (HIDDEN.test(name)) {
      hidden += 1;
      continue;
    }
    const content = await readFile(one);
    bytes = bounded(bytes + content.length, said);
    files.push(labelText(content, one));
  }
  return { files: files.sort((a, b) => (a.source < b.source ? -1 : 1)), hidden };
}

function bounded(bytes: number, where: string): number {
  if (bytes <= MAX_LABEL_BYTES) return bytes;
  throw usageError(
    `The files under ${where} hold more than ${MAX_LABEL_BYTES} bytes.`,
    'Name a smaller folder of labels.',
  );
}
