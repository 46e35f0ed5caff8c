import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { systemClock } from '../../../base/clock.ts';
import { environmentError, type Problem } from '../../../base/errors.ts';
import { lines, shown, text } from '../../../base/text.ts';
import { bytes, count, duration } from '../../../base/units.ts';

/** A command that compares answers, and what it may use. */
export interface ComparatorCommand {
  /** As the user wrote it, for the shell. */
  command: string;
  /** Where it runs. */
  folder: string;
  /** Milliseconds for all pairs together. */
  time: number;
  /** Resident memory of all its processes, bytes; held on Linux alone. */
  memory: number;
}

/** A line is a few numbers. */
const LONGEST_LINE = 64 * 1024;
const KEPT_ERRORS = 4_000;
const SHOWN_ERRORS = 5;
const SHOWN_LINE = 200;
const MEMORY_POLL = 250;
/** Milliseconds in which what a command wrote before it ended comes in. */
const CLOSING = 2_000;
const isWindows = process.platform === 'win32';
const MARK = 'SHADOWCTL_COMPARATOR';
/**
 * Beside the command, a shell that waits for the end of this process, whose end of the pipe then closes, and ends the group: a
 * process that is killed can do nothing about what it started.
 */
const WATCH = '{ read -r _ <&3; kill -KILL 0; } </dev/null >/dev/null 2>&1 & exec 3<&-';

/**
 * Runs a command once: all of `input` goes in, and each line that comes out is taken. Whatever ends it early ends all
 * processes of its group: a time-out, too much memory, a wrong line, the caller's signal, the end of this process.
 *
 * @param input one line each, with its end
 * @param take what is wrong with a line, to go on after "which", or undefined
 * @throws Problem (cannot-run) where it fails, takes too much, or gives not one line for each of `input`; the signal's reason
 */
export async function runComparator(
  how: ComparatorCommand,
  input: readonly string[],
  take: (line: string) => string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  // A group of its own, so that all of it can be ended; on Windows a tree.
  const mark = `${MARK}=${randomUUID()}`;
  const child = spawn(isWindows ? how.command : `${WATCH}\n${how.command}`, {
    shell: true,
    cwd: how.folder,
    env: { ...process.env, [MARK]: mark.slice(MARK.length + 1) },
    detached: !isWindows,
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe', isWindows ? 'ignore' : 'pipe'],
  });
  const [stdin, stdout, stderr] = [child.stdin, child.stdout, child.stderr];
  if (stdin === null || stdout === null || stderr === null) throw new Error('the comparator has no pipes');
  // Its other end goes when this process does; that it goes with the command is no fault.
  child.stdio[3]?.on('error', () => undefined);
  const over = new AbortController();
  const end = () => endAll(child, mark);
  const atExit = end;
  process.once('exit', atExit);
  let failure: { error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    end();
  };
  const onAbort = () => fail(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const errors = new Tail();
  let taken = 0;
  const wrong = (what: string, advice?: string) => fail(problem(how, what, errors, advice));
  const output = new LineReader((line) => {
    if (failure !== undefined) return;
    if (taken === input.length)
      return wrong(
        `gave more lines than the ${count(input.length)} it was asked for; the first too many is ${quoted(line)}`,
      );
    const fault = take(line);
    taken += 1;
    if (fault !== undefined) wrong(`gave line ${count(taken)}, ${quoted(line)}, which ${fault}`);
  });
  stdout.on('data', (chunk: Buffer) => {
    if (failure === undefined && !output.add(chunk))
      wrong(`gave a line of more than ${bytes(LONGEST_LINE)} after ${counted(taken, input)}`);
  });
  stderr.on('data', (chunk: Buffer) => errors.add(chunk));
  // What it does not read it need not: the number of its lines decides.
  pipeline(Readable.from(input), stdin).catch(() => undefined);
  const ended = new Promise<{ code: number | null; by: NodeJS.Signals | null }>((resolve) => {
    child.once('error', (error) => {
      failure ??= { error: problem(how, `could not be started: ${error.message}`, errors) };
      resolve({ code: null, by: null });
    });
    child.once('exit', () => {
      end();
      // What it left running, and could not be found, would hold its output open.
      void until(CLOSING, over.signal, () => {
        stdout.destroy();
        stderr.destroy();
      });
    });
    child.once('close', (code, by) => resolve({ code, by }));
  });
  const bounds = Promise.all([
    until(how.time, over.signal, () =>
      wrong(
        `was not done after ${duration(how.time)}: it had given ${counted(taken, input)}`,
        'Give it more time (--comparator-time, answers.limits.time), or fewer pairs (--comparator-sample, answers.sample).',
      ),
    ),
    watchMemory(child, how.memory, over.signal, (used) =>
      wrong(
        `used ${bytes(used)} of memory, and ${bytes(how.memory)} are allowed`,
        'Raise answers.limits.memory in the policy, or let it use less.',
      ),
    ),
  ]);
  try {
    const { code, by } = await ended;
    if (failure === undefined) output.end();
    if (failure !== undefined) throw failure.error;
    if (code !== 0)
      throw problem(
        how,
        `${by === null ? `ended with exit code ${code}${signalOf(code)}` : `was ended by ${by}`} after ${counted(taken, input)}`,
        errors,
      );
    if (taken < input.length) throw problem(how, `ended after ${counted(taken, input)}`, errors);
  } finally {
    over.abort();
    await bounds;
    process.off('exit', atExit);
    signal?.removeEventListener('abort', onAbort);
    end();
    child.stdio[3]?.destroy();
  }
}

function counted(taken: number, input: readonly string[]): string {
  return `${count(taken)} of ${count(input.length)} lines`;
}

function problem({ command }: ComparatorCommand, what: string, errors: Tail, advice?: string): Problem {
  const said = errors.lines();
  return environmentError(
    `The comparator ${quoted(command)} ${what}.${said.length === 0 ? ' It wrote nothing to standard error.' : ` Standard error ends with: ${said.join(' | ')}`}`,
    lines(
      advice ??
        'It must print one line for each line that it reads: a number from 0 to 1, or an object of such numbers.',
      text`What it reads and prints: ${shown('help answers')}`,
    ),
  );
}

function quoted(words: string): string {
  const short = words.length > SHOWN_LINE ? `${words.slice(0, SHOWN_LINE)}…` : words;
  return JSON.stringify(short);
}

/** Calls back after so many milliseconds, unless it is over by then. */
async function until(ms: number, over: AbortSignal, late: () => void): Promise<void> {
  try {
    await systemClock.sleep(ms, over);
  } catch {
    return;
  }
  late();
}

async function watchMemory(
  child: ChildProcess,
  most: number,
  over: AbortSignal,
  exceeded: (used: number) => void,
): Promise<void> {
  if (process.platform !== 'linux') return;
  while (!over.aborted) {
    const used = memoryOfGroup(child.pid);
    if (used > most) return exceeded(used);
    try {
      await systemClock.sleep(MEMORY_POLL, over);
    } catch {
      return;
    }
  }
}

/** Bytes that the processes of a group hold in memory, by /proc (proc(5): field 5 of stat is the group; status has VmRSS in kB). */
function memoryOfGroup(group: number | undefined): number {
  if (group === undefined) return 0;
  let sum = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The second field is the name of the program, in parentheses, and may hold anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(fields[2]) !== group) continue;
      sum += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    } catch {
      // Processes end while they are looked at.
    }
  }
  return sum;
}

/** What a shell says of a command that a signal ended: 128 more than its number (POSIX, Shell and Utilities 2.8.2, as shells do it). */
function signalOf(code: number | null): string {
  const [name] = Object.entries(constants.signals).find(([, number]) => number === (code ?? 0) - 128) ?? [];
  return name === undefined ? '' : ` (${name})`;
}

/** Ends a process and all that it started, in its group or with its mark; those that have ended are no error. */
function endAll({ pid }: ChildProcess, mark: string): void {
  if (pid === undefined) return;
  for (const one of markedWith(mark)) kill(one);
  if (isWindows) {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {});
    return;
  }
  kill(-pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // There is none left.
  }
}

/** Processes with this in their environment: those that made a group of their own, too. On Linux alone (proc(5)). */
function markedWith(mark: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark);
      } catch {
        // It has ended, or is another user's.
        return false;
      }
    })
    .map(Number);
}

/** Cuts bytes into lines, none longer than a line of numbers can be. */
class LineReader {
  readonly #decoder = new StringDecoder('utf8');
  readonly #line: (line: string) => void;
  #rest = '';

  constructor(line: (line: string) => void) {
    this.#line = line;
  }

  /** @returns false where a line is too long */
  add(chunk: Buffer): boolean {
    const parts = `${this.#rest}${this.#decoder.write(chunk)}`.split('\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      if (part.length > LONGEST_LINE) return false;
      this.#line(part.replace(/\r$/, ''));
    }
    return this.#rest.length <= LONGEST_LINE;
  }

  /** A last line may lack its end. */
  end(): void {
    const rest = `${this.#rest}${this.#decoder.end()}`;
    if (rest !== '') this.#line(rest.replace(/\r$/, ''));
  }
}

/** The end of what was written to standard error. */
class Tail {
  #text = '';

  add(chunk: Buffer): void {
    this.#text = `${this.#text}${chunk.toString('utf8')}`.slice(-KEPT_ERRORS);
  }

  lines(): string[] {
    return this.#text
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-SHOWN_ERRORS)
      .map((line) => line.slice(0, SHOWN_LINE));
  }
}
