import type { App } from '../../app.ts';
import { sessionOf } from '../../cli/session.ts';
import type { Message, Target } from '../../lifecycle/events.ts';
import { send, targetsOf as targetsOfSession } from '../../lifecycle/notify.ts';

/** For commands that have not moved to the lifecycle yet. */
export function tellTargets(app: App, targets: readonly Target[], message: Message): Promise<void> {
  return send(sessionOf(app), targets, message);
}

/** For commands that have not moved to the lifecycle yet. */
export function targetsOf(app: App, named: readonly Target[]): Promise<Target[]> {
  return targetsOfSession(sessionOf(app), named);
}
