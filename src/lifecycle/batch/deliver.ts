import { createHash } from 'node:crypto';
import { listObjects } from '../../aws/s3.ts';
import { type S3Place, s3Place, s3Uri } from '../../aws/s3-uri.ts';
import type { Aws } from '../../aws/clients.ts';
import { hasDate, type Period, placesOf } from '../../analysis/batch/period.ts';
import { usageError } from '../../base/errors.ts';
import { HOUR } from '../../base/units.ts';

/** An object of a day. */
export interface DeliveredObject {
  /** `s3://` URI. */
  uri: string;
  bytes: number;
  etag: string;
  /** When it was written, milliseconds since the epoch. */
  modified: number;
}

/** What lies in the places of a day. */
export interface Delivery {
  /** Sorted by URI; none is empty. */
  objects: DeliveredObject[];
  /** Objects without a byte, folders that tools make left out. */
  empty: string[];
  /** Left out for their names, which begin with a dot or an underscore: `_SUCCESS`. */
  hidden: string[];
  /** Left out because only the beginning of their keys is that of the place: `2024/10` of `2024/1`. */
  siblings: number;
  places: string[];
}

/** SageMaker closes a file of captures some minutes after its last record: what happened before midnight may lie in the next hour. */
const CAPTURES_LATE = HOUR;
const CAPTURED_BY_HOUR = '{yyyy}/{MM}/{dd}/{HH}/';

/**
 * Where a day's objects lie. Captures lie in folders of hours of UTC below that of the variant (facts 2).
 * @param captured the input is the place of a variant's captures
 */
function placesFor(input: string, captured: boolean, period: Period): string[] {
  if (!captured) return placesOf(input, period);
  const pattern = hasDate(input) ? input : `${input.replace(/\/*$/, '')}/${CAPTURED_BY_HOUR}`;
  return placesOf(pattern, { ...period, to: period.to + CAPTURES_LATE }, 'UTC');
}

/**
 * Lists what was delivered for a day.
 * @throws Problem (cannot-run) where the bucket does not exist or may not be listed
 */
export async function listDelivery(
  aws: Aws,
  { input, captured }: { input: string; captured: boolean },
  period: Period,
  signal: AbortSignal,
): Promise<Delivery> {
  const places = placesFor(input, captured, period);
  const delivery: Delivery = { objects: [], empty: [], hidden: [], siblings: 0, places };
  for (const uri of places) {
    const place = s3Place(uri);
    if (place === undefined) throw usageError(`--input: "${uri}" is not a place in S3.`);
    for await (const { key, bytes, etag, modified } of listObjects(aws, place, signal, 'problem')) {
      const found = s3Uri({ bucket: place.bucket, key });
      if (!isBelow(place, key)) delivery.siblings += 1;
      else if (key.endsWith('/')) continue;
      else if (/(^|\/)[._][^/]*$/.test(key)) delivery.hidden.push(found);
      else if (bytes === 0) delivery.empty.push(found);
      else delivery.objects.push({ uri: found, bytes, etag, modified });
    }
  }
  delivery.objects.sort((a, b) => (a.uri < b.uri ? -1 : 1));
  return delivery;
}

/** S3 takes a prefix for the beginning of a key; a place is a folder, or the one object that is called so. */
function isBelow({ key: place }: S3Place, key: string): boolean {
  return place === '' || place.endsWith('/') || key === place || key.startsWith(`${place}/`);
}

/** SHA-256 of what was delivered, whatever it is called. Pure. */
export function digestOf(objects: readonly Pick<DeliveredObject, 'etag' | 'bytes'>[]): string {
  const hash = createHash('sha256');
  for (const one of objects.map(({ etag, bytes }) => `${etag} ${bytes}\n`).toSorted()) hash.update(one);
  return hash.digest('hex');
}
