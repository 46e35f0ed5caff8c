import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Aws } from '../../aws/clients.ts';
import { downloadObject, type RemoteObject } from '../../aws/s3-download.ts';
import { headObject } from '../../aws/s3.ts';
import { readCapture } from '../../analysis/answers/captures.ts';
import type { Period } from '../../analysis/batch/period.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import { fileLines, isGzip } from '../../base/file-lines.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import type { Session } from '../session.ts';
import { doTask } from '../session.ts';
import type { DeliveredObject } from './deliver.ts';
import type { RunObject } from './objects.ts';
import { putOutput } from './put.ts';
import { checkId, requireSound, type RowFormat, rowsOf, type Scan, scanRows } from './rows.ts';
import type { BatchSettings } from './settings.ts';

/** What objects are by their names, where nobody says it. */
const TYPES: readonly (readonly [ending: RegExp, type: string])[] = [
  [/\.csv(\.gz)?$/i, 'text/csv'],
  [/\.(jsonl|jsonlines|ndjson)(\.gz)?$/i, 'application/jsonlines'],
];

/** An object that was looked into, before it is known where in S3 what the models are asked will lie. */
export type LookedAt = Omit<RunObject, 'asked'>;

/**
 * Puts an object into a file for as long as `work` lasts.
 * @throws Problem (cannot-run) where it is gone, or was replaced since it was listed
 */
export async function withObject<T>(
  session: Session,
  aws: Aws,
  object: RemoteObject,
  folder: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const name = createHash('sha256').update(object.uri).digest('hex').slice(0, 24);
  const path = join(folder, name);
  try {
    const how = await downloadObject(aws, session.clock, object, path, session.signal);
    if (how === 'gone' || how === 'changed')
      throw environmentError(
        `${object.uri} ${how === 'gone' ? 'was deleted' : 'was replaced'} while the day was being run.`,
        'Run the command again when nothing is being written there.',
      );
    return await work(path);
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * Reads every object once: how many rows there are, and what would go wrong.
 * @throws Problem (usage) for rows that SageMaker would tear apart, and where it is not known what they are
 */
export async function lookInto(
  session: Session,
  aws: Aws,
  settings: BatchSettings,
  period: Period,
  objects: readonly DeliveredObject[],
  folder: string,
): Promise<LookedAt[]> {
  const found: LookedAt[] = [];
  let captured: string | undefined = settings.contentType;
  await doTask(
    session,
    { name: 'read-objects', day: period.day, objects: objects.length, phase: 'before' },
    async (report) => {
      for (const object of objects) {
        const one = await withObject(session, aws, object, folder, async (path) => {
          if (settings.captured) captured ??= await capturedType(path);
          return lookAt(path, object, settings, period, { captured: settings.captured ? captured : undefined });
        });
        found.push(one);
        report.progress({ kind: 'objects', read: found.length });
      }
    },
  );
  return found;
}

/** Looks into a file, under the name that it has, or will have, in S3. */
export async function lookAt(
  path: string,
  object: Pick<DeliveredObject, 'uri' | 'bytes' | 'etag'>,
  settings: BatchSettings,
  period: Period,
  { captured, columns }: { captured?: string | undefined; columns?: readonly string[] | undefined } = {},
): Promise<LookedAt> {
  const { uri, bytes, etag } = object;
  const format: RowFormat = {
    contentType: captured ?? settings.contentType ?? typeOf(uri, settings.captured),
    captured: settings.captured,
    header: settings.header === true,
    ...(columns !== undefined && { columns }),
    id: settings.id,
    withoutId: settings.withoutId,
    window: period,
  };
  checkId(format);
  const scan = await scanned(path, uri, format);
  requireSound(uri, scan, format.contentType);
  if (scan.looksLikeHeader !== undefined && settings.header === undefined)
    throw usageError(
      `${uri} begins with a line of names: ${scan.looksLikeHeader.slice(0, 120)}. SageMaker has no header line: the model would be asked about it.`,
      'Say --header, and the models are asked about copies without it; or --no-header, where it is a row.',
    );
  return { uri, bytes, etag, gzip: await isGzip(path), format, scan };
}

async function scanned(path: string, uri: string, format: RowFormat): Promise<Scan> {
  try {
    return await scanRows(path, uri, format);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw error;
    throw usageError(`${uri} begins like gzip and cannot be unpacked.`, 'Deliver it again, whole.', error);
  }
}

function typeOf(uri: string, captured: boolean): string {
  const found = TYPES.find(([ending]) => ending.test(uri))?.[1];
  if (found !== undefined) return found;
  // Of captures without a single readable request: nothing of them is asked.
  if (captured) return 'text/csv';
  throw usageError(
    `What the rows of ${uri} are does not show in its name.`,
    'Specify it with --content-type text/csv, or application/jsonlines.',
  );
}

/** Of what type the first captured request is that can be read. */
async function capturedType(path: string): Promise<string | undefined> {
  for await (const line of fileLines(path)) {
    const capture = readCapture(line);
    if (typeof capture === 'string' || capture.input === undefined) continue;
    return capture.input.contentType?.split(';')[0]?.trim().toLowerCase() ?? 'text/csv';
  }
  return undefined;
}

/** Whether models are asked something else than the object itself: requests of captures, rows without a header or an id. */
export function isRewritten({ format }: Pick<RunObject, 'format'>): boolean {
  return format.captured || format.header || format.withoutId;
}

/** Where what is made of an object lies. */
export function rewrittenUri(folder: string, index: number, { uri, format }: LookedAt): string {
  const ending = format.contentType === 'text/csv' ? 'csv' : 'jsonl';
  const name = basename(uri)
    .replace(/[^\w.-]+/g, '-')
    .replace(/\.(gz|csv|jsonl)$/gi, '');
  return `${folder}inputs/${String(index + 1).padStart(5, '0')}-${name}.${ending}`;
}

/** Writes what models are asked of an object to S3, unless an earlier try has. @param spool a folder on disk */
export async function rewrite(session: Session, run: JournaledRun, object: RunObject, spool: string): Promise<void> {
  if ((await headObject(run.aws, object.asked)) !== undefined) return;
  await withObject(session, run.aws, object, spool, async (path) => {
    const into = `${path}.rows`;
    try {
      await pipeline(askedLines(path, object), createWriteStream(into));
      await putOutput(run, object.asked, into);
    } finally {
      await rm(into, { force: true });
    }
  });
}

async function* askedLines(path: string, { uri, format }: RunObject): AsyncGenerator<string> {
  for await (const all of rowsOf(path, uri, format)) {
    const lines = all.flatMap((found) => ('row' in found ? found.row.asked : []));
    if (lines.length > 0) yield `${lines.join('\n')}\n`;
  }
}

/**
 * Cuts a local file into so many pieces, each of whole lines: an object is worked on by one instance.
 * @returns paths below `folder`, in order
 */
export async function cutFile(path: string, pieces: number, folder: string): Promise<string[]> {
  if (pieces <= 1 || (await isGzip(path))) return [path];
  const { size } = await stat(path);
  const cuts = [0];
  const file = await open(path, 'r');
  try {
    for (let piece = 1; piece < pieces; piece += 1) {
      const at = await nextLine(file, Math.floor((size * piece) / pieces));
      if (at > (cuts.at(-1) ?? 0) && at < size) cuts.push(at);
    }
  } finally {
    await file.close();
  }
  const paths: string[] = [];
  for (const [i, start] of cuts.entries()) {
    const into = join(folder, `piece-${i + 1}`);
    await pipeline(createReadStream(path, { start, end: (cuts[i + 1] ?? size) - 1 }), createWriteStream(into));
    paths.push(into);
  }
  return paths;
}

async function nextLine(file: Awaited<ReturnType<typeof open>>, from: number): Promise<number> {
  const buffer = Buffer.alloc(64 * 1024);
  for (let at = from; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return at;
    const found = buffer.subarray(0, bytesRead).indexOf(10);
    if (found >= 0) return at + found + 1;
    at += bytesRead;
  }
}
