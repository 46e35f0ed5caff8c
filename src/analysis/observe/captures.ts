import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Aws } from '../../aws/clients.ts';
import { headObject, listObjects } from '../../aws/s3.ts';
import { downloadObject } from '../../aws/s3-download.ts';
import type { Download, RemoteObject } from '../../aws/s3-download.ts';
import { s3Place, s3Uri } from '../../aws/s3-uri.ts';
import type { S3Place } from '../../aws/s3-uri.ts';
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

/** Folders of captures, one an hour: `…/endpoint/variant/2026/01/05/09/`. A file may be closed in the hour after its records. */
function prefixes({ destination, endpoint, variant, window }: CaptureSource): S3Place[] {
  const place = s3Place(destination);
  if (place === undefined)
    throw usageError(`The endpoint's captures go to "${destination}", which is not an s3:// URI.`);
  const base = [place.key.replace(/\/+$/, ''), endpoint, variant].filter((part) => part !== '').join('/');
  const hours: S3Place[] = [];
  for (let hour = Math.floor(window.from / HOUR) * HOUR; hour < window.to + HOUR; hour += HOUR) {
    const path = new Date(hour).toISOString().slice(0, 13).replace(/[-T]/g, '/');
    hours.push({ bucket: place.bucket, key: `${base}/${path}/` });
  }
  return hours;
}

/** Capture files on this machine, in the order of their keys. */
export interface FetchedCaptures {
  paths: string[];
  /** How many of them were not there before. */
  fetched: number;
  /** How many were listed and then deleted before they could be read. */
  gone: number;
}

/**
 * Brings the capture files of a variant to this machine, sixteen at a time. What is in the cache under the same ETag
 * is not fetched again, so that an interrupted or repeated report goes on where it was.
 *
 * @param progress is called with how many of how many files are here
 */
export async function fetchCaptures(
  aws: Aws,
  clock: Clock,
  source: CaptureSource,
  options: {
    /** The folder of this endpoint's captures. */
    cache: string;
    /** Where an older version may have put the same files, by the same names. */
    older?: string | undefined;
    signal?: AbortSignal | undefined;
    progress?: ((done: number, of: number) => void) | undefined;
  },
): Promise<FetchedCaptures> {
  const folders = prefixes(source);
  const listed: RemoteObject[][] = folders.map(() => []);
  await inTurns(clock, folders, async (prefix, folder) => {
    for await (const { key, etag, bytes } of listObjects(aws, prefix, options.signal, 'problem')) {
      if (!/\.jsonl(\.gz)?$/.test(key)) continue;
      listed[folder]?.push({ uri: s3Uri({ bucket: prefix.bucket, key }), etag, bytes });
    }
  });
  const found = listed.flat();
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

/** One capture file under the name of the ETag it has, which may be another than it had when it was listed. */
async function fetchOne(
  aws: Aws,
  clock: Clock,
  listed: RemoteObject,
  { cache, older, signal }: { cache: string; older?: string | undefined; signal?: AbortSignal | undefined },
): Promise<{ path: string | undefined; download: Download }> {
  for (let tries = 1, object = listed; ; tries += 1) {
    const name = createHash('sha256').update(`${object.uri} ${object.etag}`).digest('hex').slice(0, 32);
    const file = join(name.slice(0, 2), `${name}.jsonl${object.uri.endsWith('.gz') ? '.gz' : ''}`);
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
