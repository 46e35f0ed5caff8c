import type { AwsError } from '../../model/aws-error.ts';
import type { OperationModel } from '../../model/shapes.ts';
import type { Context } from '../../services/operation.ts';
import { type Denial, denialOf } from '../../iam/evaluate.ts';
import { buckets } from '../../world/objects/records.ts';
import type { Principal } from '../../world/callers.ts';
import { accessDenied, deniedWords, MAY_NOT_DEREGISTER } from './denied.ts';
import { partitionOf } from '../../world/partition.ts';
import { type Requirement, requirementsOf } from './required.ts';

/** Refuses an operation that the caller's policies do not allow, in AWS's words. @throws AwsError */
export function authorize(
  caller: Principal,
  operation: OperationModel,
  input: Readonly<Record<string, unknown>>,
  context: Context,
): void {
  // S3 says that a bucket does not exist before it asks who may use it.
  const { Bucket } = input;
  const creates = operation.name === 'CreateBucket';
  if (typeof Bucket === 'string' && !creates && buckets(context.world.store).get(Bucket) === undefined) return;
  for (const requirement of requirementsOf(operation, input, context)) {
    const words = refusal(caller, requirement, context);
    if (words === undefined) continue;
    const scaled = requirement.action === 'application-autoscaling:DeregisterScalableTarget';
    throw accessDenied(operation.service, scaled && operation.name === 'DeleteEndpoint' ? MAY_NOT_DEREGISTER : words);
  }
}

/** What IAM would refuse, whatever the policies say: for a fault on demand. */
export function deny(operation: OperationModel, input: Readonly<Record<string, unknown>>, context: Context): AwsError {
  const [first] = requirementsOf(operation, input, context);
  const { action, resource } = first ?? { action: `${operation.service.id}:${operation.name}`, resource: '*' };
  const denied = { by: 'identity-based policy', explicit: false } as const;
  return accessDenied(operation.service, deniedWords({ user: context.caller.arn, action, resource }, denied));
}

/** Why the caller may not do something, in AWS's words; undefined where it may. */
export function refusal(caller: Principal, requirement: Requirement, context: Context): string | undefined {
  const denied = denial(caller, requirement, context);
  const { action, resource } = requirement;
  return denied && deniedWords({ user: userOf(caller, context), action, resource }, denied);
}

function userOf(caller: Principal, context: Context): string {
  return caller.arn.replace(/^arn:[^:]*:/, `arn:${partitionOf(context.region)}:`);
}

/** Which of the caller's policies does not let it do something; undefined where all do. */
export function denial(
  caller: Principal,
  { action, resource, keys }: Requirement,
  context: Context,
): Denial | undefined {
  const user = userOf(caller, context);
  const all: Requirement['keys'] = {
    ...keys,
    'aws:PrincipalAccount': [caller.account],
    'aws:PrincipalArn': [user],
    'aws:RequestedRegion': [context.region],
    'aws:ResourceAccount': [resource.split(':')[4] || caller.account],
    'aws:SecureTransport': ['true'],
    ...(/:user\//.test(user) ? { 'aws:username': [user.replace(/^.*\//, '')] } : {}),
  };
  const known = new Map(Object.entries(all).map(([key, values]) => [key.toLowerCase(), values]));
  const denied = denialOf(caller.policies, { action, resource, keys: known });
  const { iam } = context.world;
  if (caller.policies['identity-based policy'] !== undefined) iam.asked.add(action);
  if (denied !== undefined) iam.denied.add(action);
  return denied;
}
