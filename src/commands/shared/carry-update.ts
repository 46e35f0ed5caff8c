import type { App, Outcome } from '../../app.ts';
import { sessionOf } from '../../cli/session.ts';
import { reportPlainUpdate } from '../../cli/views/settled.ts';
import { type PlainUpdate, runPlainUpdate } from '../../lifecycle/plain-update.ts';
import { adopts as adoptsState } from '../../lifecycle/session.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import type { Live } from '../../resources/live.ts';
import type { Ground } from './on-endpoint.ts';

export function adopts(live: Live, ground: Ground, asked: boolean): boolean {
  return adoptsState(live, ground.state(), asked);
}

/** For commands that have not moved to the lifecycle yet. */
export async function carryUpdate(
  app: App,
  ground: Ground,
  update: PlainUpdate,
  options: { plan: boolean; yes: boolean; wait: boolean; format: 'text' | 'json' },
  record?: (run: JournaledRun) => Promise<void>,
): Promise<Outcome> {
  const on = { ...ground, session: sessionOf(app, { yes: options.yes }) };
  return reportPlainUpdate(app.io, options.format, await runPlainUpdate(on, update, options, record));
}
