import type { ObjectAttributes, ObjectRecord } from '../../world/objects/records.ts';
import { notImplemented } from './errors.ts';
import { AwsError } from '../../model/aws-error.ts';

const KEPT = [
  'CacheControl',
  'ContentDisposition',
  'ContentEncoding',
  'ContentLanguage',
  'ContentType',
  'Expires',
  'WebsiteRedirectLocation',
  'StorageClass',
  'ServerSideEncryption',
  'SSEKMSKeyId',
  'BucketKeyEnabled',
  'Metadata',
] as const satisfies readonly (keyof ObjectAttributes)[];

/** Classes whose objects can be read as soon as they are written. */
const STORAGE_CLASSES = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
];

/** Classes whose objects must be restored before they can be read, which is not built. */
const ARCHIVES = ['GLACIER', 'DEEP_ARCHIVE'];

/** ACLs that say no more than that the owner owns it: buckets have ACLs disabled since April 2023. */
const OWNERS_ACLS = ['private', 'bucket-owner-full-control'];

/** What the client says of a new object, checked. */
export function attributesOf(input: {
  ACL?: string | undefined;
  Key?: string | undefined;
  Metadata?: Record<string, string> | undefined;
  StorageClass?: string | undefined;
}): ObjectAttributes {
  const given = input as Record<string, unknown>;
  const { StorageClass: storage } = input;
  if (storage !== undefined && ARCHIVES.includes(storage)) throw notImplemented(`x-amz-storage-class: ${storage}`);
  if (storage !== undefined && !STORAGE_CLASSES.includes(storage)) {
    throw new AwsError('InvalidStorageClass', 'The storage class you specified is not valid', {
      details: { StorageClassRequested: storage },
    });
  }
  if (input.ACL !== undefined && !OWNERS_ACLS.includes(input.ACL)) {
    throw new AwsError('AccessControlListNotSupported', 'The bucket does not allow ACLs');
  }
  const length = Buffer.byteLength(input.Key ?? '');
  if (length > 1024) {
    throw new AwsError('KeyTooLongError', 'Your key is too long', {
      details: { Size: String(length), MaxSizeAllowed: '1024' },
    });
  }
  const size = Object.entries(input.Metadata ?? {}).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  if (size > 2048) {
    throw new AwsError('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      details: { Size: String(size), MaxSizeAllowed: '2048' },
    });
  }
  const kept = Object.fromEntries(KEPT.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]));
  // The SDK marks a signed body of chunks in this header; S3 keeps the rest of it.
  const encoding = (kept.ContentEncoding as string | undefined)?.split(',').map((one) => one.trim());
  const real = encoding?.filter((one) => one !== 'aws-chunked' && one !== '').join(',');
  const { ContentEncoding: _, ...rest } = kept;
  return {
    ...rest,
    ...(real ? { ContentEncoding: real } : {}),
    ContentType: (kept.ContentType as string | undefined) ?? 'binary/octet-stream',
  };
}

/** What S3 says of an object's encryption; all objects are encrypted since January 2023. */
export function encryptionOf(attributes: ObjectAttributes): Record<string, unknown> {
  const { ServerSideEncryption = 'AES256', SSEKMSKeyId, BucketKeyEnabled } = attributes;
  return { ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled };
}

/** The headers of an answer about an object. */
export function headersOf(record: ObjectRecord): Record<string, unknown> {
  const { StorageClass, ...attributes } = record.attributes;
  return {
    ...attributes,
    ...encryptionOf(attributes),
    AcceptRanges: 'bytes',
    LastModified: new Date(record.modifiedAt),
    ETag: record.etag,
    // S3 leaves out what is the rule.
    ...(StorageClass === undefined || StorageClass === 'STANDARD' ? {} : { StorageClass }),
    ...(record.tags.length > 0 ? { TagCount: record.tags.length } : {}),
  };
}
