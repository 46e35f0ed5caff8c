import { randomBytes } from 'node:crypto';
import type { App, Outcome } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { noEndpoint } from '../../aws/no-endpoint.ts';
import { invokeEndpoint } from '../../aws/runtime.ts';
import { usage } from '../../base/errors.ts';
import { checkName } from '../../resources/naming.ts';
import { withProgress } from '../../ui/progress.ts';
import { type Payloads, readPayloads } from '../shared/payloads.ts';
import type { InvokeOptions } from './command.ts';
import { paced } from '../../lifecycle/traffic/pace.ts';
import { tellSummary } from './tell-summary.ts';
import { Tally } from '../../lifecycle/traffic/tally.ts';

/** Sends traffic and tells what came of it. */
export async function run(app: App, options: InvokeOptions): Promise<Outcome> {
  checkName('endpoint', options.endpoint, '--endpoint');
  if (options.targetVariant !== undefined) checkName('variant', options.targetVariant, '--target-variant');
  const prefix =
    checkPrefix(options.inferenceIdPrefix) ??
    `inv-${Math.round(app.clock.now()).toString(36)}${randomBytes(2).toString('hex')}`;
  if (app.clock.virtual && options.duration !== undefined && options.rate === undefined) {
    throw usage('--duration needs --rate where time is simulated: there, requests take no time.');
  }
  const payloads = await readPayloads(app, options.data, '--data', { labels: options.labels, header: options.header });
  const aws = await app.aws();
  const tally = new Tally();
  const began = app.clock.now();
  const count = options.count ?? (options.duration === undefined ? payloads.rows.length : undefined);
  const tellCounts = () =>
    tellSummary(app, options.endpoint, tally.summary(app.clock.now() - began, app.clock.virtual), options.format);
  const sending = withProgress(
    app.io,
    `sending ${payloads.source} to endpoint ${options.endpoint}`,
    async (progress) => {
      await paced(app.clock, { ...options, count }, app.signal, async (index) => {
        await sendOne(app, aws, options, payloads, tally, { index, prefix });
        if (app.io.interactive)
          progress.update(`${tally.sent}${count === undefined ? '' : ` of ${count}`} sent, ${tally.failed} refused`);
      });
    },
  );
  try {
    await sending;
  } catch (error) {
    // What was sent until then was sent.
    if (tally.sent > 0) await tellCounts();
    throw error;
  }
  await tellCounts();
  app.signal.throwIfAborted();
  return options.failOnError && tally.failed > 0 ? 'no' : 'done';
}

/** What InvokeEndpoint takes as InferenceId: 64 printable characters, the first no space (facts 2.4). */
function checkPrefix(prefix: string | undefined): string | undefined {
  if (prefix === undefined || /^[!-~][ -~]{0,51}$/.test(prefix)) return prefix;
  throw usage(
    `--inference-id-prefix: "${prefix}" cannot begin an InferenceId.`,
    'Printable ASCII characters, 52 at the most, the first no space.',
  );
}

async function sendOne(
  app: App,
  aws: Aws,
  options: InvokeOptions,
  payloads: Payloads,
  tally: Tally,
  request: { index: number; prefix: string },
): Promise<void> {
  const row = payloads.rows[request.index % payloads.rows.length];
  if (row === undefined) return;
  const began = app.clock.now();
  try {
    const answer = await invokeEndpoint(
      aws,
      {
        EndpointName: options.endpoint,
        Body: new TextEncoder().encode(row.body),
        ContentType: options.contentType ?? payloads.contentType,
        Accept: options.accept,
        TargetVariant: options.targetVariant,
        InferenceId: `${request.prefix}-${request.index}`,
      },
      app.signal,
    );
    tally.answer(answer, app.clock.now() - began, row.label);
  } catch (error) {
    // A request cut off by an interrupt has neither succeeded nor failed.
    if (app.signal.aborted) return;
    if (error instanceof AwsProblem && /^Endpoint \S+ of account \d+ not found/.test(error.words))
      throw noEndpoint(aws.target, options.endpoint);
    if (!(error instanceof AwsProblem) || (tally.sent === 0 && isHopeless(error))) throw error;
    tally.refusal(codeOf(error), error.words);
  }
}

/** An error that every further request would meet as well: no such endpoint, no credentials, nobody there. */
function isHopeless(problem: AwsProblem): boolean {
  return (
    problem.code !== 'ModelError' && !problem.throttled && (problem.clientFault || problem.code === 'ECONNREFUSED')
  );
}

/** A model's own errors are told apart by the status its container answered with. */
function codeOf(problem: AwsProblem): string {
  const status = (problem.cause as { OriginalStatusCode?: number } | undefined)?.OriginalStatusCode;
  return status === undefined ? problem.code : `${problem.code} ${status}`;
}
