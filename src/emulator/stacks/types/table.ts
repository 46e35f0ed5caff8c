import type { ResourceType } from '../type.ts';
import { alarm } from './alarm.ts';
import { rule, schedule, subscription, topic } from './events.ts';
import { role } from './iam.ts';
import { lambdaEventInvokeConfig, lambdaFunction, lambdaPermission, lambdaUrl } from './lambda.ts';
import { bucket, logGroup, queue, queuePolicy } from './storage.ts';

/** The types of resources that stacks here have. */
export const TYPES: ReadonlyMap<string, ResourceType> = new Map([
  ['AWS::CloudWatch::Alarm', alarm],
  ['AWS::Events::Rule', rule],
  ['AWS::IAM::Role', role],
  ['AWS::Lambda::EventInvokeConfig', lambdaEventInvokeConfig],
  ['AWS::Lambda::Function', lambdaFunction],
  ['AWS::Lambda::Permission', lambdaPermission],
  ['AWS::Lambda::Url', lambdaUrl],
  ['AWS::Logs::LogGroup', logGroup],
  ['AWS::S3::Bucket', bucket],
  ['AWS::SNS::Subscription', subscription],
  ['AWS::SNS::Topic', topic],
  ['AWS::SQS::Queue', queue],
  ['AWS::SQS::QueuePolicy', queuePolicy],
  ['AWS::Scheduler::Schedule', schedule],
]);
