/**
 * The actions that operations of S3 need where they are called otherwise, or more than one (S3 User Guide, "Required
 * permissions for Amazon S3 API operations"). What is not listed needs the action of its own name.
 */
export function s3Actions(operation: string, input: Readonly<Record<string, unknown>>): readonly string[] {
  const given = (member: string) => input[member] !== undefined;
  switch (operation) {
    // Each key is asked for by itself, and refused by itself.
    case 'DeleteObjects':
      return [];
    case 'ListBuckets':
      return ['ListAllMyBuckets'];
    case 'HeadBucket':
    case 'ListObjects':
    case 'ListObjectsV2':
      return ['ListBucket'];
    case 'HeadObject':
    case 'GetObject':
      return [given('VersionId') ? 'GetObjectVersion' : 'GetObject'];
    case 'GetObjectAttributes':
      return ['GetObject', 'GetObjectAttributes'];
    case 'CreateMultipartUpload':
    case 'PutObject':
    case 'CopyObject':
      return [
        'PutObject',
        ...(given('ACL') || given('GrantRead') || given('GrantFullControl') ? ['PutObjectAcl'] : []),
        ...(given('Tagging') ? ['PutObjectTagging'] : []),
      ];
    case 'UploadPart':
    case 'UploadPartCopy':
    case 'CompleteMultipartUpload':
      return ['PutObject'];
    case 'ListParts':
      return ['ListMultipartUploadParts'];
    case 'ListMultipartUploads':
      return ['ListBucketMultipartUploads'];
    case 'CreateBucket':
      return [
        'CreateBucket',
        ...(given('ACL') ? ['PutBucketAcl'] : []),
        ...(given('ObjectOwnership') ? ['PutBucketOwnershipControls'] : []),
      ];
    case 'DeleteBucketTagging':
      return ['PutBucketTagging'];
    case 'PutBucketNotificationConfiguration':
      return ['PutBucketNotification'];
    case 'GetBucketNotificationConfiguration':
      return ['GetBucketNotification'];
    default:
      return [operation];
  }
}

/** The object that a copy reads, as its ARN ends: `bucket/key`. */
export function copySource(operation: string, { CopySource }: Readonly<Record<string, unknown>>): string | undefined {
  if (!/Copy/.test(operation) || typeof CopySource !== 'string') return undefined;
  return decodeURIComponent(CopySource.replace(/^\//, '').replace(/\?.*$/, ''));
}
