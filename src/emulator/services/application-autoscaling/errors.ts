import { AwsError } from '../../model/aws-error.ts';

export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

export function objectNotFound(message: string): AwsError {
  return new AwsError('ObjectNotFoundException', message);
}

export function invalidNextToken(): AwsError {
  return new AwsError('InvalidNextTokenException', 'The next token supplied was invalid.');
}
