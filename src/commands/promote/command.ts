import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { usage } from '../../base/errors.ts';
import { oneOf, positiveNumber } from '../../cli/flags/values.ts';
import type { GuardOptions } from '../../lifecycle/guarded-update/start.ts';
import { guardFlags, type GuardWords, parseGuard } from '../../cli/flags/guard.ts';

export interface PromoteOptions {
  endpoint: string;
  guard: GuardOptions;
  /** Given on to the report that judges the shadow, as they stand. */
  report: { from: string | undefined; labels: string | undefined; policy: string | undefined };
  configName: string | undefined;
  traffic: { file: string; rate: number } | undefined;
  plan: boolean;
  yes: boolean;
  format: 'text' | 'json';
}

interface Flags extends GuardWords {
  endpoint: string;
  from?: string;
  labels?: string;
  policy?: string;
  configName?: string;
  traffic?: string;
  rate?: number;
  plan?: boolean;
  yes?: boolean;
  format: 'text' | 'json';
}

const HELP = `
The shadow is judged as it runs now, over the time since it was attached. Only a verdict of pass promotes; --force overrules
that, and the journal says so. The way back is shadowctl undo.
Exit codes: 0 promoted, 1 the verdict is fail or the update was rolled back, 3 inconclusive: more traffic is needed.

Example:
  $ shadowctl promote --endpoint weather --labels truth.csv:label --max-latency p99=250ms`;

export function promoteCommand(host: Host, run: Run<PromoteOptions> = lazy(() => import('./run.ts'))): Command {
  const command = new Command('promote')
    .requiredOption('--endpoint <name>', 'the endpoint with the shadow')
    .option('--config-name <name>', 'name of the new endpoint config (default: made from endpoint and time)')
    .optionsGroup('Judging:')
    .option('--from <time>', 'start of the window that is judged (default: since the shadow is in service)')
    .option('--labels <file[:column]>', 'the truth, as for shadowctl report')
    .option('--policy <file>', 'what the shadow must prove, as for shadowctl report');
  return guardFlags(command)
    .optionsGroup('Else:')
    .option(
      '--traffic <file>',
      'send requests from this CSV or JSON Lines file meanwhile, where there is no real traffic',
    )
    .option('--rate <n>', 'requests a second of --traffic (default: 5)', positiveNumber('--rate'))
    .option('--plan', 'only show what would be done; exit 4 when there is something to do')
    .option('-y, --yes', 'do not ask')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .addHelpText('after', HELP)
    .action((flags: Flags) => {
      if (flags.rate !== undefined && flags.traffic === undefined)
        throw usage('--rate belongs to --traffic FILE, which was not given.');
      return host.start(run, {
        endpoint: flags.endpoint,
        guard: parseGuard(flags),
        report: { from: flags.from, labels: flags.labels, policy: flags.policy },
        configName: flags.configName,
        traffic: flags.traffic === undefined ? undefined : { file: flags.traffic, rate: flags.rate ?? 5 },
        plan: flags.plan === true,
        yes: flags.yes === true,
        format: flags.format,
      });
    });
}
