import { AwsError } from '../../model/aws-error.ts';
export { notBuilt } from '../../model/aws-error.ts';

export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

export function ruleNotFound(name: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
}

export function invalidPattern(message: string): AwsError {
  return new AwsError('InvalidEventPatternException', message);
}
