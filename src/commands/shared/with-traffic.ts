import type { App } from '../../app.ts';
import { Problem } from '../../base/errors.ts';
import type { Io } from '../../ui/io.ts';

/**
 * Does `work` while requests of our own flow to the endpoint: for endpoints without live traffic, where alarms would
 * see nothing. The requests end when the work does.
 */
export async function withTraffic<T>(
  app: App,
  endpoint: string,
  traffic: { file: string; rate: number },
  work: () => Promise<T>,
): Promise<T> {
  const enough = new AbortController();
  const reason = new Problem('interrupted', 'The update has ended.');
  const argv = [
    'invoke',
    '--endpoint',
    endpoint,
    '--data',
    traffic.file,
    '--rate',
    String(traffic.rate),
    '--duration',
    '8h',
  ];
  app.io.err(
    `Sending ${traffic.rate} requests a second from ${traffic.file} meanwhile: this traffic is shadowctl's, not your callers'.`,
  );
  const results: T[] = [];
  await app.clock.all<void>([
    async () => {
      try {
        results.push(await work());
      } finally {
        enough.abort(reason);
      }
    },
    async () => {
      try {
        await app.execute(argv, { signal: AbortSignal.any([app.signal, enough.signal]), io: mute(app.io) });
      } catch (error) {
        if (enough.signal.aborted) return;
        app.io.err(`! The traffic stopped: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  ]);
  const [result] = results;
  if (result === undefined) throw new Error('the work beside the traffic ended without a result');
  return result;
}

/** The requests say nothing: the update has the screen. */
function mute(io: Io): Io {
  return { ...io, out: () => undefined, err: () => undefined, alert: () => undefined };
}
