import { Command } from 'commander';
import type { Host, Run } from '../../app.ts';
import { FORMATS } from '../../report/render.ts';
import { answerFlags } from '../flags/answers.ts';
import { comparatorFlags } from '../flags/comparator.ts';
import { oneOf } from '../flags/values.ts';
import { waiverFlags } from '../flags/waivers.ts';
import type { BatchReportOptions } from './report-options.ts';

type Flags = Omit<BatchReportOptions, 'full' | 'redact' | 'waive' | 'allowCommand'> & {
  schema?: boolean;
  full?: boolean;
  redact?: boolean;
  waive?: string[];
  allowCommand?: boolean;
};

export function batchReportCommand(host: Host, run: Run<BatchReportOptions>): Command {
  const report = new Command('report')
    .description('the verdict over the days of a batch: days, not rows, are what it rests on')
    .requiredOption('--batch <name>', 'name of the batch')
    .option('--format <format>', `output format: ${FORMATS.join(', ')}`, oneOf('--format', FORMATS), 'text')
    .option('--schema', 'print the JSON schema of --format json, and exit')
    .option('--redact', 'leave out inputs, ids, parts of inputs, examples, free answers, and why objects failed')
    .option('--full', 'with --format text: everything, not only what decides and what stands out')
    .option('--output <file>', 'write the report to this file instead of standard output')
    .option('--labels <file[:column]>', 'the labels that there are by now, a file or folder, local or s3://')
    .option('--policy <file>', 'what the candidate must prove (default: section policy of shadowctl.yaml)')
    .option('--expect <what>', 'same as production, or better, "better by 2 points"')
    .option(
      '--until <pass>',
      'look again until it is decided, or until the last day has come',
      oneOf('--until', ['pass']),
    )
    .option('--for <duration>', 'how long the batch goes on at the most, from its first day on', '14d')
    .option('--every <duration>', 'with --until: time between looks', '1h')
    .option('--memory <size>', 'memory for the comparison; the rest is kept on disk', '1GB');
  return waiverFlags(comparatorFlags(answerFlags(report)))
    .addHelpText(
      'after',
      '\nNothing passes before seven days (minimumDays), and every day of the week once; it may fail sooner: shadowctl help judging.\nExit codes: 0 pass, 1 fail, 3 inconclusive.\n\nExample:\n  $ shadowctl batch report --batch churn --labels s3://lake/labels/:left',
    )
    .action((flags: Flags) => {
      const { schema: _, ...rest } = flags;
      return host.start(run, {
        ...rest,
        full: flags.full === true,
        redact: flags.redact === true,
        waive: flags.waive ?? [],
        allowCommand: flags.allowCommand === true,
      });
    });
}
