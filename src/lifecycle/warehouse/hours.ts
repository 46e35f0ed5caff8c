import { createHash } from 'node:crypto';
import type { CapturesFolder } from '../../analysis/observe/captures.ts';
import type { Aws } from '../../aws/clients.ts';
import { listObjects } from '../../aws/s3.ts';
import { putObject } from '../../aws/s3-text.ts';
import { s3Place, s3Uri } from '../../aws/s3-uri.ts';
import { type HourPlan, type HoursPlan, keptHours, planHours, type RawHour, wholeMark } from './plan.ts';

/*
 * Hours as S3 lists them: the captures that they are made of, and the records of them that are whole.
 */

/** A folder of captures as Athena reads it. Pure. */
export function rawHour({ variant, hour, objects }: CapturesFolder): RawHour {
  const read = objects.filter(({ uri }) => isRead(uri));
  return {
    variant,
    hour,
    objects: read.length,
    bytes: read.reduce((sum, one) => sum + one.bytes, 0),
    digest: listingDigest(read),
  };
}

function listingDigest(objects: readonly { uri: string; etag: string; bytes: number }[]): string {
  const lines = objects.map(({ uri, etag, bytes: size }) => `${uri} ${etag} ${size}`).toSorted();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Athena leaves aside what begins with _ or . (docs/sagemaker-facts.md, "Athena and Glue"). */
function isRead(uri: string): boolean {
  return !/\/[_.][^/]*$/.test(uri);
}

/** A report on this machine reads capture files alone; Athena reads all that lies in their folders. */
export function foreignNote(folders: readonly CapturesFolder[]): string[] {
  const foreign = folders.flatMap(({ objects }) =>
    objects.filter(({ uri }) => isRead(uri) && !/\.jsonl(\.gz)?$/.test(uri)),
  );
  const [first] = foreign;
  return first === undefined
    ? []
    : [
        `${foreign.length === 1 ? 'An object' : `${foreign.length} objects`} among the captures ${foreign.length === 1 ? 'is' : 'are'} no capture file (${first.uri}): Athena reads what lies there, and a report on this machine would not.`,
      ];
}

/** What of the records of one reading is read, what is kept, and what is neither. */
export interface Staged extends HoursPlan {
  /** Folders that are not whole. */
  broken: readonly string[];
}

/** What of the records below a folder is read and kept, as S3 lists it now. @param what.run of this look, for the names of what it writes */
export async function stagedHours(
  aws: Aws,
  folder: string,
  what: { raw: readonly RawHour[]; run: string },
  signal?: AbortSignal,
): Promise<Staged> {
  const { kept, broken } = keptHours(await listBelow(aws, folder, signal));
  return { ...planHours(what.raw, kept, what.run), broken };
}

/** Everything below a folder, without the folder's own name. */
async function listBelow(aws: Aws, uri: string, signal?: AbortSignal): Promise<{ path: string; bytes: number }[]> {
  const prefix = s3Place(uri);
  if (prefix === undefined) return [];
  const found: { path: string; bytes: number }[] = [];
  for await (const { key, bytes: size } of listObjects(aws, prefix, signal))
    found.push({ path: key.slice(prefix.key.length), bytes: size });
  return found;
}

/** The hour that a comparison names by its folder, `shadow/2026/11/30/09/`; undefined where nothing was captured. */
export function hourOf({ hours }: HoursPlan, folder: string): HourPlan | undefined {
  const [, variant, hour] = /^([^/]+)\/(.+?)\/?$/.exec(folder) ?? [];
  return hours.find((one) => one.variant === variant && one.hour === hour);
}

/**
 * Writes down that the records of an hour are whole, where its captures are as they were when the look began. A capture that
 * has come meanwhile is in no look that this one's records are kept for. @returns whether they are kept
 */
export async function markWhole(
  aws: Aws,
  captures: string,
  { hour, into, kmsKey }: { hour: HourPlan; into: string; kmsKey: string | undefined },
  signal: AbortSignal,
): Promise<boolean> {
  const root = s3Place(captures);
  if (root === undefined) return false;
  const now: { uri: string; etag: string; bytes: number }[] = [];
  const prefix = { bucket: root.bucket, key: `${root.key}${hour.variant}/${hour.hour}/` };
  for await (const { key, etag, bytes: size } of listObjects(aws, prefix, signal))
    now.push({ uri: s3Uri({ bucket: root.bucket, key }), etag, bytes: size });
  if (listingDigest(now.filter(({ uri }) => isRead(uri))) !== hour.digest) return false;
  const written = await listBelow(aws, into, signal);
  const size = written.reduce((sum, one) => sum + one.bytes, 0);
  await putObject(aws, `${into}${wholeMark(written.length, size)}`, { body: '', type: 'text/plain', kmsKey });
  return true;
}
