import { setMaxListeners } from 'node:events';
import { AwsProblem } from '../../aws/errors.ts';
import { invokeEndpoint } from '../../aws/runtime.ts';
import { environmentError, Problem } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import { HOUR } from '../../base/units.ts';
import type { Session } from '../session.ts';
import { type PayloadFile, readPayloads } from './payloads.ts';
import { sendRequests } from './send.ts';

/** Requests of our own, for endpoints without live traffic. */
export interface OwnTraffic extends Omit<PayloadFile, 'option'> {
  /** Requests a second. */
  rate: number;
}

/** Longer than the longest update that AWS permits. */
const MAX_DURATION_MS = 8 * HOUR;

/**
 * Sends one payload to the endpoint as it is: a file the live model refuses would count as failures of the new one.
 * @throws Problem where the file cannot be read, or the live model refuses its first row
 */
export async function smokeTest(session: Session, endpoint: string, traffic: OwnTraffic): Promise<void> {
  const payloads = await readPayloads(session, { ...traffic, option: 'traffic' });
  const [first] = payloads.rows;
  if (first === undefined) return;
  const aws = await session.aws();
  try {
    await invokeEndpoint(
      aws,
      { EndpointName: endpoint, Body: Buffer.from(first.body), ContentType: payloads.contentType },
      session.signal,
    );
  } catch (error) {
    // Only what the model says is about the file.
    if (!(error instanceof AwsProblem) || error.aboutCredentials || error.denied) throw error;
    throw environmentError(
      `--traffic: the live model refuses line ${first.line} of ${payloads.source}: ${error.words}`,
      text`Nothing was changed. Try the file with: ${shown('invoke', { endpoint, data: traffic.file, ...payloadWords(traffic), count: 1 })}`,
      error,
    );
  }
}

/** The flags that say how a file of payloads is read. */
function payloadWords({ header, labels, contentType }: OwnTraffic): Record<string, string | true | undefined> {
  const named = header === undefined ? {} : { [header ? 'header' : 'no-header']: true as const };
  return { ...named, 'label-column': labels, 'content-type': contentType };
}

/** Does `work` while requests of our own flow to the endpoint. The requests end when the work does. */
export async function withTraffic<T>(
  session: Session,
  endpoint: string,
  traffic: OwnTraffic,
  work: () => Promise<T>,
): Promise<T> {
  const { clock, signal } = session;
  const enough = new AbortController();
  const reason = new Problem('interrupted', 'The work that the requests accompanied has ended.');
  const either = AbortSignal.any([signal, enough.signal]);
  // Every request under way listens to it.
  setMaxListeners(0, either);
  // The requests tell nothing: the work has the screen.
  const silent: Session = { ...session, signal: either, emit: () => undefined };
  session.emit({ kind: 'traffic-started', file: traffic.file, rate: traffic.rate });
  const results: T[] = [];
  await clock.all<void>([
    async () => {
      try {
        results.push(await work());
      } finally {
        enough.abort(reason);
      }
    },
    async () => {
      try {
        const payloads = await readPayloads(silent, { ...traffic, option: 'traffic' });
        await sendRequests(silent, endpoint, payloads, { rate: traffic.rate, duration: MAX_DURATION_MS });
      } catch (error) {
        if (enough.signal.aborted) return;
        const why = error instanceof Error ? error.message : String(error);
        session.emit({ kind: 'traffic-stopped', reason: signal.aborted ? undefined : why });
      }
    },
  ]);
  const [result] = results;
  if (result === undefined) throw new Error('the work beside the traffic ended without a result');
  return result;
}
