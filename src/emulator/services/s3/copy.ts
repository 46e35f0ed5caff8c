import { createHash } from 'node:crypto';
import type { CopyObjectCommandInput } from '@aws-sdk/client-s3';
import type { Context, Operations } from '../operation.ts';
import { readPieces, writePiece } from '../../world/objects/bytes.ts';
import { type ObjectRecord, type Piece, objects } from '../../world/objects/records.ts';
import { bucketOf, objectId, objectOf } from './access.ts';
import { attributesOf, encryptionOf } from './attributes.ts';
import { checksumToKeep } from './checksums.ts';
import { checkCopySource, checkWrite } from './conditions.ts';
import { invalidArgument, invalidRequest, preconditionFailed } from './errors.ts';
import { tagsOfHeader } from './tagging.ts';
import { storeObject } from './write.ts';

export const copyOperations = {
  async CopyObject(context, input: CopyObjectCommandInput) {
    bucketOf(context, input);
    const from = sourceOf(input.CopySource);
    const source = sourceRecord(context, input);
    const replace = input.MetadataDirective === 'REPLACE';
    const given = attributesOf(input);
    const changed =
      replace ||
      input.StorageClass !== undefined ||
      input.ServerSideEncryption !== undefined ||
      input.WebsiteRedirectLocation !== undefined;
    if (from.Bucket === input.Bucket && from.Key === input.Key && !changed) {
      throw invalidRequest(
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
      );
    }
    checkWrite(input, input.Key ?? '', objects(context.world.store).get(objectId(input)));
    const { StorageClass, ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled, WebsiteRedirectLocation } = given;
    // These four are never copied: they are what the request says, or the rule.
    const attributes = {
      ...(replace ? given : source.attributes),
      StorageClass,
      ServerSideEncryption,
      SSEKMSKeyId,
      BucketKeyEnabled,
      WebsiteRedirectLocation,
    };
    const { pieces, etag, whole } = await copyPieces(context, source);
    const checksum =
      whole !== undefined && (input.ChecksumAlgorithm !== undefined || source.checksum === undefined)
        ? checksumToKeep(input, whole)
        : source.checksum;
    const kept = await storeObject(context, input, 'CopyObject', {
      pieces,
      size: source.size,
      etag,
      attributes,
      tags: input.TaggingDirective === 'REPLACE' ? tagsOfHeader(input.Tagging) : source.tags,
      checksum,
      parts: checksum?.type === 'COMPOSITE' ? source.parts : undefined,
    });
    return {
      CopyObjectResult: {
        ETag: etag,
        LastModified: new Date(kept.modifiedAt),
        ...(checksum === undefined ? {} : { [checksum.member]: checksum.value, ChecksumType: checksum.type }),
      },
      ...encryptionOf(attributes),
    };
  },
} satisfies Operations;

/** Bucket and key of an `x-amz-copy-source`: `bucket/key`, perhaps with a leading slash and `?versionId=…`, percent-encoded. */
function sourceOf(header: string | undefined): { Bucket: string; Key: string; VersionId?: string } {
  const [path = '', query] = (header ?? '').split(/\?versionId=/);
  let decoded: string;
  try {
    decoded = decodeURIComponent(path).replace(/^\//, '');
  } catch {
    decoded = '';
  }
  const slash = decoded.indexOf('/');
  if (slash < 1 || slash === decoded.length - 1) {
    throw invalidArgument('Invalid copy source object key', 'x-amz-copy-source', header);
  }
  return {
    Bucket: decoded.slice(0, slash),
    Key: decoded.slice(slash + 1),
    ...(query === undefined ? {} : { VersionId: query }),
  };
}

/** The record to copy from, if the conditions on it hold. */
export function sourceRecord(
  context: Context,
  input: Pick<
    CopyObjectCommandInput,
    | 'CopySource'
    | 'CopySourceIfMatch'
    | 'CopySourceIfModifiedSince'
    | 'CopySourceIfNoneMatch'
    | 'CopySourceIfUnmodifiedSince'
    | 'ExpectedSourceBucketOwner'
  >,
): ObjectRecord {
  const record = objectOf(context, {
    ...sourceOf(input.CopySource),
    ExpectedBucketOwner: input.ExpectedSourceBucketOwner,
  });
  checkCopySource(
    {
      IfMatch: input.CopySourceIfMatch,
      IfNoneMatch: input.CopySourceIfNoneMatch,
      IfModifiedSince: input.CopySourceIfModifiedSince,
      IfUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    },
    record,
  );
  return record;
}

/** Piece by piece, so that a large object is never whole in memory. A copy has the entity tag of one write: the MD5 of its bytes. */
async function copyPieces(
  context: Context,
  source: ObjectRecord,
): Promise<{ pieces: Piece[]; etag: string; whole: Uint8Array | undefined }> {
  const { store } = context.world;
  const md5 = createHash('md5');
  const pieces: Piece[] = [];
  let whole: Uint8Array | undefined;
  let offset = 0;
  for (const { size } of source.pieces) {
    const bytes =
      size === 0 ? new Uint8Array() : await readPieces(store, source, { start: offset, end: offset + size - 1 });
    if (bytes === undefined) throw preconditionFailed('The object was replaced while it was copied');
    offset += size;
    md5.update(bytes);
    pieces.push(await writePiece(store, bytes));
    if (source.pieces.length === 1) whole = bytes;
  }
  return { pieces, etag: `"${md5.digest('hex')}"`, whole };
}
