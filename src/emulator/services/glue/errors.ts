import { AwsError } from '../../model/aws-error.ts';
export { notBuilt } from '../../model/aws-error.ts';

export function entityNotFound(message: string): AwsError {
  return new AwsError('EntityNotFoundException', message);
}

export function alreadyExists(message: string): AwsError {
  return new AwsError('AlreadyExistsException', message);
}

export function invalidInput(message: string): AwsError {
  return new AwsError('InvalidInputException', message);
}

/** Lake Formation's refusal of what IAM would allow. */
export function lakeFormation(permission: string, on: string): AwsError {
  return new AwsError(
    'AccessDeniedException',
    `Insufficient Lake Formation permission(s): Required ${permission} on ${on}`,
  );
}
