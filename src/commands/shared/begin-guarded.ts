import type { App } from '../../app.ts';
import { sessionOf } from '../../cli/session.ts';
import { startGuardedUpdate, type WantedUpdate } from '../../lifecycle/guarded-update/start.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import type { UpdateStarted } from '../../state/updates.ts';
import type { Ground } from './on-endpoint.ts';

/** For commands that have not moved to the lifecycle yet. */
export async function beginGuarded(
  app: App,
  ground: Ground,
  wanted: WantedUpdate & { yes: boolean },
  record?: (run: JournaledRun) => Promise<void>,
): Promise<UpdateStarted | 'pending'> {
  const on = { ...ground, session: sessionOf(app, { yes: wanted.yes }) };
  const started = await startGuardedUpdate(on, wanted, record);
  return started.kind === 'planned' ? 'pending' : started.update;
}
