import { AwsError } from '../../model/aws-error.ts';
import type { Repository } from '../../world/images.ts';

export function repositoryNotFound({ name, registry }: Repository): AwsError {
  return new AwsError(
    'RepositoryNotFoundException',
    `The repository with name '${name}' does not exist in the registry with id '${registry}'`,
  );
}

export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
