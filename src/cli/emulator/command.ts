import { Command, Option } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import type { EnvOptions } from './env.ts';
import { addFaultCommands } from './fault-command.ts';
import type { StopOptions } from './stop.ts';
import { addOperationsCommand } from './operations-command.ts';
import type { StartOptions } from './serve.ts';
import type { StatusOptions } from './status.ts';
import {
  describeLatencies,
  describeSwitches,
  LATENCY_NAMES,
  parseContainer,
  parseLatency,
  parseListedPrice,
  parseQuota,
  parsePolicy,
  parsePort,
  type PolicyFlag,
  parseSwitch,
  parseTrino,
  SWITCHES,
} from './flags.ts';
import type { InstancePrice, Quota } from '../../emulator/world/options.ts';
import { formatFlag } from '../flags/common.ts';

export interface EmulatorRuns {
  start: Run<StartOptions>;
  stop: Run<StopOptions>;
  status: Run<StatusOptions>;
  env: Run<EnvOptions>;
}

const RUNS: EmulatorRuns = {
  start: lazy(() => import('./start.ts')),
  stop: lazy(() => import('./stop.ts')),
  status: lazy(() => import('./status.ts')),
  env: lazy(() => import('./env.ts')),
};

const DIR = '--dir <folder>';
const DIR_WORDS = "folder of its state (default: the project's .shadowctl/emulator)";

/** `shadowctl emulator …` */
export function emulatorCommand(host: Host, runs: EmulatorRuns = RUNS): Command {
  const emulator = new Command('emulator');
  addStart(emulator, host, runs.start);
  formatFlag(emulator.command('stop'))
    .description('stop it; its state is kept')
    .option(DIR, DIR_WORDS)
    .action((flags: StopOptions) => host.start(runs.stop, { dir: flags.dir, format: flags.format }));
  formatFlag(emulator.command('status'))
    .description('show where it listens, since when, and what exists on it')
    .option(DIR, DIR_WORDS)
    .action((flags: { dir?: string; format: StatusOptions['format'] }) =>
      host.start(runs.status, { dir: flags.dir, format: flags.format }),
    );
  formatFlag(emulator.command('env'))
    .description(
      'print the environment variables that point boto3, the AWS CLI and the SDKs at it: eval "$(shadowctl emulator env)"',
    )
    .option(DIR, DIR_WORDS)
    .addOption(
      new Option('--shell <name>', 'shell syntax to print')
        .choices(['bash', 'fish', 'powershell', 'dotenv'])
        .default('bash'),
    )
    .action((flags: EnvOptions) => host.start(runs.env, { dir: flags.dir, shell: flags.shell, format: flags.format }));
  addFaultCommands(emulator, host);
  addOperationsCommand(emulator, host);
  return emulator;
}

function addStart(emulator: Command, host: Host, run: Run<StartOptions>): void {
  const collect = <T>(value: T, all: T[] | undefined) => [...(all ?? []), value];
  formatFlag(emulator.command('start'))
    .description('start it in the background, unless it is already running')
    .option(DIR, DIR_WORDS)
    .option('--port <number>', 'port on 127.0.0.1 (default: 4599, or a free one if that is taken)', parsePort)
    .option('--foreground', 'run in the foreground until Ctrl-C or SIGTERM: for containers and CI')
    .option('--verbose', 'print a line for each request')
    .option(
      '--container <image=server>',
      'serve an image with a URL or command of yours (repeatable)',
      (text, all: string[] | undefined) => collect(parseContainer(text), all),
    )
    .addOption(
      new Option('--pace <name>', 'how long operations take: seconds, or as long as on AWS')
        .choices(['quick', 'lifelike'])
        .default('quick'),
    )
    .option(
      '--latency <name=ms>',
      'how long one operation takes (repeatable)',
      (text, all: [string, number][] | undefined) => collect(parseLatency(text), all),
    )
    .option(
      '--switch <name=value>',
      'choose behavior that no source documents (repeatable)',
      (text, all: [string, boolean | number | string][] | undefined) => collect(parseSwitch(text), all),
    )
    .option(
      '--iam <policy>',
      'enforce a policy of IAM, a JSON file; KEY=FILE for one access key, role/NAME=FILE for a role (repeatable)',
      (text, all: PolicyFlag[] | undefined) => collect(parsePolicy(text), all),
    )
    .option(
      '--price <region/type=dollars>',
      'what the Price List API says that an instance costs an hour (repeatable)',
      (text, all: InstancePrice[] | undefined) => collect(parseListedPrice(text), all),
    )
    .option(
      '--quota <name=limit>',
      'a quota of the account, for example "ml.m5.xlarge for transform job usage=2" (repeatable; default: no limit)',
      (text, all: Quota[] | undefined) => collect(parseQuota(text), all),
    )
    .option(
      '--trino <url>',
      "run queries of Athena on this Trino, whose catalog reads the emulator's Glue and S3",
      parseTrino,
    )
    .addHelpText('after', help)
    .action((flags: StartFlags) =>
      host.start(run, {
        dir: flags.dir,
        port: flags.port,
        foreground: flags.foreground === true,
        verbose: flags.verbose === true,
        containers: flags.container ?? [],
        latencies: Object.fromEntries(flags.latency ?? []),
        switches: Object.fromEntries(flags.switch ?? []),
        pace: flags.pace,
        iam: flags.iam ?? [],
        prices: flags.price ?? [],
        quotas: flags.quota ?? [],
        trino: flags.trino,
        format: flags.format,
      }),
    );
}

interface StartFlags {
  dir?: string;
  port?: number;
  foreground?: boolean;
  verbose?: boolean;
  container?: string[];
  pace: StartOptions['pace'];
  format: StartOptions['format'];
  iam?: PolicyFlag[];
  price?: InstancePrice[];
  quota?: Quota[];
  trino?: string;
  latency?: [string, number][];
  switch?: [string, boolean | number | string][];
}

function help(): string {
  return `
Latencies (--latency ${LATENCY_NAMES[0]}=500), in ms, at --pace quick and --pace lifelike:
${describeLatencies()}

Switches (--switch ${SWITCHES[0]?.name}=true): behavior that AWS does not document and that has not been measured. Defaults are cautious.
${describeSwitches()}

Permissions:
Without --iam everybody may do everything. A policy for a role limits its sessions, and the models that run with it:
  $ shadowctl emulator start --iam deployer.json --iam role/sagemaker-models=models.json
  $ shadowctl emulator start --iam deployer.json --iam boundary:boundary.json --iam scp:organization.json

Containers:
A server that is already running; a command that is started for each instance:
  $ shadowctl emulator start --container my-image:1=http://127.0.0.1:8080
  $ shadowctl emulator start --container my-image:1='python serve.py'`;
}
