import type { Context } from '../operation.ts';
import { AwsError } from '../operation.ts';
import type { LogGroup } from '../../world/logs/logs.ts';

export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

export function noGroup(): AwsError {
  return new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
}

export function noStream(): AwsError {
  return new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
}

export function alreadyExists(what: 'group' | 'stream'): AwsError {
  return new AwsError('ResourceAlreadyExistsException', `The specified log ${what} already exists`);
}

/** The group of a request that names it by name, or by identifier (name or ARN); throws when it is not there. */
export function groupOf(context: Context, input: { logGroupName?: string; logGroupIdentifier?: string }): LogGroup {
  const { logGroupName: name, logGroupIdentifier: identifier } = input;
  if ((name === undefined) === (identifier === undefined)) {
    throw invalidParameter('Exactly one of logGroupName and logGroupIdentifier must be specified.');
  }
  const meant = name ?? nameInArn(identifier ?? '') ?? identifier ?? '';
  const group = context.world.logs.group(context.account, context.region, meant);
  if (group === undefined) throw noGroup();
  return group;
}

/** `arn:aws:logs:region:account:log-group:NAME` (`:*` may follow) → NAME; undefined for anything else. */
export function nameInArn(arn: string): string | undefined {
  return /^arn:[^:]*:logs:[^:]*:\d{12}:log-group:([^:]+)(?::\*)?$/.exec(arn)?.[1];
}
