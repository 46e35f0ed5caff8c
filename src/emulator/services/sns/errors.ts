import { AwsError } from '../../model/aws-error.ts';

export function invalidParameter(what: string): AwsError {
  return new AwsError('InvalidParameterException', `Invalid parameter: ${what}`);
}

export function topicNotFound(): AwsError {
  return new AwsError('NotFoundException', 'Topic does not exist', { status: 404 });
}

export function notAuthorized(): AwsError {
  return new AwsError(
    'AuthorizationErrorException',
    'User is not authorized to perform this operation on this resource',
    { status: 403 },
  );
}
