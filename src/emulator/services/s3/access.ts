import { createHash } from 'node:crypto';
import { type BucketRecord, type ObjectRecord, buckets, objects } from '../../world/objects/records.ts';
import { partitionOf } from '../../world/partition.ts';
import type { Context } from '../operation.ts';
import { accessDenied, invalidArgument, noSuchBucket, noSuchKey } from './errors.ts';
import { AwsError } from '../../model/aws-error.ts';

interface BucketInput {
  Bucket?: string | undefined;
  ExpectedBucketOwner?: string | undefined;
}

/** The bucket the input names, if the caller may use it from the region it calls. */
export function bucketOf(context: Context, input: BucketInput): BucketRecord {
  const name = input.Bucket ?? '';
  const bucket = buckets(context.world.store).get(name);
  if (bucket === undefined) throw noSuchBucket(name);
  // Policies and ACLs are not emulated: a bucket is its owner's alone.
  if (bucket.account !== context.account) throw accessDenied();
  if (input.ExpectedBucketOwner !== undefined && input.ExpectedBucketOwner !== bucket.account) throw accessDenied();
  if (bucket.region !== context.region) throw wrongRegion(name, bucket.region);
  return bucket;
}

/** Signatures of version 2, and of 4A, name no region: the bucket's counts. */
export function regionOf({ store }: Context['world'], input: Record<string, unknown>): string | undefined {
  return typeof input.Bucket === 'string' ? buckets(store).get(input.Bucket)?.region : undefined;
}

/** The object the input names, if it exists. */
export function objectOf(
  context: Context,
  input: BucketInput & { Key?: string | undefined; VersionId?: string | undefined },
): ObjectRecord {
  bucketOf(context, input);
  checkVersion(input.VersionId);
  const key = input.Key ?? '';
  const record = objects(context.world.store).get(objectId(input));
  if (record === undefined) {
    // Who may not list a bucket does not learn what is not in it (API_GetObject, API_HeadObject: 403 without s3:ListBucket).
    const words = context.refusal?.('s3:ListBucket', bucketArn(context, input));
    throw words === undefined ? noSuchKey(key) : accessDenied(words);
  }
  return record;
}

/** The ARN of the bucket, as policies name it; S3's ARNs have no place in them. */
export function bucketArn({ region }: Context, { Bucket }: BucketInput): string {
  return `arn:${partitionOf(region)}:s3:::${Bucket}`;
}

/** The key of an object's record. */
export function objectId(input: { Bucket?: string | undefined; Key?: string | undefined }): string {
  return `${input.Bucket}/${input.Key}`;
}

/** Without versioning there is one version, and its name is `null`. */
export function checkVersion(version: string | undefined): void {
  if (version === undefined || version === 'null') return;
  throw invalidArgument('Invalid version id specified', 'versionId', version);
}

/** S3's id of an account: 64 hexadecimal digits. */
export function ownerOf(account: string): { ID: string } {
  return { ID: createHash('sha256').update(`canonical user ${account}`).digest('hex') };
}

function wrongRegion(bucket: string, region: string): AwsError {
  return new AwsError(
    'PermanentRedirect',
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
    {
      status: 301,
      details: { Endpoint: `${bucket}.s3.${region}.amazonaws.com`, Bucket: bucket, BucketRegion: region },
    },
  );
}
