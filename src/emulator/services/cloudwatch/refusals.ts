import { AwsError } from '../operation.ts';

/** CloudWatch's refusal of what breaks a rule of its own. */
export function validationError(message: string): AwsError {
  return new AwsError('ValidationError', message);
}

export function invalidValue(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message);
}

export function invalidCombination(message: string): AwsError {
  return new AwsError('InvalidParameterCombination', message);
}

export function missingParameter(message: string): AwsError {
  return new AwsError('MissingParameter', message);
}

export function invalidNextToken(): AwsError {
  return new AwsError('InvalidNextToken', 'The next token specified is invalid.');
}
