import { partitionOf } from '../../aws/partition.ts';
import { callerPolicy, type PolicyDocument, readerPolicy } from '../../lifecycle/permissions/policy.ts';
import { BATCH_OF_RELEASE } from '../../lifecycle/permissions/needs.ts';
import { pipelineNames } from '../names.ts';
import type { PipelineSpec } from './spec.ts';

/** ARN of something in the account and region of a pipeline. */
export function arnOf(
  { region, account }: Pick<PipelineSpec, 'region' | 'account'>,
  service: string,
  rest: string,
): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${account}:${rest}`;
}

/** Commands whose work the function does. */
const COMMANDS = ['release', 'prune'] as const;

/**
 * What the function may do: the least with which `release` and `prune` work on this endpoint, by the table of `iam-policy`;
 * of buckets that are not shadowctl's own, only to read; and what it needs as a function. Pure.
 */
export function functionPolicy(spec: PipelineSpec): PolicyDocument {
  const { region, account, endpoint, role, state, readBuckets, batch, topics, link } = spec;
  const names = pipelineNames(endpoint);
  const place = {
    ...{ region, account, endpoint, role, state },
    buckets: batch?.buckets ?? [],
    topics: [...new Set([arnOf(spec, 'sns', names.topic), ...topics])],
  };
  // Transform jobs are begun only where a release gathers its evidence by them.
  const own = callerPolicy(COMMANDS, place, batch === undefined ? [] : BATCH_OF_RELEASE).Statement;
  const others = readBuckets.length === 0 ? [] : readerPolicy(COMMANDS, readBuckets, region).Statement;
  const allow = (Sid: string, Action: string[], Resource: string) => ({
    Sid,
    Effect: 'Allow' as const,
    Action,
    Resource,
  });
  return {
    Version: '2012-10-17',
    Statement: [
      ...own,
      ...others,
      allow(
        'Log',
        ['logs:CreateLogStream', 'logs:PutLogEvents'],
        `${arnOf(spec, 'logs', `log-group:${names.logGroup}`)}:*`,
      ),
      allow('Failed', ['sqs:SendMessage'], arnOf(spec, 'sqs', names.deadLetters)),
      ...(link
        ? [allow('OwnAddress', ['lambda:GetFunctionUrlConfig'], arnOf(spec, 'lambda', `function:${names.function}`))]
        : []),
    ],
  };
}

/** What the schedule may do: call the function. Pure. */
export function schedulePolicy(spec: PipelineSpec): PolicyDocument {
  const Resource = arnOf(spec, 'lambda', `function:${pipelineNames(spec.endpoint).function}`);
  return {
    Version: '2012-10-17',
    Statement: [{ Sid: 'Tick', Effect: 'Allow', Action: ['lambda:InvokeFunction'], Resource }],
  };
}
