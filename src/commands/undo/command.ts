import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { oneOf } from '../shared/flags.ts';

export interface UndoOptions {
  endpoint: string;
  /** Undefined: the config it ran before. */
  to: string | undefined;
  plan: boolean;
  yes: boolean;
  wait: boolean;
  format: 'text' | 'json';
}

interface Flags {
  endpoint: string;
  to?: string;
  plan?: boolean;
  yes?: boolean;
  wait: boolean;
  format: 'text' | 'json';
}

export function undoCommand(host: Host, run: Run<UndoOptions> = lazy(() => import('./run.ts'))): Command {
  return new Command('undo')
    .description('take an endpoint back to an earlier config of ours, all at once')
    .requiredOption('--endpoint <name>', 'the endpoint')
    .option('--to <config>', 'the endpoint config to run (default: the one it ran before)')
    .option('--plan', 'only show what would be done; exit 4')
    .option('-y, --yes', 'do not ask')
    .option('--no-wait', 'do not wait until the endpoint has settled')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .action((flags: Flags) =>
      host.start(run, {
        endpoint: flags.endpoint,
        to: flags.to,
        plan: flags.plan === true,
        yes: flags.yes === true,
        wait: flags.wait,
        format: flags.format,
      }),
    );
}
