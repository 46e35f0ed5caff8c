import {
  CloudFormationClient,
  CreateChangeSetCommand,
  CreateStackCommand,
  type CreateStackCommandInput,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  ListStackResourcesCommand,
  UpdateStackCommand,
  type UpdateStackCommandInput,
  ValidateTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionConfigurationCommand, GetPolicyCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.ts';
import { refused, type Stand, stand } from '../lambda/stand.ts';

let it: Stand;
let clock: VirtualClock;
let stacks: CloudFormationClient;
let s3: S3Client;
beforeEach(async () => {
  clock = new VirtualClock(Date.UTC(2026, 0, 5, 9));
  it = await stand({ latencies: { functionActive: 3000, stackResource: 1000 } }, clock);
  stacks = new CloudFormationClient(it.config);
  s3 = new S3Client({ ...it.config, forcePathStyle: true });
});
afterEach(async () => {
  stacks.destroy();
  s3.destroy();
  await it.close();
});

const ROLE = {
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    ManagedPolicyArns: [
      { 'Fn::Sub': 'arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' },
    ],
  },
};
const FUNCTION = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    Code: { ZipFile: 'exports.handler = async () => process.env.BUCKET;' },
    Timeout: { Ref: 'Seconds' },
    Environment: { Variables: { BUCKET: { Ref: 'Bucket' } } },
  },
};
const TEMPLATE = {
  Description: 'a stack',
  Parameters: {
    Seconds: { Type: 'Number', Default: 5 },
    Open: { Type: 'String', Default: 'no', AllowedValues: ['yes', 'no'] },
  },
  Conditions: { IsOpen: { 'Fn::Equals': [{ Ref: 'Open' }, 'yes'] } },
  Resources: {
    Function: FUNCTION,
    Role: ROLE,
    Bucket: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain', Properties: { BucketName: 'own' } },
    Topic: { Type: 'AWS::SNS::Topic', Condition: 'IsOpen', Properties: { DisplayName: 'x' } },
  },
  Outputs: {
    Name: { Value: { 'Fn::Join': ['/', [{ Ref: 'AWS::StackName' }, { Ref: 'Function' }]] } },
    Topic: { Condition: 'IsOpen', Value: { Ref: 'Topic' } },
  },
};
type Loose = { Parameters?: object; Conditions?: object; Resources: object; Outputs?: object };

const create = (template: Loose = TEMPLATE, more: Partial<CreateStackCommandInput> = {}) =>
  stacks.send(
    new CreateStackCommand({
      StackName: 's',
      TemplateBody: JSON.stringify(template),
      Capabilities: ['CAPABILITY_IAM'],
      ...more,
    }),
  );
const update = (template: Loose, more: Partial<UpdateStackCommandInput> = {}) =>
  stacks.send(
    new UpdateStackCommand({
      StackName: 's',
      TemplateBody: JSON.stringify(template),
      Capabilities: ['CAPABILITY_IAM'],
      ...more,
    }),
  );
const describe = async (StackName = 's') => (await stacks.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0];
/** The status of a stack once nothing is under way with it. */
async function ended(StackName = 's'): Promise<string | undefined> {
  for (let looks = 0; looks < 200; looks += 1) {
    const status = (await describe(StackName))?.StackStatus;
    if (status?.endsWith('_IN_PROGRESS') !== true) return status;
    await clock.sleep(1000);
  }
  throw new Error('It never ended.');
}
const events = async (StackName = 's') =>
  ((await stacks.send(new DescribeStackEventsCommand({ StackName }))).StackEvents ?? [])
    .map((one) => `${one.LogicalResourceId} ${one.ResourceStatus}`)
    .toReversed();
const resources = async () => {
  const { StackResourceSummaries = [] } = await stacks.send(new ListStackResourcesCommand({ StackName: 's' }));
  return Object.fromEntries(StackResourceSummaries.map((one) => [one.LogicalResourceId, one.PhysicalResourceId ?? '']));
};

test('a stack is made in the order of its references, and deleted in reverse; what shall be retained stays', async () => {
  const { StackId = '' } = await create();
  expect(await ended()).toBe('CREATE_COMPLETE');
  expect((await events()).filter((one) => !one.includes('IN_PROGRESS'))).toEqual([
    'Role CREATE_COMPLETE',
    'Bucket CREATE_COMPLETE',
    'Function CREATE_COMPLETE',
    's CREATE_COMPLETE',
  ]);
  const made = await resources();
  expect(made).toEqual({
    Role: expect.stringMatching(/^s-Role-[A-Z2-7]{12}$/) as string,
    Bucket: 'own',
    Function: expect.stringMatching(/^s-Function-[A-Z2-7]{12}$/) as string,
  });
  expect(await describe()).toMatchObject({
    Description: 'a stack',
    Outputs: [{ OutputKey: 'Name', OutputValue: `s/${made.Function}` }],
    Parameters: [
      { ParameterKey: 'Seconds', ParameterValue: '5' },
      { ParameterKey: 'Open', ParameterValue: 'no' },
    ],
  });
  const config = await it.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: made.Function }));
  expect(config).toMatchObject({ State: 'Active', Timeout: 5, Environment: { Variables: { BUCKET: 'own' } } });
  await stacks.send(new DeleteStackCommand({ StackName: 's' }));
  expect(await ended(StackId)).toBe('DELETE_COMPLETE');
  expect((await events(StackId)).slice(-6)).toEqual([
    'Function DELETE_IN_PROGRESS',
    'Function DELETE_COMPLETE',
    'Bucket DELETE_SKIPPED',
    'Role DELETE_IN_PROGRESS',
    'Role DELETE_COMPLETE',
    's DELETE_COMPLETE',
  ]);
  expect(await refused(describe())).toBe('400 ValidationError: Stack with id s does not exist');
  expect((await it.lambda.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
  await s3.send(new HeadBucketCommand({ Bucket: 'own' }));
});

test('a template in YAML with short forms; permissions, a URL, an output of it', async () => {
  const TemplateBody = `
Parameters:
  Public: { Type: String, Default: 'true' }
Conditions:
  IsPublic: !Not [!Equals [!Ref Public, 'false']]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: { Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: 'sts:AssumeRole' }] }
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: { ZipFile: "exports.handler = async () => ({ hello: 'there' });" }
  Url:
    Type: AWS::Lambda::Url
    Condition: IsPublic
    Properties: { AuthType: NONE, TargetFunctionArn: !GetAtt Function.Arn }
  MayInvokeUrl:
    Type: AWS::Lambda::Permission
    Condition: IsPublic
    Properties: { Action: lambda:InvokeFunctionUrl, FunctionName: !Ref Function, Principal: '*', FunctionUrlAuthType: NONE }
  MayInvoke:
    Type: AWS::Lambda::Permission
    Condition: IsPublic
    Properties: { Action: lambda:InvokeFunction, FunctionName: !Ref Function, Principal: '*', InvokedViaFunctionUrl: true }
Outputs:
  Url: { Condition: IsPublic, Value: !Sub '\${Url.FunctionUrl}page?\${!x}' }
`;
  await create(undefined, { TemplateBody });
  expect(await ended()).toBe('CREATE_COMPLETE');
  const url = (await describe())?.Outputs?.[0]?.OutputValue ?? '';
  expect(url).toMatch(/page\?\$\{x\}$/);
  expect(await (await fetch(url)).json()).toEqual({ hello: 'there' });
  await update(TEMPLATE, { TemplateBody, Parameters: [{ ParameterKey: 'Public', ParameterValue: 'false' }] });
  expect(await ended()).toBe('UPDATE_COMPLETE');
  expect(Object.keys(await resources())).toEqual(['Role', 'Function']);
  expect((await fetch(url)).status).toBe(404);
  const FunctionName = (await resources()).Function;
  expect(await refused(it.lambda.send(new GetPolicyCommand({ FunctionName })))).toMatch(/^404/);
});

test('what fails takes back what was made', async () => {
  const failing = {
    ...TEMPLATE,
    Resources: {
      ...TEMPLATE.Resources,
      Bad: {
        Type: 'AWS::Scheduler::Schedule',
        DependsOn: 'Function',
        Properties: {
          ScheduleExpression: 'never',
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: { Arn: { 'Fn::GetAtt': 'Function.Arn' }, RoleArn: 'arn:aws:iam::000000000000:role/r' },
        },
      },
    },
  };
  failing.Resources.Bucket = { ...failing.Resources.Bucket, DeletionPolicy: 'Delete' };
  await create(failing);
  expect(await ended()).toBe('ROLLBACK_COMPLETE');
  const log = await events();
  expect(log).toContain('Bad CREATE_FAILED');
  expect(log.slice(-2)).toEqual(['Role DELETE_COMPLETE', 's ROLLBACK_COMPLETE']);
  expect(await resources()).toEqual({});
  expect(await refused(update(TEMPLATE))).toMatch(
    /^400 ValidationError: Stack:.* is in ROLLBACK_COMPLETE state and can not be updated\.$/,
  );
  expect(await refused(s3.send(new HeadBucketCommand({ Bucket: 'own' })))).toMatch(/^404/);
  await stacks.send(new DeleteStackCommand({ StackName: 's' }));
  expect(await refused(ended())).toContain('does not exist');
});

test('a stack takes nothing over that exists', async () => {
  await s3.send(new CreateBucketCommand({ Bucket: 'own' }));
  await create();
  expect(await ended()).toBe('ROLLBACK_COMPLETE');
  await s3.send(new HeadBucketCommand({ Bucket: 'own' }));
});

test('a bucket that is not empty is not deleted; the stack says so, and can go on', async () => {
  await create({
    ...TEMPLATE,
    Resources: { ...TEMPLATE.Resources, Bucket: { ...TEMPLATE.Resources.Bucket, DeletionPolicy: 'Delete' } },
  });
  await ended();
  const id = (await describe())?.StackId ?? '';
  await s3.send(new PutObjectCommand({ Bucket: 'own', Key: 'k', Body: 'x' }));
  await stacks.send(new DeleteStackCommand({ StackName: 's' }));
  expect(await ended(id)).toBe('DELETE_FAILED');
  expect((await describe(id))?.StackStatusReason).toBe('The following resource(s) failed to delete: [Bucket]. ');
  expect(await resources()).toEqual({ Bucket: 'own' });
  await stacks.send(new DeleteStackCommand({ StackName: 's', RetainResources: ['Bucket'] }));
  expect(await ended(id)).toBe('DELETE_COMPLETE');
  await s3.send(new HeadBucketCommand({ Bucket: 'own' }));
});

test('an update changes in place, replaces, adds and removes', async () => {
  await create(TEMPLATE, { Parameters: [{ ParameterKey: 'Open', ParameterValue: 'yes' }] });
  await ended();
  const before = await resources();
  expect(await refused(update(TEMPLATE, { Parameters: [{ ParameterKey: 'Open', UsePreviousValue: true }] }))).toBe(
    '400 ValidationError: No updates are to be performed.',
  );
  const { Topic: _, ...rest } = TEMPLATE.Resources;
  const next = {
    ...TEMPLATE,
    Outputs: {},
    Resources: {
      ...rest,
      Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'another' } },
      Function: {
        ...FUNCTION,
        Properties: { ...FUNCTION.Properties, Code: { ZipFile: 'exports.handler = async () => 2;' }, MemorySize: 256 },
      },
      Group: {
        Type: 'AWS::Logs::LogGroup',
        Properties: { LogGroupName: { 'Fn::Sub': '/aws/lambda/${Function}' }, RetentionInDays: 7 },
      },
    },
  };
  await update(next, { Parameters: [{ ParameterKey: 'Open', UsePreviousValue: true }] });
  expect(await ended()).toBe('UPDATE_COMPLETE');
  const after = await resources();
  expect(after).toMatchObject({ Role: before.Role, Function: before.Function, Bucket: 'another' });
  expect(Object.keys(after).sort()).toEqual(['Bucket', 'Function', 'Group', 'Role']);
  const config = await it.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: after.Function }));
  expect(config).toMatchObject({ MemorySize: 256, Environment: { Variables: { BUCKET: 'another' } } });
  // Its UpdateReplacePolicy says nothing, so that the old one is deleted.
  expect(await refused(s3.send(new HeadBucketCommand({ Bucket: 'own' })))).toMatch(/^404/);
  const sns = new SNSClient(it.config);
  expect((await sns.send(new ListTopicsCommand({}))).Topics).toEqual([]);
  sns.destroy();
});

test('an update that fails goes back to what was', async () => {
  await create();
  await ended();
  const before = await resources();
  const next = {
    ...TEMPLATE,
    Resources: {
      ...TEMPLATE.Resources,
      Function: { ...FUNCTION, Properties: { ...FUNCTION.Properties, MemorySize: 512 } },
      Bucket: { ...TEMPLATE.Resources.Bucket, Properties: { BucketName: 'another' } },
      Group: { Type: 'AWS::Logs::LogGroup', DependsOn: ['Function'], Properties: { RetentionInDays: 6 } },
    },
  };
  await update(next);
  expect(await ended()).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await resources()).toEqual(before);
  const config = await it.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: before.Function }));
  expect(config).toMatchObject({ MemorySize: 128, Environment: { Variables: { BUCKET: 'own' } } });
  await s3.send(new HeadBucketCommand({ Bucket: 'own' }));
  expect(await refused(s3.send(new HeadBucketCommand({ Bucket: 'another' })))).toMatch(/^404/);
  // Made, and then refused its retention: nothing of it is left.
  const logs = new CloudWatchLogsClient(it.config);
  expect((await logs.send(new DescribeLogGroupsCommand({}))).logGroups).toEqual([]);
  logs.destroy();
  await update({
    ...next,
    Resources: { ...next.Resources, Group: { ...next.Resources.Group, Properties: { RetentionInDays: 7 } } },
  });
  expect(await ended()).toBe('UPDATE_COMPLETE');
});

test('a policy that somebody else gave a role keeps it', async () => {
  await create({ Resources: { Role: ROLE } });
  await ended();
  const { StackId } = (await describe()) ?? {};
  const iam = new IAMClient(it.config);
  const RoleName = (await resources()).Role;
  const PolicyDocument = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'theirs', PolicyDocument }));
  iam.destroy();
  await stacks.send(new DeleteStackCommand({ StackName: 's' }));
  expect(await ended(StackId)).toBe('DELETE_FAILED');
  expect(await resources()).toEqual({ Role: RoleName });
});

const GROUP = { Type: 'AWS::Logs::LogGroup', DependsOn: ['Bucket'], Properties: { RetentionInDays: 6 } };
const bucket = (BucketName: string, more: object = {}) => ({
  Type: 'AWS::S3::Bucket',
  Properties: { BucketName },
  ...more,
});
const buckets = async () => {
  const found = ['one', 'two'].map((Bucket) => refused(s3.send(new HeadBucketCommand({ Bucket }))));
  return (await Promise.all(found)).map((words) => words === 'not refused');
};

test('what a failed update has replaced is deleted with the next, or with the stack', async () => {
  await create({ Resources: { Bucket: bucket('one') } });
  await ended();
  await update({ Resources: { Bucket: bucket('two'), Group: GROUP } }, { DisableRollback: true });
  expect(await ended()).toBe('UPDATE_FAILED');
  expect(await buckets()).toEqual([true, true]);
  await update({ Resources: { Bucket: bucket('two'), Group: { ...GROUP, Properties: {} } } });
  expect(await ended()).toBe('UPDATE_COMPLETE');
  expect(await buckets()).toEqual([false, true]);
  await update({ Resources: { Bucket: bucket('one'), Group: GROUP } }, { DisableRollback: true });
  expect(await ended()).toBe('UPDATE_FAILED');
  expect(await buckets()).toEqual([true, true]);
  const { StackId } = (await describe()) ?? {};
  await stacks.send(new DeleteStackCommand({ StackName: 's' }));
  expect(await ended(StackId)).toBe('DELETE_COMPLETE');
  expect(await buckets()).toEqual([false, false]);
});

test('a stack is not deleted while it is updated; what is new and shall be retained stays when that goes back', async () => {
  await create({ Resources: { Bucket: bucket('one') } });
  await ended();
  const Second = bucket('two', { DeletionPolicy: 'Retain' });
  await update({ Resources: { Bucket: bucket('one'), Second, Group: { ...GROUP, DependsOn: 'Second' } } });
  expect(await refused(stacks.send(new DeleteStackCommand({ StackName: 's' })))).toMatch(
    /^400 ValidationError: Stack \[.*\] cannot be deleted while in status UPDATE_IN_PROGRESS$/,
  );
  expect(await ended()).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await resources()).toEqual({ Bucket: 'one' });
  expect(await buckets()).toEqual([true, true]);
});

test('a resource does not become one of another type', async () => {
  await create({ Resources: { X: bucket('one') } });
  await ended();
  expect(await refused(update({ Resources: { X: { Type: 'AWS::SNS::Topic' } } }))).toBe(
    '400 ValidationError: Update of resource type is not permitted. The new template modifies resource type of the following resources: [X]',
  );
});

test('a policy of queues comes to one and leaves another in place', async () => {
  const queue = (QueueName: string) => ({ Type: 'AWS::SQS::Queue', Properties: { QueueName } });
  const Statement = [{ Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: '*' }];
  const template = (...names: string[]) => ({
    Resources: {
      A: queue('a'),
      B: queue('b'),
      C: queue('c'),
      Policy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: { PolicyDocument: { Statement }, Queues: names.map((Ref) => ({ Ref })) },
      },
    },
  });
  await create(template('A', 'B'));
  await ended();
  await update(template('B', 'C'));
  expect(await ended()).toBe('UPDATE_COMPLETE');
  const urls = await resources();
  const sqs = new SQSClient(it.config);
  const policies = ['A', 'B', 'C'].map(async (id) => {
    const asked = new GetQueueAttributesCommand({ QueueUrl: urls[id], AttributeNames: ['Policy'] });
    return (await sqs.send(asked)).Attributes?.Policy !== undefined;
  });
  expect(await Promise.all(policies)).toEqual([false, true, true]);
  sqs.destroy();
});

test.each<[string, Partial<CreateStackCommandInput>]>([
  ['a stack policy', { StackPolicyBody: '{}' }],
  ['RetainExceptOnCreate', { RetainExceptOnCreate: true }],
])('%s is refused by name', async (_, more) => {
  expect(await refused(create(TEMPLATE, more))).toMatch(/^501 NotImplemented: The emulator has not built /);
});

test.each<[string, object, string]>([
  [
    'another type',
    { Resources: { X: { Type: 'AWS::DynamoDB::Table' } } },
    'NotImplemented: The emulator has not built resources of the type AWS::DynamoDB::Table.',
  ],
  [
    'an unknown type',
    { Resources: { X: { Type: 'Nothing' } } },
    'ValidationError: Template format error: Unrecognized resource types: [Nothing]',
  ],
  [
    'another property',
    { Resources: { X: { Type: 'AWS::S3::Bucket', Properties: { VersioningConfiguration: {} } } } },
    'NotImplemented: The emulator has not built VersioningConfiguration of AWS::S3::Bucket (X).',
  ],
  [
    'another intrinsic',
    { Resources: { X: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::ImportValue': 'x' } } } } },
    'NotImplemented: The emulator has not built the intrinsic function Fn::ImportValue.',
  ],
  [
    'Mappings',
    { Mappings: {}, Resources: {} },
    'NotImplemented: The emulator has not built the section Mappings of templates.',
  ],
  [
    'a name that is nothing',
    { Resources: { X: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { Ref: 'Y' } } } } },
    'ValidationError: Template format error: Unresolved resource dependencies [Y] in the Resources block of the template',
  ],
  [
    'a circle',
    { Resources: { X: { Type: 'AWS::S3::Bucket', DependsOn: 'Y' }, Y: { Type: 'AWS::S3::Bucket', DependsOn: ['X'] } } },
    'ValidationError: Circular dependency between resources: [X, Y]',
  ],
  ['a role without a word', TEMPLATE, 'InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]'],
  [
    'a named role',
    { Resources: { R: { ...ROLE, Properties: { ...ROLE.Properties, RoleName: 'r' } } } },
    'InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]',
  ],
  [
    'an attribute of nothing',
    { Resources: { X: { Type: 'AWS::S3::Bucket' } }, Outputs: { A: { Value: { 'Fn::GetAtt': ['X', 'Color'] } } } },
    'ValidationError: Template error: resource X does not support attribute type Color in Fn::GetAtt',
  ],
  [
    'a parameter without a value',
    { Parameters: { P: { Type: 'String' } }, Resources: { X: { Type: 'AWS::S3::Bucket' } } },
    'ValidationError: Parameters: [P] must have values',
  ],
])('%s is refused', async (_, template, words) => {
  expect(await refused(create(template as Loose, { Capabilities: [] }))).toContain(words);
  expect((await stacks.send(new DescribeStacksCommand({}))).Stacks).toEqual([]);
});

test('a change set is looked at, then executed', async () => {
  const change = (ChangeSetName: string, template: Loose, ChangeSetType: 'CREATE' | 'UPDATE') =>
    stacks.send(
      new CreateChangeSetCommand({
        StackName: 's',
        ChangeSetName,
        ChangeSetType,
        TemplateBody: JSON.stringify(template),
        Capabilities: ['CAPABILITY_IAM'],
      }),
    );
  const look = async (ChangeSetName: string) => {
    const one = await stacks.send(new DescribeChangeSetCommand({ StackName: 's', ChangeSetName }));
    const changes = one.Changes?.map(({ ResourceChange: c }) =>
      `${c?.Action} ${c?.LogicalResourceId} ${c?.Replacement ?? ''}`.trim(),
    );
    return [one.Status, one.ExecutionStatus, changes];
  };
  const execute = (ChangeSetName: string) =>
    stacks.send(new ExecuteChangeSetCommand({ StackName: 's', ChangeSetName }));
  await change('first', TEMPLATE, 'CREATE');
  expect((await describe())?.StackStatus).toBe('REVIEW_IN_PROGRESS');
  expect(await look('first')).toEqual(['CREATE_COMPLETE', 'AVAILABLE', ['Add Role', 'Add Bucket', 'Add Function']]);
  await execute('first');
  expect(await ended()).toBe('CREATE_COMPLETE');
  await change('none', TEMPLATE, 'UPDATE');
  expect(await look('none')).toEqual(['FAILED', 'UNAVAILABLE', []]);
  expect(await refused(execute('none'))).toMatch(/^400 InvalidChangeSetStatus/);
  const { Function: _, ...rest } = TEMPLATE.Resources;
  await change(
    'second',
    {
      ...TEMPLATE,
      Outputs: {},
      Resources: { ...rest, Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'third' } } },
    },
    'UPDATE',
  );
  expect(await look('second')).toEqual(['CREATE_COMPLETE', 'AVAILABLE', ['Modify Bucket True', 'Remove Function']]);
  await execute('second');
  expect(await ended()).toBe('UPDATE_COMPLETE');
  expect(await refused(look('second'))).toMatch(/^404 ChangeSetNotFound/);
});

test('a template says what it needs', async () => {
  const found = await stacks.send(new ValidateTemplateCommand({ TemplateBody: JSON.stringify(TEMPLATE) }));
  expect(found).toMatchObject({
    Description: 'a stack',
    Capabilities: ['CAPABILITY_IAM'],
    Parameters: [
      { ParameterKey: 'Seconds', DefaultValue: '5' },
      { ParameterKey: 'Open', DefaultValue: 'no' },
    ],
  });
});
