import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Aws } from '../../aws/clients.ts';
import { listObjects } from '../../aws/s3.ts';
import { downloadObject } from '../../aws/s3-download.ts';
import { s3Place, s3Uri } from '../../aws/s3-uri.ts';
import type { S3Place } from '../../aws/s3-uri.ts';
import type { Clock } from '../../clock.ts';
import { usage } from '../../errors.ts';
import type { Window } from '../observations.ts';

const HOUR_MS = 3_600_000;
const AT_ONCE = 16;

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
  if (place === undefined) throw usage(`The endpoint's captures go to "${destination}", which is no s3:// URI.`);
  const base = [place.key.replace(/\/+$/, ''), endpoint, variant].filter((part) => part !== '').join('/');
  const hours: S3Place[] = [];
  for (let hour = Math.floor(window.from / HOUR_MS) * HOUR_MS; hour < window.to + HOUR_MS; hour += HOUR_MS) {
    const path = new Date(hour).toISOString().slice(0, 13).replace(/[-T]/g, '/');
    hours.push({ bucket: place.bucket, key: `${base}/${path}/` });
  }
  return hours;
}

/** Capture files on this machine, in the order of their keys, and how many of them were not there before. */
export interface FetchedCaptures {
  paths: string[];
  fetched: number;
}

/**
 * Brings the capture files of a variant to this machine, sixteen at a time. What is in the cache under the same ETag
 * is not fetched again, so that an interrupted or repeated report goes on where it was.
 *
 * @param progress told how many of how many files are here
 */
export async function fetchCaptures(
  aws: Aws,
  clock: Clock,
  source: CaptureSource,
  options: {
    cache: string;
    signal?: AbortSignal | undefined;
    progress?: ((done: number, of: number) => void) | undefined;
  },
): Promise<FetchedCaptures> {
  const folders = prefixes(source);
  const listed: { uri: string; path: string }[][] = folders.map(() => []);
  await inTurns(clock, folders, async (prefix, folder) => {
    for await (const object of listObjects(aws, prefix, options.signal)) {
      if (!/\.jsonl(\.gz)?$/.test(object.key)) continue;
      const uri = s3Uri({ bucket: prefix.bucket, key: object.key });
      const name = createHash('sha256').update(`${uri} ${object.etag}`).digest('hex').slice(0, 32);
      listed[folder]?.push({
        uri,
        path: join(options.cache, name.slice(0, 2), `${name}.jsonl${object.key.endsWith('.gz') ? '.gz' : ''}`),
      });
    }
  });
  const found = listed.flat();
  let done = 0;
  let fetched = 0;
  await inTurns(clock, found, async ({ uri, path }) => {
    if (await downloadObject(aws, uri, path, options.signal)) fetched += 1;
    done += 1;
    options.progress?.(done, found.length);
  });
  return { paths: found.map((one) => one.path), fetched };
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
