import { type DetachesFirst, detachOverdue } from './shadow/time-box.ts';
import type { ProductionVariant, Tag } from '@aws-sdk/client-sagemaker';
import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { usageError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import { planStrategy } from '../guard/strategy.ts';
import { deriveConfig } from '../resources/derive-config.ts';
import { type Live, productionOf, readLive, requireOurs, requireSettled } from '../resources/live.ts';
import type { Step } from '../resources/steps.ts';
import { recordedUpdates, type UpdateStarted, unfinishedUpdate } from '../state/updates.ts';
import {
  type CandidateSpec,
  checkCandidateNames,
  examineCandidate,
  leaveOutExisting,
  nameCandidate,
  planModel,
  requireAnotherConfig,
  variantSettings,
} from './candidate.ts';
import { type FinishedUpdate, finishGuardedUpdate } from './guarded-update/finish.ts';
import {
  type GuardedStart,
  guardOptions,
  type GuardOptions,
  requireGuardable,
  startGuardedUpdate,
} from './guarded-update/start.ts';
import { targetsOf } from './notify.ts';
import type { GuardedUpdatePlan } from './plans.ts';
import { refuseShadowOfRelease } from './release/under-way.ts';
import { type EndpointSession, lockEndpoint, onEndpoint, type Session } from './session.ts';
import { type OwnTraffic, smokeTest } from './traffic/with-traffic.ts';

export interface CanaryOptions {
  endpoint: string;
  candidate: CandidateSpec;
  guard?: Partial<GuardOptions>;
  /** Requests of our own during the update, for endpoints without any. */
  traffic?: OwnTraffic | undefined;
  /** Change an endpoint that shadowctl did not create, and record it as adopted. */
  adopt?: boolean;
  /** Decide only: the plan is returned, and nothing is changed. */
  plan?: boolean;
}

export type CanaryResult = GuardedResult | DetachesFirst;

export type GuardedResult = { kind: 'planned'; plan: GuardedUpdatePlan } | FinishedUpdate;

/** Puts a new model on an endpoint step by step, guarded by alarms, and follows that to its end. */
export async function canary(session: Session, options: CanaryOptions): Promise<CanaryResult> {
  const { endpoint, traffic, plan = false } = options;
  const guard = guardOptions(options.guard);
  const targets = await targetsOf(session, guard.notify);
  // A file that cannot be sent is told before the update, not in the middle of it.
  if (traffic !== undefined) await smokeTest(session, endpoint, traffic);
  const first = await detachOverdue(session, { endpoint, plan });
  if (first !== undefined) return first;
  const started = await onEndpoint(session, { endpoint, command: 'canary', readOnly: plan }, (on) =>
    start(on, options, guard),
  );
  if (started.kind === 'planned') return started;
  return finishGuardedUpdate(session, started.update, { targets, metrics: guard.metrics, traffic });
}

/** Goes on with an update that an earlier command began and did not see the end of. */
export async function resumeCanary(
  session: Session,
  options: Pick<CanaryOptions, 'endpoint' | 'traffic' | 'guard'>,
): Promise<FinishedUpdate> {
  const { endpoint, traffic } = options;
  const guard = guardOptions(options.guard);
  const targets = await targetsOf(session, guard.notify);
  const update = await lockEndpoint(session, { endpoint, command: 'canary --resume' }, async (on) => takeUp(on));
  return finishGuardedUpdate(session, update, { targets, metrics: guard.metrics, traffic });
}

function takeUp({ endpoint, state }: EndpointSession): UpdateStarted {
  const open = unfinishedUpdate(state());
  if (open !== undefined) return open.started;
  const last = recordedUpdates(state()).findLast((update) => update.ended !== undefined);
  const before = last?.ended === undefined ? '' : ` The last one: ${last.ended.sentence}`;
  throw usageError(
    `No update of ${endpoint} is under way that was started from this folder.${before}`,
    text`${shown('history', { endpoint })} lists them.`,
  );
}

async function start(on: EndpointSession, options: CanaryOptions, guard: GuardOptions): Promise<GuardedStart> {
  const { aws, journal, session, endpoint } = on;
  const { candidate } = options;
  const live = await readLive(aws, endpoint, session.signal);
  if (live === undefined) throw endpointNotFound(aws.target, endpoint);
  if (options.adopt !== true) requireOurs(live, on.state(), journal.path, 'adopt');
  requireSettled(live, on.state());
  refuseShadowOfRelease(on.state(), endpoint, live.endpoint.EndpointConfigName);
  const fleet = requireGuardable(live);
  // What the rules refuse is refused before the artifact is even read.
  planStrategy(guard.strategy, fleet, endpoint);
  checkCandidateNames(candidate);
  const checked = await examineCandidate(session, candidate, live.model);
  const names = await nameCandidate(on, candidate);
  requireAnotherConfig(endpoint, names.config, live.endpoint.EndpointConfigName);
  const steps = await leaveOutExisting(on, [
    ...(await planModel(on, candidate, names, checked, live.model)),
    configWithModel(live, {
      config: names.config,
      variant: { ModelName: names.model, ...variantSettings(candidate) },
      tags: names.tagList,
    }),
  ]);
  return startGuardedUpdate(on, {
    command: 'canary',
    live,
    fleet,
    guard,
    steps,
    names: { ...names, run: names.own.run },
    bringsTraffic: options.traffic !== undefined,
    adopt: options.adopt === true,
  });
}

/**
 * The live config with another model. Instance type, counts, capture and the variant's name are the live ones: nothing
 * is declared a second time. Pure.
 */
function configWithModel(
  live: Live,
  change: { config: string; variant: Partial<ProductionVariant>; tags: Tag[] },
): Step {
  const production = productionOf(live);
  const variant: ProductionVariant = {
    ...production.variant,
    ...change.variant,
    ...(production.instances === undefined ? {} : { InitialInstanceCount: production.instances }),
  };
  return {
    action: 'create',
    kind: 'endpoint-config',
    name: change.config,
    input: deriveConfig(production.config, { name: change.config, production: [variant], tags: change.tags }),
  };
}
