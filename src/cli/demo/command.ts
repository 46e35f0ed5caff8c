import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import type { DemoOptions } from './run.ts';

export function demoCommand(host: Host, run: Run<DemoOptions> = lazy(() => import('./run.ts'))): Command {
  return new Command('demo')
    .option('--keep', 'clean nothing up: leave it standing in the emulator of this folder, for a look around')
    .addHelpText(
      'after',
      `
Takes a real linear-learner model and its successor through the whole life cycle, in under a minute: the emulator
runs in this process on a virtual clock, everything else is what you would run yourself. No AWS account is needed,
and nothing outside this machine is touched.

Example:
  $ shadowctl demo --keep`,
    )
    .action((flags: { keep?: boolean }) => host.start(run, { keep: flags.keep === true }));
}
