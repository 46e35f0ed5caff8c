import type { ObjectRecord } from '../../world/objects/records.ts';
import { AwsError } from '../../model/aws-error.ts';

// S3's refusals in its own words. `details` are further elements of the error's XML.

export function noSuchBucket(bucket: string): AwsError {
  return new AwsError('NoSuchBucket', 'The specified bucket does not exist', {
    status: 404,
    details: { BucketName: bucket },
  });
}

export function noSuchKey(key: string): AwsError {
  return new AwsError('NoSuchKey', 'The specified key does not exist.', { status: 404, details: { Key: key } });
}

export function noSuchUpload(upload: string): AwsError {
  return new AwsError(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { status: 404, details: { UploadId: upload } },
  );
}

export function accessDenied(words = 'Access Denied'): AwsError {
  return new AwsError('AccessDenied', words, { status: 403 });
}

export function invalidArgument(message: string, name: string, value: unknown): AwsError {
  return new AwsError('InvalidArgument', message, { details: { ArgumentName: name, ArgumentValue: String(value) } });
}

export function invalidContinuationToken(token: string | undefined): AwsError {
  return invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
}

export function invalidRequest(message: string): AwsError {
  return new AwsError('InvalidRequest', message);
}

export function malformedXml(): AwsError {
  return new AwsError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}

/** `condition` is the header that did not hold. */
export function preconditionFailed(condition: string): AwsError {
  return new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    status: 412,
    details: { Condition: condition },
  });
}

/** With the headers that RFC 9110, section 15.4.5, asks of a 304. */
export function notModified({ etag, attributes }: ObjectRecord): AwsError {
  const { CacheControl, Expires } = attributes;
  const details = { ETag: etag, 'Cache-Control': CacheControl, Expires };
  return new AwsError('NotModified', 'Not Modified', { status: 304, details });
}

/** What S3 itself answers to a header it does not implement. */
export function notImplemented(header: string): AwsError {
  return new AwsError('NotImplemented', 'A header you provided implies functionality that is not implemented', {
    status: 501,
    details: { Header: header },
  });
}
