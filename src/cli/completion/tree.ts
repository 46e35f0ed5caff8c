import type { Command, Option } from 'commander';

/** A command, as far as completing it needs to know. */
export interface CommandTree {
  /** Its words, `shadow detach`; empty for the program itself. */
  path: string;
  summary: string;
  flags: readonly Flag[];
  below: readonly CommandTree[];
  /** Words that its argument may be. */
  words: readonly string[];
}

export interface Flag {
  /** `--endpoint`, or `-q`. */
  names: readonly string[];
  summary: string;
  /** What stands after it; undefined for a switch. */
  value: 'endpoint' | 'batch' | 'file' | 'other' | readonly string[] | undefined;
}

/** The commands below this one, with their flags; those of the program are in each. */
export function treeOf(program: Command): CommandTree {
  return branch(program, '', []);
}

function branch(command: Command, path: string, above: readonly Flag[]): CommandTree {
  const own = command.options.filter((option) => !option.hidden).map(flagOf);
  const flags = [...own, ...above];
  return {
    path,
    summary: command.description(),
    flags: [...flags, { names: ['--help', '-h'], summary: 'display help for command', value: undefined }],
    below: command.commands.map((one) =>
      // A command within a command takes the program's flags, not those of the one above it.
      branch(one, `${path} ${one.name()}`.trim(), path === '' ? own : above),
    ),
    words: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  };
}

function flagOf(option: Option): Flag {
  const names = [option.long, option.short].filter((one) => one !== undefined && one !== null);
  const takes = option.required || option.optional;
  return { names, summary: option.description, value: takes ? valueOf(option) : undefined };
}

const FILES = /<(?:[^>]*\b(?:file|folder|path)\b[^>]*)>/;

function valueOf(option: Option): Flag['value'] {
  if (option.long === '--endpoint') return 'endpoint';
  if (option.long === '--batch') return 'batch';
  const words = option.argChoices ?? wordsOf(option.parseArg);
  if (words !== undefined) return words;
  return FILES.test(option.flags) ? 'file' : 'other';
}

/** The words that a parser knows, where it says so: see `oneOf`. */
function wordsOf(parse: unknown): readonly string[] | undefined {
  const { words } = (parse ?? {}) as { words?: unknown };
  return Array.isArray(words) ? (words as string[]) : undefined;
}
