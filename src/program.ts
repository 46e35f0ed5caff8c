import { readFileSync } from 'node:fs';
import { Command, type Option } from 'commander';
import type { Globals, Host } from './app.ts';
import { helpCommand } from './cli/help.ts';
import { topicList } from './cli/help/topics.ts';
import { abortCommand } from './commands/abort/command.ts';
import { canaryCommand } from './commands/canary/command.ts';
import { cleanupCommand } from './commands/cleanup/command.ts';
import { demoCommand } from './commands/demo/command.ts';
import { deployCommand } from './commands/deploy/command.ts';
import { doctorCommand } from './commands/doctor/command.ts';
import { emulatorCommand } from './commands/emulator/command.ts';
import { historyCommand } from './commands/history/command.ts';
import { invokeCommand } from './commands/invoke/command.ts';
import { keepCommand } from './commands/keep/command.ts';
import { policyCommand } from './commands/policy/command.ts';
import { promoteCommand } from './commands/promote/command.ts';
import { reportCommand } from './commands/report/command.ts';
import { rolloutCommand } from './commands/rollout/command.ts';
import { shadowCommand } from './commands/shadow/command.ts';
import { statusCommand } from './commands/status/command.ts';
import { undoCommand } from './commands/undo/command.ts';
import { fitHelp } from './ui/help.ts';
import type { Io } from './ui/io.ts';

const COMMANDS = [
  demoCommand,
  deployCommand,
  invokeCommand,
  canaryCommand,
  rolloutCommand,
  shadowCommand,
  reportCommand,
  promoteCommand,
  keepCommand,
  undoCommand,
  abortCommand,
  statusCommand,
  historyCommand,
  doctorCommand,
  policyCommand,
  cleanupCommand,
  emulatorCommand,
  helpCommand,
];

const FOOTER = `
${topicList()}

Try it without an AWS account:
  $ shadowctl demo                  the whole life cycle, emulated
  $ shadowctl deploy --emulator …   any command, on an emulator that stays

Exit codes: 0 done or pass, 1 the answer is no (verdict fail, rolled back, you said no), 2 could not run, 3 inconclusive,
4 changes pending (--plan), 130 interrupted.`;

/** The program's words: every command with its options; what they do is handed to `host`. */
export function buildProgram(
  host: Host,
  io: Io,
): { parse(argv: readonly string[]): Promise<void>; globals(): Partial<Globals> } {
  const program = new Command('shadowctl')
    .description(
      'Takes a newly trained model to production on Amazon SageMaker: deploy, canary, shadow, report, clean up.',
    )
    .version(version(), '-V, --version')
    .option('--emulator', 'work on the embedded emulator, started if need be, instead of AWS')
    .option('--endpoint-url <url>', 'work on any server that speaks the AWS APIs')
    .option('--profile <name>', 'AWS profile')
    .option('--region <name>', 'AWS region')
    .option('--config <file>', 'config file (default: the nearest shadowctl.yaml)')
    .option('-q, --quiet', 'only results and errors')
    .option('--no-color', 'no colour (NO_COLOR works too)')
    .option('--debug', 'show the stack of an error')
    .addHelpText('after', FOOTER)
    .helpCommand(false)
    .showHelpAfterError('  Run the command with --help to see what it takes.');
  for (const command of COMMANDS) program.addCommand(command(host));
  settle(program, io);
  return {
    async parse(argv) {
      if (argv.length === 0) program.outputHelp();
      else await program.parseAsync([...argv], { from: 'user' });
    },
    // What was not said is left out, so that a line run by another command inherits it.
    globals: () =>
      Object.fromEntries(
        Object.entries(program.opts()).filter(([name]) => program.getOptionValueSource(name) === 'cli'),
      ),
  };
}

/** Help, errors and output go through `io`, and nothing leaves the process by itself. */
function settle(program: Command, io: Io): void {
  const width = Math.min(io.columns, 120);
  program
    .exitOverride()
    // A command within a command takes the program's options, not those of the one above it.
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: (command) => globalOptions(program, command) })
    .configureOutput({
      writeOut: (text) => io.out(fitHelp(text.replace(/\n$/, ''), width)),
      writeErr: (text) => io.alert(text.replace(/\n$/, '')),
      outputError: (text, write) => write(`${inOurStyle(text)}\n`),
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
      getOutHasColors: () => io.color,
      getErrHasColors: () => io.color,
    });
  handDown(program);
}

function globalOptions(program: Command, command: Command): Option[] {
  return command === program ? [] : program.options.filter((option) => !option.hidden);
}

/** `error: required option '--x' not specified` as a sentence, what may be done about it below. */
function inOurStyle(text: string): string {
  const [message = '', ...rest] = text.trimEnd().split('\n');
  const words = message.replace(/^error: /, '');
  const sentence = `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.?!]$/.test(words) ? '' : '.'}`;
  return [`error: ${sentence}`, ...rest.map((line) => `  ${line.replace(/^\((.*)\)$/, '$1')}`)].join('\n');
}

/** commander's `addCommand` hands none of it down. */
function handDown(command: Command): void {
  for (const inner of command.commands) handDown(inner.copyInheritedSettings(command));
}

function version(): string {
  // `src/` and `dist/` both lie directly in the package.
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
