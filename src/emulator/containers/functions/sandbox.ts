import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { stopwatch, systemClock } from '../../../base/clock.ts';
import type { Register } from '../own/register.ts';
// oxlint-disable-next-line import/default -- read as text
import runtime from './runtime.inline.js';

/** What a function runs in: a process of its own, with its code and no environment but what is said here. */
export interface SandboxSpec {
  files: ReadonlyMap<string, Uint8Array>;
  /** All of its environment but the folders, which the sandbox adds. */
  environment: Readonly<Record<string, string>>;
  memoryMb: number;
  register: Register;
}

/** One event for a function. */
interface SandboxCall {
  requestId: string;
  /** JSON. */
  event: string;
  /** What the handler is told of itself, beside the functions of its context. */
  context: Readonly<Record<string, unknown>>;
  /** Milliseconds. */
  timeout: number;
  /** Called when its handler is loaded, or could not be: now the event begins. */
  begin: () => void;
  /** A line that it prints, without its end. */
  log: (line: string) => void;
}

/** How an event went. Durations in milliseconds, memory in MB. */
export interface SandboxResult {
  /** `exit`: the process ended by itself. */
  how: 'result' | 'error' | 'timeout' | 'exit';
  /** JSON: what the handler answered, or what went wrong. */
  payload: string;
  errorType?: string;
  duration: number;
  /** Of the first call of a process alone. */
  initDuration?: number;
  memory: number;
}

/** A function's process. One event at a time. */
export interface Sandbox {
  readonly environment: SandboxSpec['environment'];
  call(call: SandboxCall): Promise<SandboxResult>;
  /** False once its process has ended. */
  alive(): boolean;
  stop(): Promise<void>;
}

/** "The init phase is limited to 10 seconds" (Lambda Developer Guide, "Lambda execution environment lifecycle"). */
const INIT_LIMIT = 10_000;
/** How long what a process printed last may take to be read, in ms of the wall clock. */
const DRAIN = 200;

interface Message {
  log?: string;
  ready?: number;
  result?: string;
  error?: { errorType: string; errorMessage: string; trace: string[] };
  fatal?: boolean;
  memory?: number;
}

/**
 * Starts a function's process. Its code lies in a folder of its own; TMPDIR and HOME are another, so that no file of the
 * user's own is found. It is a process of this machine: waited for on the wall clock, whatever
 * clock the emulator has, and not kept from files or the network.
 */
export async function startSandbox({ files, environment, memoryMb, register }: SandboxSpec): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowctl-function-'));
  const [task, own, entry] = [join(folder, 'task'), join(folder, 'tmp'), join(folder, 'runtime.mjs')];
  try {
    await Promise.all([mkdir(task), mkdir(own), writeFile(entry, runtime, { mode: 0o444 })]);
    await writeCode(task, files);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  // Lambda sets the heap by the memory of the function; below this Node itself does not start.
  const heap = Math.max(64, Math.floor(memoryMb * 0.9));
  const child = spawn(process.execPath, [`--max-old-space-size=${heap}`, entry], {
    cwd: task,
    // A group of its own, so that what it starts in turn ends with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...environment, LAMBDA_TASK_ROOT: task, LAMBDA_RUNTIME_DIR: folder, TMPDIR: own, HOME: own },
  });
  const begun = stopwatch(systemClock);
  const early: string[] = [];
  let log = (line: string): void => {
    early.push(line);
  };
  let receive: (message: Message) => void = () => {};
  let first: Message | undefined;
  child.on('message', (message: Message | null) => {
    // The function's own code may send what it likes.
    if (typeof message !== 'object' || message === null) return;
    if (message.log !== undefined) return log(message.log);
    first ??= message;
    receive(message);
  });
  child.stdout?.on(
    'data',
    lines((line) => log(line)),
  );
  child.stderr?.on(
    'data',
    lines((line) => log(line)),
  );
  let exit: string | undefined;
  let onExit = (_words: string) => {};
  const gone = new Promise<void>((resolve) => {
    const end = (words: string) => {
      if (exit !== undefined) return;
      exit = words;
      onExit(words);
      resolve();
    };
    // What it started ends with it. What has left its group lives on, and must not hold the pipes open.
    child.on('exit', () => {
      kill(child);
      void systemClock.sleep(DRAIN).then(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      });
    });
    child.on('error', (error) => end(`Runtime could not be started: ${error.message}`));
    child.on('close', (code, signal) =>
      end(
        code === 0
          ? 'Runtime exited without providing a reason'
          : `Runtime exited with error: ${signal === null ? `exit status ${code}` : `signal: ${SIGNALS[signal] ?? signal}`}`,
      ),
    );
  });
  const killAtExit = () => {
    kill(child);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', killAtExit);
  let calls = 0;
  let stopped: Promise<void> | undefined;
  const end = async () => {
    kill(child);
    await gone;
    process.off('exit', killAtExit);
    await rm(folder, { recursive: true, force: true });
    if (child.pid !== undefined) register.ended(child.pid);
  };
  const stop = () => (stopped ??= end());
  if (child.pid !== undefined) await register.began(child.pid, folder);
  return {
    environment,
    stop,
    alive: () => exit === undefined,
    async call({ requestId, event, context, timeout, begin, log: told }) {
      const isFirst = calls === 0;
      calls += 1;
      for (const line of early.splice(0)) told(line);
      log = told;
      const beganInit = isFirst ? begun : stopwatch(systemClock);
      const ready = await untilReady();
      begin();
      const initDuration = isFirst ? stopwatch(systemClock) - beganInit : undefined;
      const measured = (since: number) => ({
        duration: stopwatch(systemClock) - since,
        ...(initDuration !== undefined && { initDuration }),
      });
      const now = stopwatch(systemClock);
      if (ready !== 'ready') {
        await stop();
        return { ...failed(ready, requestId), ...measured(now), memory: 0 };
      }
      const wait = new AbortController();
      const answered = new Promise<Message | string>((resolve) => {
        onExit = resolve;
        receive = resolve;
        if (exit !== undefined) resolve(exit);
      });
      child.send({ event, context, deadline: systemClock.now() + timeout });
      const late = systemClock.sleep(timeout, wait.signal).then(
        () => undefined,
        () => undefined,
      );
      const message = await Promise.race([answered, late]);
      wait.abort();
      const took = measured(now);
      if (message === undefined) {
        await stop();
        const seconds = (timeout / 1000).toFixed(2);
        return {
          ...failed(`Task timed out after ${seconds} seconds`, requestId, 'Sandbox.Timedout'),
          how: 'timeout',
          ...took,
          duration: timeout,
          memory: 0,
        };
      }
      if (typeof message === 'string' || message.fatal === true) {
        await stop();
        return { ...failed(message, requestId), ...took, memory: 0 };
      }
      const { error, result = 'null', memory = 0 } = message;
      if (error !== undefined)
        return { how: 'error', payload: JSON.stringify(error), errorType: error.errorType, ...took, memory };
      return { how: 'result', payload: result, ...took, memory };
    },
  };

  /** Waits until the handler is loaded; else what went wrong. Beyond Lambda's limit of it, the call's own time runs. */
  async function untilReady(): Promise<'ready' | Message | string> {
    if (first === undefined && exit === undefined) {
      const wait = new AbortController();
      const told = new Promise<void>((resolve) => {
        onExit = () => resolve();
        receive = () => resolve();
      });
      await Promise.race([told, systemClock.sleep(INIT_LIMIT, wait.signal).catch(() => {})]);
      wait.abort();
    }
    if (first !== undefined) return first.ready === undefined ? first : 'ready';
    return exit ?? 'ready';
  }
}

/** What Lambda answers where the process of a function has failed, not its handler. */
function failed(
  what: Message | string,
  requestId: string,
  errorType = 'Runtime.ExitError',
): Pick<SandboxResult, 'how' | 'payload' | 'errorType'> {
  if (typeof what !== 'string' && what.error !== undefined)
    return { how: 'exit', payload: JSON.stringify(what.error), errorType: what.error.errorType };
  const errorMessage = `RequestId: ${requestId} Error: ${typeof what === 'string' ? what : 'Runtime failed'}`;
  return { how: 'exit', payload: JSON.stringify({ errorType, errorMessage }), errorType };
}

const SIGNALS: Partial<Record<NodeJS.Signals, string>> = { SIGKILL: 'killed', SIGABRT: 'aborted' };

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The whole group is gone already.
  }
}

/** Writes the code, whose paths `readZip` has found safe. Its files are for reading, as in Lambda. */
async function writeCode(task: string, files: SandboxSpec['files']): Promise<void> {
  for (const [path, bytes] of files) {
    const file = join(task, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes, { mode: 0o444, flag: 'wx' });
  }
}

/** Cuts a stream of bytes into lines. */
function lines(log: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const parts = (rest + decoder.write(chunk)).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) log(part);
  };
}
