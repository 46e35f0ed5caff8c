import { AwsError } from '../../model/aws-error.ts';

/** Known to AWS, not built here: refused by name. */
export function notBuilt(what: string): AwsError {
  return new AwsError('NotImplemented', `The emulator has not built ${what}.`, { status: 501 });
}

export function invalidNextToken(): AwsError {
  return new AwsError(
    'InvalidNextTokenException',
    'The pagination token is invalid. Try again without a pagination token.',
  );
}
