import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '..', '..');
export const read = (file: string): string => readFileSync(resolve(ROOT, file), 'utf8');

/** Every page that users read, README first. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(resolve(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** A fenced block of a page, and what the comment before it says. */
export interface Block {
  language: string;
  code: string;
  /** `<!-- given: an endpoint "weather" with a shadow -->`: what must stand before it runs. */
  given: string | undefined;
  /** `<!-- not run here: reason -->` or `<!-- run: name -->`, which another test runs. */
  notRun: string | undefined;
}

export function blocksOf(page: string): Block[] {
  const found = page.matchAll(
    /(?:<!-- (?<kind>given|not run here|run): (?<about>[^>]*?) -->\n\n?)?```(?<language>[a-z]*)\n(?<code>[^]*?)```/g,
  );
  return [...found].map(({ groups: { kind, about, language = '', code = '' } = {} }) => ({
    language,
    code,
    given: kind === 'given' ? about : undefined,
    notRun: kind === undefined || kind === 'given' ? undefined : about,
  }));
}

/** The blocks that hold commands. */
export const shellBlocks = (page: string): Block[] =>
  blocksOf(page).filter(({ language }) => language === 'sh' || language === 'bash');

/** Code within prose and tables. */
export function inlineCode(page: string): string[] {
  const prose = page.replace(/```[^]*?```/g, '').replace(/<!--[^]*?-->/g, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** A command of a shell block: its words without quotes, and what the shell is asked to do with it. */
export interface ShellCommand {
  words: string[];
  background: boolean;
  /** The file that standard output goes to. */
  to: string | undefined;
}

/**
 * The commands of a block, in their order. Understands what our pages use: quotes, comments, lines that go on, `&&`, `&`
 * and `>`.
 */
export function shellCommands(code: string): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  let to: string | undefined;
  let redirected = false;
  const end = (background = false) => {
    if (words.length > 0) commands.push({ words, background, to });
    words = [];
    to = undefined;
  };
  const tokens = code
    .replaceAll('\\\n', ' ')
    .matchAll(/#[^\n]*|&&|&|>>|>|\n|;|(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"&><;])+/g);
  for (const [token] of tokens) {
    if (token.startsWith('#')) continue;
    if (token === '\n' || token === '&&' || token === ';') end();
    else if (token === '&') end(true);
    else if (token === '>' || token === '>>') redirected = true;
    else if (redirected) {
      to = unquoted(token);
      redirected = false;
    } else words.push(unquoted(token));
  }
  end();
  return commands;
}

function unquoted(token: string): string {
  return token.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, single?: string, double?: string, one?: string) =>
    single !== undefined ? single : double !== undefined ? double.replace(/\\(["\\$`])/g, '$1') : (one ?? ''),
  );
}

/** The words after `shadowctl`, where that is the command. */
export function shadowctlWords({ words }: Pick<ShellCommand, 'words'>): string[] | undefined {
  const [first, ...rest] = words[0] === 'npx' ? words.slice(1) : words;
  return first === 'shadowctl' ? rest : undefined;
}
