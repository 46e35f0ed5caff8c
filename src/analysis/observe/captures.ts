import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Aws } from '../../aws/clients.ts';
import { headObject, listObjects } from '../../aws/s3.ts';
import { downloadObject } from '../../aws/s3-download.ts';
import type { Download, RemoteObject } from '../../aws/s3-download.ts';
import { s3Place, s3Uri } from '../../aws/s3-uri.ts';
import type { Clock } from '../../base/clock.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import type { Window } from '../observations.ts';
import { HOUR } from '../../base/units.ts';
import { makePrivateFolder } from '../../base/private-folder.ts';

const AT_ONCE = 16;
const MAX_CHANGES = 3;

/** Where captures of one variant lie, and which of them count. */
export interface CaptureSource {
  /** `s3://bucket/prefix`, as in the endpoint config. */
  destination: string;
  endpoint: string;
  variant: string;
  window: Window;
}

/** The folder of one hour of a variant's captures: `…/endpoint/variant/2026/01/05/09/`. */
export interface CapturesFolder {
  variant: string;
  /** `2026/01/05/09`, UTC. */
  hour: string;
  /** Everything in it, in the order of the keys. */
  objects: readonly RemoteObject[];
}

/** Where captures of all variants of an endpoint lie; ends with a slash. @throws Problem (usage) for what is no place in S3 */
export function capturesRoot(destination: string, endpoint: string): string {
  const place = s3Place(destination);
  if (place === undefined)
    throw usageError(`The endpoint's captures go to "${destination}", which is not an s3:// URI.`);
  const key = [place.key.replace(/\/+$/, ''), endpoint].filter((part) => part !== '').join('/');
  return s3Uri({ bucket: place.bucket, key: `${key}/` });
}

/** Hours whose folders may hold records of this window. A file may be closed in the hour after its records. */
function hoursOf(window: Window): string[] {
  const hours: string[] = [];
  for (let hour = Math.floor(window.from / HOUR) * HOUR; hour < window.to + HOUR; hour += HOUR)
    hours.push(new Date(hour).toISOString().slice(0, 13).replace(/[-T]/g, '/'));
  return hours;
}

/** A capture file, by its name: what else lies there a report does not read. */
export function isCapture({ uri }: Pick<RemoteObject, 'uri'>): boolean {
  return /\.jsonl(\.gz)?$/.test(uri);
}

/** What lies in the folders of a variant's captures, hour by hour. */
export async function listCaptures(
  aws: Aws,
  clock: Clock,
  { destination, endpoint, variant, window }: CaptureSource,
  signal?: AbortSignal,
): Promise<CapturesFolder[]> {
  const root = s3Place(capturesRoot(destination, endpoint)) ?? { bucket: '', key: '' };
  const folders = hoursOf(window).map((hour) => ({ variant, hour, objects: [] as RemoteObject[] }));
  await inTurns(clock, folders, async ({ hour, objects }) => {
    const prefix = { bucket: root.bucket, key: `${root.key}${variant}/${hour}/` };
    for await (const { key, etag, bytes } of listObjects(aws, prefix, signal, 'problem'))
      objects.push({ uri: s3Uri({ bucket: root.bucket, key }), etag, bytes });
  });
  return folders;
}

/** Capture files on this machine, in the order of their keys. */
export interface FetchedCaptures {
  paths: string[];
  /** How many of them were not there before. */
  fetched: number;
  /** How many were listed and then deleted before they could be read. */
  gone: number;
}

interface FetchOptions {
  /** The folder of this endpoint's captures. */
  cache: string;
  /** Where an older version may have put the same files, by the same names. */
  older?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Is called with how many of how many files are here. */
  progress?: ((done: number, of: number) => void) | undefined;
}

/**
 * Brings capture files to this machine, sixteen at a time. What is in the cache under the same ETag is not fetched again, so
 * that an interrupted or repeated report goes on where it was.
 */
export async function fetchObjects(
  aws: Aws,
  clock: Clock,
  found: readonly RemoteObject[],
  options: FetchOptions,
): Promise<FetchedCaptures> {
  const paths: (string | undefined)[] = found.map(() => undefined);
  let [done, fetched, gone] = [0, 0, 0];
  await inTurns(clock, found, async (object, index) => {
    const { path, download } = await fetchOne(aws, clock, object, options);
    if (download === 'fetched') fetched += 1;
    if (path === undefined) gone += 1;
    paths[index] = path;
    done += 1;
    options.progress?.(done, found.length);
  });
  return { paths: paths.filter((path) => path !== undefined), fetched, gone };
}

/** Brings the capture files of a variant to this machine. */
export async function fetchCaptures(
  aws: Aws,
  clock: Clock,
  source: CaptureSource,
  options: FetchOptions,
): Promise<FetchedCaptures> {
  const folders = await listCaptures(aws, clock, source, options.signal);
  return fetchObjects(aws, clock, folders.flatMap(({ objects }) => objects).filter(isCapture), options);
}

/** Bytes of these files that are not on this machine yet. */
export function bytesToFetch(objects: readonly RemoteObject[], cache: string): number {
  return objects.reduce((sum, object) => sum + (existsSync(join(cache, cachedName(object))) ? 0 : object.bytes), 0);
}

/** The file of an object in the cache: another content has another name. */
function cachedName({ uri, etag }: RemoteObject): string {
  const name = createHash('sha256').update(`${uri} ${etag}`).digest('hex').slice(0, 32);
  return join(name.slice(0, 2), `${name}.jsonl${uri.endsWith('.gz') ? '.gz' : ''}`);
}

/** One capture file under the name of the ETag it has, which may be another than it had when it was listed. */
async function fetchOne(
  aws: Aws,
  clock: Clock,
  listed: RemoteObject,
  { cache, older, signal }: { cache: string; older?: string | undefined; signal?: AbortSignal | undefined },
): Promise<{ path: string | undefined; download: Download }> {
  for (let tries = 1, object = listed; ; tries += 1) {
    const file = cachedName(object);
    const path = join(cache, file);
    if (older !== undefined && (await takeOver(join(older, file), path))) return { path, download: 'there' };
    const download = await downloadObject(aws, clock, object, path, signal);
    if (download === 'gone') return { path: undefined, download };
    if (download !== 'changed') return { path, download };
    const now = await headObject(aws, object.uri);
    if (now === undefined) return { path: undefined, download: 'gone' };
    if (tries >= MAX_CHANGES)
      throw environmentError(
        `${object.uri} is rewritten again and again.`,
        'Run the command again when the file no longer changes.',
      );
    object = { uri: object.uri, etag: now.etag, bytes: now.bytes };
  }
}

/** Moves a file that an older version has fetched to where it belongs. @returns whether there was one */
async function takeOver(from: string, to: string): Promise<boolean> {
  if (!existsSync(from)) return false;
  try {
    makePrivateFolder(dirname(to));
    await rename(from, to);
    return true;
  } catch {
    // Another report has taken it, or the folder cannot be written to: what fetches it says so.
    return false;
  }
}

/** Works on a list, sixteen at a time. */
async function inTurns<One>(
  clock: Clock,
  list: readonly One[],
  work: (one: One, index: number) => Promise<void>,
): Promise<void> {
  const waiting = list.entries();
  const worker = async () => {
    for (const [index, one] of waiting) await work(one, index);
  };
  await clock.all(Array.from({ length: Math.min(AT_ONCE, list.length) }, () => worker));
}
