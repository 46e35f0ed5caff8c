import { usageError } from '../base/errors.ts';

/** An S3 object or prefix. The key has no leading slash; it is empty for a whole bucket. */
export interface S3Place {
  bucket: string;
  key: string;
}

/** Takes `s3://bucket/key` apart; undefined for anything else. */
export function s3Place(uri: string): S3Place | undefined {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(uri);
  return match?.[1] === undefined ? undefined : { bucket: match[1], key: match[2] ?? '' };
}

/** The parts of an S3 URI with a key. @throws Problem (usage) for anything else */
export function s3Object(uri: string): S3Place {
  const place = s3Place(uri);
  if (place === undefined || place.key === '')
    throw usageError(`"${uri}" is not the URI of an S3 object.`, 'Give one like s3://bucket/path/model.tar.gz');
  return place;
}

/** `s3://bucket/key` */
export function s3Uri(place: S3Place): string {
  return `s3://${place.bucket}/${place.key}`;
}

/** The bucket that SageMaker's own SDK uses by default carries the account in its name, which everybody can guess. */
const DEFAULT_BUCKET = /^sagemaker-[a-z0-9-]+-(\d{12})$/;

/**
 * A bucket, as a call to S3 names it. Of the default bucket of an account, S3 is told whose it must be: somebody else may
 * have made it first, and lets us write there (as the SageMaker Python SDK does, `common_utils.py`).
 */
export function inBucket(bucket: string): { Bucket: string; ExpectedBucketOwner?: string } {
  const owner = DEFAULT_BUCKET.exec(bucket)?.[1];
  return { Bucket: bucket, ...(owner !== undefined && { ExpectedBucketOwner: owner }) };
}
