import { AwsError } from '../operation.ts';

/** S3's refusals in its own words. `details` are further elements of the error's XML. */
export const refuse = {
  noSuchBucket: (bucket: string) =>
    new AwsError('NoSuchBucket', 'The specified bucket does not exist', {
      status: 404,
      details: { BucketName: bucket },
    }),
  noSuchKey: (key: string) =>
    new AwsError('NoSuchKey', 'The specified key does not exist.', { status: 404, details: { Key: key } }),
  noSuchUpload: (upload: string) =>
    new AwsError(
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      { status: 404, details: { UploadId: upload } },
    ),
  accessDenied: () => new AwsError('AccessDenied', 'Access Denied', { status: 403 }),
  invalidArgument: (message: string, name: string, value: unknown) =>
    new AwsError('InvalidArgument', message, { details: { ArgumentName: name, ArgumentValue: String(value) } }),
  invalidRequest: (message: string) => new AwsError('InvalidRequest', message),
  malformedXml: () =>
    new AwsError(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    ),
  /** `condition` is the header that did not hold. */
  preconditionFailed: (condition: string) =>
    new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
      status: 412,
      details: { Condition: condition },
    }),
  notModified: () => new AwsError('NotModified', 'Not Modified', { status: 304 }),
  /** What S3 itself answers to a header it does not implement. */
  notImplemented: (header: string) =>
    new AwsError('NotImplemented', 'A header you provided implies functionality that is not implemented', {
      status: 501,
      details: { Header: header },
    }),
};
