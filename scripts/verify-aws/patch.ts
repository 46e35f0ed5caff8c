import type { Finding } from './findings.ts';

const TITLE = '## 16. Seen on AWS itself';
const FILE = 'docs/sagemaker-facts.md';
/** Lines of a hunk before what changes. */
const CONTEXT = 3;

/** When and where something was seen. */
export interface Occasion {
  /** Milliseconds since the epoch. */
  at: number;
  region: string;
}

/**
 * What was found, as a patch of docs/sagemaker-facts.md (`git apply`): a section at its end, or new lines in the one
 * that stands there. Undefined where nothing was found.
 * @param facts the page as it is
 */
export function factsPatch(facts: string, findings: readonly Finding[], { at, region }: Occasion): string | undefined {
  if (findings.length === 0) return undefined;
  const before = facts.replace(/\n$/, '').split('\n');
  const day = new Date(at).toISOString().slice(0, 10);
  const rows = findings.map(({ name, value, seen }) => `| \`${name}\` | ${value} | ${cell(seen)} | ${day}, ${region} |`);
  const stands = before.includes(TITLE);
  const added = stands
    ? rows
    : ['', '---', '', TITLE, '', 'By `npm run verify:aws`.', '', '| switch | value | seen | when, where |', '|---|---|---|---|', ...rows];
  const context = before.slice(-CONTEXT);
  const from = before.length - context.length + 1;
  return [
    `--- a/${FILE}`,
    `+++ b/${FILE}`,
    `@@ -${from},${context.length} +${from},${context.length + added.length} @@`,
    ...context.map((line) => ` ${line}`),
    ...added.map((line) => `+${line}`),
    '',
  ].join('\n');
}

function cell(words: string): string {
  return words.replace(/\s+/g, ' ').replaceAll('|', '\\|');
}
