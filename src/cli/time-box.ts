import type { App, Outcome } from '../app.ts';
import type { Session } from '../lifecycle/session.ts';

/**
 * What a command does first that changes what an endpoint runs: where the time of the shadow that it carries is over, that is detached.
 * @returns how the command ends with that; undefined: it goes on
 */
export async function endOverdue(
  app: App,
  session: Session,
  { endpoint, plan, format }: { endpoint: string; plan: boolean; format: 'text' | 'json' },
): Promise<Outcome | undefined> {
  const { detachOverdue } = await import('../lifecycle/shadow/time-box.ts');
  const first = await detachOverdue(session, { endpoint, plan });
  if (first === undefined || (first.kind === 'done' && first.settled?.kind === 'running')) return undefined;
  const { reportPlainUpdate } = await import('./views/settled.ts');
  const outcome = reportPlainUpdate(app.io, format, first);
  if (first.kind === 'planned') app.io.err('What follows is planned when the shadow is detached.');
  return outcome;
}
