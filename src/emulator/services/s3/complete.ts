import type { CompleteMultipartUploadCommandInput } from '@aws-sdk/client-s3';
import type { Context, Operations } from '../operation.ts';
import { dropPieces, etagOfParts } from '../../world/objects/bytes.ts';
import { type Checksum, type PartRecord, type UploadRecord, objects } from '../../world/objects/records.ts';
import { objectId } from './access.ts';
import { encryptionOf } from './attributes.ts';
import { algorithmOf, badDigest, checksumOfParts, DEFAULT_CHECKSUM } from './checksums.ts';
import { checkWrite, matches } from './conditions.ts';
import { invalidRequest, malformedXml } from './errors.ts';
import { removeUpload, partsOf, uploadOf } from './uploads.ts';
import { storeObject } from './write.ts';
import { AwsError } from '../../model/aws-error.ts';

const MIN_PART = 5 * 1024 * 1024;

type Input = CompleteMultipartUploadCommandInput;
type Chosen = [number: number, part: PartRecord];

export const completeOperations = {
  async CompleteMultipartUpload(context, input: Input) {
    const upload = uploadOf(context, input);
    const chosen = choose(context, input, upload);
    const checksum = checksumOfAll(input, upload, chosen);
    const size = chosen.reduce((sum, [, part]) => sum + part.piece.size, 0);
    if (input.MpuObjectSize !== undefined && input.MpuObjectSize !== size) {
      throw invalidRequest(
        `The provided 'x-amz-mp-object-size' header value ${input.MpuObjectSize} does not match what was computed: ${size}`,
      );
    }
    checkWrite(input, input.Key ?? '', objects(context.world.store).get(objectId(input)));
    const etag = etagOfParts(chosen.map(([, part]) => part.etag));
    const used = new Set(chosen.map(([, part]) => part));
    const unused = removeUpload(context, input).filter((part) => !used.has(part));
    const { checksumMember } = upload;
    await storeObject(context, input, 'CompleteMultipartUpload', {
      pieces: chosen.map(([, part]) => part.piece),
      size,
      etag,
      attributes: upload.attributes,
      tags: upload.tags,
      checksum,
      parts: chosen.map(([, { piece, checksums }], index) => ({
        number: index + 1,
        size: piece.size,
        ...(checksumMember === undefined
          ? {}
          : {
              checksum: {
                member: checksumMember,
                value: checksums[checksumMember] ?? '',
                type: upload.checksumType ?? 'COMPOSITE',
              },
            }),
      })),
    });
    await dropPieces(
      context.world.store,
      unused.map((part) => part.piece),
    );
    return {
      Location: `${context.baseUrl}/${input.Bucket}/${encodeURIComponent(input.Key ?? '')}`,
      Bucket: input.Bucket,
      Key: input.Key,
      ETag: etag,
      ...(checksum === undefined ? {} : { [checksum.member]: checksum.value, ChecksumType: checksum.type }),
      ...encryptionOf(upload.attributes),
    };
  },
} satisfies Operations;

/** The parts the client lists, each found as it describes them. */
function choose(context: Context, input: Input, upload: UploadRecord): Chosen[] {
  const listed = input.MultipartUpload?.Parts ?? [];
  if (listed.length === 0) throw malformedXml();
  const present = new Map(partsOf(context, input));
  let previous = 0;
  const chosen = listed.map((one): Chosen => {
    const { PartNumber: number = 0, ETag: etag = '' } = one;
    if (number <= previous) {
      throw new AwsError(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
        {
          details: { UploadId: input.UploadId },
        },
      );
    }
    previous = number;
    const part = present.get(number);
    if (part === undefined || !matches(etag, part.etag)) throw invalidPart(input, number, etag);
    checkPartChecksum(upload, one, number, part, () => invalidPart(input, number, etag));
    return [number, part];
  });
  for (const [number, { piece, etag }] of chosen.slice(0, -1)) {
    if (piece.size >= MIN_PART) continue;
    throw new AwsError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
      details: {
        ProposedSize: String(piece.size),
        MinSizeAllowed: String(MIN_PART),
        PartNumber: String(number),
        ETag: etag.slice(1, -1),
      },
    });
  }
  return chosen;
}

function invalidPart(input: Input, number: number, etag: string): AwsError {
  return new AwsError(
    'InvalidPart',
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    { details: { UploadId: input.UploadId, PartNumber: String(number), ETag: etag.replaceAll('"', '') } },
  );
}

/** Composite checksums are made from what the client lists, so each part must bring its own. */
function checkPartChecksum(
  upload: UploadRecord,
  listed: object,
  number: number,
  part: PartRecord,
  wrong: () => AwsError,
): void {
  const { checksumMember: member } = upload;
  if (member === undefined) return;
  const value = (listed as Record<string, unknown>)[member];
  if (value === undefined && upload.checksumType === 'COMPOSITE') {
    const name = algorithmOf(member).toLowerCase();
    throw invalidRequest(
      `The upload was created using a ${name} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    );
  }
  if (value !== undefined && value !== part.checksums[member]) throw wrong();
}

/** The whole object's checksum, compared with the client's where it sent one. */
function checksumOfAll(input: Input, upload: UploadRecord, chosen: readonly Chosen[]): Checksum | undefined {
  const member = upload.checksumMember ?? DEFAULT_CHECKSUM;
  const type = upload.checksumMember === undefined ? 'FULL_OBJECT' : (upload.checksumType ?? 'COMPOSITE');
  const value = checksumOfParts(
    member,
    type,
    chosen.map(([, { piece, checksums }]) => ({ value: checksums[member] ?? '', size: piece.size })),
  );
  if (value === undefined) return undefined;
  const given = new Map<string, unknown>(Object.entries(input)).get(member);
  if (given !== undefined && given !== value && given !== value.replace(/-\d+$/, '')) throw badDigest(member);
  return { member, value, type };
}
