import type { App } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { invokeEndpoint } from '../../aws/runtime.ts';
import { withProgress } from '../../ui/progress.ts';
import type { Payloads } from '../shared/payloads.ts';

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
const MOST = 100;

/** Sends payloads one after the other, a hundred at the most, and tells how many were answered. */
export async function tryInference(app: App, aws: Aws, endpoint: string, payloads: Payloads): Promise<Trial> {
  const rows = payloads.rows.slice(0, MOST);
  const part = rows.length < payloads.rows.length ? ` (the first ${rows.length} of ${payloads.rows.length})` : '';
  const trial: Trial = {
    sent: 0,
    answered: 0,
    began: app.clock.now(),
    sample: undefined,
    error: undefined,
    variant: undefined,
  };
  return withProgress(
    app.io,
    `testing the inference with ${rows.length} payloads of ${payloads.source}${part}`,
    async (progress) => {
      for (const row of rows) {
        app.signal.throwIfAborted();
        trial.sent += 1;
        try {
          const answer = await invokeEndpoint(
            aws,
            {
              EndpointName: endpoint,
              Body: new TextEncoder().encode(row.body),
              ContentType: payloads.contentType,
              InferenceId: `shadowctl-test-${Math.round(trial.began).toString(36)}-${trial.sent}`,
            },
            app.signal,
          );
          trial.answered += 1;
          trial.sample ??= answer.body;
          trial.variant ??= answer.variant;
        } catch (error) {
          app.signal.throwIfAborted();
          if (!(error instanceof AwsProblem)) throw error;
          trial.error ??= `line ${row.line}: ${error.words}`;
        }
      }
      const told = `${trial.answered} of ${trial.sent} payloads answered${part}`;
      if (trial.answered === trial.sent) progress.done(told);
      else progress.fail(told);
      return trial;
    },
  );
}
