import type { App } from '../../app.ts';
import { sessionOf } from '../../cli/session.ts';
import { type EndpointSession, onEndpoint as onSession } from '../../lifecycle/session.ts';

/** What a command that changes an endpoint stands on. */
export type Ground = EndpointSession;

/** `onEndpoint` of the lifecycle, for commands that have not moved there yet. */
export function onEndpoint<T>(
  app: App,
  words: { endpoint: string; command: string; readOnly?: boolean },
  work: (ground: Ground) => Promise<T>,
): Promise<T> {
  return onSession(sessionOf(app), { ...words, readOnly: words.readOnly === true }, work);
}

/** What must hold the lock, and does: a defect where it does not. */
export function locked(ground: Ground): Extract<Ground, { locked: true }> {
  if (!ground.locked) throw new Error('an endpoint that is only viewed was to be changed');
  return ground;
}
