import { createHash } from 'node:crypto';
import { s3Uri } from '../../aws/s3-uri.ts';
import { MINUTE, SECOND } from '../../base/units.ts';
import type { PolicyDocument } from '../../lifecycle/permissions/policy.ts';
import { PROJECT_TAG } from '../../resources/tags.ts';
import { pipelineNames } from '../names.ts';
import { functionPolicy, schedulePolicy } from './roles.ts';
import type { PipelineSpec } from './spec.ts';

/** A value of a template: JSON. */
type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

interface Resource {
  Type: string;
  DependsOn?: string | string[];
  DeletionPolicy?: 'Retain' | 'Delete';
  UpdateReplacePolicy?: 'Retain' | 'Delete';
  Properties: Readonly<Record<string, Value>>;
}

/** A template of AWS CloudFormation. */
export interface Template {
  AWSTemplateFormatVersion: '2010-09-09';
  Description: string;
  Resources: Readonly<Record<string, Resource>>;
  Outputs: Readonly<Record<string, { Description: string; Value: Value }>>;
}

/** Tells a pipeline's parts from what `cleanup` deletes: those carry the tag of their endpoint. */
export const PIPELINE_TAG = 'shadowctl:pipeline';

/** The longest that AWS Lambda lets a function run. */
const TIMEOUT = 15 * MINUTE;
/** Megabytes: DuckDB may take 1 GB, and the share of a processor grows with it; more than this new accounts are not given. */
export const MEMORY = 3008;
/** Megabytes below /tmp: captures that were downloaded are kept there from tick to tick, as long as AWS keeps the process. */
const DISK = 4096;
const RUNTIME = 'nodejs24.x';
/** Calls that failed are kept so long. */
const FAILED_DAYS = 14;

const ref = (Ref: string): Value => ({ Ref });
const arn = (name: string): Value => ({ 'Fn::GetAtt': [name, 'Arn'] });

/**
 * The template of a pipeline: one function, what calls it, where it writes, what it may do, and what tells when it fails. Pure.
 * @param part `bucket`: only the bucket of the state, in which the code must lie before there can be a function
 */
export function pipelineTemplate(spec: PipelineSpec, part: 'all' | 'bucket' = 'all'): Template {
  const bucket: Record<string, Resource> = spec.ownBucket ? { StateBucket: stateBucket(spec) } : {};
  const base = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `shadowctl: releases on SageMaker endpoint ${spec.endpoint}, from upload to approval`,
  } as const;
  const state = { Description: 'Where the journal is kept', Value: s3Uri(spec.state) };
  if (part === 'bucket') return { ...base, Resources: bucket, Outputs: { State: state } };
  return {
    ...base,
    Resources: {
      ...bucket,
      ...functionAndLog(spec),
      ...messages(spec),
      ...ticks(spec),
      ...events(spec),
      ...(spec.link ? address() : {}),
      ...alarms(spec),
    },
    Outputs: {
      State: state,
      Function: { Description: 'The function', Value: ref('Function') },
      Topic: { Description: 'Who is told: the topic', Value: ref('Topic') },
      ...(spec.link && {
        Page: {
          Description: 'Where the pages of questions are',
          Value: { 'Fn::GetAtt': ['FunctionUrl', 'FunctionUrl'] },
        },
      }),
    },
  };
}

function tagsOf({ project, endpoint, tags }: PipelineSpec): Value {
  const all = { ...tags, [PROJECT_TAG]: project, [PIPELINE_TAG]: endpoint };
  return Object.entries(all).map(([Key, value]) => ({
    Key,
    Value: value.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '-').slice(0, 256),
  }));
}

/** It outlives the stack: the history of every release is in it. */
function stateBucket(spec: PipelineSpec): Resource {
  return {
    Type: 'AWS::S3::Bucket',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: spec.state.bucket,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      Tags: tagsOf(spec),
    },
  };
}

function policy(PolicyName: string, document: PolicyDocument): Value {
  return [{ PolicyName, PolicyDocument: document as unknown as Value }];
}

/** @param condition who exactly may take the role up */
function trust(Service: string, condition?: Value): Value {
  const Condition: Record<string, Value> = condition === undefined ? {} : { Condition: condition };
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole', ...Condition }],
  };
}

function functionAndLog(spec: PipelineSpec): Record<string, Resource> {
  const names = pipelineNames(spec.endpoint);
  const Tags = tagsOf(spec);
  return {
    Log: {
      Type: 'AWS::Logs::LogGroup',
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: { LogGroupName: names.logGroup, RetentionInDays: spec.logDays, Tags },
    },
    FunctionRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: names.functionRole,
        Description: `What releases on endpoint ${spec.endpoint} need`,
        AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
        Policies: policy('release', functionPolicy(spec)),
        Tags,
      },
    },
    Function: {
      Type: 'AWS::Lambda::Function',
      DependsOn: 'Log',
      Properties: {
        FunctionName: names.function,
        Description: `shadowctl: looks after releases on endpoint ${spec.endpoint}`,
        Runtime: RUNTIME,
        Architectures: [spec.architecture],
        Handler: 'index.handler',
        Role: arn('FunctionRole'),
        Code: { S3Bucket: spec.state.bucket, S3Key: spec.code.key },
        Timeout: TIMEOUT / SECOND,
        MemorySize: MEMORY,
        EphemeralStorage: { Size: DISK },
        DeadLetterConfig: { TargetArn: arn('DeadLetters') },
        Environment: {
          Variables: {
            SHADOWCTL_STATE: s3Uri(spec.state),
            SHADOWCTL_SETTINGS: s3Uri({ bucket: spec.state.bucket, key: spec.settings.key }),
            ...(spec.link && { SHADOWCTL_LINK: 'function-url' }),
          },
        },
        Tags,
      },
    },
    // What failed is not tried again: the next tick finds it.
    Retries: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: ref('Function'), Qualifier: '$LATEST', MaximumRetryAttempts: 0 },
    },
    DeadLetters: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: names.deadLetters,
        MessageRetentionPeriod: FAILED_DAYS * 24 * 3600,
        SqsManagedSseEnabled: true,
        Tags,
      },
    },
  };
}

function messages(spec: PipelineSpec): Record<string, Resource> {
  const subscriptions = spec.emails.map((Endpoint): [string, Resource] => [
    `Mail${createHash('sha256').update(Endpoint).digest('hex').slice(0, 12)}`,
    { Type: 'AWS::SNS::Subscription', Properties: { TopicArn: ref('Topic'), Protocol: 'email', Endpoint } },
  ]);
  return {
    Topic: {
      Type: 'AWS::SNS::Topic',
      Properties: { TopicName: pipelineNames(spec.endpoint).topic, Tags: tagsOf(spec) },
    },
    ...Object.fromEntries(subscriptions),
  };
}

function ticks(spec: PipelineSpec): Record<string, Resource> {
  const { everyMinutes, account, endpoint } = spec;
  const names = pipelineNames(endpoint);
  return {
    ScheduleRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: names.scheduleRole,
        Description: `Calls the function that looks after releases on endpoint ${endpoint}`,
        AssumeRolePolicyDocument: trust('scheduler.amazonaws.com', { StringEquals: { 'aws:SourceAccount': account } }),
        Policies: policy('tick', schedulePolicy(spec)),
        Tags: tagsOf(spec),
      },
    },
    Schedule: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: names.schedule,
        Description: `Ticks of releases on endpoint ${endpoint}`,
        ScheduleExpression: `rate(${everyMinutes} ${everyMinutes === 1 ? 'minute' : 'minutes'})`,
        FlexibleTimeWindow: { Mode: 'OFF' },
        State: 'ENABLED',
        Target: {
          Arn: arn('Function'),
          RoleArn: arn('ScheduleRole'),
          Input: '{"shadowctl":"tick"}',
          // A tick that is late is done by the next one.
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 300 },
        },
      },
    },
  };
}

function events(spec: PipelineSpec): Record<string, Resource> {
  const { watch, endpoint } = spec;
  const names = pipelineNames(endpoint).rules;
  const onEndpoint = rule('Endpoint', names.endpoint, `An update of endpoint ${endpoint} goes on`, {
    source: ['aws.sagemaker'],
    'detail-type': ['SageMaker Endpoint Deployment State Change'],
    detail: { EndpointName: [endpoint] },
  });
  if (watch === undefined) return onEndpoint;
  const starts =
    watch.kind === 'uploads'
      ? rule('Upload', names.upload, `Something new below s3://${watch.bucket}/${watch.prefix}`, {
          source: ['aws.s3'],
          'detail-type': ['Object Created'],
          detail: {
            bucket: { name: [watch.bucket] },
            ...(watch.prefix !== '' && { object: { key: [{ prefix: watch.prefix }] } }),
          },
        })
      : rule('Registry', names.registry, `A version of ${watch.group} changed its status`, {
          source: ['aws.sagemaker'],
          'detail-type': ['SageMaker Model Package State Change'],
          detail: { ModelPackageGroupName: [watch.group] },
        });
  return { ...starts, ...onEndpoint };
}

/** A rule that calls the function, and the function's consent. */
function rule(name: string, Name: string, Description: string, EventPattern: Value): Record<string, Resource> {
  return {
    [`${name}Rule`]: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name,
        Description,
        State: 'ENABLED',
        EventPattern,
        Targets: [{ Id: 'function', Arn: arn('Function') }],
      },
    },
    [`${name}Permission`]: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: ref('Function'),
        Principal: 'events.amazonaws.com',
        SourceArn: arn(`${name}Rule`),
      },
    },
  };
}

/**
 * The address of the pages, open to everybody: what counts is the token in a link. "New function URLs will require both
 * lambda:InvokeFunctionUrl and lambda:InvokeFunction permissions" (Lambda Developer Guide, "Control access to Lambda function
 * URLs").
 */
function address(): Record<string, Resource> {
  return {
    FunctionUrl: {
      Type: 'AWS::Lambda::Url',
      Properties: { TargetFunctionArn: arn('Function'), AuthType: 'NONE' },
    },
    UrlPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunctionUrl',
        FunctionName: ref('Function'),
        Principal: '*',
        FunctionUrlAuthType: 'NONE',
      },
    },
    UrlCallPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: ref('Function'),
        Principal: '*',
        InvokedViaFunctionUrl: true,
      },
    },
  };
}

/** So many ticks in a row fail, or are missing, until people are told. */
const TICKS = 3;

function alarms(spec: PipelineSpec): Record<string, Resource> {
  const names = pipelineNames(spec.endpoint).alarms;
  const Period = Math.max(5, spec.everyMinutes) * 60;
  const alarm = (AlarmName: string, more: Readonly<Record<string, Value>>): Resource => ({
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName,
      Namespace: 'AWS/Lambda',
      Dimensions: [{ Name: 'FunctionName', Value: ref('Function') }],
      Statistic: 'Sum',
      Period,
      EvaluationPeriods: TICKS,
      AlarmActions: [ref('Topic')],
      Tags: tagsOf(spec),
      ...more,
    },
  });
  return {
    FailingAlarm: alarm(names.failing, {
      AlarmDescription: `Ticks of releases on endpoint ${spec.endpoint} fail: see the log ${pipelineNames(spec.endpoint).logGroup}`,
      MetricName: 'Errors',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      TreatMissingData: 'notBreaching',
    }),
    SilentAlarm: alarm(names.silent, {
      AlarmDescription: `Nothing looks after releases on endpoint ${spec.endpoint}: its function is not called`,
      MetricName: 'Invocations',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      // What is not called has no metric. A new alarm has none either: that it gets none any more is what is told.
      TreatMissingData: 'missing',
      InsufficientDataActions: [ref('Topic')],
    }),
  };
}
