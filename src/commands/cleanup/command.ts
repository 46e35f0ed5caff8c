import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { usage } from '../../base/errors.ts';
import { oneOf } from '../../cli/flags/values.ts';

export interface CleanupOptions {
  /** Undefined: every endpoint that has a journal here. */
  endpoint: string | undefined;
  keepUploads: boolean;
  keepCaptures: boolean;
  keepLogs: boolean;
  plan: boolean;
  yes: boolean;
  format: 'text' | 'json';
}

interface Flags {
  endpoint?: string;
  all?: boolean;
  keepUploads?: boolean;
  keepCaptures?: boolean;
  keepLogs?: boolean;
  plan?: boolean;
  yes?: boolean;
  format: 'text' | 'json';
}

export function cleanupCommand(host: Host, run: Run<CleanupOptions> = lazy(() => import('./run.ts'))): Command {
  return new Command('cleanup')
    .option('--endpoint <name>', 'the endpoint')
    .option('--all', 'every endpoint that has a journal here, in this account and region')
    .option('--keep-uploads', 'keep the uploaded model artifacts')
    .option('--keep-captures', 'keep the captured requests and answers')
    .option('--keep-logs', "keep the endpoint's log group")
    .option('--plan', 'only show what would be done; exit 4 when there is something to do')
    .option('-y, --yes', 'do not ask')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .addHelpText(
      'after',
      `
Works from the journal in .shadowctl/, also after a command was killed at any moment. Deletes only what stands there
and carries shadowctl's tag; what was adopted is never deleted.

Example:
  $ shadowctl cleanup --endpoint weather --plan`,
    )
    .action((flags: Flags) => {
      if ((flags.endpoint === undefined) === (flags.all !== true)) throw usage('Give either --endpoint NAME or --all.');
      return host.start(run, {
        endpoint: flags.endpoint,
        keepUploads: flags.keepUploads === true,
        keepCaptures: flags.keepCaptures === true,
        keepLogs: flags.keepLogs === true,
        plan: flags.plan === true,
        yes: flags.yes === true,
        format: flags.format,
      });
    });
}
