import { AwsError } from '../../model/aws-error.ts';
export { notBuilt } from '../../model/aws-error.ts';

export function invalidNextToken(): AwsError {
  return new AwsError(
    'InvalidNextTokenException',
    'The pagination token is invalid. Try again without a pagination token.',
  );
}
