import { AwsError } from '../../model/aws-error.ts';
export { notBuilt } from '../../model/aws-error.ts';

export function invalidRequest(message: string, code?: string): AwsError {
  return new AwsError(
    'InvalidRequestException',
    message,
    code === undefined ? {} : { details: { AthenaErrorCode: code } },
  );
}

/** In AWS's words (awsdocs/amazon-athena-user-guide#72). */
export function tooManyQueries(): AwsError {
  return new AwsError(
    'TooManyRequestsException',
    'You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number of concurrent queries submitted by this account. Contact customer support to request a concurrent query limit increase.',
    { details: { Reason: 'CONCURRENT_QUERY_LIMIT_EXCEEDED' } },
  );
}

export function resourceNotFound(message: string, resource: string): AwsError {
  return new AwsError('ResourceNotFoundException', message, { details: { ResourceName: resource } });
}
