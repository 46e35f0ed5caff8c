/**
 * Text for people with commands in it. A command that is shown is a value until one function prints it: so the flags
 * that say where a command works (`--profile`, `--region`, …) are added to every next step, and no sentence is parsed.
 */

/**
 * A value of an option that is shown: `…` stands for one that the user must choose, `true` for a switch, a list for a
 * flag that takes several; undefined is left out.
 */
type ShownValue = string | number | true | readonly string[] | undefined;

/** A command line to be typed. */
export interface CommandLine {
  readonly program: 'shadowctl' | 'aws';
  /** Its words before the options: `shadow detach`. */
  readonly command: string;
  /** By flag, without its dashes, in the order in which they are shown. */
  readonly options: Readonly<Record<string, ShownValue>>;
  /** More must be added, as when the command was typed first: ends with `…`. */
  readonly incomplete: boolean;
}

/** The flags of the whole program that say where a command works, as they were typed. */
export interface TargetFlags {
  emulator?: boolean | undefined;
  endpointUrl?: string | undefined;
  profile?: string | undefined;
  region?: string | undefined;
  config?: string | undefined;
  env?: string | undefined;
  state?: string | undefined;
  /** What the environment of `env` says; the AWS CLI knows no environments. */
  environment?: { profile?: string | undefined; region?: string | undefined } | undefined;
}

/** Text with commands in it, or without any. */
export type Text = string | readonly (string | CommandLine)[];

/** A command of shadowctl to be shown: `shown('abort', { endpoint })`. */
export function shown(command: string, options: CommandLine['options'] = {}): CommandLine {
  return { program: 'shadowctl', command, options, incomplete: false };
}

/** A command line to which the user must add what they typed before: it ends with `…`. */
export function shownStart(command: string, options: CommandLine['options'] = {}): CommandLine {
  return { ...shown(command, options), incomplete: true };
}

/** Template tag: text`Stop it: ${shown('abort', { endpoint })}`. Strings and numbers are put in as they are. */
export function text(strings: TemplateStringsArray, ...values: (number | CommandLine | Text)[]): Text {
  return join(
    strings.flatMap((string, index) => {
      const value = values[index];
      if (value === undefined) return [string];
      return typeof value === 'number' ? [string, String(value)] : [string, ...(isParts(value) ? value : [value])];
    }),
  );
}

function isParts(value: Text | CommandLine): value is readonly (string | CommandLine)[] {
  return Array.isArray(value);
}

/** Texts one below the other; those that are undefined are left out. */
export function lines(...texts: readonly (Text | undefined)[]): Text {
  return join(
    texts
      .filter((one) => one !== undefined)
      .flatMap((one, index) => [...(index === 0 ? [] : ['\n']), ...(typeof one === 'string' ? [one] : one)]),
  );
}

/** The lines of a text. */
export function linesOf(whole: Text): Text[] {
  if (typeof whole === 'string') return whole.split('\n');
  const found: (string | CommandLine)[][] = [[]];
  for (const part of whole) {
    if (typeof part !== 'string') found.at(-1)?.push(part);
    else
      for (const [index, piece] of part.split('\n').entries()) {
        if (index > 0) found.push([]);
        if (piece !== '') found.at(-1)?.push(piece);
      }
  }
  return found.map(join);
}

/**
 * True for a line that is a command, alone or after a label that ends with a colon: it is there to be copied, and is
 * never broken.
 */
export function isCommandLine(line: Text): boolean {
  if (typeof line === 'string') return false;
  const [first, second, ...rest] = line.filter((part) => typeof part !== 'string' || part.trim() !== '');
  if (first === undefined || rest.length > 0) return false;
  if (typeof first !== 'string') return second === undefined;
  return typeof second === 'object' && /:\s*$/.test(first);
}

/** They ask no AWS. */
const WITHOUT_TARGET = /^(demo|policy|help|init|completion)\b/;

/** The only function that writes a command line. `target` are the flags that were typed: a next step carries them. */
export function printCommand(line: CommandLine, target: TargetFlags = {}): string {
  const where =
    line.program === 'aws' ? awsOptions(target) : WITHOUT_TARGET.test(line.command) ? {} : targetOptions(line, target);
  const options = Object.entries({ ...where, ...line.options }).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [
          value === true
            ? `--${name}`
            : `--${name} ${[value]
                .flat()
                .map((one) => quoted(String(one)))
                .join(' ')}`,
        ],
  );
  return [line.program, line.command, ...options, ...(line.incomplete ? ['…'] : [])].join(' ');
}

/** The words of a command line that the program itself runs, unquoted and without flags of the whole program. */
export function wordsOf({ command, options }: CommandLine): string[] {
  const flags = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, ...(value === true ? [] : [value].flat().map(String))],
  );
  return [...command.split(' '), ...flags];
}

/** A text as it is printed. */
export function printText(whole: Text, print: (line: CommandLine) => string = printCommand): string {
  return typeof whole === 'string'
    ? whole
    : whole.map((part) => (typeof part === 'string' ? part : print(part))).join('');
}

/** What the AWS CLI calls by the same names. */
function awsOptions({ endpointUrl, profile, region, environment }: TargetFlags): Record<string, ShownValue> {
  return {
    'endpoint-url': endpointUrl,
    profile: profile ?? environment?.profile,
    region: region ?? environment?.region,
  };
}

function targetOptions(line: CommandLine, target: TargetFlags): Record<string, ShownValue> {
  // An emulator belongs to the folder of a config file; it is nowhere else.
  if (/^emulator\b/.test(line.command)) return { config: target.config };
  return {
    emulator: target.emulator === true ? true : undefined,
    'endpoint-url': target.endpointUrl,
    profile: target.profile,
    region: target.region,
    config: target.config,
    env: target.env,
    state: target.state,
  };
}

function quoted(word: string): string {
  if (/^[\w@%+=:,./…-]+$/.test(word)) return word;
  // Double quotes are easier to read around single ones; in them the shell reads these four, and history its own.
  if (word.includes("'") && !/["$`\\!]/.test(word)) return `"${word}"`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Neighboring strings become one, so that a text without commands is a string. */
function join(parts: readonly (string | CommandLine)[]): Text {
  const joined: (string | CommandLine)[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part;
    else if (part !== '') joined.push(part);
  }
  const [first = ''] = joined;
  return joined.length < 2 && typeof first === 'string' ? first : joined;
}
