import type { App, Outcome } from '../../app.ts';
import { checkZone, hasDate, minuteOfUtc } from '../../analysis/batch/period.ts';
import { s3Place } from '../../aws/s3-uri.ts';
import { usageError } from '../../base/errors.ts';
import { type CommandLine, shown } from '../../base/text.ts';
import { shownCandidate } from '../flags/candidate.ts';
import { shownPrices } from '../flags/price.ts';
import { writeJson } from '../views/json.ts';
import type { BatchScheduleOptions } from './options.ts';

/** `batch schedule`: prints a schedule of EventBridge that runs the batch each day. */
export async function run(app: App, options: BatchScheduleOptions): Promise<Outcome> {
  const { io } = app;
  const zone = checkZone(options.zone);
  if (!hasDate(options.input))
    throw usageError(
      `--input ${options.input} is the same every day.`,
      'Put the day into it: s3://bucket/prefix/{yyyy}/{MM}/{dd}/',
    );
  const cron = cronOf(options.at, zone, new Date(app.clock.now()).getUTCFullYear());
  const command = io.command(commandOf({ ...options, zone }));
  const { root } = await app.project();
  // cron takes a percent sign for the end of the line.
  const crontab = `${cron}  cd ${quoted(root)} && ${command}`.replaceAll('%', '\\%');
  const { place } = await app.state();
  const workflow = s3Place(place) === undefined ? undefined : workflowOf(options.batch, cron, command);
  const whyNoWorkflow =
    workflow === undefined
      ? `The state is in the folder ${place}, which is gone when a workflow of GitHub Actions ends: keep it in a bucket (state: s3://… in shadowctl.yaml, shadowctl help reliability).`
      : undefined;
  if (options.format === 'json') {
    writeJson(io, 'batch schedule', { cron, command, crontab, workflow, whyNoWorkflow });
    return 'done';
  }
  io.out(`# crontab, on a machine whose clock shows UTC; with credentials of AWS in the environment`);
  io.out(crontab);
  io.out();
  if (workflow === undefined) io.out(`# ${whyNoWorkflow}`);
  else {
    io.out(
      '# .github/workflows/ of GitHub, whose times are of UTC; put your steps that install shadowctl and take on a role of AWS',
    );
    io.out('# before the last one');
    io.out(workflow.trimEnd());
  }
  return 'done';
}

function cronOf(at: string, zone: string, year: number): string {
  const [, hour = '', minute = ''] = /^(\d{1,2}):(\d{2})$/.exec(at) ?? [];
  if (hour === '' || Number(hour) > 23 || Number(minute) > 59)
    throw usageError(`--at: "${at}" is not a time of day.`, 'Write it like 03:30.');
  const utc = minuteOfUtc(Number(hour), Number(minute), zone, year);
  return `${utc % 60} ${Math.floor(utc / 60)} * * *`;
}

/** `batch run` as it was described, of whatever day was yesterday. */
function commandOf(options: BatchScheduleOptions): CommandLine {
  const candidate = shownCandidate(options.candidate);
  if (candidate === undefined)
    throw usageError(
      'Several --container-env or --tag cannot be written into one line here.',
      'Create the model first, with a first batch run, and name it: --model NAME',
    );
  return shown('batch run', {
    batch: options.batch,
    zone: options.zone === 'UTC' ? undefined : options.zone,
    input: options.input,
    output: options.output,
    captures: options.captures ? true : undefined,
    ...candidate,
    against: options.against,
    id: options.id,
    'without-id': options.withoutId ? true : undefined,
    labels: options.labels,
    policy: options.policy,
    prediction: options.prediction,
    answers: options.answers,
    memory: options.memory === '1GB' ? undefined : options.memory,
    header: options.header === true ? true : undefined,
    'no-header': options.header === false ? true : undefined,
    'content-type': options.contentType,
    accept: options.accept,
    'input-filter': options.inputFilter,
    instances: options.instances === 1 ? undefined : options.instances,
    'instance-type': options.instanceType === 'ml.m5.large' ? undefined : options.instanceType,
    'max-payload': options.maxPayload,
    'max-concurrent': options.maxConcurrent,
    'max-cost': options.maxCost,
    price: shownPrices(options.prices),
    'find-bad-rows': options.findBadRows ? true : undefined,
    'catch-up': options.catchUp,
    yes: true,
  });
}

function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** A workflow of GitHub Actions; one run at a time, and by hand as well. */
function workflowOf(batch: string, cron: string, command: string): string {
  return [
    `name: batch ${batch}`,
    'on:',
    '  schedule:',
    `    - cron: '${cron}'`,
    '  workflow_dispatch:',
    'concurrency:',
    `  group: batch-${batch}`,
    '  cancel-in-progress: false',
    'jobs:',
    '  batch:',
    '    runs-on: ubuntu-latest',
    '    permissions:',
    '      id-token: write',
    '      contents: read',
    '    steps:',
    '      - uses: actions/checkout@v4',
    '      - run: >-',
    `          ${command}`,
    '',
  ].join('\n');
}
