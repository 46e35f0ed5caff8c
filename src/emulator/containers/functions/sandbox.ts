import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stopwatch, systemClock } from '../../../base/clock.ts';
import { eachLine } from '../lines.ts';
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
  const sandbox = new FunctionProcess(child, { environment, folder, register });
  if (child.pid !== undefined) await register.began(child.pid, folder);
  return sandbox;
}

class FunctionProcess implements Sandbox {
  readonly environment: SandboxSpec['environment'];
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #register: Register;
  /** When it was started, on the stopwatch. */
  readonly #begun = stopwatch(systemClock);
  /** Once its process has ended and what it printed is read. */
  readonly #gone: Promise<void>;
  /** Lines that it printed before its first call. */
  readonly #early: string[] = [];
  #log = (line: string): void => void this.#early.push(line);
  /** The first message that is no line to be logged: that its handler is loaded, or why not. */
  #first: Message | undefined;
  #receive: (message: Message) => void = () => {};
  /** Why its process has ended, in Lambda's words. */
  #exit: string | undefined;
  #onExit: (words: string) => void = () => {};
  #calls = 0;
  #stopped: Promise<void> | undefined;

  constructor(child: ChildProcess, about: Pick<SandboxSpec, 'environment' | 'register'> & { folder: string }) {
    this.#child = child;
    this.environment = about.environment;
    this.#folder = about.folder;
    this.#register = about.register;
    child.on('message', (message: Message | null) => this.#take(message));
    for (const stream of [child.stdout, child.stderr])
      stream?.on(
        'data',
        eachLine((line) => this.#log(line)),
      );
    this.#gone = new Promise((resolve) => this.#watchEnd(resolve));
    process.once('exit', this.#killAtExit);
  }

  alive(): boolean {
    return this.#exit === undefined;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async call({ requestId, event, context, timeout, begin, log }: SandboxCall): Promise<SandboxResult> {
    const isFirst = this.#calls === 0;
    this.#calls += 1;
    for (const line of this.#early.splice(0)) log(line);
    this.#log = log;
    const beganInit = isFirst ? this.#begun : stopwatch(systemClock);
    const ready = await this.#untilReady();
    begin();
    const initDuration = isFirst ? stopwatch(systemClock) - beganInit : undefined;
    const began = stopwatch(systemClock);
    const measured = () => ({
      duration: stopwatch(systemClock) - began,
      ...(initDuration !== undefined && { initDuration }),
    });
    if (ready !== 'ready') {
      await this.stop();
      return { ...failed(ready, requestId), ...measured(), memory: 0 };
    }
    const message = await this.#ask({ event, context, timeout });
    const took = measured();
    if (message === undefined) {
      await this.stop();
      const words = `Task timed out after ${(timeout / 1000).toFixed(2)} seconds`;
      const end = failed(words, requestId, 'Sandbox.Timedout');
      return { ...end, how: 'timeout', ...took, duration: timeout, memory: 0 };
    }
    if (typeof message === 'string' || message.fatal === true) {
      await this.stop();
      return { ...failed(message, requestId), ...took, memory: 0 };
    }
    const { error, result = 'null', memory = 0 } = message;
    if (error !== undefined)
      return { how: 'error', payload: JSON.stringify(error), errorType: error.errorType, ...took, memory };
    return { how: 'result', payload: result, ...took, memory };
  }

  /** Waits until the handler is loaded; else what went wrong. Beyond Lambda's limit of it, the call's own time runs. */
  async #untilReady(): Promise<'ready' | Message | string> {
    if (this.#first === undefined && this.#exit === undefined) {
      const wait = new AbortController();
      const known = new Promise<void>((resolve) => {
        this.#onExit = () => resolve();
        this.#receive = () => resolve();
      });
      await Promise.race([known, systemClock.sleep(INIT_LIMIT, wait.signal).catch(() => {})]);
      wait.abort();
    }
    if (this.#first !== undefined) return this.#first.ready === undefined ? this.#first : 'ready';
    return this.#exit ?? 'ready';
  }

  /** Gives the handler an event. @returns what it answers, or why its process has ended; undefined: nothing in time */
  async #ask({ event, context, timeout }: Pick<SandboxCall, 'event' | 'context' | 'timeout'>) {
    const wait = new AbortController();
    const answered = new Promise<Message | string>((resolve) => {
      this.#onExit = resolve;
      this.#receive = resolve;
      if (this.#exit !== undefined) resolve(this.#exit);
    });
    this.#child.send({ event, context, deadline: systemClock.now() + timeout });
    const late = systemClock.sleep(timeout, wait.signal).then(
      () => undefined,
      () => undefined,
    );
    const message = await Promise.race([answered, late]);
    wait.abort();
    return message;
  }

  /** A message of its process. The function's own code may send what it likes. */
  #take(message: Message | null): void {
    if (typeof message !== 'object' || message === null) return;
    if (message.log !== undefined) return this.#log(message.log);
    this.#first ??= message;
    this.#receive(message);
  }

  #watchEnd(then: () => void): void {
    const child = this.#child;
    const end = (words: string) => {
      if (this.#exit !== undefined) return;
      this.#exit = words;
      this.#onExit(words);
      then();
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
  }

  readonly #killAtExit = () => {
    kill(this.#child);
    rmSync(this.#folder, { recursive: true, force: true });
  };

  async #end(): Promise<void> {
    kill(this.#child);
    await this.#gone;
    process.off('exit', this.#killAtExit);
    await rm(this.#folder, { recursive: true, force: true });
    if (this.#child.pid !== undefined) this.#register.ended(this.#child.pid);
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
