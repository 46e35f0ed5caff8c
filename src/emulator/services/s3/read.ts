import type { GetObjectAttributesCommandInput, GetObjectCommandInput } from '@aws-sdk/client-s3';
import type { Context, Operations } from '../operation.ts';
import { readPieces } from '../../world/objects/bytes.ts';
import type { ObjectRecord } from '../../world/objects/records.ts';
import { objectOf } from './access.ts';
import { headersOf } from './attributes.ts';
import { algorithmOf } from './checksums.ts';
import { checkRead } from './conditions.ts';
import { type ByteRange, parseRange } from './range.ts';
import { invalidRequest } from './errors.ts';
import { AwsError } from '../../model/aws-error.ts';

export const readOperations = {
  HeadObject(context, input: GetObjectCommandInput) {
    return describe(objectOf(context, input), input).headers;
  },

  async GetObject(context, input: GetObjectCommandInput) {
    for (;;) {
      const record = objectOf(context, input);
      const { headers, range } = describe(record, input);
      const Body = await bytesOf(context, record, range);
      if (Body !== undefined) return { ...headers, Body };
      // Replaced while it was read: the new one is answered. The same record without its bytes is a loss.
      if (objectOf(context, input) === record)
        throw new AwsError('InternalError', 'We encountered an internal error. Please try again.', { status: 500 });
    }
  },

  GetObjectAttributes(context, input: GetObjectAttributesCommandInput) {
    const record = objectOf(context, input);
    const asked = new Set<string>(input.ObjectAttributes ?? []);
    const { checksum, parts } = record;
    return {
      LastModified: new Date(record.modifiedAt),
      ...(asked.has('ETag') ? { ETag: record.etag.slice(1, -1) } : {}),
      ...(asked.has('Checksum') && checksum !== undefined
        ? { Checksum: { [checksum.member]: checksum.value, ChecksumType: checksum.type } }
        : {}),
      ...(asked.has('ObjectParts') && parts !== undefined ? { ObjectParts: pageOfParts(parts, input) } : {}),
      ...(asked.has('StorageClass') ? { StorageClass: record.attributes.StorageClass ?? 'STANDARD' } : {}),
      ...(asked.has('ObjectSize') ? { ObjectSize: record.size } : {}),
    };
  },
} satisfies Operations;

/** Checks the conditions and says what the answer's headers are, and of which bytes; undefined for all of them. */
function describe(
  record: ObjectRecord,
  input: GetObjectCommandInput,
): { headers: Record<string, unknown>; range: ByteRange | undefined } {
  checkRead(input, record);
  if (input.PartNumber !== undefined && input.Range !== undefined) {
    throw invalidRequest('Cannot specify both Range header and partNumber query parameter');
  }
  const part = input.PartNumber === undefined ? undefined : partOf(record, input.PartNumber);
  const range = part?.range ?? parseRange(input.Range, record.size);
  const checksum = part === undefined ? (range === undefined ? record.checksum : undefined) : part.checksum;
  const overrides = {
    CacheControl: input.ResponseCacheControl,
    ContentDisposition: input.ResponseContentDisposition,
    ContentEncoding: input.ResponseContentEncoding,
    ContentLanguage: input.ResponseContentLanguage,
    ContentType: input.ResponseContentType,
    Expires: input.ResponseExpires,
  };
  return {
    range,
    headers: {
      ...headersOf(record),
      ...Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined)),
      ContentLength: range === undefined ? record.size : range.end - range.start + 1,
      ...(range === undefined ? {} : { ContentRange: `bytes ${range.start}-${range.end}/${record.size}` }),
      ...(part === undefined || record.parts === undefined ? {} : { PartsCount: record.parts.length }),
      ...(input.ChecksumMode === 'ENABLED' && checksum !== undefined
        ? { [checksum.member]: checksum.value, ChecksumType: checksum.type }
        : {}),
    },
  };
}

function partOf(
  record: ObjectRecord,
  number: number,
): { range: ByteRange | undefined; checksum: ObjectRecord['checksum'] } {
  const parts = record.parts ?? [{ number: 1, size: record.size, checksum: record.checksum }];
  const part = parts[number - 1];
  if (part === undefined) {
    throw new AwsError('InvalidPartNumber', 'The requested partnumber is not satisfiable', {
      status: 416,
      details: { PartNumberRequested: String(number), ActualPartCount: String(parts.length) },
    });
  }
  const start = parts.slice(0, number - 1).reduce((sum, { size }) => sum + size, 0);
  return { range: part.size === 0 ? undefined : { start, end: start + part.size - 1 }, checksum: part.checksum };
}

function pageOfParts(parts: NonNullable<ObjectRecord['parts']>, input: GetObjectAttributesCommandInput) {
  const marker = Number(input.PartNumberMarker ?? 0);
  const limit = Math.min(input.MaxParts ?? 1000, 1000);
  const rest = parts.filter(({ number }) => number > marker);
  const page = rest.slice(0, limit);
  const described = page.every(({ checksum }) => checksum !== undefined);
  return {
    TotalPartsCount: parts.length,
    PartNumberMarker: String(marker),
    NextPartNumberMarker: String(page.at(-1)?.number ?? marker),
    MaxParts: limit,
    IsTruncated: page.length < rest.length,
    // S3 names the parts only of objects that were uploaded with checksums.
    ...(described
      ? {
          Parts: page.map(({ number, size, checksum }) => ({
            PartNumber: number,
            Size: size,
            ...(checksum && { [checksum.member]: checksum.value }),
          })),
        }
      : {}),
  };
}

async function bytesOf(
  context: Context,
  record: ObjectRecord,
  range: ByteRange | undefined,
): Promise<Uint8Array | undefined> {
  return readPieces(context.world.store, record, range);
}

/** For the lists: which algorithm an object's checksum has. */
export function checksumInList(record: ObjectRecord): Record<string, unknown> {
  const { checksum } = record;
  return checksum === undefined
    ? {}
    : { ChecksumAlgorithm: [algorithmOf(checksum.member)], ChecksumType: checksum.type };
}
