import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';

export interface PolicyOptions {
  /** `init` prints the defaults as a file, and looks at nothing else. */
  action: 'explain' | 'init';
  /** A YAML file; without it, the section `policy` of shadowctl.yaml. */
  file: string | undefined;
  json: boolean;
}

export function policyCommand(host: Host, run: Run<PolicyOptions> = lazy(() => import('./run.ts'))): Command {
  const command = new Command('policy');
  command
    .command('explain')
    .description('say in words what the policy demands, and how much traffic that takes')
    .option('--policy <file>', 'a YAML file (default: section policy of shadowctl.yaml)')
    .option('--json', 'the policy itself, every default filled in')
    .addHelpText(
      'after',
      '\nExample:\n  $ shadowctl policy explain --policy policy.yaml\n\nThe keys: shadowctl policy init',
    )
    .action((flags: { policy?: string; json?: boolean }) =>
      host.start(run, { action: 'explain', file: flags.policy, json: flags.json === true }),
    );
  command
    .command('init')
    .description('print the default policy as YAML, every key with its meaning')
    .addHelpText(
      'after',
      `
It may stand in shadowctl.yaml, or in a file of its own for --policy. Keep what
you change: what a file does not say has its default.

Example:
  $ shadowctl policy init > policy.yaml
  $ shadowctl policy explain --policy policy.yaml`,
    )
    .action(() => host.start(run, { action: 'init', file: undefined, json: false }));
  return command;
}
