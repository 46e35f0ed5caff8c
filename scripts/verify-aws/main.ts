import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/base/clock.ts';
import { interrupted, Problem } from '../../src/base/errors.ts';
import { linesOf, printText } from '../../src/base/text.ts';
import { createApp } from '../../src/wire.ts';
import { processIo } from '../../src/ui/io.ts';
import { record } from './record.ts';
import { schedulesOf } from './schedule.ts';
import { verify } from './verify.ts';

const HELP = `npm run verify:aws -- [options]

A first session on a real AWS account: the product's own commands, in the order in which they tell most of what no source
settles. It says what it costs and asks before it begins.

  --role ARN            role that the models run with (default: SAGEMAKER_ROLE_ARN)
  --schedule-role ARN   role with which EventBridge Scheduler may delete the endpoint after two hours
  --profile NAME        AWS profile
  --region NAME         AWS region
  --budget HOURS        instance hours at most
  --folder PATH         where state and recording go (default: verify-aws/<endpoint>)
  -y, --yes             do not ask
`;

const { values } = parseArgs({
  options: {
    role: { type: 'string' },
    'schedule-role': { type: 'string' },
    profile: { type: 'string' },
    region: { type: 'string' },
    budget: { type: 'string' },
    folder: { type: 'string' },
    yes: { type: 'boolean', short: 'y', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const root = resolve(process.env.SHADOWCTL_ROOT ?? '.');
// Capitals, for the case of ARNs is one of the things to be seen.
const endpoint = `ShadowctlVerify-${randomBytes(3).toString('hex')}`;
const folder = resolve(values.folder ?? join('verify-aws', endpoint));

const stop = new AbortController();
const now = new AbortController();
let failure: Error | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (stop.signal.aborted) now.abort(interrupted('Interrupted again.'));
    else stop.abort(interrupted('Interrupted.'));
  });
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    failure ??= error instanceof Error ? error : new Error('Something that is no error was thrown.', { cause: error });
    stop.abort(interrupted('Something went wrong.'));
  });

const GLOBALS = {
  emulator: false,
  endpointUrl: undefined,
  env: undefined,
  config: undefined,
  quiet: false,
  color: true,
  debug: false,
  state: undefined,
  lockTimeout: undefined,
};

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const io = processIo(process, { quiet: false, color: true });
  const env: Record<string, string | undefined> = {
    ...process.env,
    ...(values.role !== undefined && { SAGEMAKER_ROLE_ARN: values.role }),
  };
  if (!env.SAGEMAKER_ROLE_ARN) {
    io.alert('Which role do the models run with? Give --role, or set SAGEMAKER_ROLE_ARN.');
    return 2;
  }
  const budget = values.budget === undefined ? undefined : Number(values.budget);
  if (budget !== undefined && !(budget > 0)) {
    io.alert(`--budget: "${values.budget}" is no number of instance hours.`);
    return 2;
  }
  mkdirSync(folder, { recursive: true });
  const recording = record(join(folder, 'recording.jsonl'), systemClock);
  const surroundings = { clock: systemClock, env, cwd: folder, signal: stop.signal, io: () => io };
  const closings: (() => void)[] = [];
  const app = createApp({
    surroundings: { ...surroundings, wrap: (one) => recording.wrap(one) },
    globals: { ...GLOBALS, profile: values.profile, region: values.region },
    io,
    execute: () => Promise.reject(new Error('Commands are run by the session.')),
    opened: (close) => void closings.push(close),
    startedEmulator: () => undefined,
  });
  try {
    const aws = await app.aws();
    const result = await verify({
      ...surroundings,
      io,
      now: now.signal,
      folder,
      root,
      endpoint,
      aws,
      recording,
      schedules: await schedulesOf(aws, env.AWS_ENDPOINT_URL_SCHEDULER || env.AWS_ENDPOINT_URL || undefined, recording),
      scheduleRole: values['schedule-role'],
      yes: values.yes,
      budget,
    });
    if (failure !== undefined) io.alert(failure.stack ?? failure.message);
    if (stop.signal.aborted && failure === undefined) return 130;
    return result.stopped === undefined && result.clean ? 0 : 1;
  } finally {
    for (const close of closings) close();
  }
}

/** What went wrong, and what to do next. */
function complain(error: unknown): number {
  const lines = error instanceof Problem && error.next !== undefined ? linesOf(error.next) : [];
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  for (const line of lines) process.stderr.write(`  ${printText(line)}\n`);
  return 2;
}

process.exitCode = await main().catch(complain);
