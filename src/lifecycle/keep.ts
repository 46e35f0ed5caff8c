import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { environmentError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import { readLive, requireOurs } from '../resources/live.ts';
import { positionOf } from '../state/rollouts.ts';
import { detachShadow } from './shadow/detach.ts';
import type { FactValue } from '../state/facts.ts';
import { recordFact } from '../state/journal.ts';
import type { Target } from './events.ts';
import { inRollout } from './in-rollout.ts';
import { notify, targetsOf } from './notify.ts';
import { refuseShadowOfRelease } from './release/under-way.ts';
import { awaitConfig, type PlainUpdateResult } from './plain-update.ts';
import { lockEndpoint, openRun, placeOf, type Session, viewEndpoint } from './session.ts';

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
  const seen = await viewEndpoint(session, endpoint, async ({ aws, state, journal }) => {
    const live = await readLive(aws, endpoint, session.signal);
    if (live === undefined) throw endpointNotFound(aws.target, endpoint);
    const [declared] = live.config?.ShadowProductionVariants ?? [];
    const config = live.endpoint.EndpointConfigName ?? '';
    const begun = state().facts.findLast((fact) => fact.name === 'keep-decided' || fact.name === 'kept');
    if (declared === undefined && begun?.name === 'keep-decided') return { begun: begun.value, config };
    if (declared === undefined) {
      const position = positionOf(state());
      if (position !== undefined)
        throw inRollout(endpoint, position, 'There is no shadow to end, and nothing else is done before');
      throw environmentError(
        `Endpoint "${endpoint}" carries no shadow; it runs ${live.endpoint.EndpointConfigName}.`,
        text`See what exists: ${shown('status', { endpoint })}`,
      );
    }
    // Nothing is announced that would be refused.
    requireOurs(live, state(), journal.path, 'neither');
    refuseShadowOfRelease(state(), endpoint, config);
    const production = live.config?.ProductionVariants?.[0]?.ModelName ?? '';
    return { models: { model: declared.ModelName ?? '', production }, config };
  });
  if (seen.begun !== undefined) return finish(session, options, targets, seen);
  const { models, config } = seen;
  session.emit({ kind: 'shadow-ends', ...models });
  const result = await detachShadow(session, { endpoint, configName, plan, wait: true }, 'keep', (run) =>
    recordFact(run, { name: 'keep-decided', value: { ...models, config, reason: reason ?? null } }),
  );
  if (result.kind === 'planned' || result.settled?.kind !== 'running') return result;
  await writeDown(session, targets, { endpoint, models, reason });
  return result;
}

/** An earlier `keep` was killed after AWS had been told: its decision, and its reason, are written down. */
async function finish(
  session: Session,
  { endpoint, plan: planned, reason }: KeepOptions,
  targets: readonly Target[],
  { begun, config }: { begun: FactValue<'keep-decided'>; config: string },
): Promise<PlainUpdateResult> {
  const { model, production } = begun;
  const plan = await viewEndpoint(session, endpoint, async (on) => ({
    kind: 'plain-update' as const,
    place: placeOf(on),
    command: 'keep' as const,
    endpoint,
    from: begun.config,
    config,
    steps: [],
    adopt: false,
    notes: [],
    models: undefined,
    approved: true,
  }));
  if (planned) return { kind: 'planned', plan };
  const settled = await awaitConfig(session, endpoint, config);
  if (settled.kind === 'running')
    await writeDown(session, targets, {
      endpoint,
      models: { model, production },
      reason: reason ?? begun.reason ?? undefined,
    });
  return { kind: 'done', plan, settled };
}

async function writeDown(
  session: Session,
  targets: readonly Target[],
  { endpoint, models, reason }: { endpoint: string; models: Models; reason: string | undefined },
): Promise<void> {
  await lockEndpoint(session, { endpoint, command: 'keep' }, async (on) => {
    const run = await openRun(on, 'keep');
    const value = { ...models, reason: reason ?? null };
    await run.journal.append({ type: 'fact', run: run.id, name: 'kept', value });
  });
  await notify(session, targets, { kind: 'kept', endpoint, ...models, reason });
}

interface Models {
  model: string;
  production: string;
}
