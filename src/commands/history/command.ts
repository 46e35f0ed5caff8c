import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { oneOf, wholeNumber } from '../../cli/flags/values.ts';

export interface HistoryOptions {
  endpoint: string;
  /** The newest so many. */
  last: number;
  format: 'text' | 'json';
}

export function historyCommand(host: Host, run: Run<HistoryOptions> = lazy(() => import('./run.ts'))): Command {
  return new Command('history')
    .requiredOption('--endpoint <name>', 'the endpoint')
    .option('--last <count>', 'the newest so many', wholeNumber('--last', 1), 20)
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .addHelpText(
      'after',
      `
Read from the journal of this folder: what was done from elsewhere does not stand in it.

Example:
  $ shadowctl history --endpoint weather --last 5`,
    )
    .action((flags: HistoryOptions) =>
      host.start(run, { endpoint: flags.endpoint, last: flags.last, format: flags.format }),
    );
}
