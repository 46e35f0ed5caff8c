import { AwsError } from '../../model/aws-error.ts';

export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

export function conflict(message: string): AwsError {
  return new AwsError('ConflictException', message);
}

export function notFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message);
}

/** Known to AWS, not built here: refused by name. */
export function notBuilt(what: string): AwsError {
  return new AwsError('NotImplemented', `The emulator has not built ${what}.`, { status: 501 });
}
