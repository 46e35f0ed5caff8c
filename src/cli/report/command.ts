import { Command, Option } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { FORMATS } from '../../report/render.ts';
import type { Format } from '../../report/render.ts';
import { answerFlags } from '../flags/answers.ts';
import { comparatorFlags } from '../flags/comparator.ts';
import { oneOf, repeated, memorySize } from '../flags/values.ts';
import { waiverFlags } from '../flags/waivers.ts';
import type { ReportOptions } from './options.ts';

/** `terminal` is what `text` was called before. */
function readFormat(word: string): Format {
  return oneOf('--format', FORMATS)(word === 'terminal' ? 'text' : word);
}

interface Flags extends Partial<Omit<ReportOptions, 'watch' | 'from' | 'files' | 'also'>> {
  from?: string[];
  files?: string[];
  labelFile: string;
  format: Format;
  predictions: boolean;
  source: 'captures' | 'logs';
  every: string;
  timeout: string;
  memory: string;
  watch?: boolean;
  schema?: boolean;
  untilDecided?: boolean;
}

export function reportCommand(host: Host, run: Run<ReportOptions> = lazy(() => import('./run.ts'))): Command {
  const report = new Command('report')
    .option('--endpoint <name>', 'the endpoint')
    .option('--mirror <folder>', 'or a mirror, by the folder of its records (the same as --files)')
    .option(
      '--last <duration>',
      'length of the window up to now: 30m, 2h, 1d (default: since the present shadow is in service)',
    )
    .option('--from <time>', 'start of the window (ISO 8601, UTC; or -2h)', repeated)
    .option('--to <time>', 'end of the window')
    .option('--format <format>', `output format: ${FORMATS.join(', ')}`, readFormat, 'text')
    .option('--full', 'with --format text: everything, not only what decides and what stands out')
    .option('--output <file>', 'write the report to this file instead of standard output')
    .option(
      '--labels <file[:column]>',
      'the labels: CSV, JSON, Python or SageMaker ground truth, a file or folder, local or s3://, by inferenceId or by features',
    )
    .option(
      '--label-next <n>',
      'write the n rows whose labels would decide most, to be filled in and given back with --labels',
    )
    .option('--label-file <file>', 'with --label-next: the file to write', 'label-next.csv')
    .option('--with-answers', "with --label-next: write the models' answers too, which may sway whoever labels");
  return waiverFlags(comparatorFlags(answerFlags(report)))
    .addOption(
      new Option(
        '--source <source>',
        "where predictions come from: data capture, or JSON lines in the containers' logs",
      )
        .choices(['captures', 'logs'])
        .default('captures'),
    )
    .addOption(
      new Option(
        '--engine <engine>',
        'what reads captures: this machine, or Amazon Athena, which costs money (default: engine in shadowctl.yaml, or local)',
      ).choices(['local', 'athena']),
    )
    .option('--log-pattern <pattern>', "with --source logs: which lines, like '{ $.prediction = * }'")
    .option('--logs-query <query>', 'with --source logs: a query of Logs Insights, with @timestamp among its fields')
    .option(
      '--id <path>',
      "with --source logs: where a line has the id of its request, like '$.inferenceId', or the query's column",
    )
    .addOption(
      new Option('--task <task>', 'an older name for the kind of answers; --answers says more').choices([
        'regression',
        'scores',
        'binary',
        'multiclass',
        'json',
      ]),
    )
    .option('--policy <file>', 'what the shadow must prove (default: section policy of shadowctl.yaml)')
    .option(
      '--expect <what>',
      'what the new model is expected to be: same as production (to differ is a fault), or better, "better by 2 points"',
    )
    .option('--no-predictions', 'do not compare captured predictions: metrics only')
    .option(
      '--files <path>',
      'read these instead of AWS: a file from --save (several are added up), a folder of captures with a folder per variant, or logs with --line',
      repeated,
    )
    .option(
      '--line <pattern>',
      "with --files: how the lines of logs are written, like 'Input: {request}, Prediction: {answer}'",
    )
    .option(
      '--variants <production,shadow>',
      'which folders under --files, if their names do not tell; of a mirror: live,NAME',
    )
    .option(
      '--live <none|file[:column]>',
      'with --files and captures of one model: none (no model is live: limits and labels alone decide), or a file of what was decided, read like --labels',
    )
    .option('--save <file>', 'keep the observations, to judge them again later with --files')
    .option('--redact', 'leave out inputs, ids, parts of inputs, examples and free answers, in reports and in --save')
    .option('--schema', 'print the JSON schema of --format json, and exit')
    .option(
      '--watch',
      'look repeatedly, and stop at the first decision; redrawn on a terminal, elsewhere one line per look',
    )
    .option('--until-decided', 'like --watch, but never redrawn (for CI)')
    .option('--every <duration>', 'time between looks', '1m')
    .option('--timeout <duration>', 'stop waiting for a decision after this time', '12h')
    .option(
      '--memory <size>',
      'memory bound for pairing many captures; the rest is kept on disk',
      memorySize('--memory'),
      '1GB',
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 pass, 1 fail, 3 inconclusive: not proven, or there was nothing to compare; the report says what is missing.\nA file from --save contains sums: give --labels, --answers, --prediction, --comparator, --variants, --from and --to to the\nreport that saves it. It cannot be watched; a folder of captures takes all flags but --watch and --until-decided.\nAnswers need at least 80 minutes with answers to pass, with --files too (shadowctl policy explain).\n\nWith --line, a folder of logs (production.log and shadow.log, or a folder each): {request} and {answer} stand where a line has\nthem, and {id}, {time}, {variant} where it has those; shadowctl help judging has more.\n\nExample:\n  $ shadowctl report --endpoint weather --last 2h --labels truth.csv:label --output report.html --format html',
    )
    .action((flags: Flags) => {
      const { watch, untilDecided, from: froms = [], files: paths = [], schema: _, ...rest } = flags;
      const [[from, ...moreFrom], [files, ...morePaths]] = [froms, paths];
      const also = [...morePaths, ...moreFrom];
      const mode = watch === true ? ('show' as const) : untilDecided === true ? ('quiet' as const) : undefined;
      return host.start(run, {
        ...NOTHING,
        ...rest,
        from,
        files,
        ...(also.length === 0 ? {} : { also }),
        redact: flags.redact === true,
        allowCommand: flags.allowCommand === true,
        withAnswers: flags.withAnswers === true,
        full: flags.full === true,
        waive: flags.waive ?? [],
        watch: mode,
      });
    });
}

/** commander leaves out what was not said. */
const NOTHING = {
  endpoint: undefined,
  last: undefined,
  from: undefined,
  to: undefined,
  labels: undefined,
  labelNext: undefined,
  prediction: undefined,
  answers: undefined,
  engine: undefined,
  logPattern: undefined,
  logsQuery: undefined,
  id: undefined,
  task: undefined,
  comparator: undefined,
  comparatorSample: undefined,
  comparatorTime: undefined,
  policy: undefined,
  expect: undefined,
  reason: undefined,
  output: undefined,
  files: undefined,
  line: undefined,
  variants: undefined,
  live: undefined,
  save: undefined,
};
