import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import type { Fault } from '../../emulator/world/faults.ts';
import type { FaultAddOptions, FaultClearOptions, FaultListOptions } from './fault.ts';
import { HOUR } from '../../base/units.ts';
import { formatFlag } from '../flags/common.ts';

export interface FaultRuns {
  add: Run<FaultAddOptions>;
  list: Run<FaultListOptions>;
  clear: Run<FaultClearOptions>;
}

const RUNS: FaultRuns = {
  add: async (app, options) => (await import('./fault.ts')).add(app, options),
  list: async (app, options) => (await import('./fault.ts')).list(app, options),
  clear: lazy(async () => ({ run: (await import('./fault.ts')).clear })),
};

const KINDS: Record<Fault['kind'], string> = {
  throttle: 'refuse API calls with ThrottlingException',
  error: 'fail API calls with --status, before any work',
  delay: 'answer API calls --milliseconds later',
  deny: 'refuse API calls as IAM does where a permission is missing',
  'drop-reply': 'do the work, then break the connection',
  'cut-reply': 'do the work, send half of the reply, then break the connection',
  'slow-model': 'containers take --milliseconds longer',
  'failing-model': 'containers answer --status',
  unhealthy: 'new instances never pass their health check',
  'insufficient-capacity': 'instances cannot be launched',
  'delay-metrics': 'CloudWatch metrics arrive --milliseconds late',
};

type FaultFlags = Omit<Fault, 'id' | 'kind'> & {
  dir?: string;
  ms?: number;
  format: 'text' | 'json';
  schema?: boolean;
};

const DIR: [flags: string, description: string] = ['--dir <folder>', "folder of the emulator (default: the project's)"];

/** `shadowctl emulator fault …`, added to `emulator`. */
export function addFaultCommands(emulator: Command, host: Host, runs: FaultRuns = RUNS): void {
  const fault = emulator.command('fault').description('make the running emulator fail on demand');
  formatFlag(fault.command('add'))
    .description('add a fault; an option that is left out matches everything')
    .addArgument(new Argument('<kind>', 'what happens').choices(Object.keys(KINDS)))
    .option(
      '--service <id>',
      'sagemaker, sagemaker-runtime, cloudwatch, logs, s3, sts, sns, application-autoscaling, scheduler, iam, ecr, pricing',
    )
    .option('--operation <name>', "AWS's name, for example UpdateEndpoint")
    .option('--endpoint <name>', 'only this endpoint')
    .option('--variant <name>', 'only this variant')
    .option('--endpoint-config <name>', 'only fleets that run this config')
    .option('--transform-job <name>', 'only this transform job')
    .option('--share <number>', 'share of the calls that it affects, 0 to 1', number(0, 1))
    .option('--times <number>', 'at most this many times', number(1, Number.MAX_SAFE_INTEGER, true))
    .option('--milliseconds <number>', 'for delay, slow-model and delay-metrics', number(0, HOUR))
    .addOption(new Option('--ms <number>', 'the former name of --milliseconds').argParser(number(0, HOUR)).hideHelp())
    .option('--status <number>', 'HTTP status for error and failing-model', number(400, 599, true))
    .option(...DIR)
    .addHelpText(
      'after',
      () =>
        `\nKinds:\n${Object.entries(KINDS)
          .map(([kind, words]) => `  ${kind.padEnd(22)} ${words}`)
          .join('\n')}\n\nExample:\n  $ shadowctl emulator fault add throttle --service sagemaker --times 3`,
    )
    .action((kind: Fault['kind'], { dir, ms, format, schema: _schema, ...rest }: FaultFlags) =>
      host.start(runs.add, {
        dir,
        format,
        fault: { kind, ...(ms === undefined ? {} : { milliseconds: ms }), ...rest },
      }),
    );
  formatFlag(fault.command('list'))
    .description('show the faults and how often each may still occur')
    .option(...DIR)
    .action((flags: { dir?: string; format: FaultListOptions['format'] }) =>
      host.start(runs.list, { dir: flags.dir, format: flags.format }),
    );
  formatFlag(fault.command('clear'))
    .description('remove faults: those named, or all')
    .argument('[id...]', 'as `fault list` shows them')
    .option(...DIR)
    .action((ids: string[], flags: { dir?: string; format: 'text' | 'json' }) =>
      host.start(runs.clear, { dir: flags.dir, ids, format: flags.format }),
    );
}

function number(least: number, most: number, whole = false): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`Give a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`);
  };
}
