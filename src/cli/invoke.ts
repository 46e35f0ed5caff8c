import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { shown, text } from '../base/text.ts';
import type { PayloadFile } from '../lifecycle/traffic/payloads.ts';
import type { Summary } from '../lifecycle/traffic/tally.ts';
import { payloadFlags, type PayloadFlags, payloadOptions } from './flags/payloads.ts';
import { duration, positiveNumber, wholeNumber } from './flags/values.ts';
import { writeJson } from './views/json.ts';
import { formatFlag } from './flags/common.ts';

export interface InvokeOptions {
  endpoint: string;
  data: Omit<PayloadFile, 'option'>;
  /** Requests in all. */
  count: number | undefined;
  /** Milliseconds. */
  duration: number | undefined;
  /** Requests a second; undefined: as fast as they are answered. */
  rate: number | undefined;
  /** Requests under way at the same time, at the most. */
  concurrency: number;
  inferenceIdPrefix: string | undefined;
  accept: string | undefined;
  targetVariant: string | undefined;
  failOnError: boolean;
  format: 'text' | 'json';
}

interface Flags extends PayloadFlags {
  endpoint: string;
  data: string;
  count?: number;
  duration?: number;
  rate?: number;
  concurrency: number;
  inferenceIdPrefix?: string;
  accept?: string;
  targetVariant?: string;
  failOnError?: boolean;
  format: 'text' | 'json';
}

const HELP = `
A record is a line of CSV (with all lines of a quoted cell), of libsvm or of plain text, or a JSON value; in a .json file
that holds one list, each object of it. --content-type decides which; without it the file's name and first line do. Cells between
semicolons or tabs are sent with commas. Records are sent in order; with --count or --duration the file starts over when it ends. With both, the command stops at
whichever is reached first. Errors are counted and do not stop it.

Example:
  $ shadowctl invoke --endpoint weather --data rows.csv --labels label --rate 5 --duration 10m`;

export function invokeCommand(host: Host, start: Run<InvokeOptions> = run): Command {
  const command = new Command('invoke')
    .requiredOption('--endpoint <name>', 'the endpoint')
    .requiredOption('--data <file>', 'CSV, JSON Lines, libsvm or texts, local or s3://; each record is one request');
  return formatFlag(payloadFlags(command, { labels: true }))
    .option('--count <requests>', 'number of requests (default: each line once)', wholeNumber('--count', 1))
    .option('--duration <time>', 'how long to send, for example 90s or 30m', duration('--duration'))
    .option(
      '--rate <requests>',
      'requests per second (default: as fast as they are answered)',
      positiveNumber('--rate'),
    )
    .option(
      '--concurrency <requests>',
      'maximum number of concurrent requests',
      wholeNumber('--concurrency', 1, 512),
      8,
    )
    .option(
      '--inference-id-prefix <text>',
      'each request gets the InferenceId PREFIX-NUMBER (default: made from the time)',
    )
    .option('--accept <type>', 'media type requested for the answers')
    .option('--target-variant <name>', 'send to this production variant only')
    .option('--fail-on-error', 'exit with 1 if a request was refused')
    .addHelpText('after', HELP)
    .action((flags: Flags) =>
      host.start(start, {
        endpoint: flags.endpoint,
        data: { ...payloadOptions(flags, flags.data, '--data'), file: flags.data },
        count: flags.count,
        duration: flags.duration,
        rate: flags.rate,
        concurrency: flags.concurrency,
        inferenceIdPrefix: flags.inferenceIdPrefix,
        accept: flags.accept,
        targetVariant: flags.targetVariant,
        failOnError: flags.failOnError === true,
        format: flags.format,
      }),
    );
}

/** Sends traffic, and shows what came of it. */
export async function run(app: App, options: InvokeOptions): Promise<Outcome> {
  const { checkName } = await import('../resources/naming.ts');
  const { readPayloads } = await import('../lifecycle/traffic/payloads.ts');
  const { sendRequests } = await import('../lifecycle/traffic/send.ts');
  const { sessionOf } = await import('./session.ts');
  const { writeSummary } = await import('./views/summary.ts');
  const { endpoint, format, data, ...pace } = options;
  checkName('endpoint', endpoint, '--endpoint');
  if (options.targetVariant !== undefined) checkName('variant', options.targetVariant, '--target-variant');
  let summary: Summary | undefined;
  const session = sessionOf(app, {
    onEvent(event) {
      if (event.kind === 'requests-sent') summary = event.summary;
    },
  });
  const payloads = await readPayloads(session, { ...data, option: 'data' });
  try {
    const { sent, answered } = await sendRequests(session, endpoint, payloads, pace);
    return options.failOnError && answered < sent ? 'no' : 'done';
  } finally {
    // Also where it was broken off: what was sent until then was sent.
    if (summary !== undefined && format === 'json') writeJson(app.io, 'invoke', { endpoint, ...summary });
    else if (summary !== undefined) {
      await writeSummary(app.io, summary);
      const { nextLines } = await import('./views/next.ts');
      for (const line of nextLines(app.io, text`${shown('status', { endpoint })}`)) app.io.out(line);
    }
  }
}
