import { Argument, type Command, Option } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import type { ServiceId } from '../../emulator/model/shapes.ts';
import type { OperationsOptions } from './operations.ts';
import { schemaFlag } from '../flags/common.ts';

// Not loaded from the emulator to parse a command line: a test holds this list against its own.
const SERVICES: readonly ServiceId[] = [
  'sagemaker',
  'sagemaker-runtime',
  'cloudwatch',
  'logs',
  's3',
  'sts',
  'sns',
  'application-autoscaling',
  'scheduler',
  'iam',
  'ecr',
  'lambda',
  'pricing',
  'events',
  'sqs',
  'cloudformation',
  'athena',
  'glue',
];

const RUN: Run<OperationsOptions> = lazy(() => import('./operations.ts'));

/** `shadowctl emulator operations`, added to `emulator`. */
export function addOperationsCommand(emulator: Command, host: Host, run: Run<OperationsOptions> = RUN): void {
  schemaFlag(emulator.command('operations'))
    .description('list which AWS operations are built, partly built, and not built')
    .addArgument(new Argument('[service]', 'one service (default: all)').choices(SERVICES))
    .addOption(new Option('--format <name>', 'output format').choices(['text', 'json', 'markdown']).default('text'))
    .option('--all', 'also list what is not built; JSON always does')
    .action((service: ServiceId | undefined, flags: { format: OperationsOptions['format']; all?: boolean }) =>
      host.start(run, { service, format: flags.format, all: flags.all === true }),
    );
}
