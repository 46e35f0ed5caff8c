import type { App, Outcome } from '../../app.ts';
import { DEFAULT_PORT, ensureEmulator, runningEmulator } from '../../emulator/daemon/process.ts';
import type { Io } from '../../ui/io.ts';
import { shown, text } from '../../base/text.ts';
import { resolve } from 'node:path';
import { policyWords } from './flags.ts';
import { folderOf } from './folder.ts';
import { occupantOf } from './occupant.ts';
import type { StartOptions } from './serve.ts';
import { isoSeconds } from '../../base/units.ts';
import { writeJson } from '../views/json.ts';

/** Starts the emulator in the background, or becomes it. Its URL is the result. */
export async function run(app: App, given: StartOptions): Promise<Outcome> {
  const options = { ...given, iam: given.iam.map((one) => ({ ...one, file: resolve(app.cwd, one.file) })) };
  const dir = await folderOf(app, options);
  const running = await runningEmulator(dir);
  if (running !== undefined) {
    app.io.err(`The emulator is already running as process ${running.pid} since ${isoSeconds(running.since)}.`);
    if (flagsOf(options).length > 0)
      app.io.err('It keeps the flags it was started with: stop it first to change them.');
    if (options.format === 'json') writeJson(app.io, 'emulator-start', { started: false, ...running, dir });
    else app.io.out(running.url);
    return 'done';
  }
  if (options.foreground) {
    const { serve } = await import('./serve.ts');
    return serve(app, dir, options);
  }
  const started = await ensureEmulator(dir, { flags: flagsOf(options) });
  app.io.err(`The emulator runs as process ${started.pid}; its state is in ${dir}.`);
  const port = Number(new URL(started.url).port);
  if (options.port === undefined && port !== DEFAULT_PORT)
    app.io.err(`Port ${DEFAULT_PORT} is taken by ${await occupantOf(DEFAULT_PORT)}: it listens on ${port}.`);
  hint(app.io);
  if (options.format === 'json') writeJson(app.io, 'emulator-start', { ...started, dir });
  else app.io.out(started.url);
  return 'done';
}

/** What to do with it. */
function hint(io: Io): void {
  io.err(text`Point boto3, the AWS CLI or an SDK at it with: eval "$(${shown('emulator env')})"`);
}

/** The options as the words of a command line again, for the process in the background; `dir` and `foreground` apart. */
export function flagsOf(options: StartOptions): string[] {
  return [
    ...(options.port === undefined ? [] : ['--port', String(options.port)]),
    ...(options.verbose ? ['--verbose'] : []),
    ...options.containers.flatMap((container) => ['--container', container]),
    ...(options.pace === 'quick' ? [] : ['--pace', options.pace]),
    ...options.iam.flatMap((policy) => ['--iam', policyWords(policy)]),
    ...options.prices.flatMap(({ region, instanceType, hourly }) => ['--price', `${region}/${instanceType}=${hourly}`]),
    ...options.quotas.flatMap(({ name, limit }) => ['--quota', `${name}=${limit}`]),
    ...(options.trino === undefined ? [] : ['--trino', options.trino]),
    ...Object.entries(options.latencies).flatMap(([name, ms]) => ['--latency', `${name}=${ms}`]),
    ...Object.entries(options.switches).flatMap(([name, value]) => ['--switch', `${name}=${value}`]),
  ];
}
