import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { usage } from '../../errors.ts';
import { oneOf } from '../shared/flags.ts';

export interface StatusOptions {
  /** Undefined: every endpoint that has a journal here. */
  endpoint: string | undefined;
  format: 'text' | 'json';
}

interface Flags {
  endpoint?: string;
  all?: boolean;
  format: 'text' | 'json';
}

export function statusCommand(host: Host, run: Run<StatusOptions> = lazy(() => import('./run.ts'))): Command {
  return new Command('status')
    .description('what stands: endpoint, variants, alarms, what is in progress, what shadowctl holds')
    .option('--endpoint <name>', 'the endpoint')
    .option('--all', 'every endpoint that has a journal here, in this account and region (the default)')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .action((flags: Flags) => {
      if (flags.endpoint !== undefined && flags.all === true) throw usage('Give either --endpoint NAME or --all.');
      return host.start(run, { endpoint: flags.endpoint, format: flags.format });
    });
}
