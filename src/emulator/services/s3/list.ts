import type { ListObjectsCommandInput, ListObjectsV2CommandInput } from '@aws-sdk/client-s3';
import type { Context, Operations } from '../operation.ts';
import { type ObjectRecord, objects } from '../../world/objects/records.ts';
import { compareUtf8 } from '../../storage/table.ts';
import { bucketOf, ownerOf } from './access.ts';
import { decodeToken, encodeToken } from '../paging.ts';
import { listPage, urlEncode } from './list-page.ts';
import { checksumInList } from './read.ts';
import { invalidArgument, invalidContinuationToken } from './errors.ts';

export const listOperations = {
  ListObjects(context, input: ListObjectsCommandInput) {
    const prefix = input.Prefix ?? '';
    const marker = input.Marker ?? '';
    const limit = limitOf(input.MaxKeys, 'maxKeys');
    const encode = encoder(input.EncodingType);
    // A marker is a key or a common prefix that was given out: neither is listed again, nor what the latter contains.
    const page = listPage(records(context, input, prefix), {
      prefix,
      delimiter: input.Delimiter,
      limit,
      skip: (key, group) => compareUtf8(key, marker) <= 0 || (group !== undefined && marker.startsWith(group)),
    });
    return {
      Name: input.Bucket,
      Prefix: encode(prefix),
      Marker: encode(marker),
      ...(input.Delimiter === undefined ? {} : { Delimiter: encode(input.Delimiter) }),
      MaxKeys: limit,
      ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
      IsTruncated: page.next !== undefined,
      // Without a delimiter the last key serves as the marker.
      ...(page.next !== undefined && input.Delimiter !== undefined ? { NextMarker: encode(page.last ?? '') } : {}),
      Contents: page.items.map(([key, record]) => ({
        ...describe(encode(key), record),
        Owner: ownerOf(context.account),
      })),
      CommonPrefixes: page.groups.map((group) => ({ Prefix: encode(group) })),
    };
  },

  ListObjectsV2(context, input: ListObjectsV2CommandInput) {
    const prefix = input.Prefix ?? '';
    const limit = limitOf(input.MaxKeys, 'maxKeys');
    const encode = encoder(input.EncodingType);
    const from =
      input.ContinuationToken === undefined
        ? undefined
        : decodeToken(input.ContinuationToken, () => invalidContinuationToken(input.ContinuationToken));
    const page = listPage(records(context, input, prefix), {
      prefix,
      delimiter: input.Delimiter,
      limit,
      skip: (key) => (from === undefined ? compareUtf8(key, input.StartAfter ?? '') <= 0 : compareUtf8(key, from) < 0),
    });
    return {
      Name: input.Bucket,
      Prefix: encode(prefix),
      ...(input.Delimiter === undefined ? {} : { Delimiter: encode(input.Delimiter) }),
      // A token says all that StartAfter would.
      ...(input.StartAfter === undefined || input.ContinuationToken !== undefined
        ? {}
        : { StartAfter: encode(input.StartAfter) }),
      ...(input.ContinuationToken === undefined ? {} : { ContinuationToken: input.ContinuationToken }),
      MaxKeys: limit,
      ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
      KeyCount: page.items.length + page.groups.length,
      IsTruncated: page.next !== undefined,
      ...(page.next === undefined ? {} : { NextContinuationToken: encodeToken(page.next) }),
      Contents: page.items.map(([key, record]) => ({
        ...describe(encode(key), record),
        ...(input.FetchOwner ? { Owner: ownerOf(context.account) } : {}),
      })),
      CommonPrefixes: page.groups.map((group) => ({ Prefix: encode(group) })),
    };
  },
} satisfies Operations;

/** At most 1000 a page, whatever is asked for. `name` is the parameter as S3 calls it in its refusal. */
export function limitOf(asked: number | undefined, name: string): number {
  if (asked !== undefined && (!Number.isInteger(asked) || asked < 0 || asked > 2_147_483_647)) {
    throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, asked);
  }
  return Math.min(asked ?? 1000, 1000);
}

/** How names are written in a list: as they are, or for `encoding-type=url`. */
export function encoder(type: string | undefined): (name: string) => string {
  if (type === undefined) return (name) => name;
  if (type !== 'url') throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type);
  return urlEncode;
}

function records(context: Context, input: { Bucket?: string | undefined }, prefix: string): [string, ObjectRecord][] {
  bucketOf(context, input);
  const start = `${input.Bucket}/`;
  return objects(context.world.store)
    .entries(start + prefix)
    .map(([id, record]) => [id.slice(start.length), record]);
}

function describe(key: string, record: ObjectRecord) {
  return {
    Key: key,
    LastModified: new Date(record.modifiedAt),
    ETag: record.etag,
    ...checksumInList(record),
    Size: record.size,
    StorageClass: record.attributes.StorageClass ?? 'STANDARD',
  };
}
