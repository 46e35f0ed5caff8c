import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Aws, connect } from '../../src/aws/clients.ts';
import { VirtualClock } from '../../src/base/clock.ts';
import type { EmulatorOptions } from '../../src/emulator/world/options.ts';
import { type Emulator, startEmulator } from '../../src/emulator/http/server.ts';
import { run } from '../../src/main.ts';
import { ROLE } from './fixtures.ts';
import { type CapturedIo, capturedIo } from './io.ts';
import { SHORT } from './latencies.ts';
import { wordsOf } from './words.ts';

/** What a command line came to. */
export interface Ended {
  code: number;
  out: string;
  err: string;
}

/** An emulator on a virtual clock in this process, a project folder, and the program to run against them. */
export interface TestWorld {
  emulator: Emulator;
  clock: VirtualClock;
  /** Connected as the commands are: account 000000000000, us-east-1. */
  aws: Aws;
  /** The project's folder; removed by `close`. */
  root: string;
  env: Record<string, string>;
  /** Runs one command line, given as words or as a text split at spaces (`wordsOf`). */
  shadowctl(
    line: string | readonly string[],
    options?: {
      answers?: string[];
      signal?: AbortSignal;
      env?: Record<string, string | undefined>;
      io?: CapturedIo;
      /** Another folder than the project's. */
      cwd?: string;
    },
  ): Promise<Ended>;
  close(): Promise<void>;
}

export { ARTIFACT_005, ARTIFACT_009, FIXTURES, ROLE } from './fixtures.ts';
/** When the virtual clock starts. */
export const START = Date.UTC(2026, 0, 5, 9);

/** @param start when the virtual clock starts, milliseconds since the epoch */
export async function testWorld(
  options: Partial<Omit<EmulatorOptions, 'clock'>> = {},
  start = START,
): Promise<TestWorld> {
  const clock = new VirtualClock(start);
  const emulator = await startEmulator({ ...options, clock, seed: 1, latencies: { ...SHORT, ...options.latencies } });
  const root = await mkdtemp(join(tmpdir(), 'shadowctl-test-'));
  const env: Record<string, string> = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: emulator.url,
    SAGEMAKER_ROLE_ARN: ROLE,
  };
  const aws = connect({
    region: 'us-east-1',
    endpointUrl: emulator.url,
    profile: undefined,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    emulator,
    clock,
    aws,
    root,
    env,
    async shadowctl(line, { answers, signal, env: extra, io = capturedIo(answers), cwd = root } = {}) {
      const code = await run(typeof line === 'string' ? wordsOf(line) : line, {
        clock,
        env: { ...env, ...extra },
        cwd,
        signal: signal ?? new AbortController().signal,
        io: () => io,
      });
      return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
    },
    async close() {
      aws.close();
      await emulator.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
