import type { PutBucketTaggingCommandInput, PutObjectTaggingCommandInput } from '@aws-sdk/client-s3';
import type { Operations } from '../operation.ts';
import { buckets, objects } from '../../world/objects/records.ts';
import { bucketOf, objectId, objectOf } from './access.ts';
import { checkTags } from './tags.ts';
import { AwsError } from '../../model/aws-error.ts';

export const taggingOperations: Operations = {
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
};
