import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { createGunzip } from 'node:zlib';
import { LIVE_FOLDER } from '../../analysis/mirrored/record.ts';
import { isMirrorFolder } from '../../analysis/observe/mirror/folder.ts';
import { oddCaptures, tidyCaptures } from '../../analysis/observe/tidy-captures.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import type { Session } from '../session.ts';
import { isGoReplay, readGoReplay } from './goreplay.ts';
import { lineForm, type LineForm, readLines } from './lines.ts';
import { namedRoute, splitTarget } from '../../mirror/routes.ts';
import type { Found, Recorded } from './recorded.ts';
import { type Recording, RecordingBuilder } from './recording.ts';
import { Spool } from './spool.ts';

export interface SourceOptions {
  /** Files, folders, `s3://bucket/prefix`. */
  from: readonly string[];
  /** Whose captures, where a folder has those of several variants. */
  variant: string | undefined;
  /** Only requests on this path, `*` for any characters but a slash; undefined: all. */
  only: string | undefined;
}

/** Bytes of a request or an answer; one that is larger is no request to a model, and is left out. */
const MAX_PART = 64 * 1024 * 1024;
const HEAD_BYTES = 64 * 1024;

/**
 * Reads recordings whole, and puts their requests into order.
 *
 * @param folder an empty one, for what is larger than memory
 * @throws Problem (usage) for what is no recording, or none of one side; (cannot-run) where the disk refuses
 */
export async function readRecording(session: Session, options: SourceOptions, folder: string): Promise<Recording> {
  const spool = await Spool.open(folder);
  try {
    const builder = new RecordingBuilder(spool, onPath(options.only));
    for (const source of options.from) {
      const files = source.startsWith('s3://')
        ? await remoteFiles(session, source, folder)
        : await localFiles(resolve(session.folder, source), source);
      for (const { path, name } of ofOneSide(files, source, options.variant)) {
        session.signal.throwIfAborted();
        await readFileInto(builder, path, name, folder, session.signal);
      }
    }
    return await builder.finish(options.from);
  } catch (error) {
    await spool.close();
    throw error;
  }
}

/** Requests whose path is not recorded are none on it. */
function onPath(only: string | undefined): (request: Recorded) => boolean {
  if (only === undefined) return () => true;
  const { matches } = namedRoute(only);
  return ({ target }) => target !== undefined && matches.test(splitTarget(target)[0]);
}

interface SourceFile {
  path: string;
  /** For people. */
  name: string;
  /** Below the source; undefined of a file that was named itself. */
  below: string | undefined;
}

async function localFiles(path: string, source: string): Promise<SourceFile[]> {
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined) throw usageError(`There is nothing at ${path}.`, 'Check the path given with --from.');
  if (!facts.isDirectory()) return [{ path, name: source, below: undefined }];
  // Of a mirror what callers sent, and the answers that they got.
  const root = (await isMirrorFolder(path)) ? join(path, LIVE_FOLDER) : path;
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return namesOfRecords(names).map((one) => ({
    path: one,
    name: join(source, relative(path, one)),
    below: relative(root, one),
  }));
}

/** What may be records by its name. A file that was packed a moment ago is there twice. */
function namesOfRecords(names: readonly string[]): string[] {
  const all = new Set(names);
  return names
    .filter((name) => /\.(jsonl|ndjson|gor)(\.gz)?$/.test(name) && !/^[._]/.test(basename(name)))
    .filter((name) => !(name.endsWith('.gz') && all.has(name.slice(0, -3))))
    .sort();
}

async function remoteFiles(session: Session, source: string, folder: string): Promise<SourceFile[]> {
  const { listObjects } = await import('../../aws/s3.ts');
  const { downloadObject } = await import('../../aws/s3-download.ts');
  const { s3Place, s3Uri } = await import('../../aws/s3-uri.ts');
  const place = s3Place(source);
  if (place === undefined)
    throw usageError(
      `"${source}" is not an S3 URI.`,
      'Give one like s3://bucket/captures/ENDPOINT/VARIANT/2026/11/29/',
    );
  const aws = await session.aws();
  const objects = new Map<string, { etag: string; bytes: number }>();
  for await (const { key, etag, bytes } of listObjects(aws, place, session.signal, 'problem'))
    objects.set(key, { etag, bytes });
  const files: SourceFile[] = [];
  for (const [i, key] of namesOfRecords([...objects.keys()]).entries()) {
    const object = objects.get(key);
    if (object === undefined) continue;
    const uri = s3Uri({ bucket: place.bucket, key });
    const path = join(folder, `object-${i}-${basename(key)}`);
    const download = await downloadObject(aws, session.clock, { uri, ...object }, path, session.signal);
    if (download === 'gone' || download === 'changed')
      throw environmentError(
        `${uri} was ${download === 'gone' ? 'deleted' : 'rewritten'} while it was read.`,
        'Run it again.',
      );
    files.push({
      path,
      name: uri,
      below: key === place.key ? undefined : key.slice(place.key.replace(/[^/]*$/, '').length),
    });
  }
  return files;
}

/**
 * The files of one side: what a folder holds of several variants was sent to all of them, and would be sent twice.
 * @throws Problem (usage) where it cannot be told which
 */
function ofOneSide(files: readonly SourceFile[], source: string, variant: string | undefined): readonly SourceFile[] {
  if (files.length === 0)
    throw usageError(
      `${source} holds no records: no file ends with .jsonl, .ndjson or .gor (or with .gz behind it).`,
      'Name captures, the records of a mirror, a file of GoReplay or JSON Lines.',
    );
  const variants = new Set(files.map(({ below }) => below && variantOf(below)));
  if (variant === undefined && variants.size <= 1) return files;
  const names = [...variants].filter((name) => name !== undefined && name !== '');
  if (variant === undefined)
    throw usageError(
      `${source} holds the records of several sides: ${names.join(', ')}.`,
      `Name the one whose requests are to be sent again: --variant ${names[0] ?? 'NAME'}`,
    );
  const own = files.filter(({ below }) => below !== undefined && variantOf(below) === variant);
  if (own.length > 0) return own;
  throw usageError(
    names.length === 0
      ? `${source} has no folders of variants.`
      : `${source} has no records of '${variant}'; it has ${names.join(', ')}.`,
    names.length === 0 ? 'Leave --variant out.' : `Name one of them: --variant ${names[0]}`,
  );
}

/** The folder above SageMaker's year, month, day and hour; of other layouts, that of the file. */
function variantOf(below: string): string {
  const folders = below.split(sep).slice(0, -1);
  const year = folders.findIndex((name, i) => /^\d{4}$/.test(name) && /^\d\d$/.test(folders[i + 1] ?? ''));
  return (year < 0 ? folders.at(-1) : folders[year - 1]) ?? '';
}

async function readFileInto(
  builder: RecordingBuilder,
  path: string,
  name: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const head = await headOf(path, name);
  let part = 0;
  const take = async (found: Found) => {
    part += 1;
    if (part % 1_000 === 0) signal.throwIfAborted();
    await builder.take(found, name, part);
  };
  if (head.trim() === '') return;
  const form = formOf(head, path, name);
  let from = path;
  if (form === 'captures' && oddCaptures([path]).length > 0) {
    const tidied = join(folder, 'tidied.jsonl');
    if (tidyCaptures(path, tidied)) from = tidied;
  }
  try {
    const chunks = plainBytes(from);
    const found =
      form === 'goreplay' ? readGoReplay(chunks, MAX_PART) : readLines(chunks, form, basename(name), MAX_PART);
    for await (const one of found) await take(one);
  } catch (error) {
    if (!isCutOff(error)) throw error;
    await take({ kind: 'flaw', flaw: 'truncated', why: `it cannot be unpacked to its end (${error.code})` });
  }
}

/** @throws Problem (usage) for what is no recording that is known */
function formOf(head: string, path: string, name: string): 'goreplay' | LineForm {
  if (isGoReplay(head)) return 'goreplay';
  const first = head.split('\n').find((line) => line.trim() !== '') ?? '';
  const form = lineForm(first.replace(/^\uFEFF/, ''));
  if (form !== undefined) return form;
  // Captures that are laid out otherwise are read record by record.
  if (/"captureData"|'captureData'/.test(head) && oddCaptures([path]).length > 0) return 'captures';
  // A line that is longer than what is looked at here.
  if (!head.includes('\n') && /^\s*\{\s*"captureData"/.test(head)) return 'captures';
  throw usageError(
    `${name} is not a recording that can be read: it begins with ${JSON.stringify(first.slice(0, 40))}.`,
    'Known are captures of SageMaker, the records of a mirror, files of GoReplay, and JSON Lines.',
  );
}

async function headOf(path: string, name: string): Promise<string> {
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of plainBytes(path)) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= HEAD_BYTES) break;
    }
  } catch (error) {
    if (!isCutOff(error)) throw error;
    if (error.code !== 'Z_BUF_ERROR')
      throw usageError(`${name} cannot be unpacked (${error.code}).`, 'Leave it out, and keep a copy.', error);
  }
  return head.toString('utf8', 0, HEAD_BYTES);
}

/** What a file holds, unpacked where it is gzip by its first bytes. */
async function* plainBytes(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  try {
    const source = file[Symbol.asyncIterator]();
    const first = (await source.next()) as IteratorResult<Buffer, undefined>;
    if (first.done === true) return;
    if (!(first.value[0] === 0x1f && first.value[1] === 0x8b)) {
      yield first.value;
      for await (const chunk of { [Symbol.asyncIterator]: () => source }) yield chunk as Buffer;
      return;
    }
  } finally {
    file.destroy();
  }
  const packed = createReadStream(path);
  const plain = packed.pipe(createGunzip());
  packed.once('error', (error) => plain.destroy(error));
  try {
    for await (const chunk of plain) yield chunk as Buffer;
  } finally {
    packed.destroy();
  }
}

function isCutOff(error: unknown): error is NodeJS.ErrnoException {
  return (error as NodeJS.ErrnoException).code?.startsWith('Z_') === true;
}
