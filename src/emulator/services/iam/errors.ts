import { AwsError } from '../../model/aws-error.ts';

export function roleNotFound(name: string): AwsError {
  return new AwsError('NoSuchEntityException', `The role with name ${name} cannot be found.`, { status: 404 });
}

export function roleExists(name: string): AwsError {
  return new AwsError('EntityAlreadyExistsException', `Role with name ${name} already exists.`, { status: 409 });
}

export function deleteConflict(message: string): AwsError {
  return new AwsError('DeleteConflictException', message, { status: 409 });
}
