import type { PutTargetsCommandInput, Target } from '@aws-sdk/client-eventbridge';
import type { RuleTarget } from '../../world/rules/records.ts';
import type { Context } from '../operation.ts';
import { isJson } from '../is-json.ts';
import { pageAfter } from '../paging.ts';
import { notBuilt, validationError } from './errors.ts';
import { keep, ruleNamed } from './rules.ts';

/** Members of a target that belong to targets which are not built. */
const UNBUILT = [
  ...['KinesisParameters', 'RunCommandParameters', 'EcsParameters', 'BatchParameters', 'SqsParameters'],
  ...['HttpParameters', 'RedshiftDataParameters', 'SageMakerPipelineParameters', 'AppSyncParameters'],
] as const;
/** Names and numbers, as `inputOf` reads them. */
const PATH = /^\$(?:\.[\w-]+(?:\[\d+\])?)*$/;
/** "Each rule can have up to five targets" (API_PutTargets). */
const MAX_TARGETS = 5;

type OfRule = { Rule?: string | undefined; EventBusName?: string | undefined };

export const targetOperations = {
  PutTargets(context: Context, input: PutTargetsCommandInput) {
    const rule = ruleNamed(context, { Name: input.Rule, EventBusName: input.EventBusName });
    const given = (input.Targets ?? []).map(targetOf);
    const targets = [...rule.targets.filter(({ id }) => !given.some((one) => one.id === id)), ...given];
    if (targets.length > MAX_TARGETS)
      throw validationError('The requested resource exceeds the maximum number allowed.');
    keep(context, { ...rule, targets });
    return { FailedEntryCount: 0, FailedEntries: [] };
  },

  RemoveTargets(context: Context, input: OfRule & { Ids?: string[] }) {
    const rule = ruleNamed(context, { Name: input.Rule, EventBusName: input.EventBusName });
    keep(context, { ...rule, targets: rule.targets.filter(({ id }) => !input.Ids?.includes(id)) });
    return { FailedEntryCount: 0, FailedEntries: [] };
  },

  ListTargetsByRule(context: Context, input: OfRule & { NextToken?: string; Limit?: number }) {
    const rule = ruleNamed(context, { Name: input.Rule, EventBusName: input.EventBusName });
    const { items, next } = pageAfter(
      [...rule.targets].sort((a, b) => (a.id < b.id ? -1 : 1)),
      {
        keyOf: ({ id }) => id,
        size: input.Limit ?? 100,
        token: input.NextToken,
        invalidToken: () => validationError('Token is invalid.'),
      },
    );
    return { Targets: items.map(view), ...(next !== undefined && { NextToken: next }) };
  },
};

function targetOf(target: Target): RuleTarget {
  const { Id: id = '', Arn: arn = '', Input, InputPath, InputTransformer, RetryPolicy, DeadLetterConfig } = target;
  const service = arn.split(':')[2];
  if (!['lambda', 'sqs', 'sns'].includes(service ?? ''))
    throw notBuilt(`the target ${arn}: targets are functions, queues of SQS and topics of SNS`);
  const unbuilt = UNBUILT.find((member) => target[member] !== undefined);
  if (unbuilt !== undefined) throw notBuilt(`targets with ${unbuilt}`);
  if ([Input, InputPath, InputTransformer].filter((one) => one !== undefined).length > 1)
    throw validationError(`Only one of Input, InputPath, or InputTransformer must be provided for target ${id}.`);
  for (const path of [InputPath ?? '$', ...Object.values(InputTransformer?.InputPathsMap ?? {})])
    if (!PATH.test(path)) throw notBuilt(`the path ${path}: paths are as $.detail.bucket.name or $.resources[0]`);
  if (Input !== undefined && !isJson(Input)) throw validationError(`JSON syntax error in input for target ${id}`);
  if (InputTransformer !== undefined && InputTransformer.InputTemplate === undefined)
    throw validationError(`InputTemplate is missing for target ${id}.`);
  return {
    id,
    arn,
    ...(target.RoleArn !== undefined && { roleArn: target.RoleArn }),
    ...(Input !== undefined && { input: Input }),
    ...(InputPath !== undefined && { inputPath: InputPath }),
    ...(InputTransformer !== undefined && {
      transformer: { paths: InputTransformer.InputPathsMap ?? {}, template: InputTransformer.InputTemplate ?? '' },
    }),
    ...(RetryPolicy?.MaximumRetryAttempts !== undefined && { maxRetries: RetryPolicy.MaximumRetryAttempts }),
    ...(RetryPolicy?.MaximumEventAgeInSeconds !== undefined && { maxAgeSeconds: RetryPolicy.MaximumEventAgeInSeconds }),
    ...(DeadLetterConfig?.Arn !== undefined && { deadLetterArn: DeadLetterConfig.Arn }),
  };
}

function view(target: RuleTarget): Target {
  const { maxRetries, maxAgeSeconds, transformer } = target;
  const retries = maxRetries !== undefined || maxAgeSeconds !== undefined;
  return {
    Id: target.id,
    Arn: target.arn,
    ...(target.roleArn !== undefined && { RoleArn: target.roleArn }),
    ...(target.input !== undefined && { Input: target.input }),
    ...(target.inputPath !== undefined && { InputPath: target.inputPath }),
    ...(transformer !== undefined && {
      InputTransformer: {
        ...(Object.keys(transformer.paths).length > 0 && { InputPathsMap: transformer.paths }),
        InputTemplate: transformer.template,
      },
    }),
    ...(retries && { RetryPolicy: { MaximumRetryAttempts: maxRetries, MaximumEventAgeInSeconds: maxAgeSeconds } }),
    ...(target.deadLetterArn !== undefined && { DeadLetterConfig: { Arn: target.deadLetterArn } }),
  };
}
