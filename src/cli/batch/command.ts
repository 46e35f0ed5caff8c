import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { addModelFlags, type CandidateFlags, candidateFlags } from '../flags/candidate.ts';
import { formatFlag } from '../flags/common.ts';
import { pricedFlags, type PricedFlags, pricedOptions, priceFlag } from '../flags/price.ts';
import { instanceType, positiveNumber, wholeNumber, memorySize } from '../flags/values.ts';
import type { BatchRunOptions, BatchScheduleOptions, BatchStatusOptions } from './options.ts';
import { batchReportCommand } from './report-command.ts';
import type { BatchReportOptions } from './report-options.ts';

const HELP = `
Every day's recorded inputs are run through a candidate with transform jobs of SageMaker, and its answers are compared with
those of production, of another model, or with what was decided. See shadowctl help batch.

Examples:
  $ shadowctl batch run --batch churn --input s3://lake/churn/{yyyy}/{MM}/{dd}/ --model churn-2 --against model:churn-1 --output s3://lake/batches
  $ shadowctl batch report --batch churn --labels s3://lake/labels/:left
  $ shadowctl batch status --batch churn`;

const RUN_EXAMPLE =
  '\nExample:\n  $ shadowctl batch run --batch churn --input s3://lake/churn/{yyyy}/{MM}/{dd}/ --model churn-2 --against model:churn-1 --output s3://lake/batches';

interface RunFlags
  extends CandidateFlags,
    PricedFlags,
    Omit<BatchRunOptions, keyof PricedFlags | 'candidate' | 'prices'> {}

export function batchCommand(
  host: Host,
  startRun: Run<BatchRunOptions> = lazy(() => import('./run.ts')),
  startStatus: Run<BatchStatusOptions> = lazy(() => import('./status.ts')),
  startSchedule: Run<BatchScheduleOptions> = lazy(() => import('./schedule.ts')),
  startReport: Run<BatchReportOptions> = lazy(() => import('./report.ts')),
): Command {
  const command = new Command('batch').addHelpText('after', HELP);
  command.addCommand(runCommand(host, startRun));
  command.addCommand(batchReportCommand(host, startReport));
  command.addCommand(
    formatFlag(named(new Command('status')))
      .description('the days of a batch: what became of their rows, which are missing, what runs')
      .addHelpText('after', '\nExample:\n  $ shadowctl batch status --batch churn')
      .action((flags: BatchStatusOptions) => host.start(startStatus, { batch: flags.batch, format: flags.format })),
  );
  command.addCommand(scheduleCommand(host, startSchedule));
  return command;
}

function named(command: Command): Command {
  return command.requiredOption('--batch <name>', 'name of the batch: the days of one candidate');
}

function runCommand(host: Host, start: Run<BatchRunOptions>): Command {
  const command = named(new Command('run'))
    .description('run a day: transform jobs over its inputs, then compare; a run that was stopped goes on')
    .option('--day <date>', 'like 2026-11-29, or yesterday', 'yesterday');
  return pricedFlags(dayFlags(command))
    .addHelpText('after', RUN_EXAMPLE)
    .action((flags: RunFlags) => host.start(start, runOptions(flags)));
}

function scheduleCommand(host: Host, start: Run<BatchScheduleOptions>): Command {
  const command = named(new Command('schedule'))
    .description('print what runs every day: a line for cron, and a workflow of GitHub Actions')
    .requiredOption(
      '--at <time>',
      'when the inputs of the day before are there, like 03:30, on the clocks of the zone',
    );
  return formatFlag(priceFlag(dayFlags(command)))
    .addHelpText(
      'after',
      '\nExample:\n  $ shadowctl batch schedule --batch churn --at 03:30 --input s3://lake/churn/{yyyy}/{MM}/{dd}/ --model churn-2 --against model:churn-1 --output s3://lake/batches',
    )
    .action((flags: RunFlags & { at: string }) =>
      host.start(start, { ...runOptions({ ...flags, day: 'yesterday' }), at: flags.at }),
    );
}

function runOptions(flags: RunFlags): BatchRunOptions {
  return {
    ...flags,
    ...pricedOptions(flags),
    captures: flags.captures === true,
    findBadRows: flags.findBadRows === true,
    rerun: flags.rerun === true,
    withoutId: flags.withoutId === true,
    candidate: candidateFlags(flags),
  };
}

/** Everything about a day but which it is. */
function dayFlags(command: Command): Command {
  command
    .requiredOption(
      '--input <s3 prefix|file>',
      "where the inputs lie, with {yyyy}, {MM}, {dd} and {HH} for a day's own folder; a file is uploaded",
    )
    .requiredOption('--output <s3 prefix>', 'where the outputs and all other results of a day are saved')
    .option(
      '--catch-up <days>',
      'also run up to this many earlier days that are missing, unfinished, or have received more objects',
      wholeNumber('--catch-up', 1, 366),
    )
    .option('--zone <name>', 'time zone of the days', 'UTC')
    .option('--captures', 'the input holds capture files of SageMaker: the models are asked their requests');
  return addModelFlags(command.optionsGroup('The candidate:'))
    .optionsGroup('What it is compared with:')
    .requiredOption(
      '--against <what>',
      'model:NAME, run over the same inputs; captures: what production answered; or FILE[:COLUMN]: what was decided',
    )
    .option('--id <column|path>', 'what tells rows apart: a column of CSV (its number or name), a path into JSON')
    .option('--without-id', 'do not ask the models what the id is: they get copies of the rows without it')
    .option('--labels <file[:column]>', 'labels, local or in S3: they may come later')
    .option('--policy <file>', 'policy in YAML (default: policy: in shadowctl.yaml, or the built-in one)')
    .option('--prediction <path>', 'where in an answer the prediction is, like $.predictions[*].score')
    .option('--answers <kind>', 'what answers are, where their look does not tell: shadowctl help answers')
    .option('--memory <size>', 'memory for the comparison', memorySize('--memory'), '1GB')
    .optionsGroup('The rows:')
    .option('--header', 'the first line of every CSV object names its columns; models are asked about the others')
    .option('--no-header', 'the first line is a row, even if it looks like column names')
    .option('--content-type <type>', 'content type of the rows: text/csv, application/jsonlines or application/json')
    .option(
      '--accept <type>',
      'content type of the answers (default: that of the rows; application/jsonlines for linear-learner)',
    )
    .option(
      '--input-filter <jsonpath>',
      'the part of a row that the models get, like $[1:] for all but the first column',
    )
    .optionsGroup('The jobs:')
    .option('--instances <n>', 'instances of each job', wholeNumber('--instances', 1, 100), 1)
    .option('--instance-type <type>', 'type of instance', instanceType('--instance-type'), 'ml.m5.large')
    .option('--max-payload <megabytes>', 'largest request, 1 to 100', wholeNumber('--max-payload', 1, 100))
    .option('--max-concurrent <n>', 'requests at a time to each instance', wholeNumber('--max-concurrent', 1, 100))
    .option('--max-cost <dollars>', 'stop the jobs of a day that would cost more', positiveNumber('--max-cost'))
    .option('--find-bad-rows', 'search for the rows that make objects fail: up to three more jobs per model')
    .option('--rerun', 'run a day again; its saved results are replaced');
}
