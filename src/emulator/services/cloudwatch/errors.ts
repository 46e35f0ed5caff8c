import { AwsError } from '../../model/aws-error.ts';

/** CloudWatch's refusal of what breaks a rule of its own. */
export function validationError(message: string): AwsError {
  return new AwsError('ValidationError', message);
}

export function invalidParameterValue(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message);
}

export function invalidParameterCombination(message: string): AwsError {
  return new AwsError('InvalidParameterCombination', message);
}

export function missingParameter(message: string): AwsError {
  return new AwsError('MissingParameter', message);
}

export function invalidNextToken(): AwsError {
  return new AwsError('InvalidNextToken', 'The next token specified is invalid.');
}

/** Known to AWS, not built here. `what` is the sentence's subject and verb: "Alarms on PromQL are". */
export function notBuilt(what: string): AwsError {
  return new AwsError('NotImplemented', `${what} not built into this emulator.`, { status: 501 });
}
