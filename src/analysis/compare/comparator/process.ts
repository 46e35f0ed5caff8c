import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
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
  const child = spawn(how.command, {
    shell: true,
    cwd: how.folder,
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const over = new AbortController();
  const atExit = () => endAll(child);
  process.once('exit', atExit);
  let failure: { error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    endAll(child);
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
  child.stdout.on('data', (chunk: Buffer) => {
    if (failure === undefined && !output.add(chunk))
      wrong(`gave a line of more than ${bytes(LONGEST_LINE)} after ${counted(taken, input)}`);
  });
  child.stderr.on('data', (chunk: Buffer) => errors.add(chunk));
  // What it does not read it need not: the number of its lines decides.
  pipeline(Readable.from(input), child.stdin).catch(() => undefined);
  const ended = new Promise<{ code: number | null; by: NodeJS.Signals | null }>((resolve) => {
    child.once('error', (error) => {
      failure ??= { error: problem(how, `could not be started: ${error.message}`, errors) };
      resolve({ code: null, by: null });
    });
    // What it left running would hold its output open.
    child.once('exit', () => endAll(child));
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
        `${by === null ? `ended with exit code ${code}` : `was ended by ${by}`} after ${counted(taken, input)}`,
        errors,
      );
    if (taken < input.length) throw problem(how, `ended after ${counted(taken, input)}`, errors);
  } finally {
    over.abort();
    await bounds;
    process.off('exit', atExit);
    signal?.removeEventListener('abort', onAbort);
    endAll(child);
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

/** Ends a process and all that it started; those that have ended are no error. */
function endAll({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {});
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // There is none left.
  }
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
