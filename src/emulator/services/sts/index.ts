import type { STS } from '@aws-sdk/client-sts';
import type { AssumeRoleCommandInput, AssumeRoleResponse, GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import type { Context, OperationsOf } from '../operation.ts';
import { sessions } from '../../world/accounts.ts';
import { partitionOf } from '../../world/partition.ts';
import { mayTake } from '../../world/roles.ts';
import { AwsError } from '../../model/aws-error.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const ROLE = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(?:.*\/)?([\w+=,.@-]{1,64})$/;

/** The STS operations that are built. */
export const operations = {
  AssumeRole: assumeRole,
  GetCallerIdentity: callerIdentity,
} satisfies OperationsOf<STS>;

/**
 * AssumeRole: the trust policy of a role that was created says who may; every other role that was not deleted may be
 * assumed. The session acts in the role's account.
 */
function assumeRole(context: Context, input: AssumeRoleCommandInput): AssumeRoleResponse {
  const { world } = context;
  const role = ROLE.exec(input.RoleArn ?? '');
  if (role === null) throw new AwsError('ValidationError', `${input.RoleArn} is invalid`);
  const [, account = '', name = ''] = role;
  // AWS does not say whether there is no such role, or it may not be taken.
  if (!mayTake(world, input.RoleArn ?? '', context.caller.arn))
    throw new AwsError(
      'AccessDenied',
      `User: ${context.caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`,
      { status: 403 },
    );
  const accessKeyId = `ASIA${base32(context, 16)}`;
  const expires = world.clock.now() + (input.DurationSeconds ?? 3600) * 1000;
  const arn = `arn:${partitionOf(context.region)}:sts::${account}:assumed-role/${name}/${input.RoleSessionName}`;
  const userId = `AROA${base32(context, 17)}:${input.RoleSessionName}`;
  const table = sessions(world);
  for (const [key, session] of table.entries()) if (session.expires <= world.clock.now()) table.delete(key);
  table.set(accessKeyId, { account, arn, userId, expires });
  return {
    Credentials: {
      AccessKeyId: accessKeyId,
      SecretAccessKey: world.random.hex(40),
      SessionToken: Buffer.from(world.random.hex(96), 'hex').toString('base64'),
      Expiration: new Date(expires),
    },
    AssumedRoleUser: { AssumedRoleId: userId, Arn: arn },
  };
}

function base32(context: Context, digits: number): string {
  let text = '';
  while (text.length < digits) text += BASE32[Math.floor(context.world.random.next() * 32)];
  return text;
}

/** GetCallerIdentity: the account's root, a user whom policies limit, or the role whose session signed the call. */
function callerIdentity(context: Context): GetCallerIdentityResponse {
  const { account, arn, userId } = context.caller;
  return { Account: account, Arn: arn, UserId: userId };
}
