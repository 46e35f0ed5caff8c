import type { Command } from 'commander';
import type { Host } from '../../src/app.ts';

/** Parses one command's own words and gives the options it would run with. */
export async function optionsOf(make: (host: Host) => Command, argv: readonly string[]): Promise<unknown> {
  let options: unknown;
  const command = make({
    async start(_, given) {
      options = given;
    },
  });
  const quiet = (one: Command): void => {
    one.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    one.commands.forEach(quiet);
  };
  quiet(command);
  await command.parseAsync([...argv], { from: 'user' });
  return options;
}
