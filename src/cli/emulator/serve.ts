import { once } from 'node:events';
import type { App, Outcome } from '../../app.ts';
import { type InstancePrice, type Quota, REALISTIC_LATENCIES, QUICK_LATENCIES } from '../../emulator/world/options.ts';
import { DEFAULT_PORT } from '../../emulator/daemon/process.ts';
import { removeNotice, writeNotice } from '../../emulator/daemon/notice.ts';
import { type Emulator, startEmulator } from '../../emulator/http/server.ts';
import { environmentError } from '../../base/errors.ts';
import type { DirOptions } from './folder.ts';
import { occupantOf } from './occupant.ts';
import type { PolicyFlag } from './flags.ts';
import { readPolicies } from './policies.ts';
import { logRequests } from './request-log.ts';

export interface StartOptions extends DirOptions {
  format: 'text' | 'json';
  /** Undefined: the usual one, or any free one where it is taken. */
  port: number | undefined;
  foreground: boolean;
  /** Prints a line a request; in the foreground. */
  verbose: boolean;
  /** `IMAGE=http://…` or `IMAGE=command …`. */
  containers: string[];
  /** Milliseconds by name. */
  latencies: Record<string, number>;
  switches: Record<string, boolean | number | string>;
  pace: 'quick' | 'lifelike';
  /** Policies to enforce. */
  iam: PolicyFlag[];
  /** What the Price List API knows. */
  prices: readonly InstancePrice[];
  /** What the account may have at most. */
  quotas: readonly Quota[];
  /** The URL of a Trino server that runs queries of Athena. */
  trino: string | undefined;
}

/** Is the emulator until it is told to end: then keeps the state and is done. */
export async function serve(app: App, dir: string, options: StartOptions): Promise<Outcome> {
  const stopLog = options.verbose ? logRequests(app.io, app.clock) : () => {};
  const emulator = await listen(app, dir, options);
  try {
    const since = new Date(app.clock.now()).toISOString();
    await writeNotice(dir, { pid: process.pid, port: emulator.port, url: emulator.url, since });
    app.io.err(`The emulator is listening; its state is in ${dir}. Stop it with Ctrl-C.`);
    app.io.out(emulator.url);
    if (!app.signal.aborted) await once(app.signal, 'abort');
  } finally {
    stopLog();
    await removeNotice(dir);
    await emulator.close();
  }
  app.io.err('The emulator has stopped; its state is kept.');
  return 'done';
}

/** On the port that was asked for, else on the usual one, else on any. */
async function listen(app: App, dir: string, options: StartOptions): Promise<Emulator> {
  const iam = await readPolicies(app.cwd, options.iam);
  const start = (port: number) =>
    startEmulator({
      clock: app.clock,
      dir,
      port,
      latencies: { ...(options.pace === 'quick' ? QUICK_LATENCIES : REALISTIC_LATENCIES), ...options.latencies },
      switches: options.switches,
      containers: options.containers,
      iam,
      prices: options.prices,
      quotas: options.quotas,
      ...(options.trino !== undefined && { trino: options.trino }),
    });
  const port = options.port ?? DEFAULT_PORT;
  try {
    return await start(port);
  } catch (error) {
    const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    if (code === 'EACCES')
      throw environmentError(`Port ${port} cannot be used by this user.`, 'Choose one above 1023, with --port.', error);
    if (code !== 'EADDRINUSE') throw error;
    const who = await occupantOf(port);
    if (options.port !== undefined) {
      throw environmentError(
        `Port ${port} is taken by ${who}.`,
        'Choose another with --port, or --port 0 for any free one.',
        error,
      );
    }
    app.io.err(`Port ${port} is taken by ${who}; the emulator uses another port.`);
    return start(0);
  }
}
