import type {
  CreateMultipartUploadCommandInput,
  UploadPartCommandInput,
  UploadPartCopyCommandInput,
} from '@aws-sdk/client-s3';
import type { Context, Operations } from '../operation.ts';
import { dropPieces, etagOf, readPieces, writePiece } from '../../world/objects/bytes.ts';
import { type PartRecord, type UploadRecord, parts, uploads } from '../../world/objects/records.ts';
import { bucketOf } from './access.ts';
import { attributesOf, encryptionOf } from './attributes.ts';
import { algorithmOf, checksumOf, DEFAULT_CHECKSUM, givenChecksum, memberOf, verifyBody } from './checksums.ts';
import { sourceRecord } from './copy.ts';
import { parseCopyRange } from './range.ts';
import { invalidArgument, invalidRequest, noSuchUpload, preconditionFailed } from './errors.ts';
import { tagsOfHeader } from './tagging.ts';
import { type UploadInput, removeUpload, partKey, uploadKey, uploadOf } from './uploads.ts';

export const multipartOperations = {
  CreateMultipartUpload(context, input: CreateMultipartUploadCommandInput) {
    bucketOf(context, input);
    const { store, random, clock } = context.world;
    const attributes = attributesOf(input);
    const { ChecksumAlgorithm: algorithm } = input;
    if (algorithm === undefined && input.ChecksumType !== undefined) {
      throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
    }
    const type = input.ChecksumType ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
    if (algorithm !== undefined) checkType(algorithm, type);
    // Seeded numbers may come again after a restart.
    let UploadId = random.hex(64);
    while (uploads(store).get(`${input.Bucket}/${UploadId}`) !== undefined) UploadId = random.hex(64);
    uploads(store).set(`${input.Bucket}/${UploadId}`, {
      key: input.Key ?? '',
      startedAt: clock.now(),
      attributes,
      tags: tagsOfHeader(input.Tagging),
      ...(algorithm === undefined ? {} : { checksumMember: memberOf(algorithm), checksumType: type }),
    });
    return {
      Bucket: input.Bucket,
      Key: input.Key,
      UploadId,
      ...encryptionOf(attributes),
      ...(algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm, ChecksumType: type }),
    };
  },

  async UploadPart(context, input: Omit<UploadPartCommandInput, 'Body'> & { Body?: Uint8Array }) {
    const upload = uploadOf(context, input);
    checkPartNumber(input.PartNumber);
    const body = input.Body ?? new Uint8Array();
    verifyBody(input, body);
    const given = givenChecksum(input);
    if (upload.checksumMember !== undefined && given?.[0] !== upload.checksumMember) {
      throw invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${lower(upload.checksumMember)}, actual checksum Type: ${lower(given?.[0])}`,
      );
    }
    const part = await writePart(context, input, input.PartNumber ?? 0, body, given);
    return {
      ETag: part.etag,
      ...(given === undefined ? {} : { [given[0]]: given[1] }),
      ...encryptionOf(upload.attributes),
    };
  },

  async UploadPartCopy(context, input: UploadPartCopyCommandInput) {
    const upload = uploadOf(context, input);
    checkPartNumber(input.PartNumber);
    const source = sourceRecord(context, input);
    const range = parseCopyRange(input.CopySourceRange, source.size);
    const bytes = await readPieces(context.world.store, source, range);
    if (bytes === undefined) throw preconditionFailed('The object was replaced while it was copied');
    const computed = upload.checksumMember === undefined ? undefined : checksumOf(upload.checksumMember, bytes);
    const given: [string, string] | undefined =
      computed === undefined ? undefined : [upload.checksumMember ?? '', computed];
    const part = await writePart(context, input, input.PartNumber ?? 0, bytes, given);
    return {
      CopyPartResult: {
        ETag: part.etag,
        LastModified: new Date(part.modifiedAt),
        ...(given === undefined ? {} : { [given[0]]: given[1] }),
      },
      ...encryptionOf(upload.attributes),
    };
  },

  async AbortMultipartUpload(context, input: UploadInput) {
    uploadOf(context, input);
    const dropped = removeUpload(context, input);
    await dropPieces(
      context.world.store,
      dropped.map((part) => part.piece),
    );
    return {};
  },
} satisfies Operations;

/** Keeps a part's bytes, with the checksum the client gave and the one S3 keeps for itself. A part sent again replaces the first. */
async function writePart(
  context: Context,
  input: UploadInput,
  number: number,
  bytes: Uint8Array,
  given: [member: string, value: string] | undefined,
): Promise<PartRecord> {
  const { store, clock } = context.world;
  const checksums: Record<string, string> = { [DEFAULT_CHECKSUM]: checksumOf(DEFAULT_CHECKSUM, bytes) ?? '' };
  if (given !== undefined) checksums[given[0]] = given[1];
  const piece = await writePiece(store, bytes);
  // The upload may have been completed or aborted while the bytes were written.
  if (uploads(store).get(uploadKey(input)) === undefined) {
    await dropPieces(store, [piece]);
    throw noSuchUpload(input.UploadId ?? '');
  }
  const id = partKey(input, number);
  const old = parts(store).get(id);
  const part = { piece, etag: etagOf(bytes), modifiedAt: clock.now(), checksums };
  parts(store).set(id, part);
  await dropPieces(store, old === undefined ? [] : [old.piece]);
  return part;
}

function checkPartNumber(number: number | undefined): void {
  if (number !== undefined && number >= 1 && number <= 10_000) return;
  throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', number);
}

/** A hash of all bytes cannot be made from hashes of parts; CRC64NVME is never made from checksums of parts. */
function checkType(algorithm: string, type: NonNullable<UploadRecord['checksumType']>): void {
  const crc = algorithm.startsWith('CRC');
  if ((type === 'FULL_OBJECT' && !crc) || (type === 'COMPOSITE' && algorithm === 'CRC64NVME')) {
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
}

function lower(member: string | undefined): string {
  return member === undefined ? 'null' : algorithmOf(member).toLowerCase();
}
