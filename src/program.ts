import { Command, CommanderError, Help, type Option } from 'commander';
import type { Globals, Host } from './app.ts';
import {
  COMMANDS,
  type CommandName,
  DESCRIPTION,
  GLOBAL_OPTIONS,
  helpWidth,
  overview,
  VERSION,
  VERSION_FLAGS,
} from './overview.ts';
import { nearest } from './base/schema.ts';
import { meantFlag } from './cli/flags/meant.ts';
import { fitHelp } from './ui/help.ts';
import type { Io } from './ui/io.ts';

/** The definition of each command, loaded only where a command line names it. */
const DEFINITIONS: Readonly<Record<CommandName, () => Promise<(host: Host) => Command>>> = {
  demo: async () => (await import('./cli/demo/command.ts')).demoCommand,
  deploy: async () => (await import('./cli/deploy.ts')).deployCommand,
  invoke: async () => (await import('./cli/invoke.ts')).invokeCommand,
  canary: async () => (await import('./cli/canary.ts')).canaryCommand,
  rollout: async () => (await import('./cli/rollout.ts')).rolloutCommand,
  shadow: async () => (await import('./cli/shadow.ts')).shadowCommand,
  mirror: async () => (await import('./cli/mirror.ts')).mirrorCommand,
  record: async () => (await import('./cli/record.ts')).recordCommand,
  replay: async () => (await import('./cli/replay.ts')).replayCommand,
  report: async () => (await import('./cli/report/command.ts')).reportCommand,
  promote: async () => (await import('./cli/promote.ts')).promoteCommand,
  release: async () => (await import('./cli/release.ts')).releaseCommand,
  pipeline: async () => (await import('./cli/pipeline.ts')).pipelineCommand,
  batch: async () => (await import('./cli/batch/command.ts')).batchCommand,
  keep: async () => (await import('./cli/keep.ts')).keepCommand,
  undo: async () => (await import('./cli/undo.ts')).undoCommand,
  abort: async () => (await import('./cli/abort.ts')).abortCommand,
  watch: async () => (await import('./cli/watch.ts')).watchCommand,
  status: async () => (await import('./cli/status.ts')).statusCommand,
  ls: async () => (await import('./cli/ls.ts')).lsCommand,
  history: async () => (await import('./cli/history.ts')).historyCommand,
  doctor: async () => (await import('./cli/doctor.ts')).doctorCommand,
  policy: async () => (await import('./cli/policy.ts')).policyCommand,
  'iam-policy': async () => (await import('./cli/iam-policy.ts')).iamPolicyCommand,
  adopt: async () => (await import('./cli/adopt.ts')).adoptCommand,
  disown: async () => (await import('./cli/disown.ts')).disownCommand,
  prune: async () => (await import('./cli/prune.ts')).pruneCommand,
  cleanup: async () => (await import('./cli/cleanup.ts')).cleanupCommand,
  state: async () => (await import('./cli/state.ts')).stateCommand,
  init: async () => (await import('./cli/init.ts')).initCommand,
  config: async () => (await import('./cli/config.ts')).configCommand,
  emulator: async () => (await import('./cli/emulator/command.ts')).emulatorCommand,
  completion: async () => (await import('./cli/completion/command.ts')).completionCommand,
  help: async () => (await import('./cli/help.ts')).helpCommand,
};

/** The program's words: every command with its options; what they do is handed to `host`. */
export function buildProgram(
  host: Host,
  io: Io,
): {
  parse(argv: readonly string[]): Promise<void>;
  globals(): Partial<Globals>;
  /** The command that was asked for, once it runs; of one within another, the outer. */
  command(): string | undefined;
} {
  let asked: string | undefined;
  const program = new Command('shadowctl').description(DESCRIPTION).version(VERSION, VERSION_FLAGS);
  for (const { flags, description } of GLOBAL_OPTIONS) program.option(flags, description);
  program.hook('preAction', async (_, command) => {
    asked = topOf(command, program).name();
    if (asksForSchema(command)) await printSchema(command, io);
    if (host.project === undefined) return;
    const { fillDefaults } = await import('./cli/flags/endpoint-defaults.ts');
    await fillDefaults(command, host.project);
  });
  program.helpCommand(false).showHelpAfterError('  Run the command with --help to see its options.');
  return {
    async parse(argv) {
      await addCommands(program, host, argv);
      settle(program, io);
      if (argv.length === 0) program.outputHelp();
      else await program.parseAsync(withoutVainHelp(program, argv), { from: 'user' });
    },
    command: () => asked,
    // What was not said is left out, so that a line run by another command inherits it.
    globals: () =>
      Object.fromEntries(
        Object.entries(program.opts()).filter(([name]) => program.getOptionValueSource(name) === 'cli'),
      ),
  };
}

/** The help of a command that there is not is no help: without the flag its name is refused, and the one that was meant is named. */
function withoutVainHelp(program: Command, argv: readonly string[]): string[] {
  const [first = ''] = argv;
  const known = first.startsWith('-') || program.commands.some((one) => one.name() === first);
  return known ? [...argv] : argv.filter((word) => word !== '--help' && word !== '-h');
}

function topOf(command: Command, program: Command): Command {
  return command.parent === null || command.parent === program ? command : topOf(command.parent, program);
}

/** Every command by name and summary, for the list and for guesses at a mistyped name; with its options if `argv` names it. */
async function addCommands(program: Command, host: Host, argv: readonly string[]): Promise<void> {
  // A script of completion has them all; for names a shell waits.
  const all = argv[0] === 'completion' && argv[1] !== 'endpoints';
  for (const { name, summary } of COMMANDS) {
    // A word that only happens to be a command's name, like that of an endpoint, loads one more; it does no harm.
    const command = all || argv.includes(name) ? (await DEFINITIONS[name]())(host) : new Command(name);
    program.addCommand(command.description(summary));
  }
}

/** Help, errors and output go through `io`, and nothing leaves the process by itself. */
function settle(program: Command, io: Io): void {
  const width = helpWidth(io.columns);
  program
    .exitOverride()
    // A command within a command takes the program's options, not those of the one above it.
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: (command) => globalOptions(program, command),
      argumentDescription: (argument) => unquoted(Help.prototype.argumentDescription.call(new Help(), argument)),
      optionDescription: (option) => unquoted(Help.prototype.optionDescription.call(new Help(), option)),
      formatHelp: (command, helper) =>
        command === program ? overview(width) : Help.prototype.formatHelp.call(helper, command, helper),
    })
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
  checkLast(program);
  suggestMeant(program, program);
}

/**
 * What is missing is told after what is wrong: who mistypes `--endpoint` lacks it too, and commander would tell only
 * that. Words that no command takes are told by their name.
 */
function checkLast(program: Command): void {
  const mandatory = new Set<Option>();
  const relax = (command: Command): void => {
    for (const option of command.options.filter((one) => one.mandatory)) {
      mandatory.add(option);
      option.mandatory = false;
    }
    command.allowExcessArguments(true);
    command.commands.forEach(relax);
  };
  relax(program);
  program.hook('preAction', (_, command) => {
    const takes = command.registeredArguments;
    const unexpected = takes.at(-1)?.variadic === true ? undefined : command.args[takes.length];
    if (unexpected !== undefined) refuseWord(command, unexpected);
    const missing = command.options.find(
      (option) => mandatory.has(option) && command.getOptionValue(option.attributeName()) === undefined,
    );
    if (missing !== undefined) command.error(`error: required option '${missing.flags}' not specified`);
  });
}

/** commander names any flag that shares two letters in five, so that `--file` would mean `--profile`. */
function suggestMeant(program: Command, command: Command): void {
  for (const inner of command.commands) suggestMeant(program, inner);
  Object.assign(command, {
    unknownOption(flag: string): never {
      const flags = [...command.options, ...program.options].flatMap(({ long, hidden }) =>
        hidden ? [] : (long ?? []),
      );
      const meant = meantFlag(flag.replace(/=.*/, ''), flags);
      return command.error(
        `error: unknown option '${flag}'${meant === undefined ? '' : `\n(Did you mean ${meant}?)`}`,
        { code: 'commander.unknownOption' },
      );
    },
  });
}

/** Commands whose `--schema` is that of what they read. */
const OWN_SCHEMA = new Set(['mirror', 'record']);

/** commander gives a flag that the command above has, too, to that. */
function asksForSchema(command: Command): boolean {
  if (pathOf(command).length === 1 && OWN_SCHEMA.has(command.name())) return false;
  return command.optsWithGlobals<{ schema?: boolean }>().schema === true;
}

/** Prints the JSON schema of what a command writes, and ends as `--help` does. */
async function printSchema(command: Command, io: Io): Promise<never> {
  const { readFile } = await import('node:fs/promises');
  const { packageFile } = await import('./base/package.ts');
  const name = pathOf(command).join('-');
  io.out((await readFile(packageFile(`schemas/output/${name}.schema.json`), 'utf8')).trimEnd());
  throw new CommanderError(0, 'shadowctl.schema', '');
}

/** The words that name a command, without the program's. */
function pathOf(command: Command): string[] {
  const path = [command.name()];
  for (let above = command.parent; above?.parent; above = above.parent) path.unshift(above.name());
  return path;
}

/** A word where the command takes none: a mistyped command below it, or one too many. */
function refuseWord(command: Command, word: string): never {
  const name = pathOf(command).join(' ');
  const below = command.commands.map((one) => one.name());
  const near = nearest(word, below);
  if (near !== undefined) command.error(`error: unknown command '${name} ${word}'\n(Did you mean ${name} ${near}?)`);
  const takes = below.length === 0 ? 'options only' : `options, or the command ${below.join(' or ')}`;
  command.error(`error: unexpected word '${word}': shadowctl ${name} takes ${takes}`);
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

/** `(default: "text")` as everywhere else: `(default: text)`. */
function unquoted(description: string): string {
  return description.replace(/\((?:choices|default): .*\)$/, (values) => values.replaceAll('"', ''));
}

/** commander's `addCommand` hands none of it down. */
function handDown(command: Command): void {
  for (const inner of command.commands) handDown(inner.copyInheritedSettings(command));
}
