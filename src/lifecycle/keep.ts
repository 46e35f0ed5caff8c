import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { environmentError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import { readLive, requireOurs } from '../resources/live.ts';
import { detachShadow } from './shadow/detach.ts';
import type { Target } from './events.ts';
import { notify, targetsOf } from './notify.ts';
import type { PlainUpdateResult } from './plain-update.ts';
import { lockEndpoint, openRun, type Session, viewEndpoint } from './session.ts';

export interface KeepOptions {
  endpoint: string;
  /** Why, for the journal. */
  reason: string | undefined;
  /** Of the config without the shadow, if a new one is needed. */
  configName: string | undefined;
  /** Who is told, in addition to the project's targets. */
  notify: readonly Target[];
  /** Decide only: the plan is returned, and nothing is changed. */
  plan: boolean;
}

/** Takes the shadow away, as `detachShadow` does, and writes down that its model was not taken. */
export async function keepProduction(session: Session, options: KeepOptions): Promise<PlainUpdateResult> {
  const { endpoint, configName, plan, reason } = options;
  const targets = await targetsOf(session, options.notify);
  const models = await viewEndpoint(session, endpoint, async ({ aws, state, journal }) => {
    const live = await readLive(aws, endpoint, session.signal);
    if (live === undefined) throw endpointNotFound(aws.target, endpoint);
    requireOurs(live, state(), journal.path, 'neither');
    const [declared] = live.config?.ShadowProductionVariants ?? [];
    if (declared === undefined) {
      throw environmentError(
        `Endpoint "${endpoint}" carries no shadow; it runs ${live.endpoint.EndpointConfigName}.`,
        text`See what exists: ${shown('status', { endpoint })}`,
      );
    }
    return { model: declared.ModelName ?? '', production: live.config?.ProductionVariants?.[0]?.ModelName ?? '' };
  });
  session.emit({ kind: 'shadow-ends', ...models });
  const result = await detachShadow(session, { endpoint, configName, plan, wait: true }, 'keep');
  if (result.kind === 'planned' || result.settled?.kind !== 'running') return result;
  await lockEndpoint(session, { endpoint, command: 'keep' }, async (on) => {
    const run = await openRun(on, 'keep');
    const value = { ...models, reason: reason ?? null };
    await run.journal.append({ type: 'fact', run: run.id, name: 'kept', value });
  });
  await notify(session, targets, { kind: 'kept', endpoint, ...models, reason });
  return result;
}
