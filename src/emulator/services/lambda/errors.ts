import { AwsError } from '../../model/aws-error.ts';
export { notBuilt } from '../../model/aws-error.ts';

export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}

export function functionNotFound(arn: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, { status: 404 });
}

/** What a function does not have: a policy, a URL, a configuration. */
export function nothingThere(message = 'The resource you requested does not exist.'): AwsError {
  return new AwsError('ResourceNotFoundException', message, { status: 404 });
}

export function conflict(message: string): AwsError {
  return new AwsError('ResourceConflictException', message, { status: 409 });
}

/** "The RevisionId provided does not match the latest RevisionId": HTTP 412 (API_UpdateFunctionCode, Errors). */
export function preconditionFailed(message: string): AwsError {
  return new AwsError('PreconditionFailedException', message, { status: 412 });
}

export function throttled(): AwsError {
  return new AwsError('TooManyRequestsException', 'Rate Exceeded.', {
    status: 429,
    details: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
  });
}

export function tooLarge(message: string): AwsError {
  return new AwsError('RequestTooLargeException', message, { status: 413 });
}
