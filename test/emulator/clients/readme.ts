import { readFile, writeFile } from 'node:fs/promises';
import { LATENCIES, SWITCHES } from '../../../src/cli/emulator/flags.ts';
import { standings, standingsMarkdown } from '../../../src/emulator/services/conformance.ts';

const FILE = new URL('../../../docs/emulator.md', import.meta.url);

export const readReadme = () => readFile(FILE, 'utf8');

/** A snippet of the page: what its `run:` comment calls it, and its code. */
export interface Snippet {
  name: string;
  code: string;
}

/** The fenced blocks of the page that follow a comment `<!-- run: name -->`. */
export function snippetsOf(readme: string): Snippet[] {
  return [...readme.matchAll(/<!-- run: (\S+) -->\n\n```\w+\n([^]*?)```/g)].map(([, name = '', code = '']) => ({
    name,
    code,
  }));
}

/** What stands between the markers of a generated part. */
export function partOf(readme: string, name: string): string {
  const found = new RegExp(`<!-- ${name}: begin -->\\n([^]*?)<!-- ${name}: end -->`).exec(readme);
  if (found?.[1] === undefined) throw new Error(`docs/emulator.md has no part ${name}`);
  return found[1];
}

/** The parts of the page that are made from the code. */
export async function generatedParts(): Promise<Record<string, string>> {
  const latencies = LATENCIES.map(
    ([name, quick, lifelike, meaning]) => `| \`${name}\` | ${quick} | ${lifelike} | ${meaning} |`,
  );
  const switches = SWITCHES.map(
    ({ name, values, default: byDefault, meaning }) =>
      `| \`${name}\` | ${values.map((value) => (value === byDefault ? `**${value}**` : value)).join(', ')} | ${meaning} |`,
  );
  return {
    latencies: ['| name | quick | lifelike | ms of what |', '|---|--:|--:|---|', ...latencies].join('\n'),
    switches: ['| name | values, default bold | |', '|---|---|---|', ...switches].join('\n'),
    operations: standingsMarkdown(await standings()).trimEnd(),
  };
}

/** Writes the generated parts anew. */
export async function updateReadme(): Promise<void> {
  let readme = await readReadme();
  for (const [name, text] of Object.entries(await generatedParts()))
    readme = readme.replace(
      new RegExp(`(<!-- ${name}: begin -->\\n)[^]*?(<!-- ${name}: end -->)`),
      (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`,
    );
  await writeFile(FILE, readme);
}
