import { AwsProblem } from '../../aws/errors.ts';
import { invokeEndpoint } from '../../aws/runtime.ts';
import { doTask, type Session } from '../session.ts';
import type { Payloads } from './payloads.ts';

/** How a test of the inference went. */
export interface Trial {
  sent: number;
  answered: number;
  /** When the first request was sent, milliseconds since the epoch. */
  began: number;
  /** The first answer, as it came. */
  sample: string | undefined;
  /** The first refusal. */
  error: string | undefined;
  /** Production variant that answered. */
  variant: string | undefined;
}

/** More would be load, not a test. */
const MAX_PAYLOADS = 100;

/** Sends payloads one after the other, a hundred at the most, and counts how many were answered. */
export async function testInference(session: Session, endpoint: string, payloads: Payloads): Promise<Trial> {
  const { clock, signal } = session;
  const aws = await session.aws();
  const rows = payloads.rows.slice(0, MAX_PAYLOADS);
  const began = clock.now();
  const trial: Trial = { sent: 0, answered: 0, began, sample: undefined, error: undefined, variant: undefined };
  const task = { name: 'test', source: payloads.source, payloads: rows.length, of: payloads.rows.length } as const;
  return doTask(session, task, async (report) => {
    for (const row of rows) {
      signal.throwIfAborted();
      trial.sent += 1;
      try {
        const answer = await invokeEndpoint(
          aws,
          {
            EndpointName: endpoint,
            Body: new TextEncoder().encode(row.body),
            ContentType: payloads.contentType,
            InferenceId: `shadowctl-test-${Math.round(began).toString(36)}-${trial.sent}`,
          },
          signal,
        );
        trial.answered += 1;
        trial.sample ??= answer.body;
        trial.variant ??= answer.variant;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof AwsProblem) || error.aboutCredentials) throw error;
        trial.error ??= `line ${row.line}: ${error.words}`;
      }
    }
    report.end({ kind: 'counted', arrived: trial.answered, of: trial.sent });
    return trial;
  });
}
