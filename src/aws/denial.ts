/** What AWS says of a denial; parsed here and nowhere else. */
export interface Denial {
  /** `sagemaker:CreateModel` */
  action: string;
  /** The ARN it was asked for; undefined where AWS names none. */
  resource: string | undefined;
  /** The kind of policy that decided, in AWS's words: `identity-based policy`, `service control policy`, …; undefined where AWS does not say. */
  policy: string | undefined;
  /** A policy denies it outright; false where none allows it, or AWS does not say. */
  explicit: boolean;
}

/**
 * `User: <arn> is not authorized to perform: <action> on resource: <arn> because no <policy> allows the <action> action`
 * or `… with an explicit deny in a <policy>`, after which an ARN of that policy may follow (IAM User Guide, "Troubleshoot
 * access denied error messages"). The resource and the reason may be missing, and S3 puts the resource in quotes.
 */
const DENIED =
  /not authorized to perform: ([\w-]+:\w+)(?: on (?:the )?resource: ("[^"]*"|\S+))?(?:[^]*?(?:because no ([\w -]+?) allows|(?:with|due to) an (explicit deny)(?: in an? ([\w -]+))?))?/;

/** Of DeleteEndpoint, where a scalable target would go with the endpoint (SageMaker Developer Guide, "Delete an endpoint with automatic scaling"). */
const WITHOUT = /does not have ([a-z-]+:[A-Z]\w+) permission/;

/** Reads AWS's message; undefined where it names no action. */
export function parseDenial(words: string): Denial | undefined {
  const [, action, quoted, allowing, outright, denying] = DENIED.exec(words) ?? [];
  if (action === undefined) {
    const [, lacking] = WITHOUT.exec(words) ?? [];
    return lacking === undefined
      ? undefined
      : { action: lacking, resource: undefined, policy: undefined, explicit: false };
  }
  const resource = quoted?.replace(/^"|"$|[.,;]$/g, '');
  return {
    // SNS writes its prefix in capitals.
    action: action.replace(/^[^:]+/, (service) => service.toLowerCase()),
    resource: resource === undefined || resource === '*' ? undefined : resource,
    policy: (allowing ?? denying)?.toLowerCase(),
    explicit: outright !== undefined,
  };
}

/** What to do about it. `needs` is what we know of the call where AWS does not say: `s3:GetObject on s3://…`. */
export function denialAdvice(denial: Denial | undefined, needs: string | undefined): string {
  const missing = missingPermission(denial, needs) ?? 'the permission for this';
  const { policy, explicit } = denial ?? { policy: undefined, explicit: false };
  const article = /^[aeiou]/.test(policy ?? '') ? 'An' : 'A';
  if (explicit)
    return `${article} ${policy ?? 'policy'} denies ${missing} outright, and no other policy can allow it: whoever keeps that policy must change it. Or use other credentials, with --profile.`;
  if (policy === 'service control policy' || policy === 'resource control policy')
    return `The policies of the organization (${policy}) must allow ${missing}: ask whoever administers it.`;
  if (policy === 'permissions boundary' || policy === 'session policy' || policy === 'vpc endpoint policy')
    return `The ${policy.replace('vpc', 'VPC')} must allow ${missing} too, besides what is granted to these credentials.`;
  // "Every KMS key must have exactly one key policy" (AWS KMS Developer Guide, "Key policies"): IAM alone permits nothing.
  if (missing.startsWith('kms:'))
    return `Grant ${missing} to these credentials; the policy of the key must permit it, too. Or use others with --profile.`;
  return `Grant ${missing} to these credentials, or use others with --profile.`;
}

/** `s3:GetObject on s3://…`: what is missing, as far as it is known. */
export function missingPermission(denial: Denial | undefined, needs: string | undefined): string | undefined {
  if (denial === undefined) return needs;
  // What we asked for reads better than its ARN.
  if (needs?.startsWith(`${denial.action} on `) === true) return needs;
  // Of a log group AWS shows what a policy cannot be written with.
  const resource = denial.resource?.replace(/:log-stream:$/, ':*');
  return resource === undefined ? denial.action : `${denial.action} on ${resource}`;
}
