import { appendFileSync } from 'node:fs';
import type { Aws } from '../../src/aws/clients.ts';
import type { Clock } from '../../src/base/clock.ts';
import { asJson, redact } from './redact.ts';

/** One call of AWS: what was asked, and what came of it. */
export interface Call {
  /** ISO 8601, when it was sent. */
  at: string;
  /** The step of the session. */
  step: string;
  /** `SageMaker` */
  service: string;
  /** `CreateModel` */
  operation: string;
  input: Record<string, unknown>;
  output?: Record<string, unknown>;
  error?: { name: string; message: string; status: number | undefined };
}

export interface Recording {
  /** Every call so far, as it was; only the file is redacted. */
  calls: readonly Call[];
  /** Names the step that calls belong to from now on. */
  begin(step: string): void;
  /** Records what a client of the SDK calls. */
  watch(client: unknown): Promise<void>;
  /** The same connection, recorded. */
  wrap(aws: Aws): Aws;
}

/** The middleware of the SDK, as far as it is used here: around a whole call, retries included. */
type Around = (
  next: (args: { input: object }) => Promise<{ output: object }>,
  context: { clientName?: string; commandName?: string },
) => (args: { input: object }) => Promise<{ output: object }>;

interface Client {
  config: { credentials?: () => Promise<object> };
  middlewareStack: { add(around: Around, options: { step: 'initialize'; name: string }): void };
}

const CLIENTS = ['sagemaker', 'runtime', 'cloudwatch', 'logs', 's3', 'sts', 'sns', 'autoscaling', 'iam', 'ecr', 'pricing'] as const;

/** Records every call of a connection into a file, a line of JSON each, without account ids and secrets. */
export function record(file: string, clock: Clock): Recording {
  const calls: Call[] = [];
  const secrets = new Set<string>();
  let step = 'begin';
  const write = (call: Call) => {
    calls.push(call);
    appendFileSync(file, `${redact(asJson(call), [...secrets])}\n`);
  };
  const around: Around = (next, context) => async (args) => {
    const began = {
      at: new Date(clock.now()).toISOString(),
      step,
      service: (context.clientName ?? '').replace(/Client$/, ''),
      operation: (context.commandName ?? '').replace(/Command$/, ''),
      input: { ...args.input },
    };
    try {
      const result = await next(args);
      write({ ...began, output: { ...result.output } });
      return result;
    } catch (error) {
      const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
      write({ ...began, error: { name, message, status: $metadata?.httpStatusCode } });
      throw error;
    }
  };
  const add = async (client: unknown) => {
    const { config, middlewareStack } = client as Client;
    middlewareStack.add(around, { step: 'initialize', name: 'recordCall' });
    const keys = (await config.credentials?.().catch(() => undefined)) ?? {};
    for (const value of Object.values(keys)) if (typeof value === 'string') secrets.add(value);
  };
  return {
    calls,
    watch: add,
    begin: (next) => void (step = next),
    wrap(aws) {
      const recorded = { ...aws };
      for (const name of CLIENTS) {
        let made: Promise<unknown> | undefined;
        const client = async () => {
          const one = await aws[name]();
          await add(one);
          return one;
        };
        Object.assign(recorded, { [name]: () => (made ??= client()) });
      }
      return recorded;
    },
  };
}
