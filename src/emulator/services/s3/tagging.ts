import type { PutBucketTaggingCommandInput, PutObjectTaggingCommandInput } from '@aws-sdk/client-s3';
import type { Operations } from '../operation.ts';
import { buckets, objects, type Tag } from '../../world/objects/records.ts';
import { bucketOf, objectId, objectOf } from './access.ts';
import { AwsError } from '../../model/aws-error.ts';

export const taggingOperations = {
  PutBucketTagging(context, input: PutBucketTaggingCommandInput) {
    const bucket = bucketOf(context, input);
    const tags = checkTags(input.Tagging?.TagSet ?? [], 50);
    buckets(context.world.store).set(input.Bucket ?? '', { ...bucket, tags });
    return {};
  },
  GetBucketTagging(context, input: { Bucket?: string }) {
    const { tags } = bucketOf(context, input);
    if (tags.length === 0) {
      throw new AwsError('NoSuchTagSet', 'The TagSet does not exist', {
        status: 404,
        details: { BucketName: input.Bucket },
      });
    }
    return { TagSet: tags };
  },
  DeleteBucketTagging(context, input: { Bucket?: string }) {
    const bucket = bucketOf(context, input);
    buckets(context.world.store).set(input.Bucket ?? '', { ...bucket, tags: [] });
    return {};
  },
  PutObjectTagging(context, input: PutObjectTaggingCommandInput) {
    const record = objectOf(context, input);
    const tags = checkTags(input.Tagging?.TagSet ?? [], 10);
    objects(context.world.store).set(objectId(input), { ...record, tags });
    return {};
  },
  GetObjectTagging(context, input: { Bucket?: string; Key?: string }) {
    return { TagSet: objectOf(context, input).tags };
  },
  DeleteObjectTagging(context, input: { Bucket?: string; Key?: string }) {
    const record = objectOf(context, input);
    objects(context.world.store).set(objectId(input), { ...record, tags: [] });
    return {};
  },
} satisfies Operations;

/** The `x-amz-tagging` header, `key=value&key=value`, as tags. */
export function tagsOfHeader(header: string | undefined): Tag[] {
  if (header === undefined || header === '') return [];
  const tags = [...new URLSearchParams(header)].map(([Key, Value]) => ({ Key, Value }));
  return checkTags(tags, 10);
}

/** Refuses what S3 refuses: too many, too long, the same key twice. */
function checkTags(tags: readonly Partial<Tag>[], most: 10 | 50): Tag[] {
  if (tags.length > most) {
    const what = most === 10 ? 'Object tags cannot be greater than 10' : 'Bucket tag count cannot be greater than 50';
    throw new AwsError('BadRequest', what);
  }
  const seen = new Set<string>();
  return tags.map(({ Key = '', Value = '' }) => {
    if (Key.length === 0 || Key.length > 128)
      throw invalidTag('The TagKey you have provided is invalid', { TagKey: Key });
    if (Value.length > 256)
      throw invalidTag('The TagValue you have provided is invalid', { TagKey: Key, TagValue: Value });
    if (Key.startsWith('aws:')) throw invalidTag('System tags cannot be added/updated by requester', { TagKey: Key });
    if (seen.has(Key)) throw invalidTag('Cannot provide multiple Tags with the same key', { TagKey: Key });
    seen.add(Key);
    return { Key, Value };
  });
}

function invalidTag(message: string, details: Record<string, string>): AwsError {
  return new AwsError('InvalidTag', message, { details });
}
