import { randomBytes } from 'node:crypto';
import { AwsProblem } from '../../aws/errors.ts';
import { endpointNotFound } from '../../aws/endpoint-not-found.ts';
import { invokeEndpoint } from '../../aws/runtime.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { brokenAdvice } from '../../base/broken-endpoint.ts';
import { environmentError, type Problem, usageError } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import { doTask, type Session } from '../session.ts';
import { type Pace, paced } from './pace.ts';
import type { Payloads } from './payloads.ts';
import { type Summary, Tally } from './tally.ts';
import { isSettled } from '../../resources/wait.ts';

export interface SendOptions extends Partial<Pace> {
  /** Each request gets the InferenceId PREFIX-NUMBER; undefined: made from the time. */
  inferenceIdPrefix?: string | undefined;
  /** Media type of the answers; undefined: whatever the model gives. */
  accept?: string | undefined;
  /** The production variant that is to answer. */
  targetVariant?: string | undefined;
}

const DEFAULT_CONCURRENCY = 8;

/**
 * Sends the payloads in their order, from the start again when the file ends, at a pace. Refused requests are counted.
 * Whatever ends it, `requests-sent` tells what came of those that were sent.
 * @throws Problem where no request can succeed, such as without an endpoint; the signal's reason on an interrupt
 */
export async function sendRequests(
  session: Session,
  endpoint: string,
  payloads: Payloads,
  options: SendOptions,
): Promise<Summary> {
  const { clock, signal } = session;
  const prefix =
    checkPrefix(options.inferenceIdPrefix) ??
    `inv-${Math.round(clock.now()).toString(36)}${randomBytes(2).toString('hex')}`;
  const { rate, duration, concurrency = DEFAULT_CONCURRENCY } = options;
  if (clock.virtual && duration !== undefined && rate === undefined) {
    throw usageError('--duration needs --rate where time is simulated: there, requests take no time.');
  }
  const aws = await session.aws();
  const tally = new Tally();
  const began = clock.now();
  const count = options.count ?? (duration === undefined ? payloads.rows.length : undefined);
  const sum = () => {
    const summary = tally.summary(clock.now() - began, clock.virtual);
    session.emit({ kind: 'requests-sent', endpoint, summary });
    return summary;
  };
  const send = async (index: number): Promise<void> => {
    const row = payloads.rows[index % payloads.rows.length];
    if (row === undefined) return;
    const sentAt = clock.now();
    try {
      const answer = await invokeEndpoint(
        aws,
        {
          EndpointName: endpoint,
          Body: new TextEncoder().encode(row.body),
          ContentType: payloads.contentType,
          Accept: options.accept,
          TargetVariant: options.targetVariant,
          InferenceId: `${prefix}-${index}`,
        },
        signal,
      );
      tally.answer(answer, clock.now() - sentAt, row.label);
    } catch (error) {
      // A request cut off by an interrupt has neither succeeded nor failed.
      if (signal.aborted) return;
      if (error instanceof AwsProblem && /^Endpoint \S+ of account \d+ not found/.test(error.words))
        throw await notServing(session, endpoint);
      if (!(error instanceof AwsProblem) || error.aboutCredentials || (tally.sent === 0 && isHopeless(error)))
        throw error;
      tally.refusal(codeOf(error), error.words, error.unanswered);
    }
  };
  try {
    await doTask(session, { name: 'send', source: payloads.source, endpoint, count }, (report) =>
      paced(clock, { count, duration, rate, concurrency }, signal, async (index) => {
        await send(index);
        report.progress({ kind: 'sent', sent: tally.sent, failed: tally.failed });
      }),
    );
  } catch (error) {
    // What was sent until then was sent.
    if (tally.sent > 0) sum();
    throw error;
  }
  const summary = sum();
  signal.throwIfAborted();
  return summary;
}

/** InvokeEndpoint says "not found" of every endpoint that does not serve: also of one that failed or is being created. */
async function notServing(session: Session, endpoint: string): Promise<Problem> {
  const aws = await session.aws();
  try {
    const live = await describeEndpoint(aws, endpoint, session.signal);
    if (live === undefined) return endpointNotFound(aws.target, endpoint);
    const { EndpointStatus: status = 'unknown', FailureReason: reason } = live;
    const failed = status === 'Failed';
    if (status === 'Deleting')
      return environmentError(`Endpoint "${endpoint}" answers no requests: it is being deleted.`);
    return environmentError(
      `Endpoint "${endpoint}" answers no requests: it is ${status}${failed && reason !== undefined ? ` (${reason})` : ''}.`,
      isSettled(live) ? brokenAdvice(endpoint, status) : text`Watch it: ${shown('status', { endpoint, watch: true })}`,
    );
  } catch (error) {
    if (!(error instanceof AwsProblem)) throw error;
    // Who may only invoke cannot tell these apart, nor can we.
    return environmentError(
      `No endpoint "${endpoint}" answers in ${aws.target.region}: there is none of that name, or it is not in service (these credentials may not look at it).`,
      'Check --endpoint, --region and --profile.',
      error,
    );
  }
}

/** What InvokeEndpoint takes as InferenceId: 64 printable characters, the first no space (facts 2.4). */
function checkPrefix(prefix: string | undefined): string | undefined {
  if (prefix === undefined || /^[!-~][ -~]{0,51}$/.test(prefix)) return prefix;
  throw usageError(
    `--inference-id-prefix: "${prefix}" cannot begin an InferenceId.`,
    'Printable ASCII characters, at most 52, and the first is not a space.',
  );
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
