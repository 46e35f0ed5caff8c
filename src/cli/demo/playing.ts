import type { App, ExecuteOverrides } from '../../app.ts';
import { Problem } from '../../base/errors.ts';
import { lines } from '../../base/text.ts';
import type { Io } from '../../ui/io.ts';

/** Streams of a command whose output a demo does not show. */
export function quiet(io: Io): Io {
  return { ...io, out: () => undefined, err: () => undefined, alert: () => undefined };
}

/**
 * What ends a demo that went otherwise than it tells.
 *
 * @param what the end of a sentence
 * @param output lines that were not shown yet and may say why
 */
export function unplanned(what: string, output: readonly string[] = []): Problem {
  return new Problem('no', `The demo did not go as planned: ${what}.`, {
    next: lines(...output, 'This is a defect of shadowctl or its emulator; please report it with the output above.'),
  });
}

/**
 * Does `work` while a command sends requests, unseen; the command is called off when the work has ended.
 *
 * @param traffic its command line
 * @returns what the work came to
 */
export async function withTraffic<Result>(
  app: App,
  traffic: readonly string[],
  surroundings: ExecuteOverrides,
  work: () => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const signal = AbortSignal.any([app.signal, stop.signal]);
  const enough = new Problem('interrupted', 'The work that it accompanied has ended.');
  const results: Result[] = [];
  await (surroundings.clock ?? app.clock).all<unknown>([
    async () => {
      try {
        results.push(await work());
      } finally {
        stop.abort(enough);
      }
    },
    async () => {
      try {
        await app.execute(traffic, { ...surroundings, signal, io: quiet(app.io) });
      } catch (error) {
        if (!(stop.signal.aborted && error instanceof Problem && error.kind === 'interrupted')) throw error;
      }
    },
  ]);
  return results[0] as Result;
}
