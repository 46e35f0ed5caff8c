import { AwsError } from '../../model/aws-error.ts';
import type { ServiceModel } from '../../model/shapes.ts';
import type { Denial } from '../../iam/evaluate.ts';

/** What is denied to whom. */
interface Denied {
  /** The caller's ARN. */
  user: string;
  /** `sagemaker:CreateModel` */
  action: string;
  /** An ARN, or `*`. */
  resource: string;
}

/**
 * AWS's words: who, what, on what, and why (IAM User Guide, "Troubleshoot access denied error messages"). S3 puts the
 * resource in quotes; SNS writes its prefix in capitals.
 */
export function deniedWords({ user, action, resource }: Denied, { by, explicit }: Denial): string {
  const [service = '', name] = action.split(':');
  const what = service === 'sns' ? `SNS:${name}` : action;
  const quoted = service === 's3' ? `"${resource}"` : resource;
  const where = resource === '*' ? '' : ` on resource: ${quoted}`;
  const article = /^[aeiou]/.test(by) ? 'an' : 'a';
  const why = explicit ? `with an explicit deny in ${article} ${by}` : `because no ${by} allows the ${what} action`;
  return `User: ${user} is not authorized to perform: ${what}${where} ${why}`;
}

/** Code and status by service: S3, CloudWatch, STS and IAM say AccessDenied with 403, SNS AuthorizationError, the others an exception. */
export function accessDenied(service: ServiceModel, words: string): AwsError {
  switch (service.id) {
    case 's3':
    case 'cloudwatch':
    case 'sts':
    case 'iam':
    case 'sqs':
    case 'cloudformation':
      return new AwsError('AccessDenied', words, { status: 403 });
    case 'sns':
      return new AwsError('AuthorizationErrorException', words, { status: 403 });
    case 'sagemaker-runtime':
    case 'scheduler':
    case 'lambda':
      return new AwsError('AccessDeniedException', words, { status: 403 });
    default:
      return new AwsError('AccessDeniedException', words);
  }
}

/** SageMaker's own words where an endpoint's scalable target would have to go with it (awslabs/stable-diffusion-aws-extension#161). */
export const MAY_NOT_DEREGISTER =
  'An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to invoke DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission.';
