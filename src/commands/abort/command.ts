import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { oneOf } from '../../cli/flags/values.ts';

export interface AbortOptions {
  endpoint: string;
  plan: boolean;
  yes: boolean;
  format: 'text' | 'json';
}

interface Flags {
  endpoint: string;
  plan?: boolean;
  yes?: boolean;
  format: 'text' | 'json';
}

export function abortCommand(host: Host, run: Run<AbortOptions> = lazy(() => import('./run.ts'))): Command {
  return new Command('abort')
    .requiredOption('--endpoint <name>', 'the endpoint')
    .option('--plan', 'only show what would be done; exit 4 when there is something to do')
    .option('-y, --yes', 'do not ask')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .addHelpText(
      'after',
      `
SageMaker has no call that stops an update. It does obey the alarms that guard the update, so one of those that shadowctl
made is set off; it gets its own rule back when the old fleet has all traffic again. Should this command be killed before, the next one does that.
Exit codes: 0 the old fleet is back, 1 it is not.

Example:
  $ shadowctl abort --endpoint weather`,
    )
    .action((flags: Flags) =>
      host.start(run, {
        endpoint: flags.endpoint,
        plan: flags.plan === true,
        yes: flags.yes === true,
        format: flags.format,
      }),
    );
}
