import { Command } from 'commander';
import { type App, type Host, lazy, type Outcome, type Run } from '../app.ts';
import { formatFlag } from './flags/common.ts';
import { type HelpOptions, TOPICS, topicList } from './help/topics.ts';

/** `shadowctl help`: the list of commands, the help of a command, or a page of the documentation. */
export function helpCommand(host: Host, run: Run<HelpOptions> = lazy(() => import('./help/page.ts'))): Command {
  const command = formatFlag(new Command('help'))
    .argument('[topic...]', 'a command, or a topic')
    .addHelpText('after', `\n${topicList()}\n\nExamples:\n  $ shadowctl help deploy\n  $ shadowctl help judging`);
  return command.action(async (words: string[], { format }: { format: 'text' | 'json' }) => {
    const program = command.parent ?? command;
    const asked = words.reduce<Command | undefined>((above, word) => named(above, word), program);
    const topic = words.join(' ');
    // A name that is both a command's and a page's shows both.
    const isPage = topic in TOPICS;
    if (format === 'json' && asked !== undefined && !isPage)
      return host.start(writeHelp, { lines: asked.helpInformation().trimEnd().split('\n') });
    if (asked !== undefined && !isPage) asked.help();
    if (asked !== undefined) asked.outputHelp();
    const known = [...program.commands.map((one) => one.name()), ...Object.keys(TOPICS)];
    await host.start(run, { topic, known, below: asked !== undefined, format });
  });
}

function named(above: Command | undefined, word: string): Command | undefined {
  return above?.commands.find((one) => one.name() === word || one.aliases().includes(word));
}

/** The help of a command as a document. */
async function writeHelp(app: App, { lines }: { lines: readonly string[] }): Promise<Outcome> {
  const { writeJson } = await import('./views/json.ts');
  writeJson(app.io, 'help', { lines });
  return 'done';
}
