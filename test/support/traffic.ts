import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import { accept } from '../../src/emulator/gateway/pipeline.ts';
import type { Emulator } from '../../src/emulator/http/server.ts';
import { FIXTURES } from './fixtures.ts';

/*
 * Requests of an endpoint's callers, where a test only needs them to flow: they enter the emulator behind its HTTP
 * server, in this process. Through the AWS SDK and a socket a request costs about ten times as much, and says nothing
 * about shadowctl that the tests of `invoke`, `--traffic` and `src/aws/runtime.ts` do not say.
 */

/** Rows of the weather data without labels, as they are sent to a model. */
export const ROWS: readonly string[] = readFileSync(join(FIXTURES, 'data/test.csv'), 'utf8').trim().split('\n');

/** One InvokeEndpoint. */
export interface Invocation {
  endpoint: string;
  body: string;
  /** `text/csv` unless said. */
  contentType?: string | undefined;
  inferenceId?: string | undefined;
  /** The variant that the caller names. */
  variant?: string | undefined;
}

/** What the caller got: the status of HTTP, 0 where the connection broke. */
export interface Reply {
  status: number;
  body: string;
}

let sent = 0;

/** Sends one request, signed for the account and region that the tests use; waits its latency on the emulator's clock. */
export async function invoke({ world, url }: Pick<Emulator, 'world' | 'url'>, one: Invocation): Promise<Reply> {
  const headers: Record<string, string> = {
    host: new URL(url).host,
    'content-type': one.contentType ?? 'text/csv',
    authorization: 'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/sagemaker/aws4_request',
  };
  if (one.inferenceId !== undefined) headers['x-amzn-sagemaker-inference-id'] = one.inferenceId;
  if (one.variant !== undefined) headers['x-amzn-sagemaker-target-variant'] = one.variant;
  const path = `/endpoints/${encodeURIComponent(one.endpoint)}/invocations`;
  sent += 1;
  const requestId = `00000000-0000-4000-8000-${String(sent).padStart(12, '0')}`;
  const reply = await accept(world, { method: 'POST', path, query: [], headers }).answer(
    Buffer.from(one.body),
    requestId,
  );
  return reply === undefined
    ? { status: 0, body: '' }
    : { status: reply.status, body: Buffer.from(reply.body).toString() };
}

/** How requests flow. */
export interface Flow {
  endpoint: string;
  /** Bodies, sent in their order and then from the start again. The weather's rows unless said. */
  rows?: readonly string[];
  contentType?: string;
  perSecond: number;
  /** How long, in milliseconds; undefined: until the signal. */
  duration?: number;
  signal?: AbortSignal;
  /** Each request gets an InferenceId of its own: this, and its number. */
  prefix?: string;
}

/**
 * Lets requests flow, one after the other, and gives how many were answered and how many were not. On a virtual clock
 * it is one actor: beside other work it goes through `clock.all`.
 */
export async function flow(
  clock: Clock,
  emulator: Pick<Emulator, 'world' | 'url'>,
  { endpoint, rows = ROWS, contentType, perSecond, duration = Number.POSITIVE_INFINITY, signal, prefix }: Flow,
): Promise<{ answered: number; failed: number }> {
  const count = { answered: 0, failed: 0 };
  const began = clock.now();
  const ids = prefix ?? `r-${began}`;
  const stopped = () => signal?.aborted === true;
  for (let n = 0; !stopped() && (n * 1000) / perSecond < duration; n += 1) {
    const due = began + (n * 1000) / perSecond;
    if (due > clock.now()) await clock.sleep(due - clock.now(), signal).catch(() => undefined);
    if (stopped()) break;
    const body = rows[n % rows.length] ?? '';
    const { status } = await invoke(emulator, { endpoint, body, contentType, inferenceId: `${ids}-${n}` });
    if (status === 200) count.answered += 1;
    else count.failed += 1;
  }
  return count;
}
