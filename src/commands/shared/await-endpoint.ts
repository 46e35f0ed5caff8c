import type { App } from '../../app.ts';
import { sessionOf } from '../../cli/session.ts';
import { awaitConfig } from '../../lifecycle/plain-update.ts';
import type { Settled } from '../../resources/wait.ts';

/** For commands that have not moved to the lifecycle yet. */
export function awaitEndpoint(
  app: App,
  _aws: unknown,
  endpoint: string,
  config: string,
  since?: Date,
): Promise<Settled> {
  return awaitConfig(sessionOf(app), endpoint, config, since);
}
