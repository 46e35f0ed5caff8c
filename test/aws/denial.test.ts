import { describe, expect, it } from 'vitest';
import { denialAdvice, missingPermission, parseDenial } from '../../src/aws/denial.ts';

const WHO = 'User: arn:aws:sts::123456789012:assumed-role/R/S is not authorized to perform:';
const MODEL = 'arn:aws:sagemaker:eu-west-1:123456789012:model/m';

describe('what AWS says of a denial', () => {
  it.each<[string, string, object | undefined]>([
    [
      'no policy allows it',
      `${WHO} sagemaker:CreateModel on resource: ${MODEL} because no identity-based policy allows the sagemaker:CreateModel action`,
      { action: 'sagemaker:CreateModel', resource: MODEL, policy: 'identity-based policy', explicit: false },
    ],
    [
      'the organization does not allow it',
      `${WHO} sagemaker:CreateModel on resource: ${MODEL} because no service control policy allows the sagemaker:CreateModel action`,
      { action: 'sagemaker:CreateModel', resource: MODEL, policy: 'service control policy', explicit: false },
    ],
    [
      'the organization denies it, naming its policy',
      `${WHO} sagemaker:CreateModel on resource: ${MODEL} with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1`,
      { action: 'sagemaker:CreateModel', resource: MODEL, policy: 'service control policy', explicit: true },
    ],
    [
      'the boundary denies it, without a resource',
      `${WHO} codecommit:ListRepositories with an explicit deny in a permissions boundary`,
      { action: 'codecommit:ListRepositories', resource: undefined, policy: 'permissions boundary', explicit: true },
    ],
    [
      'S3',
      `${WHO} s3:GetObject on resource: "arn:aws:s3:::b/a key" because no VPC endpoint policy allows the s3:GetObject action`,
      { action: 's3:GetObject', resource: 'arn:aws:s3:::b/a key', policy: 'vpc endpoint policy', explicit: false },
    ],
    [
      'SNS',
      `${WHO} SNS:Publish on resource: arn:aws:sns:eu-west-1:1:t because no resource-based policy allows the SNS:Publish action`,
      {
        action: 'sns:Publish',
        resource: 'arn:aws:sns:eu-west-1:1:t',
        policy: 'resource-based policy',
        explicit: false,
      },
    ],
    [
      'S3, of an object under a key of KMS',
      `${WHO} kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
      { action: 'kms:Decrypt', resource: undefined, policy: undefined, explicit: false },
    ],
    [
      'as it was said for years',
      `${WHO} iam:PassRole on resource: arn:aws:iam::1:role/r`,
      { action: 'iam:PassRole', resource: 'arn:aws:iam::1:role/r', policy: undefined, explicit: false },
    ],
    [
      'an explicit deny, without saying where',
      `${WHO} iam:PassRole on resource: arn:aws:iam::1:role/r with an explicit deny`,
      { action: 'iam:PassRole', resource: 'arn:aws:iam::1:role/r', policy: undefined, explicit: true },
    ],
    [
      'a log group, whose ARN ends with colons',
      `${WHO} logs:FilterLogEvents on resource: arn:aws:logs:r:1:log-group:/g:log-stream: because no identity-based policy allows the logs:FilterLogEvents action`,
      {
        action: 'logs:FilterLogEvents',
        resource: 'arn:aws:logs:r:1:log-group:/g:log-stream:',
        policy: 'identity-based policy',
        explicit: false,
      },
    ],
    [
      'every resource',
      `${WHO} ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action`,
      { action: 'ecr:GetAuthorizationToken', resource: undefined, policy: 'identity-based policy', explicit: false },
    ],
    [
      'a scalable target',
      'An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to invoke DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission.',
      {
        action: 'application-autoscaling:DeregisterScalableTarget',
        resource: undefined,
        policy: undefined,
        explicit: false,
      },
    ],
    ['nothing', 'Access Denied', undefined],
  ])('%s', (_, words, expected) => {
    expect(parseDenial(words)).toEqual(expected);
  });
});

describe('what to do about it', () => {
  const denial = (policy: string | undefined, explicit = false) => ({
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::b/k',
    policy,
    explicit,
  });

  it.each([
    [denial('identity-based policy'), /^Grant s3:GetObject on arn:aws:s3:::b\/k to these credentials/],
    [denial(undefined), /^Grant s3:GetObject/],
    [denial('identity-based policy', true), /^An identity-based policy denies .* outright/],
    [denial('service control policy', true), /^A service control policy denies .* outright/],
    [denial(undefined, true), /^A policy denies .* outright/],
    [denial('service control policy'), /^The policies of the organization .* must allow/],
    [denial('permissions boundary'), /^The permissions boundary must allow .* too/],
    [undefined, /^Grant the permission for this/],
  ])('%o', (one, advice) => {
    expect(denialAdvice(one, undefined)).toMatch(advice);
  });

  it('what was asked for stands where AWS says the same, or nothing', () => {
    expect(missingPermission(denial(undefined), 's3:GetObject on s3://b/k')).toBe('s3:GetObject on s3://b/k');
    expect(missingPermission(undefined, 's3:GetObject on s3://b/k')).toBe('s3:GetObject on s3://b/k');
    expect(missingPermission(denial(undefined), 's3:ListBucket on s3://b')).toBe('s3:GetObject on arn:aws:s3:::b/k');
  });
});

it('a key of KMS has a policy of its own, which must permit it, too', () => {
  const denial = parseDenial(`${WHO} kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:1:key/k`);
  expect(denialAdvice(denial, 's3:PutObject on s3://b/k')).toMatch(/kms:GenerateDataKey on arn:.*policy of the key/);
});
