import type { FunctionConfiguration, Runtime, Architecture } from '@aws-sdk/client-lambda';
import { functionArn, functionKey, type FunctionRecord, functionsOf } from '../../world/functions/records.ts';
import type { Context } from '../operation.ts';
import { conflict, functionNotFound } from './errors.ts';

/** A function, by its name or its ARN in any of the forms that Lambda takes. @throws AwsError where there is none */
export function functionNamed(
  context: Context,
  input: { FunctionName?: string | undefined; Qualifier?: string | undefined },
): FunctionRecord {
  const { name, qualifier } = nameOf(input.FunctionName ?? '');
  const version = input.Qualifier ?? qualifier ?? '$LATEST';
  const record = functionsOf(context.world.store).get(functionKey({ ...context, name }));
  if (record === undefined || version !== '$LATEST')
    throw functionNotFound(`${functionArn(context, name)}${version === '$LATEST' ? '' : `:${version}`}`);
  return record;
}

/** Name and version in what names a function. */
export function nameOf(text: string): { name: string; qualifier: string | undefined } {
  const [, name = text, qualifier] = /^(?:.*:?function:)?([\w-]+)(?::(\$LATEST|[\w-]+))?$/.exec(text) ?? [];
  return { name, qualifier };
}

/** A function that may be changed: the change before is done. */
export function changeable(context: Context, record: FunctionRecord): FunctionRecord {
  const now = context.world.clock.now();
  if (now < record.activeAt)
    throw conflict(
      'The operation cannot be performed at this time. The function is currently in the following state: Pending',
    );
  if (now < (record.updatedAt ?? 0))
    throw conflict(
      `The operation cannot be performed at this time. An update is in progress for resource: ${record.arn}`,
    );
  return record;
}

/** Keeps a change of a function, whose processes are of no use any longer. */
export function keepChanged(context: Context, record: FunctionRecord): FunctionRecord {
  const { world } = context;
  const now = world.clock.now();
  const changed = {
    ...record,
    modifiedAt: now,
    updatedAt: now + world.latencies.functionActive,
    revision: world.random.uuid(),
  };
  functionsOf(world.store).set(functionKey(record), changed);
  void world.sandboxes.retire(`${functionKey(record)}@`);
  return changed;
}

/** Keeps what does not touch the code, nor how it is run. */
export function keep(context: Context, record: FunctionRecord): void {
  functionsOf(context.world.store).set(functionKey(record), record);
}

/** A function as Lambda describes it. */
export function describe(context: Context, record: FunctionRecord): FunctionConfiguration {
  const now = context.world.clock.now();
  const pending = now < record.activeAt;
  const updating = record.updatedAt !== undefined && now < record.updatedAt;
  return {
    FunctionName: record.name,
    FunctionArn: record.arn,
    Runtime: record.runtime as Runtime,
    Role: record.roleArn,
    Handler: record.handler,
    CodeSize: record.code.size,
    Description: record.description,
    Timeout: record.timeoutSeconds,
    MemorySize: record.memoryMb,
    LastModified: new Date(record.modifiedAt).toISOString().replace('Z', '+0000'),
    CodeSha256: record.code.sha256,
    Version: '$LATEST',
    ...(Object.keys(record.environment).length > 0 && { Environment: { Variables: record.environment } }),
    ...(record.deadLetterArn !== undefined && { DeadLetterConfig: { TargetArn: record.deadLetterArn } }),
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId: record.revision,
    State: pending ? 'Pending' : 'Active',
    ...(pending && { StateReason: 'The function is being created.', StateReasonCode: 'Creating' }),
    LastUpdateStatus: updating ? 'InProgress' : 'Successful',
    ...(updating && {
      LastUpdateStatusReason: 'The function is being created.',
      LastUpdateStatusReasonCode: 'Creating' as never,
    }),
    PackageType: 'Zip',
    Architectures: [record.architecture as Architecture],
    EphemeralStorage: { Size: record.ephemeralMb },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: record.logGroup },
  };
}
