import type { ListMultipartUploadsCommandInput, ListPartsCommandInput } from '@aws-sdk/client-s3';
import type { Operations } from '../operation.ts';
import { type UploadRecord, uploads } from '../../world/objects/records.ts';
import { compareUtf8 } from '../../storage/table.ts';
import { bucketOf, ownerOf } from './access.ts';
import { algorithmOf } from './checksums.ts';
import { encoder, limitOf } from './list.ts';
import { listPage } from './list-page.ts';
import { partsOf, uploadOf } from './uploads.ts';

export const multipartListOperations = {
  ListParts(context, input: ListPartsCommandInput) {
    const upload = uploadOf(context, input);
    const limit = limitOf(input.MaxParts, 'max-parts');
    const marker = Number(input.PartNumberMarker ?? 0);
    const rest = partsOf(context, input).filter(([number]) => number > marker);
    const page = rest.slice(0, limit);
    const { checksumMember } = upload;
    return {
      Bucket: input.Bucket,
      Key: input.Key,
      UploadId: input.UploadId,
      PartNumberMarker: String(marker),
      NextPartNumberMarker: String(page.at(-1)?.[0] ?? 0),
      MaxParts: limit,
      IsTruncated: page.length < rest.length,
      Parts: page.map(([PartNumber, { etag, modifiedAt, piece, checksums }]) => ({
        PartNumber,
        LastModified: new Date(modifiedAt),
        ETag: etag,
        Size: piece.size,
        ...(checksumMember === undefined ? {} : { [checksumMember]: checksums[checksumMember] }),
      })),
      Initiator: ownerOf(context.account),
      Owner: ownerOf(context.account),
      StorageClass: upload.attributes.StorageClass ?? 'STANDARD',
      ...checksumOfUpload(upload),
    };
  },

  ListMultipartUploads(context, input: ListMultipartUploadsCommandInput) {
    bucketOf(context, input);
    const prefix = input.Prefix ?? '';
    const encode = encoder(input.EncodingType);
    const limit = limitOf(input.MaxUploads, 'max-uploads');
    const marker = input.KeyMarker ?? '';
    const start = `${input.Bucket}/`;
    const found = uploads(context.world.store)
      .entries(start)
      .map(([id, upload]): [string, [string, UploadRecord]] => [upload.key, [id.slice(start.length), upload]])
      .filter(([key]) => key.startsWith(prefix))
      .sort(
        ([a, [idA, one]], [b, [idB, other]]) =>
          compareUtf8(a, b) || one.startedAt - other.startedAt || compareUtf8(idA, idB),
      );
    // Of the marker's own key, what comes after the marker's upload is still to be listed.
    const at = found.findIndex(([key, [id]]) => key === marker && id === input.UploadIdMarker);
    const rest = at === -1 ? found.filter(([key]) => compareUtf8(key, marker) > 0) : found.slice(at + 1);
    const page = listPage(rest, {
      prefix,
      delimiter: input.Delimiter,
      limit,
      skip: (_key, group) => group !== undefined && marker.startsWith(group),
    });
    const last = page.items.at(-1);
    const lastIsUpload = last !== undefined && page.last === last[0];
    return {
      Bucket: input.Bucket,
      KeyMarker: encode(marker),
      UploadIdMarker: input.UploadIdMarker ?? '',
      NextKeyMarker: page.next === undefined ? '' : encode(page.last ?? ''),
      NextUploadIdMarker: page.next !== undefined && lastIsUpload ? last[1][0] : '',
      Prefix: encode(prefix),
      ...(input.Delimiter === undefined ? {} : { Delimiter: encode(input.Delimiter) }),
      ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
      MaxUploads: limit,
      IsTruncated: page.next !== undefined,
      Uploads: page.items.map(([key, [UploadId, upload]]) => ({
        UploadId,
        Key: encode(key),
        Initiated: new Date(upload.startedAt),
        StorageClass: upload.attributes.StorageClass ?? 'STANDARD',
        Owner: ownerOf(context.account),
        Initiator: ownerOf(context.account),
        ...checksumOfUpload(upload),
      })),
      CommonPrefixes: page.groups.map((group) => ({ Prefix: encode(group) })),
    };
  },
} satisfies Operations;

function checksumOfUpload({ checksumMember, checksumType }: UploadRecord): Record<string, unknown> {
  return checksumMember === undefined
    ? {}
    : { ChecksumAlgorithm: algorithmOf(checksumMember), ChecksumType: checksumType };
}
