import { createHash } from 'node:crypto';
import type {
  CreateFunctionCommandInput,
  FunctionConfiguration,
  GetFunctionResponse,
  ListFunctionsResponse,
  UpdateFunctionCodeCommandInput,
  UpdateFunctionConfigurationCommandInput,
} from '@aws-sdk/client-lambda';
import { readZip, ZipError } from '../../containers/functions/zip.ts';
import { readPieces } from '../../world/objects/bytes.ts';
import { buckets, objects } from '../../world/objects/records.ts';
import { functionArn, functionKey, type FunctionRecord, functionsOf } from '../../world/functions/records.ts';
import { trusts } from '../../world/roles.ts';
import type { Context } from '../operation.ts';
import { pageAfter } from '../paging.ts';
import { changeable, describe, functionNamed, keep, keepChanged, nameOf } from './configuration.ts';
import { conflict, invalidParameter, notBuilt, preconditionFailed } from './errors.ts';
import { tagsWithout } from '../tags.ts';

/** Runtimes that are run here: by the Node that runs the emulator, whatever its version. */
const RUNTIMES = /^nodejs(?:18|20|22|24)\.x$/;
/** Set by Lambda alone (Lambda Developer Guide, "Using Lambda environment variables"). */
const RESERVED =
  /^(?:_HANDLER|_X_AMZN_TRACE_ID|AWS_DEFAULT_REGION|AWS_REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_.*|AWS_ACCESS_KEY|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/;
/** "50 MB (zipped, when uploaded through the Lambda API or SDKs)"; "4 KB" of environment variables (Lambda quotas). */
const MAX_ZIP = 52_428_800;
const MAX_ENVIRONMENT = 4096;

type Code = Pick<
  UpdateFunctionCodeCommandInput,
  'ZipFile' | 'S3Bucket' | 'S3Key' | 'S3ObjectVersion' | 'ImageUri' | 'SourceKMSKeyArn'
>;

export const functionOperations = {
  async CreateFunction(context: Context, input: CreateFunctionCommandInput): Promise<FunctionConfiguration> {
    const { name } = nameOf(input.FunctionName ?? '');
    const { world, account, region } = context;
    const key = functionKey({ account, region, name });
    if (functionsOf(world.store).get(key) !== undefined) throw conflict(`Function already exist: ${name}`);
    refuseUnbuilt(input);
    if (input.Publish === true || input.PublishTo !== undefined) throw notBuilt('versions of functions (Publish)');
    if (input.PackageType === 'Image') throw notBuilt('functions from images');
    const roleArn = roleOf(context, input.Role);
    const runtime = runtimeOf(input.Runtime);
    if (input.Handler === undefined)
      throw invalidParameter(
        'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
      );
    const environment = environmentOf(input.Environment?.Variables);
    const code = await codeOf(context, input.Code ?? {});
    if (functionsOf(world.store).get(key) !== undefined) throw conflict(`Function already exist: ${name}`);
    const now = world.clock.now();
    const record: FunctionRecord = {
      account,
      region,
      name,
      arn: functionArn(context, name),
      roleArn,
      runtime,
      handler: input.Handler,
      description: input.Description ?? '',
      timeoutSeconds: timeoutOf(input.Timeout ?? 3),
      memoryMb: input.MemorySize ?? 128,
      environment,
      code,
      architecture: input.Architectures?.[0] ?? 'x86_64',
      ephemeralMb: input.EphemeralStorage?.Size ?? 512,
      logGroup: input.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
      createdAt: now,
      modifiedAt: now,
      activeAt: now + world.latencies.functionActive,
      revision: world.random.uuid(),
      tags: input.Tags ?? {},
      policy: [],
      ...deadLetter(input.DeadLetterConfig),
    };
    functionsOf(world.store).set(key, record);
    return describe(context, record);
  },

  GetFunction(context: Context, input: { FunctionName?: string; Qualifier?: string }): GetFunctionResponse {
    const record = functionNamed(context, input);
    return {
      Configuration: describe(context, record),
      // AWS gives a URL of a bucket of its own; there is none here.
      Code: { RepositoryType: 'S3' },
      ...(Object.keys(record.tags).length > 0 && { Tags: record.tags }),
      ...(record.concurrency !== undefined && {
        Concurrency: { ReservedConcurrentExecutions: record.concurrency },
      }),
    };
  },

  GetFunctionConfiguration(
    context: Context,
    input: { FunctionName?: string; Qualifier?: string },
  ): FunctionConfiguration {
    return describe(context, functionNamed(context, input));
  },

  async UpdateFunctionCode(context: Context, input: UpdateFunctionCodeCommandInput): Promise<FunctionConfiguration> {
    const record = changeable(context, functionNamed(context, input));
    checkRevision(record, input.RevisionId);
    if (input.Publish === true || input.PublishTo !== undefined) throw notBuilt('versions of functions (Publish)');
    const code = await codeOf(context, input);
    const architecture = input.Architectures?.[0] ?? record.architecture;
    if (input.DryRun === true) {
      await context.world.store.blobs.delete(code.blob);
      return describe(context, record);
    }
    const changed = keepChanged(context, { ...changeable(context, functionNamed(context, input)), code, architecture });
    await context.world.store.flush();
    await context.world.store.blobs.delete(record.code.blob);
    return describe(context, changed);
  },

  UpdateFunctionConfiguration(context: Context, input: UpdateFunctionConfigurationCommandInput): FunctionConfiguration {
    const record = changeable(context, functionNamed(context, input));
    checkRevision(record, input.RevisionId);
    refuseUnbuilt(input);
    const changed: FunctionRecord = {
      ...record,
      ...(input.Role !== undefined && { roleArn: roleOf(context, input.Role) }),
      ...(input.Runtime !== undefined && { runtime: runtimeOf(input.Runtime) }),
      ...(input.Handler !== undefined && { handler: input.Handler }),
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.Timeout !== undefined && { timeoutSeconds: timeoutOf(input.Timeout) }),
      ...(input.MemorySize !== undefined && { memoryMb: input.MemorySize }),
      ...(input.Environment !== undefined && { environment: environmentOf(input.Environment.Variables) }),
      ...(input.EphemeralStorage?.Size !== undefined && { ephemeralMb: input.EphemeralStorage.Size }),
      ...(input.LoggingConfig?.LogGroup !== undefined && { logGroup: input.LoggingConfig.LogGroup }),
      ...deadLetter(input.DeadLetterConfig),
    };
    if (input.DeadLetterConfig?.TargetArn === '') delete changed.deadLetterArn;
    return describe(context, keepChanged(context, changed));
  },

  async DeleteFunction(context: Context, input: { FunctionName?: string; Qualifier?: string }) {
    const record = functionNamed(context, input);
    const { world } = context;
    functionsOf(world.store).delete(functionKey(record));
    await world.sandboxes.retire(`${functionKey(record)}@`);
    await world.store.flush();
    await world.store.blobs.delete(record.code.blob);
    return {};
  },

  ListFunctions(context: Context, input: { Marker?: string; MaxItems?: number }): ListFunctionsResponse {
    const { items, next } = pageAfter(
      functionsOf(context.world.store).entries(`${context.account}/${context.region}/`),
      {
        keyOf: ([key]) => key,
        size: Math.min(input.MaxItems ?? 50, 50),
        token: input.Marker,
        invalidToken: () => invalidParameter('Invalid Marker'),
      },
    );
    return {
      Functions: items.map(([, record]) => describe(context, record)),
      ...(next !== undefined && { NextMarker: next }),
    };
  },

  ListTags(context: Context, input: { Resource?: string }) {
    return { Tags: functionNamed(context, { FunctionName: input.Resource }).tags };
  },

  TagResource(context: Context, input: { Resource?: string; Tags?: Record<string, string> }) {
    const record = functionNamed(context, { FunctionName: input.Resource });
    keep(context, { ...record, tags: { ...record.tags, ...input.Tags } });
    return {};
  },

  UntagResource(context: Context, input: { Resource?: string; TagKeys?: string[] }) {
    const record = functionNamed(context, { FunctionName: input.Resource });
    keep(context, { ...record, tags: tagsWithout(record.tags, input.TagKeys) });
    return {};
  },
};

function checkRevision(record: FunctionRecord, asked: string | undefined): void {
  if (asked !== undefined && asked !== record.revision)
    throw preconditionFailed(
      'The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to retrieve the latest RevisionId',
    );
}

function refuseUnbuilt(input: CreateFunctionCommandInput | UpdateFunctionConfigurationCommandInput): void {
  if ((input.Layers ?? []).length > 0) throw notBuilt('layers');
  if ((input.VpcConfig?.SubnetIds ?? []).length > 0) throw notBuilt('functions in a VPC');
  if ((input.FileSystemConfigs ?? []).length > 0) throw notBuilt('file systems of functions');
  if (input.SnapStart?.ApplyOn === 'PublishedVersions') throw notBuilt('SnapStart');
  if (input.LoggingConfig?.LogFormat === 'JSON') throw notBuilt('logs in JSON (LoggingConfig.LogFormat)');
  if (input.ImageConfig !== undefined) throw notBuilt('functions from images');
  if ('DurableConfig' in input && input.DurableConfig !== undefined) throw notBuilt('durable functions');
  if ('CapacityProviderConfig' in input && input.CapacityProviderConfig !== undefined)
    throw notBuilt('capacity providers');
  if ('TenancyConfig' in input && input.TenancyConfig !== undefined) throw notBuilt('tenants of functions');
  if ('CodeSigningConfigArn' in input && input.CodeSigningConfigArn !== undefined) throw notBuilt('signed code');
}

function roleOf(context: Context, arn: string | undefined): string {
  if (arn === undefined || !trusts(context.world, arn, 'lambda.amazonaws.com'))
    throw invalidParameter('The role defined for the function cannot be assumed by Lambda.');
  return arn;
}

function runtimeOf(runtime: string | undefined): string {
  if (runtime === undefined)
    throw invalidParameter(
      'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
    );
  if (!RUNTIMES.test(runtime)) throw notBuilt(`the runtime ${runtime}: functions run on Node (nodejs22.x) alone`);
  return runtime;
}

/** "900 seconds (15 minutes)" (Lambda quotas). */
function timeoutOf(seconds: number): number {
  if (seconds <= 900) return seconds;
  throw invalidParameter(
    `1 validation error detected: Value '${seconds}' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900`,
  );
}

function environmentOf(variables: Record<string, string> | undefined): Record<string, string> {
  const reserved = Object.keys(variables ?? {}).filter((name) => RESERVED.test(name));
  if (reserved.length > 0)
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  if (Buffer.byteLength(JSON.stringify(variables ?? {})) > MAX_ENVIRONMENT)
    throw invalidParameter(
      'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.',
    );
  return variables ?? {};
}

function deadLetter(config: { TargetArn?: string | undefined } | undefined): { deadLetterArn?: string } {
  const { TargetArn: arn } = config ?? {};
  if (arn === undefined || arn === '') return {};
  if (!/^arn:[^:]*:(?:sqs|sns):/.test(arn)) throw notBuilt(`the dead-letter target ${arn}`);
  return { deadLetterArn: arn };
}

/** The code of a request, checked and kept. */
async function codeOf(context: Context, input: Code): Promise<FunctionRecord['code']> {
  if (input.ImageUri !== undefined) throw notBuilt('functions from images');
  const { store, random } = context.world;
  const bytes = await bytesOf(context, input);
  try {
    readZip(bytes);
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    if (error.tooLarge) throw invalidParameter('Unzipped size must be smaller than 262144000 bytes');
    throw invalidParameter('Could not unzip uploaded file. Please check your file, then try to upload again.');
  }
  const blob = `lambda/${random.uuid()}`;
  await store.blobs.put(blob, bytes);
  return { blob, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('base64') };
}

async function bytesOf(context: Context, input: Code): Promise<Uint8Array> {
  const { ZipFile: zip, S3Bucket: bucket, S3Key: key, S3ObjectVersion: version } = input;
  if (zip !== undefined) {
    if (bucket !== undefined || key !== undefined)
      throw invalidParameter('Please do not provide other FunctionCode parameters when providing a ZipFile.');
    if (zip.length > MAX_ZIP)
      throw invalidParameter(`Zip file must be smaller than ${MAX_ZIP} bytes when it is sent with the request.`);
    return zip;
  }
  if (bucket === undefined || key === undefined) throw invalidParameter('Please provide a source for function code.');
  if (version !== undefined && version !== 'null')
    throw s3Error('NoSuchVersion', 'The specified version does not exist.');
  const { store } = context.world;
  const found = buckets(store).get(bucket);
  if (found === undefined) throw s3Error('NoSuchBucket', 'The specified bucket does not exist');
  if (found.region !== context.region)
    throw s3Error(
      'PermanentRedirect',
      `The bucket is in this region: ${found.region}. Please use this region to retry the request`,
    );
  const denied = context.refusal?.('s3:GetObject', `arn:aws:s3:::${bucket}/${key}`);
  if (denied !== undefined) throw s3Error('AccessDenied', 'Access Denied');
  const record = objects(store).get(`${bucket}/${key}`);
  const bytes = record && (await readPieces(store, record));
  if (bytes === undefined) throw s3Error('NoSuchKey', 'The specified key does not exist.');
  return bytes;
}

function s3Error(code: string, message: string) {
  return invalidParameter(`Error occurred while GetObject. S3 Error Code: ${code}. S3 Error Message: ${message}`);
}
