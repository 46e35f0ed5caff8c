import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { usage } from '../../base/errors.ts';
import { oneOf } from '../../cli/flags/values.ts';

export interface StatusOptions {
  /** Undefined: every endpoint that has a journal here. */
  endpoint: string | undefined;
  format: 'text' | 'json';
  /** Watch an update that is under way until it has ended. */
  watch: boolean;
}

interface Flags {
  watch?: boolean;
  endpoint?: string;
  all?: boolean;
  format: 'text' | 'json';
}

export function statusCommand(host: Host, run: Run<StatusOptions> = lazy(() => import('./run.ts'))): Command {
  return new Command('status')
    .option('--endpoint <name>', 'the endpoint')
    .option('--all', 'every endpoint that has a journal here, in this account and region (the default)')
    .option('--watch', 'watch an update that is under way to its end, whoever began it; changes nothing')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .addHelpText(
      'after',
      `
Exit codes: 0 told; with --watch 0 where the update took effect, 1 where it did not.

Example:
  $ shadowctl status --endpoint weather --watch`,
    )
    .action((flags: Flags) => {
      if (flags.endpoint !== undefined && flags.all === true) throw usage('Give either --endpoint NAME or --all.');
      const watch = flags.watch === true;
      if (watch && flags.endpoint === undefined) throw usage('--watch watches one endpoint: give --endpoint NAME.');
      if (watch && flags.format === 'json')
        throw usage('--watch draws for people; for machines use: shadowctl canary --resume --format json');
      return host.start(run, { endpoint: flags.endpoint, format: flags.format, watch });
    });
}
