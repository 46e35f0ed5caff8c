import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { describeEndpoint } from '../aws/sagemaker.ts';
import { brokenAdvice } from '../base/broken-endpoint.ts';
import { environmentError, usageError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import { inferPhase } from '../guard/phase.ts';
import { positionOf } from '../state/rollouts.ts';
import { earlierConfigs } from '../state/earlier-configs.ts';
import { trackedResource } from '../state/replay.ts';
import { recordedUpdates, type UpdateStarted } from '../state/updates.ts';
import { planAbort, fireAlarm } from './guarded-update/alarm-override.ts';
import { type FinishedUpdate, finishGuardedUpdate } from './guarded-update/finish.ts';
import { inRollout } from './in-rollout.ts';
import { targetsOf } from './notify.ts';
import type { AbortPlan } from './plans.ts';
import { type EndpointSession, onEndpoint, openRun, placeOf, type Session } from './session.ts';

export interface AbortOptions {
  endpoint: string;
  /** Decide only: the plan is returned, and nothing is changed. */
  plan?: boolean;
}

const UNGUARDED_HERE =
  'no guarded update that was begun from this folder is under way, and SageMaker has no call that stops any other';

type Begun = { kind: 'planned'; plan: AbortPlan } | { kind: 'begun'; update: UpdateStarted };

/**
 * Sets one of the update's own alarms off and watches the rollback, at whose end the alarm gets its rule back. The old
 * fleet is back where `ended.ending.running` is `ended.update.previous`.
 */
export async function abort(
  session: Session,
  { endpoint, plan = false }: AbortOptions,
): Promise<{ kind: 'planned'; plan: AbortPlan } | FinishedUpdate> {
  const targets = await targetsOf(session, []);
  const begun = await onEndpoint(session, { endpoint, command: 'abort', readOnly: plan, inExperiment: true }, begin);
  if (begun.kind === 'planned') return begun;
  return finishGuardedUpdate(session, begun.update, { targets, metrics: false });
}

/** Whether an undo would have somewhere to go, as the journal knows. @param config what the endpoint runs, or will */
function wayBack(on: EndpointSession, config: string | undefined): boolean {
  const state = on.state();
  const ours = trackedResource(state, { kind: 'endpoint', name: on.endpoint })?.state === 'exists';
  return ours && earlierConfigs(state, config).length > 0;
}

async function begin(on: EndpointSession): Promise<Begun> {
  const { aws, session, endpoint: name } = on;
  const endpoint = await describeEndpoint(aws, name, session.signal);
  if (endpoint === undefined) throw endpointNotFound(aws.target, name);
  const stage = inferPhase(endpoint);
  if (stage.name === 'settled' || stage.name === 'failed') {
    const position = positionOf(on.state());
    if (position !== undefined) throw inRollout(name, position);
    throw usageError(
      `No update of ${name} is under way: it is ${endpoint.EndpointStatus} on ${endpoint.EndpointConfigName}.`,
      stage.name === 'failed'
        ? brokenAdvice(name, endpoint.EndpointStatus)
        : wayBack(on, endpoint.EndpointConfigName)
          ? text`To return to the previous config: ${shown('undo', { endpoint: name })}`
          : text`See what stands: ${shown('status', { endpoint: name })}`,
    );
  }
  if (stage.name === 'creating' || stage.name === 'deleting')
    throw usageError(
      `No update of ${name} is under way: it is being ${stage.name === 'creating' ? 'created' : 'deleted'}, and SageMaker has no call that stops that.`,
      text`See how it ends: ${shown('status', { endpoint: name, watch: true })}`,
    );
  const target = endpoint.PendingDeploymentSummary?.EndpointConfigName;
  const update = recordedUpdates(on.state()).findLast(
    ({ ended, started }) =>
      ended === undefined &&
      started.previous === endpoint.EndpointConfigName &&
      (target ?? started.requested) === started.requested,
  )?.started;
  const override = planAbort(endpoint, name, on.state());
  if ('impossible' in override || update === undefined) {
    // AWS names the alarms of the update before, too, where this one has none.
    const why = update !== undefined && 'impossible' in override ? override.impossible : UNGUARDED_HERE;
    throw environmentError(
      `The update of ${name} cannot be stopped: ${why}.`,
      update === undefined && !wayBack(on, target)
        ? text`It will run to its end. See how: ${shown('watch', { endpoint: name })}`
        : text`It will run to its end. After that, return with: ${shown('undo', { endpoint: name })}`,
    );
  }
  const { previous, requested } = update;
  const atOnce = stage.name === 'baking' || stage.name === 'final-bake' || stage.name === 'shifting';
  const plan: AbortPlan = {
    kind: 'abort',
    place: placeOf(on),
    endpoint: name,
    stage,
    previous,
    requested,
    alarm: override.name,
    atOnce,
  };
  if (!on.locked) return { kind: 'planned', plan };
  await session.approve(plan);
  await fireAlarm(await openRun(on, 'abort'), override, requested);
  return { kind: 'begun', update };
}
