import type { App, Globals, Host, Outcome } from './app.ts';
import { systemClock } from './base/clock.ts';
import { Problem, type ProblemKind, interrupted } from './base/errors.ts';
import {
  type CommandLine,
  linesOf,
  printCommand,
  printText,
  shown,
  type TargetFlags,
  type Text,
  text,
} from './base/text.ts';
import { withTargetFlags } from './ui/target-flags.ts';
import { type Io, processIo } from './ui/io.ts';
import { layout, wrap } from './ui/wrap.ts';
import { createApp, emulatorHere, NO_GLOBALS, projectReader, type Surroundings } from './wire.ts';

const EXIT_CODES: Readonly<Record<Outcome, number>> = { done: 0, no: 1, inconclusive: 3, pending: 4 };
const PROBLEM_CODES: Readonly<Record<ProblemKind, number>> = { no: 1, usage: 2, 'cannot-run': 2, interrupted: 130 };

const EMULATOR_RUNS_ON = text`The emulator that this command started keeps running in the background. Stop it with: ${shown('emulator stop')}`;

/** The program as the shell calls it. Resolves to the exit code. */
export async function main(argv: readonly string[], process: NodeJS.Process): Promise<number> {
  const controller = new AbortController();
  let asked = 0;
  const stop = () => {
    asked += 1;
    // Who asks twice wants out now; the journal is on disk, so nothing is lost by it.
    if (asked > 1) process.exit(130);
    controller.abort(interrupted('Interrupted.'));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  outliveOutput(process);
  try {
    return await run(argv, {
      clock: systemClock,
      env: process.env,
      cwd: process.cwd(),
      signal: controller.signal,
      io: (options) => processIo(process, options),
    });
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/**
 * Whatever happens to its output, the work goes on and the exit code is its own: a reader that went away
 * (`shadowctl … | head`) is no error, and results that found no room are told once, where that can be read.
 */
function outliveOutput({ stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>): void {
  stderr.on('error', () => undefined);
  let told = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || told) return;
    told = true;
    stderr.write(`error: The results could not be written to standard output: ${error.message}.\n`);
  });
}

/** What becomes known of a command line while it runs. */
interface Line {
  /** The program's options that were typed. */
  given: Partial<Globals> & TargetFlags;
  /** The endpoint it is about, where it names one. */
  endpoint: string | undefined;
  /** The command that is at work: of one that runs others, the other. */
  command: string | undefined;
  /** It has started the emulator, which runs on. */
  startedEmulator: boolean;
  /** Something was written to standard output. */
  hasResult: boolean;
  /** Called with whatever must be closed at the end. */
  opened(close: () => void): void;
}

/** One command line in any surroundings. Resolves to the exit code; never rejects. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const closings: (() => void)[] = [];
  const line: Line = {
    given: {},
    endpoint: undefined,
    command: undefined,
    startedEmulator: false,
    hasResult: false,
    opened: (close) => void closings.push(close),
  };
  try {
    const noting = notingResults(surroundings, () => void (line.hasResult = true));
    return EXIT_CODES[await perform(argv, noting, line)];
  } catch (error) {
    return explain(error, argv, surroundings, line);
  } finally {
    for (const close of closings) close();
  }
}

/** The same surroundings; `noted` is called when something is written to standard output. */
function notingResults(surroundings: Surroundings, noted: () => void): Surroundings {
  return {
    ...surroundings,
    io(options) {
      const io = surroundings.io(options);
      return {
        ...io,
        out(line) {
          noted();
          io.out(line);
        },
      };
    },
  };
}

/** Parses and runs one command line; throws what goes wrong. `base` is the app of the command that runs this one. */
async function perform(
  argv: readonly string[],
  surroundings: Surroundings,
  line: Line,
  base?: { globals: Globals; io: Io },
): Promise<Outcome> {
  let outcome: Outcome = 'done';
  const globalsNow = (): Globals => ({ ...(base?.globals ?? NO_GLOBALS), ...program.globals() });
  let reader: App['project'] | undefined;
  const project = () => (reader ??= projectReader(surroundings, globalsNow()))();
  const host: Host = {
    project,
    async start(run, options) {
      const globals = globalsNow();
      if (base === undefined) {
        line.given = program.globals();
        // The AWS CLI, whose commands are shown too, knows no environments.
        if (globals.env !== undefined) line.given = { ...line.given, environment: (await project()).environment };
        line.endpoint = endpointOf(options);
      }
      const io =
        base?.io ??
        withTargetFlags(
          surroundings.io({ quiet: globals.quiet, color: globals.color }),
          line.given,
          isForPeople(options),
        );
      const execute: App['execute'] = (words, { io: other, ...overrides } = {}) =>
        perform(words, { ...surroundings, ...overrides }, line, { globals, io: other ?? io });
      const startedEmulator = () => void (line.startedEmulator = true);
      const parts = { surroundings, globals, io, project, execute, opened: line.opened, startedEmulator };
      const outer = line.command;
      line.command = program.command();
      outcome = await run(createApp(parts), options);
      line.command = outer;
    },
  };
  const io = base?.io ?? surroundings.io({ quiet: false, color: !argv.includes('--no-color') });
  const { buildProgram } = await import('./program.ts');
  const program = buildProgram(host, io);
  await program.parse(argv);
  return outcome;
}

function endpointOf(options: unknown): string | undefined {
  const { endpoint } = (options ?? {}) as { endpoint?: unknown };
  return typeof endpoint === 'string' ? endpoint : undefined;
}

/** False where a program reads the results, or a page: JSON, Markdown, HTML. */
function isForPeople(options: unknown): boolean {
  const { format = 'text' } = (options ?? {}) as { format?: string };
  return format === 'text';
}

/** Tells the user what went wrong and what to do next; returns the exit code. The only place that does. */
async function explain(
  thrown: unknown,
  argv: readonly string[],
  surroundings: Surroundings,
  { given, endpoint, command, startedEmulator, hasResult }: Line,
): Promise<number> {
  const { CommanderError } = await import('commander');
  const io = surroundings.io({ quiet: false, color: !argv.includes('--no-color') });
  // Whoever reads JSON gets one document: the result, or what went wrong in its place.
  const asDocument = async (kind: ProblemKind | 'defect', message: string, next?: Text) => {
    if (!hasResult && asksForJson(argv)) {
      const { writeJson } = await import('./cli/views/json.ts');
      const exitCode = kind === 'defect' ? PROBLEM_CODES['cannot-run'] : PROBLEM_CODES[kind];
      const printed = next === undefined ? [] : printText(next, (one) => printCommand(one, given)).split('\n');
      writeJson(io, 'error', { error: { kind, message, next: printed, exitCode } });
    }
  };
  // commander has printed its own message by now: help and version end with 0, wrong words with another code.
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return 0;
    await asDocument('usage', thrown.message.replace(/^error: /, ''));
    return PROBLEM_CODES.usage;
  }
  const error = await asProblem(thrown, surroundings.signal);
  if (error instanceof Problem) {
    // That the user said no, or stop, is no error.
    const lead = error.kind === 'no' || error.kind === 'interrupted' ? '' : 'error: ';
    // Where a program reads it a line stays a line; a command that is to be copied always does.
    const show = (words: Text) => {
      for (const line of linesOf(words).flatMap((one) => fit(one, io, given))) io.alert(line);
    };
    const indented = (words: Text) => linesOf(words).forEach((line) => show(text`  ${line}`));
    show(`${lead}${error.message}`);
    if (error.next !== undefined) indented(error.next);
    await asDocument(error.kind, error.message, error.next);
    const policy = await policyHint(error, command, endpoint);
    if (policy !== undefined) indented(policy);
    if (error.offersEmulator) {
      indented('To try shadowctl without an AWS account, add --emulator.');
      const hint = await emulatorHere(surroundings.cwd);
      if (hint !== undefined) indented(hint);
    }
    // It was said when it began, far above and not under --quiet.
    if (startedEmulator) indented(EMULATOR_RUNS_ON);
    if (argv.includes('--debug') && error.cause instanceof Error) io.alert(error.cause.stack ?? String(error.cause));
    return PROBLEM_CODES[error.kind];
  }
  const message = error instanceof Error ? error.message : String(error);
  await asDocument('defect', message);
  io.alert(`error: ${message}`);
  io.alert('  This is a defect of shadowctl. Run the command again with --debug and report what it prints.');
  if (argv.includes('--debug') && error instanceof Error) io.alert(error.stack ?? '');
  return PROBLEM_CODES['cannot-run'];
}

/** Whether the words ask for `--format json`, right or wrong as they may be otherwise. */
function asksForJson(argv: readonly string[]): boolean {
  return argv.some((word, index) => word === '--format=json' || (word === 'json' && argv[index - 1] === '--format'));
}

/** Where IAM denied something: how to see all that the command needs. */
async function policyHint(error: Problem, command: string | undefined, endpoint: string | undefined) {
  const { AwsProblem } = await import('./aws/errors.ts');
  if (!(error instanceof AwsProblem) || !error.denied) return undefined;
  const { COMMANDS_WITH_NEEDS } = await import('./lifecycle/permissions/needs.ts');
  const known = COMMANDS_WITH_NEEDS.find((name) => name === command);
  return text`All that is needed: ${shown('iam-policy', { command: known, endpoint })}`;
}

/** Lines that fit a terminal; where a program reads them a line stays a line, and a command to be copied always does. */
function fit(line: Text, io: Io, given: TargetFlags): string[] {
  const printed = (one: CommandLine) => printCommand(one, given);
  if (typeof line !== 'string')
    return io.interactive ? layout(line, io.columns, '  ', printed) : [printText(line, printed)];
  return io.interactive ? wrap(line, io.columns, '  ') : [line];
}

/** What AWS and the system say in their own terms, put into ours. */
async function asProblem(thrown: unknown, signal: AbortSignal): Promise<unknown> {
  if (thrown instanceof Problem) return thrown;
  if (signal.aborted && thrown instanceof Error && thrown.name === 'AbortError') return signal.reason;
  const { explainAwsError } = await import('./aws/errors.ts');
  const { fileProblem } = await import('./base/disk.ts');
  return explainAwsError(thrown) ?? fileProblem(thrown) ?? thrown;
}
