import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { oneOf } from '../../cli/flags/values.ts';
import type { Target } from '../../lifecycle/events.ts';
import { parseTarget } from '../../cli/flags/targets.ts';

export interface KeepOptions {
  endpoint: string;
  /** Why, for the journal. */
  reason: string | undefined;
  configName: string | undefined;
  /** Who is told, beside those of shadowctl.yaml. */
  notify: readonly Target[];
  plan: boolean;
  yes: boolean;
  format: 'text' | 'json';
}

interface Flags {
  endpoint: string;
  reason?: string;
  configName?: string;
  notify?: string[];
  plan?: boolean;
  yes?: boolean;
  format: 'text' | 'json';
}

export function keepCommand(host: Host, run: Run<KeepOptions> = lazy(() => import('./run.ts'))): Command {
  return new Command('keep')
    .requiredOption('--endpoint <name>', 'the endpoint with the shadow')
    .option('--reason <text>', 'why, for the journal')
    .option('--config-name <name>', 'name of the endpoint config without the shadow, where a new one is needed')
    .option('--notify <target...>', 'tell an SNS topic (ARN) or a webhook (URL) that the shadow has ended')
    .option('--plan', 'only show what would be done; exit 4 when there is something to do')
    .option('-y, --yes', 'do not ask')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .addHelpText(
      'after',
      `
Example:
  $ shadowctl keep --endpoint weather --reason 'the shadow is slower'`,
    )
    .action((flags: Flags) =>
      host.start(run, {
        endpoint: flags.endpoint,
        reason: flags.reason,
        configName: flags.configName,
        notify: (flags.notify ?? []).map(parseTarget),
        plan: flags.plan === true,
        yes: flags.yes === true,
        format: flags.format,
      }),
    );
}
