import type { App } from '../../app.ts';
import { publish } from '../../aws/sns.ts';
import { Problem } from '../../base/errors.ts';
import { plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import type { Followed } from './follow-update.ts';
import type { Target } from '../../cli/flags/targets.ts';
import { resultJson, resultLines } from '../../cli/views/update-result.ts';

const PATIENCE_MS = 10_000;

/**
 * Tells every target how an update ended, with the facts and the command to run next. Who cannot be reached is named;
 * that changes nothing about how the update ended.
 */
export async function notifyAll(app: App, targets: readonly Target[], followed: Followed): Promise<void> {
  // Chat services and mail programs break lines themselves.
  const quiet = { color: false, columns: Number.POSITIVE_INFINITY };
  const text = resultLines(quiet, followed).join('\n');
  const subject = `shadowctl ${followed.update.command}: ${followed.ending.kind} - ${followed.update.endpoint}`;
  await tellTargets(app, targets, { subject, text, facts: resultJson(followed) });
}

/** The same for commands that end in another way: `text` for people, `facts` for a webhook's machine. */
export async function tellTargets(
  app: App,
  targets: readonly Target[],
  { subject, text, facts }: { subject: string; text: string; facts: Readonly<Record<string, unknown>> },
): Promise<void> {
  for (const target of targets) {
    const name = target.kind === 'topic' ? target.arn : new URL(target.url).origin;
    try {
      if (target.kind === 'topic') await publish(await app.aws(), target.arn, { subject, text }, app.signal);
      else await post(app, target.url, { text, ...facts }, PATIENCE_MS);
      app.io.err(`Told ${name}.`);
    } catch (error) {
      if (app.signal.aborted) throw error;
      const why =
        error instanceof Problem ? error.message : `${name} ${error instanceof Error ? error.message : String(error)}`;
      app.io.err(`${paint(app.io, 'warning', '!')} Not told: ${plain(why)}`);
    }
  }
}

/**
 * Sends JSON to a webhook: `text` is what chat services show, the rest is for machines.
 * @param patience milliseconds
 * @throws Error saying what went wrong, for the end of a sentence that begins with the webhook's name
 */
export async function post(
  surroundings: Pick<App, 'clock' | 'signal'>,
  url: string,
  body: unknown,
  patience: number,
): Promise<void> {
  const enough = new AbortController();
  const answered = new AbortController();
  const signal = AbortSignal.any([surroundings.signal, enough.signal]);
  await surroundings.clock.all([
    async () => {
      try {
        const reply = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          redirect: 'error',
          signal,
        });
        if (!reply.ok) throw new Error(`answered ${reply.status}`);
      } catch (error) {
        if (enough.signal.aborted) throw new Error(`did not answer within ${patience / 1000} s`, { cause: error });
        // fetch hides what the system said behind "fetch failed".
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
        throw cause;
      } finally {
        answered.abort();
      }
    },
    async () => {
      await surroundings.clock.sleep(patience, answered.signal).then(
        () => enough.abort(),
        () => undefined,
      );
    },
  ]);
}
