import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { DeleteObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { ListSubscriptionsByTopicCommand, ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDocument } from '../../../../src/emulator/iam/document.ts';
import { lines, type Stand, stand, until } from '../lambda/stand.ts';

/** It writes down what it was given, and says at its URL how often it was called. The object it writes needs its role. */
const CODE = `
const { request } = require('node:http');
const put = (key) => new Promise((done, fail) => {
  const authorization = 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID + '/20260105/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';
  const url = process.env.AWS_ENDPOINT_URL + '/' + process.env.BUCKET + '/' + key;
  request(url, { method: 'PUT', headers: { authorization } }, (reply) => done(reply.resume().statusCode)).on('error', fail).end('x');
});
exports.handler = async (event) => {
  if (event.requestContext) return { statusCode: 200, headers: { 'content-type': 'text/html' }, body: '<p>' + event.rawPath };
  const what = event.detail?.object?.key ?? event.tick;
  console.log('CALLED', what, await put('own/' + what), await put('elsewhere/' + what));
};`;

const TEMPLATE = {
  Resources: {
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: { NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } } },
    },
    Dead: { Type: 'AWS::SQS::Queue', Properties: { MessageRetentionPeriod: 1209600 } },
    MaySendToDead: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Dead' }],
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: { 'Fn::GetAtt': ['Dead', 'Arn'] },
            },
          ],
        },
      },
    },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        },
        Policies: [
          {
            PolicyName: 'own',
            PolicyDocument: {
              Statement: [
                { Effect: 'Allow', Action: 's3:PutObject', Resource: { 'Fn::Sub': '${Bucket.Arn}/own/*' } },
                {
                  Effect: 'Allow',
                  Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
                  Resource: { 'Fn::Sub': 'arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/*' },
                },
              ],
            },
          },
        ],
      },
    },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Timeout: 5,
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Code: { ZipFile: CODE },
        Environment: { Variables: { BUCKET: { Ref: 'Bucket' } } },
      },
    },
    Group: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: { 'Fn::Sub': '/aws/lambda/${Function}' }, RetentionInDays: 14 },
    },
    Async: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: { Ref: 'Function' }, Qualifier: '$LATEST', MaximumRetryAttempts: 0 },
    },
    Uploads: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: {
          source: ['aws.s3'],
          'detail-type': ['Object Created'],
          detail: { bucket: { name: [{ Ref: 'Bucket' }] }, object: { key: [{ prefix: 'models/' }] } },
        },
        Targets: [
          {
            Id: 'function',
            Arn: { 'Fn::GetAtt': ['Function', 'Arn'] },
            DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['Dead', 'Arn'] } },
          },
        ],
      },
    },
    MayBeCalled: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { Ref: 'Function' },
        Principal: 'events.amazonaws.com',
        SourceArn: { 'Fn::GetAtt': ['Uploads', 'Arn'] },
      },
    },
    TickRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Statement: [{ Effect: 'Allow', Principal: { Service: 'scheduler.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        },
        Policies: [
          {
            PolicyName: 'call',
            PolicyDocument: {
              Statement: [
                { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': ['Function', 'Arn'] } },
              ],
            },
          },
        ],
      },
    },
    Ticks: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        ScheduleExpression: 'rate(1 hour)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: { 'Fn::GetAtt': ['Function', 'Arn'] },
          RoleArn: { 'Fn::GetAtt': ['TickRole', 'Arn'] },
          Input: '{"tick":"one"}',
        },
      },
    },
    Url: {
      Type: 'AWS::Lambda::Url',
      Properties: { AuthType: 'NONE', TargetFunctionArn: { 'Fn::GetAtt': ['Function', 'Arn'] } },
    },
    UrlIsOpen: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunctionUrl',
        FunctionName: { Ref: 'Function' },
        Principal: '*',
        FunctionUrlAuthType: 'NONE',
      },
    },
    FunctionIsOpen: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { Ref: 'Function' },
        Principal: '*',
        InvokedViaFunctionUrl: true,
      },
    },
    Topic: { Type: 'AWS::SNS::Topic', Properties: {} },
    Mail: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: { Ref: 'Topic' }, Protocol: 'email', Endpoint: 'a@example.com' },
    },
    Failures: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        Namespace: 'AWS/Lambda',
        MetricName: 'Errors',
        Dimensions: [{ Name: 'FunctionName', Value: { Ref: 'Function' } }],
        Statistic: 'Sum',
        Period: 300,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
        AlarmActions: [{ Ref: 'Topic' }],
      },
    },
  },
  Outputs: {
    Bucket: { Value: { Ref: 'Bucket' } },
    Function: { Value: { Ref: 'Function' } },
    Url: { Value: { 'Fn::GetAtt': ['Url', 'FunctionUrl'] } },
  },
};

let it: Stand;
beforeEach(async () => {
  const document = readDocument({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }, 'test');
  // A schedule that calls when it is made spares the test an hour.
  it = await stand({
    switches: { rateStartsAtOnce: true },
    iam: [{ who: 'nobody', kind: 'identity-based policy', document }],
  });
});
afterEach(() => it.close());

test('a stack of a function and all that calls it: an upload, a tick and a browser reach it; then nothing is left', async () => {
  const stacks = new CloudFormationClient(it.config);
  const s3 = new S3Client({ ...it.config, forcePathStyle: true });
  const settled = (status: string) =>
    until(async () => {
      const { Stacks: [stack] = [] } = await stacks.send(new DescribeStacksCommand({ StackName: StackId }));
      if (stack?.StackStatus?.endsWith('_IN_PROGRESS') !== false) return undefined;
      expect([stack.StackStatus, stack.StackStatusReason]).toEqual([status, undefined]);
      return stack;
    });
  const { StackId } = await stacks.send(
    new CreateStackCommand({
      StackName: 'pipeline',
      TemplateBody: JSON.stringify(TEMPLATE),
      Capabilities: ['CAPABILITY_IAM'],
      Tags: [{ Key: 'team', Value: 'x' }],
    }),
  );
  const { Outputs = [] } = await settled('CREATE_COMPLETE');
  const {
    Bucket = '',
    Function: name = '',
    Url = '',
  } = Object.fromEntries(Outputs.map((one) => [one.OutputKey, one.OutputValue]));
  const called = () =>
    until(async () => {
      const found = (await lines(it, `/aws/lambda/${name}`))?.flatMap((line) => /CALLED (.*)$/.exec(line)?.[1] ?? []);
      return found?.length === 2 ? found.sort() : undefined;
    });
  await s3.send(new PutObjectCommand({ Bucket, Key: 'ignored', Body: 'x' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'models/m.tar.gz', Body: 'x' }));
  // What its role permits it may, and nothing else.
  expect(await called()).toEqual(['models/m.tar.gz 200 403', 'one 200 403']);
  const page = await fetch(`${Url}approve`);
  expect([page.headers.get('content-type'), await page.text()]).toEqual(['text/html', '<p>/approve']);
  const sns = new SNSClient(it.config);
  const { Topics: [topic] = [] } = await sns.send(new ListTopicsCommand({}));
  const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand(topic as { TopicArn: string }));
  expect(Subscriptions).toMatchObject([{ Protocol: 'email', SubscriptionArn: 'PendingConfirmation' }]);

  for (const Key of ['ignored', 'models/m.tar.gz', 'own/models/m.tar.gz', 'own/one'])
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  await stacks.send(new DeleteStackCommand({ StackName: 'pipeline' }));
  await settled('DELETE_COMPLETE');
  const clients = {
    events: new EventBridgeClient(it.config),
    scheduler: new SchedulerClient(it.config),
    sqs: new SQSClient(it.config),
    logs: new CloudWatchLogsClient(it.config),
    cloudwatch: new CloudWatchClient(it.config),
  };
  expect([
    (await s3.send(new ListBucketsCommand({}))).Buckets,
    (await it.lambda.send(new ListFunctionsCommand({}))).Functions,
    (await clients.events.send(new ListRulesCommand({}))).Rules,
    (await clients.scheduler.send(new ListSchedulesCommand({}))).Schedules,
    (await clients.sqs.send(new ListQueuesCommand({}))).QueueUrls ?? [],
    (await sns.send(new ListTopicsCommand({}))).Topics,
    (await clients.logs.send(new DescribeLogGroupsCommand({}))).logGroups,
    (await clients.cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms,
  ]).toEqual([[], [], [], [], [], [], [], []]);
  for (const client of [...Object.values(clients), stacks, s3, sns]) client.destroy();
});
