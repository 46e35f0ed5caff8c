import type { LogGroupClass } from '@aws-sdk/client-cloudwatch-logs';
import type { Context, Operations } from '../operation.ts';
import type { LogGroup } from '../../world/logs/logs.ts';
import { partitionOf } from '../../world/partition.ts';
import { alreadyExists, invalidParameter, groupNotFound, invalidToken } from './errors.ts';
import { pageAfter } from '../paging.ts';
import { AwsError } from '../../model/aws-error.ts';
import { tagsWithout } from '../tags.ts';

const PAGE = 50;
/** "Possible values are", PutRetentionPolicy. */
const RETENTIONS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

interface CreateLogGroupInput {
  logGroupName: string;
  kmsKeyId?: string;
  tags?: Record<string, string>;
  logGroupClass?: LogGroupClass;
}

const createLogGroup = ({ world, account, region }: Context, input: CreateLogGroupInput) => {
  const { logGroupName: name, kmsKeyId, tags, logGroupClass } = input;
  if (world.logs.group(account, region, name) !== undefined) throw alreadyExists('group');
  world.logs.setGroup({
    name,
    account,
    region,
    creationTime: world.clock.now(),
    storedBytes: 0,
    tags: tags ?? {},
    ...(kmsKeyId !== undefined && { kmsKeyId }),
    ...(logGroupClass !== undefined && { logGroupClass }),
  });
  return {};
};

const deleteLogGroup = async ({ world, account, region }: Context, input: { logGroupName: string }) => {
  if (!(await world.logs.deleteGroup(account, region, input.logGroupName))) throw groupNotFound();
  return {};
};

interface DescribeLogGroupsInput {
  logGroupNamePrefix?: string;
  logGroupNamePattern?: string;
  logGroupClass?: LogGroupClass;
  logGroupIdentifiers?: string[];
  nextToken?: string;
  limit?: number;
}

const describeLogGroups = (context: Context, input: DescribeLogGroupsInput) => {
  const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern, logGroupIdentifiers: identifiers } = input;
  if (prefix !== undefined && pattern !== undefined) {
    throw invalidParameter('LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.');
  }
  const found = context.world.logs
    .groups(context.account, context.region)
    .filter(
      (group) =>
        (prefix === undefined || group.name.startsWith(prefix)) &&
        (pattern === undefined || group.name.includes(pattern)) &&
        (input.logGroupClass === undefined || classOf(group) === input.logGroupClass) &&
        (identifiers === undefined || identifiers.some((one) => (nameInArn(one) ?? one) === group.name)),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const { items, next } = pageAfter(found, {
    keyOf: (group) => group.name,
    size: input.limit ?? PAGE,
    token: input.nextToken,
    invalidToken,
  });
  return { logGroups: items.map(view), ...(next !== undefined && { nextToken: next }) };
};

function view(group: LogGroup): Record<string, unknown> {
  const arn = `arn:${partitionOf(group.region)}:logs:${group.region}:${group.account}:log-group:${group.name}`;
  return {
    logGroupName: group.name,
    creationTime: group.creationTime,
    ...(group.retentionInDays !== undefined && { retentionInDays: group.retentionInDays }),
    metricFilterCount: 0,
    arn: `${arn}:*`,
    storedBytes: group.storedBytes,
    ...(group.kmsKeyId !== undefined && { kmsKeyId: group.kmsKeyId }),
    logGroupClass: classOf(group),
    logGroupArn: arn,
  };
}

function classOf(group: LogGroup): string {
  return group.logGroupClass ?? 'STANDARD';
}

const putRetentionPolicy = (context: Context, input: { logGroupName: string; retentionInDays: number }) => {
  const days = input.retentionInDays;
  if (!RETENTIONS.includes(days)) {
    throw invalidParameter(
      `1 validation error detected: Value '${days}' at 'retentionInDays' failed to satisfy constraint: ` +
        `Member must satisfy enum value set: [${RETENTIONS.join(', ')}]`,
    );
  }
  context.world.logs.setGroup({ ...groupOf(context, input), retentionInDays: days });
  return {};
};

const deleteRetentionPolicy = (context: Context, input: { logGroupName: string }) => {
  const { retentionInDays: _days, ...rest } = groupOf(context, input);
  context.world.logs.setGroup(rest);
  return {};
};

const listTagsForResource = (context: Context, input: { resourceArn: string }) => ({
  tags: tagged(context, input.resourceArn).tags,
});

const tagResource = (context: Context, input: { resourceArn: string; tags: Record<string, string> }) => {
  const group = tagged(context, input.resourceArn);
  const tags = { ...group.tags, ...input.tags };
  if (Object.keys(tags).length > 50) {
    throw new AwsError('TooManyTagsException', 'A resource can have no more than 50 tags.', {
      details: { resourceName: input.resourceArn },
    });
  }
  context.world.logs.setGroup({ ...group, tags });
  return {};
};

const untagResource = (context: Context, input: { resourceArn: string; tagKeys: string[] }) => {
  const group = tagged(context, input.resourceArn);
  const tags = tagsWithout(group.tags, input.tagKeys);
  context.world.logs.setGroup({ ...group, tags });
  return {};
};

function tagged(context: Context, arn: string): LogGroup {
  const name = nameInArn(arn);
  const group = name === undefined ? undefined : context.world.logs.group(context.account, context.region, name);
  if (group === undefined) throw new AwsError('ResourceNotFoundException', 'The specified resource does not exist.');
  return group;
}

/** Log groups, their retention and tags. */
export const groupOperations = {
  CreateLogGroup: createLogGroup,
  DeleteLogGroup: deleteLogGroup,
  DescribeLogGroups: describeLogGroups,
  PutRetentionPolicy: putRetentionPolicy,
  DeleteRetentionPolicy: deleteRetentionPolicy,
  ListTagsForResource: listTagsForResource,
  TagResource: tagResource,
  UntagResource: untagResource,
} satisfies Operations;

/** The group of a request that names it by name, or by identifier (name or ARN); throws when it is not there. */
export function groupOf(context: Context, input: { logGroupName?: string; logGroupIdentifier?: string }): LogGroup {
  const { logGroupName: name, logGroupIdentifier: identifier } = input;
  if ((name === undefined) === (identifier === undefined)) {
    throw invalidParameter('Exactly one of logGroupName and logGroupIdentifier must be specified.');
  }
  const meant = name ?? nameInArn(identifier ?? '') ?? identifier ?? '';
  const group = context.world.logs.group(context.account, context.region, meant);
  if (group === undefined) throw groupNotFound();
  return group;
}

/** `arn:aws:logs:region:account:log-group:NAME` (`:*` may follow) → NAME; undefined for anything else. */
function nameInArn(arn: string): string | undefined {
  return /^arn:[^:]*:logs:[^:]*:\d{12}:log-group:([^:]+)(?::\*)?$/.exec(arn)?.[1];
}
