import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { systemClock } from '../src/base/clock.ts';
import { run } from '../src/main.ts';
import { COMMANDS } from '../src/overview.ts';
import { capturedIo } from './support/io.ts';

/** No sentence of the program names a command or an option that does not exist: every one in the source is looked up. */

const SRC = resolve(import.meta.dirname, '../src');

/** Commands that make sense without an endpoint. */
const WITHOUT_ENDPOINT = /^(demo|status|ls|doctor|policy|help|emulator|cleanup|config)\b/;

/** Where the command is a variable: it is one that the caller runs. */
const VARIABLE = ['lifecycle/interrupt.ts'];

/** The options of each command, by its words. */
const options = new Map<string, ReadonlySet<string>>();
/** What `--help` says. */
const help = new Map<string, string>();

async function learn(words: string): Promise<void> {
  const io = capturedIo();
  const signal = new AbortController().signal;
  const argv = [...words.split(' '), '--help'];
  await run(argv, { clock: systemClock, env: {}, cwd: SRC, signal, io: () => io });
  const text = io.outLines.join('\n');
  expect(text).toContain(`Usage: shadowctl ${words} `);
  help.set(words, text);
  options.set(words, new Set(text.match(/(?<=^ {2}.*)--[a-z0-9][a-z0-9-]*/gm)));
  const [, below = ''] = /\nCommands:\n((?: {2}.*\n)*)/.exec(text) ?? [];
  for (const [, name = ''] of below.matchAll(/^ {2}([a-z]+)/gm)) if (name !== 'help') await learn(`${words} ${name}`);
}

beforeAll(async () => {
  for (const { name } of COMMANDS) await learn(name);
});

interface Hint {
  where: string;
  command: string | undefined;
  options: string[];
  incomplete: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

const files = sources(SRC).filter((file) => !relative(SRC, file).startsWith('emulator/'));

/** The source without comments, and without commands of the AWS CLI. */
function codeOf(file: string): string {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !/^\s*(\*|\/\*|\/\/|`aws )/.test(line))
    .join('\n');
}

/** From a bracket to the one that closes it. */
function inBrackets(code: string, from: number): string {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    if ('({['.includes(code[at] ?? ' ')) depth += 1;
    if (')}]'.includes(code[at] ?? ' ')) depth -= 1;
    if (depth === 0) return code.slice(from + 1, at);
  }
  throw new Error('a bracket without end');
}

/** Every `shown(…)` and `shownStart(…)`: the only makers of command lines. */
function hintsOf(file: string): Hint[] {
  const code = codeOf(file);
  if (!/import[^;]*\bshown(Start)?\b[^;]*base\/text/.test(code)) return [];
  return [...code.matchAll(/\b(shown(?:Start)?)\(/g)].map(({ 0: whole, 1: maker, index }) => {
    const given = inBrackets(code, index + whole.length - 1);
    const at = given.indexOf('{');
    const object = at < 0 ? '' : inBrackets(given, at);
    const flat = object.replaceAll(/\([^()]*\)|\.\.\.[^,]*|(?<=: )'[^']*'/g, '');
    return {
      where: relative(SRC, file),
      command: /^'([^']*)'/.exec(given)?.[1],
      options: flat
        .split(',')
        .map((part) => part.split(':')[0]?.trim().replaceAll("'", '') ?? '')
        .filter((name) => name !== '')
        .map((name) => `--${name}`),
      // What is spread, or made elsewhere, may hold the endpoint too.
      incomplete: maker === 'shownStart' || object.includes('...') || (at < 0 && given.includes(',')),
    };
  });
}

test('every command that is shown can be typed: it exists, and takes its options', () => {
  const hints = files.flatMap(hintsOf);
  expect(hints.length).toBeGreaterThan(60);
  for (const hint of hints) {
    if (hint.command === undefined) {
      expect(VARIABLE).toContain(hint.where);
      continue;
    }
    const words = hint.command.split(' ').filter((word) => !word.startsWith('--'));
    const command = words[0] === 'help' ? 'help' : words.join(' ');
    const takes = options.get(command);
    expect(takes, `${hint.where}: shadowctl ${hint.command}`).toBeDefined();
    const unknown = hint.options.filter((option) => takes?.has(option) !== true);
    expect(unknown, `${hint.where}: shadowctl ${hint.command}`).toEqual([]);
    if (!hint.incomplete && !WITHOUT_ENDPOINT.test(command) && takes?.has('--endpoint') === true)
      expect(
        // A batch has no endpoint: the policy of its role is about a bucket.
        hint.options.filter((option) => ['--endpoint', '--mirror', '--files', '--bucket'].includes(option)),
        `${hint.where}: shadowctl ${hint.command}`,
      ).not.toEqual([]);
  }
});

/** Former names that are still read, and in no help. */
const FORMER: readonly string[] = ['--ms'];

test('every option that a sentence names is one that some command takes', () => {
  const known = new Set([...options.values()].flatMap((set) => [...set]));
  const unknown = files.flatMap((file) =>
    (codeOf(file).match(/(?<![\w-])--[a-z0-9][a-z0-9-]*[a-z0-9]/g) ?? [])
      .filter((option) => !known.has(option) && !FORMER.includes(option))
      .map((option) => `${relative(SRC, file)}: ${option}`),
  );
  expect(unknown).toEqual([]);
});

test('the examples of every help take the options that they show', () => {
  for (const [, text] of help) {
    const joined = text.replaceAll(/\\\n\s+/g, '');
    for (const [, line = ''] of joined.matchAll(/\$ (shadowctl [^\n]*)/g)) {
      const words = line.split(/\s+/).slice(1);
      const command = [...options.keys()]
        .filter((name) => `${words.join(' ')} `.startsWith(`${name} `))
        .toSorted((a, b) => b.length - a.length)[0];
      expect(command, line).toBeDefined();
      const unknown = words.filter((word) => word.startsWith('--') && options.get(command ?? '')?.has(word) !== true);
      expect(unknown, line).toEqual([]);
    }
  }
});
