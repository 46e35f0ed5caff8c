import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import type { DemoOptions } from './run.ts';

export function demoCommand(
  host: Host,
  run: Run<DemoOptions> = lazy(() => import('./run.ts')),
  runMirror: Run<undefined> = lazy(() => import('./mirror.ts')),
): Command {
  const command = new Command('demo')
    .option('--keep', "do not clean up: keep everything in this folder's emulator, so that you can look around")
    .option('--full', 'show everything that the commands print, not only a summary')
    .addHelpText(
      'after',
      `
Takes a real linear-learner model and its successor through the whole life cycle, in a minute or two. The emulator
runs in this process on a virtual clock; everything else is what you would run yourself. You need no AWS account,
and the demo touches nothing outside this machine.

Example:
  $ shadowctl demo --keep`,
    )
    .action((flags: { keep?: boolean; full?: boolean }) =>
      host.start(run, { keep: flags.keep === true, full: flags.full === true }),
    );
  command.addCommand(
    new Command('mirror')
      .description('a shadow for a model behind HTTP: two model servers, a mirror, requests, the verdict; in seconds')
      .action(() => host.start(runMirror, undefined)),
  );
  return command;
}
