import { Command, Option } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import { athenaSettings } from '../base/project.ts';
import { COMMANDS_WITH_NEEDS, type PermittedCommand } from '../lifecycle/permissions/needs.ts';
import { formatFlag } from './flags/common.ts';
import { writeJson } from './views/json.ts';

export interface IamPolicyOptions {
  /** Empty: every command. */
  commands: readonly PermittedCommand[];
  /** Undefined: every endpoint. */
  endpoint: string | undefined;
  /** Twelve digits; undefined: that of the credentials. */
  account: string | undefined;
  /** The policy of the role that models run with, not of whoever runs shadowctl. */
  executionRole: boolean;
  /** ARN of that role, for iam:PassRole. */
  role: string | undefined;
  buckets: readonly string[];
  /** The policy is JSON in any case; as `json` it stands in a document of shadowctl's. */
  format: 'text' | 'json';
}

interface Flags {
  command?: PermittedCommand[];
  endpoint?: string;
  account?: string;
  executionRole?: boolean;
  role?: string;
  bucket?: string[];
  format: 'text' | 'json';
}

const HELP = `
The policy is the least with which the commands work; which actions each needs,
and what is missing without them: shadowctl help permissions

Examples:
  $ shadowctl iam-policy --endpoint weather > policy.json
  $ shadowctl iam-policy --command status report --endpoint weather
  $ shadowctl iam-policy --execution-role --account 123456789012 --region eu-west-1`;

export function iamPolicyCommand(host: Host, start: Run<IamPolicyOptions> = run): Command {
  const command = new Command('iam-policy')
    .addOption(new Option('--command <name...>', 'only for these commands (default: all)').choices(COMMANDS_WITH_NEEDS))
    .option('--endpoint <name>', 'only for this endpoint (default: any)')
    .option('--account <id>', 'for this account (default: that of the credentials; with it, AWS is not asked)')
    .option(
      '--role <arn>',
      'the role that models run with, which must be passed (default: role in shadowctl.yaml, else any)',
    )
    .option('--bucket <name...>', "buckets of your own beside SageMaker's: for artifacts, captures, payloads")
    .option('--execution-role', 'the policy of the role that models run with, instead of yours');
  return formatFlag(command)
    .addHelpText('after', HELP)
    .action((flags: Flags) =>
      host.start(start, {
        commands: flags.command ?? [],
        endpoint: flags.endpoint,
        account: checkAccount(flags.account),
        executionRole: flags.executionRole === true,
        role: flags.role,
        buckets: flags.bucket ?? [],
        format: flags.format,
      }),
    );
}

function checkAccount(account: string | undefined): string | undefined {
  if (account !== undefined && !/^\d{12}$/.test(account))
    throw usageError(`--account: "${account}" is not the id of an AWS account.`, 'An id has twelve digits.');
  return account;
}

/** Prints the policy; changes nothing. */
export async function run(app: App, options: IamPolicyOptions): Promise<Outcome> {
  const { callerPolicy, executionRolePolicy } = await import('../lifecycle/permissions/policy.ts');
  const { sessionOf } = await import('./session.ts');
  const { checkName } = await import('../resources/naming.ts');
  const { statePlace } = await import('../lifecycle/open-state.ts');
  const { stateSetting } = await import('../base/settings.ts');
  const { s3Place } = await import('../aws/s3-uri.ts');
  if (options.endpoint !== undefined) checkName('endpoint', options.endpoint, '--endpoint');
  const aws = await app.aws();
  const project = await sessionOf(app).project();
  const settings = await app.project();
  const athena = athenaSettings(settings.athena);
  const { workgroup, database } = athena;
  const output = athena.output === undefined ? undefined : s3Place(athena.output);
  const place = {
    region: aws.target.region,
    account: options.account ?? (await aws.account()),
    endpoint: options.endpoint,
    role: options.role ?? project.role,
    buckets: [...options.buckets, ...(output === undefined ? [] : [output.bucket])],
    athena: { workgroup, database },
    state: s3Place(statePlace(stateSetting(app.globals, app.env, settings), settings, app.cwd).place),
    topics: project.notify.flatMap((target) => (target.kind === 'topic' ? [target.arn] : [])),
  };
  const policy = options.executionRole
    ? executionRolePolicy(place)
    : callerPolicy(options.commands.length === 0 ? COMMANDS_WITH_NEEDS : options.commands, place);
  if (options.format === 'json') writeJson(app.io, 'iam-policy', { policy });
  else app.io.out(JSON.stringify(policy, null, 2));
  return 'done';
}
