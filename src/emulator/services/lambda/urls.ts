import type { CreateFunctionUrlConfigCommandInput, GetFunctionUrlConfigResponse } from '@aws-sdk/client-lambda';
import { type FunctionRecord, type FunctionUrl, urlOf } from '../../world/functions/records.ts';
import type { Context } from '../operation.ts';
import { functionNamed, keep } from './configuration.ts';
import { conflict, notBuilt, nothingThere } from './errors.ts';

type Input = Partial<CreateFunctionUrlConfigCommandInput>;

export const urlOperations = {
  CreateFunctionUrlConfig(context: Context, input: Input): GetFunctionUrlConfigResponse {
    const record = functionNamed(context, input);
    if (record.url !== undefined)
      throw conflict(
        `Failed to create function url config for [functionArn = ${record.arn}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
      );
    const now = context.world.clock.now();
    // AWS's ids are 32 letters and digits.
    const url = { id: context.world.random.hex(32), auth: 'AWS_IAM' as const, createdAt: now, modifiedAt: now };
    return put(context, record, url, input);
  },

  UpdateFunctionUrlConfig(context: Context, input: Input): GetFunctionUrlConfigResponse {
    const record = functionNamed(context, input);
    return put(context, record, { ...given(record), modifiedAt: context.world.clock.now() }, input);
  },

  GetFunctionUrlConfig(context: Context, input: Input): GetFunctionUrlConfigResponse {
    const record = functionNamed(context, input);
    return view(context, record, given(record));
  },

  DeleteFunctionUrlConfig(context: Context, input: Input) {
    const record = functionNamed(context, input);
    given(record);
    const { url: _, ...rest } = record;
    keep(context, rest);
    return {};
  },
};

function given(record: FunctionRecord): FunctionUrl {
  if (record.url === undefined) throw nothingThere();
  return record.url;
}

function put(context: Context, record: FunctionRecord, before: FunctionUrl, input: Input) {
  if (input.InvokeMode === 'RESPONSE_STREAM') throw notBuilt('answers in a stream (InvokeMode RESPONSE_STREAM)');
  if (input.Cors !== undefined && Object.keys(input.Cors).length > 0) throw notBuilt('CORS of function URLs');
  const url: FunctionUrl = { ...before, auth: input.AuthType ?? before.auth };
  keep(context, { ...record, url });
  return view(context, record, url);
}

function view(context: Context, record: FunctionRecord, url: FunctionUrl): GetFunctionUrlConfigResponse {
  return {
    FunctionUrl: urlOf(context.baseUrl, record, url),
    FunctionArn: record.arn,
    AuthType: url.auth,
    CreationTime: new Date(url.createdAt).toISOString(),
    LastModifiedTime: new Date(url.modifiedAt).toISOString(),
    InvokeMode: 'BUFFERED',
  };
}
