import { AwsError } from '../../model/aws-error.ts';
export { notBuilt } from '../../model/aws-error.ts';
import { arnOf, type ResourceKind, type Place } from '../../world/endpoints/arns.ts';

/** What AWS calls each kind in its messages. */
const WORDS: Record<ResourceKind, string> = {
  model: 'model',
  'endpoint-config': 'endpoint configuration',
  endpoint: 'endpoint',
  'inference-experiment': 'inference experiment',
  'model-package': 'model package',
  'model-package-group': 'model package group',
  'transform-job': 'transform job',
};

/** SageMaker's refusal for nearly everything. */
export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

export function invalidNextToken(): AwsError {
  return validationError('Invalid NextToken.');
}

/** Facts 8.1: double quotes, the whole ARN. */
export function notFound(place: Place, kind: ResourceKind, name: string): AwsError {
  return validationError(`Could not find ${WORDS[kind]} "${arnOf(place, kind, name)}".`);
}

export function alreadyExists(place: Place, kind: ResourceKind, name: string): AwsError {
  return validationError(`Cannot create already existing ${WORDS[kind]} "${arnOf(place, kind, name)}".`);
}

/** Refuses to update or delete an endpoint that is being changed, in the same words for both (facts 8.1). */
export function updateInProgress(place: Place, name: string): AwsError {
  return validationError(`Cannot update in-progress endpoint "${arnOf(place, 'endpoint', name)}".`);
}

/** AWS's words for a mix of features it does not support (facts 8.1). */
export function featuresNotSupported(): AwsError {
  return validationError('One or more endpoint features are not supported using this configuration');
}
