import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  InvokeCommand,
  type InvokeCommandInput,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { strToU8, zipSync } from 'fflate';
import { type Clock, systemClock } from '../../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../../src/emulator/http/server.ts';
import type { EmulatorOptions } from '../../../../src/emulator/world/options.ts';

/** On the machine's clock, where functions run beside everything else; nothing takes long. */
const SHORT = { functionActive: 0, functionRetry: 20, deliverEvent: 0, stackResource: 0 };
export const ROLE = 'arn:aws:iam::000000000000:role/functions';
export const ARN = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

/** An emulator with what a client of any service needs to speak to it. */
export interface Stand {
  emulator: Emulator;
  config: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
    maxAttempts: number;
  };
  lambda: LambdaClient;
  close(): Promise<void>;
}

export async function stand(options: Partial<EmulatorOptions> = {}, clock: Clock = systemClock): Promise<Stand> {
  const emulator = await startEmulator({ seed: 1, latencies: SHORT, ...options, clock });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const config = { endpoint: emulator.url, region: 'us-east-1', credentials, maxAttempts: 1 };
  const lambda = new LambdaClient(config);
  return {
    emulator,
    config,
    lambda,
    async close() {
      lambda.destroy();
      await emulator.close();
    },
  };
}

/** A zip with these files, by their names. */
export function zip(files: Record<string, string>): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));
}

export function create({ lambda }: Stand, code: string, more: Partial<CreateFunctionCommandInput> = {}) {
  return lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'f',
      Runtime: 'nodejs22.x',
      Role: ROLE,
      Handler: 'index.handler',
      Code: { ZipFile: zip({ 'index.mjs': code }) },
      ...more,
    }),
  );
}

/** What a call came to: the answer as JSON, and the kind of error. */
export async function invoke({ lambda }: Stand, event: unknown = {}, more: Partial<InvokeCommandInput> = {}) {
  const input = { FunctionName: 'f', Payload: Buffer.from(JSON.stringify(event)), ...more };
  const { Payload, FunctionError, StatusCode, LogResult } = await lambda.send(new InvokeCommand(input));
  const text = Payload?.transformToString() ?? '';
  return {
    status: StatusCode,
    error: FunctionError,
    answer: (text === '' ? undefined : JSON.parse(text)) as unknown,
    tail: Buffer.from(LogResult ?? '', 'base64').toString(),
  };
}

/** Every line of a log group; undefined where there is no such group. */
export async function lines({ config }: Stand, group: string): Promise<string[] | undefined> {
  const logs = new CloudWatchLogsClient(config);
  try {
    const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: group }));
    return events?.map(({ message = '' }) => message) ?? [];
  } catch (error) {
    if ((error as Error).name === 'ResourceNotFoundException') return undefined;
    throw error;
  } finally {
    logs.destroy();
  }
}

export const refused = (call: Promise<unknown>) =>
  call.then(
    () => 'not refused',
    (error: Error & { $metadata?: { httpStatusCode?: number } }) =>
      `${error.$metadata?.httpStatusCode} ${error.name}: ${error.message}`,
  );

/** Waits until something holds, on the machine's clock. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const end = systemClock.now() + 10_000; systemClock.now() < end; ) {
    const found = await look();
    if (found !== undefined) return found;
    await systemClock.sleep(20);
  }
  throw new Error('It did not come.');
}
