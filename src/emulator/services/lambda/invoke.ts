import type { InvocationResponse } from '@aws-sdk/client-lambda';
import { runFunction } from '../../world/functions/run.ts';
import { AwsError } from '../../model/aws-error.ts';
import type { Context } from '../operation.ts';
import { functionNamed } from './configuration.ts';
import { conflict, notBuilt, throttled, tooLarge } from './errors.ts';

/** "6 MB each for request and response (synchronous)", "1 MB (asynchronous)" (Lambda quotas). */
const MAX_SYNC = 6_291_456;
const MAX_ASYNC = 1_048_576;

interface InvokeInput {
  FunctionName?: string;
  Qualifier?: string;
  InvocationType?: 'RequestResponse' | 'Event' | 'DryRun';
  LogType?: 'None' | 'Tail';
  ClientContext?: string;
  DurableExecutionName?: string;
  TenantId?: string;
  Payload?: Uint8Array;
}

type Answer = Omit<InvocationResponse, 'Payload'> & { Payload?: Uint8Array };

async function invoke(context: Context, input: InvokeInput): Promise<Answer> {
  const { world } = context;
  const record = functionNamed(context, input);
  if (input.DurableExecutionName !== undefined) throw notBuilt('durable functions');
  if (input.TenantId !== undefined) throw notBuilt('tenants of functions');
  if (input.ClientContext !== undefined) throw notBuilt('client contexts (X-Amz-Client-Context)');
  if (input.InvocationType === 'DryRun') return { StatusCode: 204 };
  if (world.clock.now() < record.activeAt)
    throw conflict(
      'The operation cannot be performed at this time. The function is currently in the following state: Pending',
    );
  const bytes = input.Payload ?? new Uint8Array();
  const isEvent = input.InvocationType === 'Event';
  const most = isEvent ? MAX_ASYNC : MAX_SYNC;
  if (bytes.length > most)
    throw tooLarge(
      `${bytes.length} byte payload is too large for the ${input.InvocationType ?? 'RequestResponse'} invocation type (limit ${most} bytes)`,
    );
  const payload = jsonOf(bytes);
  if (isEvent) {
    world.functionEvents.add(record, payload, world.clock.now(), context.requestId);
    return { StatusCode: 202, Payload: new Uint8Array() };
  }
  const outcome = await runFunction(world, record, context.requestId, payload);
  if (outcome === undefined) throw throttled();
  return {
    StatusCode: 200,
    ExecutedVersion: '$LATEST',
    ...(outcome.how !== 'result' && { FunctionError: 'Unhandled' }),
    ...(input.LogType === 'Tail' && { LogResult: Buffer.from(outcome.tail).toString('base64') }),
    Payload: Buffer.from(outcome.payload),
  };
}

/** An event is JSON; none is an empty object. */
function jsonOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  if (text.trim() === '') return '{}';
  try {
    JSON.parse(text);
  } catch (error) {
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${(error as Error).message}`,
    );
  }
  return text;
}

/** The gateway has read the payload as bytes. */
export const invokeOperations = { Invoke: (context: Context, input: object) => invoke(context, input) };
