import { publish } from '../aws/sns.ts';
import { Problem } from '../base/errors.ts';
import type { LifecycleEnd, Message, Target } from './events.ts';
import type { ReleaseNote } from './release/note.ts';
import type { Session } from './session.ts';

/** How long a webhook may take to answer. */
const MAX_ANSWER_MS = 10_000;

/** Those that were named and those of the project, each once. */
export async function targetsOf(session: Session, named: readonly Target[]): Promise<Target[]> {
  const all = [...named, ...(await session.project()).notify];
  const key = (target: Target) => (target.kind === 'topic' ? target.arn : target.url);
  return all.filter((target, index) => all.findIndex((other) => key(other) === key(target)) === index);
}

/**
 * Tells every target of an end. A target that cannot be reached is named in an event; that changes nothing about how it
 * ended.
 */
export async function notify(session: Session, targets: readonly Target[], end: LifecycleEnd): Promise<void> {
  if (targets.length > 0) await send(session, targets, session.describe(end));
}

/** Tells every target of what a release has come to. */
export async function sendNote(session: Session, targets: readonly Target[], note: ReleaseNote): Promise<void> {
  await notify(session, targets, { kind: 'release', note });
}

/** The same with words that are made already. */
async function send(session: Session, targets: readonly Target[], message: Message): Promise<void> {
  for (const target of targets) {
    try {
      if (target.kind === 'topic') await publish(await session.aws(), target.arn, message, session.signal);
      else await post(session, target.url, bodyOf(target, message), MAX_ANSWER_MS);
      session.emit({ kind: 'notified', target });
    } catch (error) {
      if (session.signal.aborted) throw error;
      const reason =
        error instanceof Problem
          ? error.message
          : `${targetName(target)} ${error instanceof Error ? error.message : String(error)}`;
      session.emit({ kind: 'not-notified', target, reason });
    }
  }
}

/**
 * A message as its receiver takes it. Slack: "Sending messages using incoming webhooks" (`text`). Teams: a workflow posts
 * the adaptive card of "Send a message when a webhook request is received". Pure.
 */
function bodyOf({ form }: Extract<Target, { kind: 'webhook' }>, { subject, text, facts }: Message): object {
  if (form === 'slack') return { text: `*${forSlack(subject)}*\n${forSlack(text)}` };
  if (form !== 'teams') return { text, ...facts };
  const block = (words: string, more: object = {}) => ({ type: 'TextBlock', text: words, wrap: true, ...more });
  const body = [
    block(subject, { weight: 'Bolder', size: 'Medium' }),
    // A card joins lines that follow each other: a block a line.
    ...text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => block(forTeams(line), { spacing: 'Small' })),
  ];
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body,
  };
  return { type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }] };
}

/**
 * Texts hold names of models, labels and keys, which are whatever somebody wrote: none of them becomes a link with other words, or
 * calls a channel. Slack: "Formatting text for app surfaces", escaping `&`, `<` and `>`.
 */
function forSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A text block of a card reads `[words](address)` as a link ("Text features in Adaptive Cards"). */
function forTeams(text: string): string {
  return text.replaceAll('](', '] (');
}

/** What may be shown of a target: a webhook's path is often a secret. */
export function targetName(target: Target): string {
  return target.kind === 'topic' ? target.arn : new URL(target.url).origin;
}

/**
 * Sends JSON to a webhook.
 * @param patience milliseconds
 * @throws Error saying what went wrong, for the end of a sentence that begins with the webhook's name
 */
export async function post(
  { clock, signal: stop }: Pick<Session, 'clock' | 'signal'>,
  url: string,
  body: unknown,
  patience: number,
): Promise<void> {
  const enough = new AbortController();
  const answered = new AbortController();
  const signal = AbortSignal.any([stop, enough.signal]);
  await clock.all([
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
        throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
      } finally {
        answered.abort();
      }
    },
    async () => {
      await clock.sleep(patience, answered.signal).then(
        () => enough.abort(),
        () => undefined,
      );
    },
  ]);
}
