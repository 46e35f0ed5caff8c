import type { DeleteObjectCommandInput, DeleteObjectsCommandInput } from '@aws-sdk/client-s3';
import type { Operations } from '../operation.ts';
import { dropPieces } from '../../world/objects/bytes.ts';
import { type Piece, objects } from '../../world/objects/records.ts';
import { bucketArn, bucketOf, checkVersion, objectId } from './access.ts';
import { matches } from './conditions.ts';
import { accessDenied, malformedXml, noSuchKey, notImplemented, preconditionFailed } from './errors.ts';
import { AwsError } from '../../model/aws-error.ts';

export const deleteOperations = {
  /**
   * What is not there counts as deleted, except under If-Match: then it is 404, as measured on S3
   * (https://github.com/ministackorg/ministack/issues/1475).
   */
  async DeleteObject(context, input: DeleteObjectCommandInput) {
    bucketOf(context, input);
    checkVersion(input.VersionId);
    const table = objects(context.world.store);
    const record = table.get(objectId(input));
    if (input.IfMatch !== undefined) {
      if (record === undefined) throw noSuchKey(input.Key ?? '');
      if (!matches(input.IfMatch, record.etag)) throw preconditionFailed('If-Match');
    }
    if (record === undefined) return {};
    table.delete(objectId(input));
    await dropPieces(context.world.store, record.pieces);
    return {};
  },

  async DeleteObjects(context, input: DeleteObjectsCommandInput) {
    bucketOf(context, input);
    const asked = input.Delete?.Objects ?? [];
    if (asked.length === 0 || asked.length > 1000) throw malformedXml();
    const table = objects(context.world.store);
    const Deleted: { Key: string | undefined }[] = [];
    const Errors: { Key: string | undefined; Code: string; Message: string }[] = [];
    const dropped: Piece[] = [];
    for (const { Key, ETag, VersionId, Size, LastModifiedTime } of asked) {
      const id = objectId({ Bucket: input.Bucket, Key });
      const record = table.get(id);
      try {
        const words = context.refusal?.('s3:DeleteObject', `${bucketArn(context, input)}/${Key}`);
        if (words !== undefined) throw accessDenied(words);
        checkVersion(VersionId);
        // These two belong to directory buckets.
        if (Size !== undefined || LastModifiedTime !== undefined) throw notImplemented('Object/Size');
        if (ETag !== undefined && record !== undefined && !matches(ETag, record.etag))
          throw preconditionFailed('If-Match');
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        Errors.push({ Key, Code: error.code, Message: error.message });
        continue;
      }
      if (record !== undefined) dropped.push(...record.pieces);
      table.delete(id);
      Deleted.push({ Key });
    }
    await dropPieces(context.world.store, dropped);
    return { ...(input.Delete?.Quiet ? {} : { Deleted }), ...(Errors.length > 0 ? { Errors } : {}) };
  },
} satisfies Operations;
