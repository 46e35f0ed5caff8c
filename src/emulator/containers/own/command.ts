import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../base/clock.ts';
import type { Container } from '../container.ts';
import { forward } from './forward.ts';
import type { Register } from './register.ts';
import { eachLine } from '../lines.ts';

/** How long a command may take until its server answers for the first time, in ms of the wall clock. */
const STARTUP_LIMIT = 30_000;
/** How long it may take to end after SIGTERM. */
const GRACE = 5_000;

/**
 * Starts the user's command (by `sh -c`, with the user's rights, in the current folder) as a container. It finds the
 * unpacked model in the folder SM_MODEL_DIR (also MODEL_DIR): /opt/ml/model itself belongs to the machine and is not
 * written. It listens on SAGEMAKER_BIND_TO_PORT (also PORT) of 127.0.0.1; the model's environment is set as
 * CreateModel gave it. What it prints goes to `log`. Resolves when it answers, has ended, or the startup limit is over.
 *
 * The command is a process of this machine, so that it is waited for on the wall clock, whatever clock the emulator has.
 */
export async function startCommand({
  command,
  files,
  environment,
  log,
  register,
  signal,
}: {
  command: string;
  files: ReadonlyMap<string, Uint8Array>;
  environment: Readonly<Record<string, string>>;
  log: (line: string) => void;
  register: Register;
  /** Calls the start off: the process is ended, and the promise rejects with the signal's reason. */
  signal: AbortSignal | undefined;
}): Promise<Container> {
  const folder = await writeModel(files);
  const port = await freePort();
  if (signal?.aborted) {
    await rm(folder, { recursive: true, force: true });
    throw signal.reason;
  }
  const child = spawn('/bin/sh', ['-c', command], {
    // A group of its own, so that what it starts in turn ends with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...environment,
      SM_MODEL_DIR: folder,
      MODEL_DIR: folder,
      SAGEMAKER_BIND_TO_PORT: String(port),
      PORT: String(port),
    },
  });
  const state = { ended: false };
  child.on('error', (error) => {
    state.ended = true;
    log(`shadowctl emulator: ${command} could not be started: ${error.message}`);
  });
  const gone = new Promise<void>((resolve) => {
    child.on('close', (code, signal) => {
      state.ended = true;
      log(`shadowctl emulator: the container's command ended (${signal ?? `exit code ${code}`})`);
      resolve();
    });
  });
  const logged = (line: string) => log(line.endsWith('\r') ? line.slice(0, -1) : line);
  child.stdout.on('data', eachLine(logged, MAX_LENGTH));
  child.stderr.on('data', eachLine(logged, MAX_LENGTH));
  const killAtExit = () => {
    kill(child, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', killAtExit);
  const server = forward(new URL(`http://127.0.0.1:${port}`), log);
  const stop = async () => {
    server.close();
    if (!state.ended) {
      kill(child, 'SIGTERM');
      const over = new AbortController();
      await Promise.race([gone, systemClock.sleep(GRACE, over.signal).catch(() => {})]);
      over.abort();
    }
    // Also when the command itself has ended: what it left behind belongs to its group.
    kill(child, 'SIGKILL');
    process.off('exit', killAtExit);
    await rm(folder, { recursive: true, force: true });
    if (child.pid !== undefined) register.ended(child.pid);
  };
  try {
    if (child.pid !== undefined) await register.began(child.pid, folder);
    for (const end = systemClock.now() + STARTUP_LIMIT; !state.ended && systemClock.now() < end; ) {
      if ((await server.ping()) !== 0) break;
      await systemClock.sleep(50, signal);
    }
    signal?.throwIfAborted();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ping: () => (state.ended ? 0 : server.ping()),
    invoke: (request) => server.invoke(request),
    executionParameters: () => server.executionParameters(),
    stop,
  };
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group is gone already.
  }
}

/** Writes the files, whose paths `readArchive` has found safe, into a new folder. */
async function writeModel(files: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowctl-model-'));
  try {
    for (const [path, bytes] of files) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      // Never executable: the model is data, only the user's command is run. Read only, as in SageMaker.
      await writeFile(join(folder, path), bytes, { mode: 0o444, flag: 'wx' });
    }
    return folder;
  } catch (error) {
    // A full disk, or a file in the way of a folder: nothing of it is of use.
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** A log event of CloudWatch holds at most 256 KB; longer lines are cut into pieces. */
const MAX_LENGTH = 256 * 1000;
