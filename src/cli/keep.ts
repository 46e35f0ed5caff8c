import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import type { Target } from '../lifecycle/events.ts';
import { commonFlags, type CommonFlags, type CommonOptions, commonOptions } from './flags/common.ts';
import { parseTarget } from './flags/targets.ts';

export interface KeepOptions extends CommonOptions {
  endpoint: string;
  /** Why, for the journal. */
  reason: string | undefined;
  configName: string | undefined;
  /** Who is told, in addition to those of shadowctl.yaml. */
  notify: readonly Target[];
}

interface Flags extends CommonFlags {
  endpoint: string;
  reason?: string;
  configName?: string;
  notify?: string[];
}

const HELP = `
Example:
  $ shadowctl keep --endpoint weather --reason 'the shadow is slower'`;

export function keepCommand(host: Host, start: Run<KeepOptions> = run): Command {
  const command = new Command('keep')
    .requiredOption('--endpoint <name>', 'the endpoint with the shadow')
    .option('--reason <text>', 'the reason, for the journal')
    .option('--config-name <name>', 'name of the endpoint config without the shadow, if a new one is needed')
    .option('--notify <target...>', 'notify an SNS topic (ARN) or a webhook (URL) that the shadow has ended');
  return commonFlags(command)
    .addHelpText('after', HELP)
    .action((flags: Flags) =>
      host.start(start, {
        endpoint: flags.endpoint,
        reason: flags.reason,
        configName: flags.configName,
        notify: (flags.notify ?? []).map((one) => parseTarget(one)),
        ...commonOptions(flags),
      }),
    );
}

/** Ends the shadow; production keeps its model. */
export async function run(app: App, options: KeepOptions): Promise<Outcome> {
  const { keepProduction } = await import('../lifecycle/keep.ts');
  const { sessionOf } = await import('./session.ts');
  const { reportPlainUpdate } = await import('./views/settled.ts');
  const result = await keepProduction(sessionOf(app, options), options);
  return reportPlainUpdate(app.io, options.format, result);
}
