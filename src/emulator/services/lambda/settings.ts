import type { FunctionEventInvokeConfig, PutFunctionEventInvokeConfigCommandInput } from '@aws-sdk/client-lambda';
import type { AsyncConfig, FunctionRecord } from '../../world/functions/records.ts';
import type { Context } from '../operation.ts';
import { functionNamed, keep } from './configuration.ts';
import { invalidParameter, notBuilt, nothingThere } from './errors.ts';

// How many of a function run at once, and what becomes of asynchronous events.

type Named = { FunctionName?: string | undefined; Qualifier?: string | undefined };

/** Of the 1,000 that an account has, 100 stay unreserved (Lambda Developer Guide, "Configuring reserved concurrency"). */
const MAX_RESERVED = 900;

export const settingOperations = {
  PutFunctionConcurrency(context: Context, input: Named & { ReservedConcurrentExecutions?: number }) {
    const record = functionNamed(context, input);
    const reserved = input.ReservedConcurrentExecutions ?? 0;
    if (reserved > MAX_RESERVED)
      throw invalidParameter(
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
      );
    keep(context, { ...record, concurrency: reserved });
    return { ReservedConcurrentExecutions: reserved };
  },

  GetFunctionConcurrency(context: Context, input: Named) {
    const { concurrency } = functionNamed(context, input);
    return concurrency === undefined ? {} : { ReservedConcurrentExecutions: concurrency };
  },

  DeleteFunctionConcurrency(context: Context, input: Named) {
    const { concurrency: _, ...rest } = functionNamed(context, input);
    keep(context, rest);
    return {};
  },

  PutFunctionEventInvokeConfig(context: Context, input: PutFunctionEventInvokeConfigCommandInput) {
    return put(context, functionNamed(context, input), {}, input);
  },

  UpdateFunctionEventInvokeConfig(context: Context, input: PutFunctionEventInvokeConfigCommandInput) {
    const record = functionNamed(context, input);
    return put(context, record, configOf(record), input);
  },

  GetFunctionEventInvokeConfig(context: Context, input: Named): FunctionEventInvokeConfig {
    const record = functionNamed(context, input);
    return view(record, configOf(record));
  },

  DeleteFunctionEventInvokeConfig(context: Context, input: Named) {
    const record = functionNamed(context, input);
    configOf(record);
    const { async: _, ...rest } = record;
    keep(context, rest);
    return {};
  },
};

function configOf(record: FunctionRecord): AsyncConfig {
  if (record.async === undefined)
    throw nothingThere(`The function ${record.arn}:$LATEST doesn't have an EventInvokeConfig`);
  return record.async;
}

function put(
  context: Context,
  record: FunctionRecord,
  before: Partial<AsyncConfig>,
  input: PutFunctionEventInvokeConfigCommandInput,
): FunctionEventInvokeConfig {
  const { OnSuccess, OnFailure } = input.DestinationConfig ?? {};
  for (const { Destination: arn } of [OnSuccess ?? {}, OnFailure ?? {}])
    if (arn !== undefined && !/^arn:[^:]*:(?:sqs|sns):/.test(arn))
      throw notBuilt(`the destination ${arn}: it is a queue of SQS or a topic of SNS`);
  const made: AsyncConfig = {
    ...before,
    modifiedAt: context.world.clock.now(),
    ...(input.MaximumRetryAttempts !== undefined && { maxRetries: input.MaximumRetryAttempts }),
    ...(input.MaximumEventAgeInSeconds !== undefined && { maxAgeSeconds: input.MaximumEventAgeInSeconds }),
    ...(OnSuccess?.Destination !== undefined && { onSuccess: OnSuccess.Destination }),
    ...(OnFailure?.Destination !== undefined && { onFailure: OnFailure.Destination }),
  };
  keep(context, { ...record, async: made });
  return view(record, made);
}

function view(record: FunctionRecord, config: AsyncConfig): FunctionEventInvokeConfig {
  return {
    LastModified: new Date(config.modifiedAt),
    FunctionArn: `${record.arn}:$LATEST`,
    ...(config.maxRetries !== undefined && { MaximumRetryAttempts: config.maxRetries }),
    ...(config.maxAgeSeconds !== undefined && { MaximumEventAgeInSeconds: config.maxAgeSeconds }),
    DestinationConfig: {
      OnSuccess: config.onSuccess === undefined ? {} : { Destination: config.onSuccess },
      OnFailure: config.onFailure === undefined ? {} : { Destination: config.onFailure },
    },
  };
}
