import type { Context } from '../operation.ts';
import { type PartRecord, type UploadRecord, parts, uploads } from '../../world/objects/records.ts';
import { bucketOf } from './access.ts';
import { noSuchUpload } from './errors.ts';

export interface UploadInput {
  Bucket?: string | undefined;
  Key?: string | undefined;
  UploadId?: string | undefined;
  ExpectedBucketOwner?: string | undefined;
}

/** The upload the input names, which must be of this bucket and key. */
export function uploadOf(context: Context, input: UploadInput): UploadRecord {
  bucketOf(context, input);
  const upload = uploads(context.world.store).get(uploadKey(input));
  if (upload === undefined || upload.key !== input.Key) throw noSuchUpload(input.UploadId ?? '');
  return upload;
}

/** The key of a multipart upload. */
export function uploadKey(input: UploadInput): string {
  return `${input.Bucket}/${input.UploadId}`;
}

/** The key of a part of one: parts are listed in the order of their numbers. */
export function partKey(input: UploadInput, number: number): string {
  return `${uploadKey(input)}/${String(number).padStart(5, '0')}`;
}

/** The parts that have come, by number. */
export function partsOf(context: Context, input: UploadInput): [number, PartRecord][] {
  return parts(context.world.store)
    .entries(`${uploadKey(input)}/`)
    .map(([id, part]) => [Number(id.slice(-5)), part]);
}

/** Takes the upload and its parts out of the books; answers the parts. Their bytes are the caller's to keep or drop. */
export function removeUpload(context: Context, input: UploadInput): PartRecord[] {
  const { store } = context.world;
  const found = partsOf(context, input);
  for (const [number] of found) parts(store).delete(partKey(input, number));
  uploads(store).delete(uploadKey(input));
  return found.map(([, part]) => part);
}
