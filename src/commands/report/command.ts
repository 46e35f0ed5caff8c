import { Command, Option } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { FORMATS } from '../../report/render.ts';
import type { Format } from '../../report/render.ts';

export interface ReportOptions {
  endpoint: string;
  /** Length of the window, where `from` does not say. */
  last: string;
  from: string | undefined;
  to: string | undefined;
  format: Format;
  /** `FILE[:COLUMN]`, local or S3. */
  labels: string | undefined;
  /** Path into JSON answers. */
  prediction: string | undefined;
  task: string | undefined;
  /** A YAML file with the policy. */
  policy: string | undefined;
  output: string | undefined;
  predictions: boolean;
}

export function reportCommand(host: Host, run: Run<ReportOptions> = lazy(() => import('./run.ts'))): Command {
  return new Command('report')
    .description('compare shadow and production over a window of time: is it safe to promote?')
    .requiredOption('--endpoint <name>', 'the endpoint')
    .option('--last <duration>', 'length of the window up to now: 30m, 2h, 1d', '30m')
    .option('--from <time>', 'start of the window (ISO 8601, UTC; or -2h)')
    .option('--to <time>', 'end of the window')
    .addOption(new Option('--format <format>', 'how to show it').choices(FORMATS).default('terminal'))
    .option('--labels <file[:column]>', 'the truth: CSV or JSON Lines, local or s3://, by inferenceId or by features')
    .option('--prediction <path>', "where predictions lie in a JSON answer, like '$.predictions[*].score'")
    .addOption(
      new Option('--task <task>', 'what kind of answers these are').choices([
        'regression',
        'scores',
        'binary',
        'multiclass',
        'json',
      ]),
    )
    .option('--policy <file>', 'what the shadow must prove (default: section policy of shadowctl.yaml)')
    .option('--output <file>', 'write the report there instead of to standard output')
    .option('--no-predictions', 'leave the captured predictions alone: metrics only')
    .addHelpText(
      'after',
      '\nExit codes: 0 pass (or nothing to compare), 1 fail, 3 inconclusive: more traffic is needed.',
    )
    .action(
      (flags: Partial<ReportOptions> & { endpoint: string; last: string; format: Format; predictions: boolean }) =>
        host.start(run, {
          endpoint: flags.endpoint,
          last: flags.last,
          from: flags.from,
          to: flags.to,
          format: flags.format,
          labels: flags.labels,
          prediction: flags.prediction,
          task: flags.task,
          policy: flags.policy,
          output: flags.output,
          predictions: flags.predictions,
        }),
    );
}
