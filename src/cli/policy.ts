import { Command, Option } from 'commander';
import { EXAMPLE } from '../analysis/policy/example.ts';
import { type PolicyKind, POLICY_KINDS, policyFile } from '../analysis/policy/kinds.ts';
import type { App, Host, Outcome, Run } from '../app.ts';
import { formatFlag } from './flags/common.ts';
import { writeJson } from './views/json.ts';

export interface PolicyOptions {
  /** `init` prints the defaults as a file, and looks at nothing else. */
  action: 'explain' | 'init';
  /** A YAML file; without it, the section `policy` of shadowctl.yaml. */
  file: string | undefined;
  /** Of `explain`: whose policy, with what shadowctl.yaml says of this endpoint; undefined: that of all. */
  endpoint: string | undefined;
  /** Of `init`: for which kind of change; undefined: the defaults. */
  kind: PolicyKind | undefined;
  format: 'text' | 'json';
}

interface Flags {
  policy?: string;
  endpoint?: string;
  json?: boolean;
  format: 'text' | 'json';
}

const EXPLAIN_HELP = `
Examples:
  $ shadowctl policy explain --policy policy.yaml
  $ shadowctl policy explain --endpoint weather

Every key: shadowctl policy init`;

const INIT_HELP = `
Put it into shadowctl.yaml, or into a file of its own for --policy. Keep only
the keys that you change: the others have their defaults.

Example:
  $ shadowctl policy init --kind container > policy.yaml
  $ shadowctl policy explain --policy policy.yaml`;

export function policyCommand(host: Host, start: Run<PolicyOptions> = run): Command {
  const command = new Command('policy');
  formatFlag(command.command('explain'))
    .description('explain what the policy requires, and how much traffic that takes')
    .option('--policy <file>', 'a YAML file (default: section policy of shadowctl.yaml)')
    .option('--endpoint <name>', 'with what shadowctl.yaml says of this endpoint (endpoints: NAME: policy, answers)')
    .option('--json', 'as --format json')
    .addHelpText('after', EXPLAIN_HELP)
    .action(({ policy, endpoint, json, format }: Flags) =>
      host.start(start, {
        action: 'explain',
        file: policy,
        endpoint,
        kind: undefined,
        format: json === true ? 'json' : format,
      }),
    );
  formatFlag(command.command('init'))
    .description('print a policy as YAML, every key with its meaning: the defaults, or one for a kind of change')
    .addOption(
      new Option(
        '--kind <kind>',
        'what changes: a new training, image or instance type, a quantized or another language model',
      ).choices(POLICY_KINDS),
    )
    .addHelpText('after', INIT_HELP)
    .action(({ kind, format }: { kind?: PolicyKind; format: 'text' | 'json' }) =>
      host.start(start, { action: 'init', file: undefined, endpoint: undefined, kind, format }),
    );
  return command;
}

/** Tells what the policy demands, or prints the default; asks nobody and changes nothing. */
export async function run(app: App, { action, file, endpoint, kind, format }: PolicyOptions): Promise<Outcome> {
  const { io } = app;
  if (action === 'init') {
    const yaml = (kind === undefined ? EXAMPLE : policyFile(kind)).trimEnd();
    if (format === 'json') writeJson(io, 'policy-init', { kind: kind ?? null, yaml });
    else io.out(yaml);
    return 'done';
  }
  const { loadPolicy } = await import('../analysis/observe/policy-file.ts');
  const { policy, source } = await loadPolicy(app.cwd, file, () => app.project(), endpoint);
  if (format === 'json') writeJson(io, 'policy-explain', policy);
  else {
    const { policyLines } = await import('./views/policy.ts');
    for (const line of await policyLines(io, policy, source)) io.out(line);
  }
  return 'done';
}
