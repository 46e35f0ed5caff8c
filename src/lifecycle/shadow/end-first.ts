import { environmentError } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import { readLive } from '../../resources/live.ts';
import { isSettled } from '../../resources/wait.ts';
import { attachedShadow } from '../../state/calibration.ts';
import { trackedResource } from '../../state/replay.ts';
import { positionOf } from '../../state/rollouts.ts';
import type { ShadowEnd } from '../plans.ts';
import { isShadowOfRelease } from '../release/under-way.ts';
import type { EndpointSession, LockedEndpoint } from '../session.ts';
import { detachShadowOn } from './detach.ts';

/**
 * The shadow that a cleanup ends first: one that was attached from here, to an endpoint that was adopted and so stays. None where
 * the endpoint is being changed, or a rollout or release that is under way has the shadow.
 */
export async function shadowToEnd(on: EndpointSession): Promise<ShadowEnd | undefined> {
  const { aws, endpoint, session } = on;
  const state = on.state();
  if (trackedResource(state, { kind: 'endpoint', name: endpoint })?.adopted !== true) return undefined;
  if (positionOf(state) !== undefined) return undefined;
  const live = await readLive(aws, endpoint, session.signal);
  const runs = live?.endpoint.EndpointConfigName;
  const variant = live?.config?.ShadowProductionVariants?.[0]?.VariantName;
  if (live === undefined || variant === undefined || !isSettled(live.endpoint)) return undefined;
  if (attachedShadow(state, runs) === undefined || isShadowOfRelease(state, endpoint, runs)) return undefined;
  const planned = await detachShadowOn({ ...on, locked: false }, { ...DETACH, endpoint, plan: true }, 'cleanup');
  return { variant, update: planned.plan };
}

/**
 * Takes that shadow away, as part of what was approved.
 * @throws Problem (cannot-run) where the endpoint runs something else by now, or does not come to run without it
 */
export async function endShadow(on: LockedEndpoint, { variant, update }: ShadowEnd): Promise<void> {
  const { endpoint, session } = on;
  const approved = { ...on, session: { ...session, approve: async () => undefined } };
  const only = update.from === undefined ? {} : { only: update.from };
  const done = await detachShadowOn(approved, { ...DETACH, ...only, endpoint, plan: false }, 'cleanup');
  if (done.kind === 'done' && done.settled?.kind === 'running') return;
  throw environmentError(
    `The shadow ${variant} of endpoint "${endpoint}" was not taken away, and nothing was deleted.`,
    text`See how the endpoint is: ${shown('status', { endpoint })}`,
  );
}

const DETACH = { configName: undefined, wait: true };
