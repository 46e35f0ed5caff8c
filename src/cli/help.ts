import { Command } from 'commander';
import { type Host, lazy, type Run } from '../app.ts';
import { type HelpOptions, TOPICS, topicList } from './help/topics.ts';

/** `shadowctl help`: the list of commands, the help of a command, or a page of the documentation. */
export function helpCommand(host: Host, run: Run<HelpOptions> = lazy(() => import('./help/page.ts'))): Command {
  const command = new Command('help')
    .argument('[topic...]', 'a command, or a topic')
    .addHelpText('after', `\n${topicList()}\n\nExamples:\n  $ shadowctl help deploy\n  $ shadowctl help judging`);
  return command.action(async (words: string[]) => {
    const program = command.parent ?? command;
    const asked = words.reduce<Command | undefined>((above, word) => named(above, word), program);
    const topic = words.join(' ');
    // A name that is both a command's and a page's shows both.
    if (asked !== undefined && !(topic in TOPICS)) asked.help();
    if (asked !== undefined) asked.outputHelp();
    const known = [...program.commands.map((one) => one.name()), ...Object.keys(TOPICS)];
    await host.start(run, { topic, known, below: asked !== undefined });
  });
}

function named(above: Command | undefined, word: string): Command | undefined {
  return above?.commands.find((one) => one.name() === word || one.aliases().includes(word));
}
