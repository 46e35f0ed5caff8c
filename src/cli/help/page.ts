import { readFile } from 'node:fs/promises';
import type { App, Outcome } from '../../app.ts';
import { usageError } from '../../base/errors.ts';
import { packageFile } from '../../base/package.ts';
import { nearest } from '../../base/schema.ts';
import { type HelpOptions, TOPICS } from './topics.ts';
import { renderMarkdown } from './markdown.ts';

/** Prints a page of `docs/`, at most 80 columns wide. */
export async function run(app: App, options: HelpOptions): Promise<Outcome> {
  if (options.format === 'text') return show(app.io, options);
  const { writeLinesAsJson } = await import('../views/json.ts');
  return writeLinesAsJson(app.io, 'help', (io) => show(io, { ...options, below: false }));
}

async function show(io: App['io'], { topic, known, below }: HelpOptions): Promise<Outcome> {
  if (!(topic in TOPICS)) throw unknownTopic(topic, known);
  const page = await readFile(packageFile(`docs/${topic}.md`), 'utf8');
  if (below) io.out();
  const screen = { color: io.color, columns: Math.min(80, io.columns) };
  for (const line of await renderMarkdown(page, screen, Object.keys(TOPICS))) io.out(line);
  return 'done';
}

function unknownTopic(topic: string, known: readonly string[]) {
  const near = nearest(topic, known);
  return usageError(
    `There is no command and no help topic named "${topic}".`,
    [
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      `The topics are ${Object.keys(TOPICS).join(', ')}.`,
      'The commands: shadowctl help',
    ].join('\n'),
  );
}
