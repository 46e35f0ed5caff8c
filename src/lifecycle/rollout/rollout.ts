import { capacityOf } from '../../guard/capacity.ts';
import { recordParts } from '../restorable.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { endpointNotFound } from '../../aws/endpoint-not-found.ts';
import type { Unseen } from '../../aws/unseen.ts';
import { environmentError, interrupted, usageError } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { isoSeconds, SECOND } from '../../base/units.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import { productionOf, readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import { type Position, positionOf, type Rollout } from '../../state/rollouts.ts';
import {
  type CandidateSpec,
  checkCandidateNames,
  examineCandidate,
  leaveOutExisting,
  nameCandidate,
  planModel,
  requireAnotherConfig,
  variantSettings,
} from '../candidate.ts';
import type { Target } from '../events.ts';
import { requireGuardable } from '../guarded-update/start.ts';
import { inRollout } from '../in-rollout.ts';
import { applyOrTell } from '../left-standing.ts';
import { notify, targetsOf } from '../notify.ts';
import type { RolloutPlan } from '../plans.ts';
import {
  adopts,
  type EndpointSession,
  type LockedEndpoint,
  lockEndpoint,
  onEndpoint,
  openRun,
  placeOf,
  recordAdoption,
  type Session,
  viewEndpoint,
} from '../session.ts';
import { pricesOf } from '../prices.ts';
import { refuseShadowOfRelease } from '../release/under-way.ts';
import { type DetachesFirst, detachOverdue } from '../shadow/time-box.ts';
import { capacityDuring } from '../../guard/capacity.ts';
import { scalingOf, wayBackNotes } from '../standing.ts';
import { judgeStep, type StepVerdict } from './judge-step.ts';
import { lookAtLimits, type RolloutGuard, settleRolloutLimits } from './limits.ts';
import { planConfigs } from './plan.ts';
import { variantRouter } from './router.ts';
import { cancelFrom, continueRollout, type RolloutParts, type RolloutStop } from './runner.ts';
import type { RolloutStopped } from './stopped.ts';
import { patienceFor, requireEnough, rolloutTimes } from './times.ts';

/** How a rollout is judged and told. */
export interface RolloutJudging {
  endpoint: string;
  /** How much longer than the bake a step that is not decided is watched, seconds; undefined: as long as the policy may need. */
  patienceSeconds: number | undefined;
  policy: Policy;
  /** Who is told, in addition to the project's targets. */
  notify: readonly Target[];
  /** Decide only: nothing is changed. */
  plan: boolean;
}

export interface RolloutOptions extends RolloutJudging {
  candidate: CandidateSpec;
  /** Shares of the requests, rising, the last being 1. */
  steps: readonly number[];
  bakeSeconds: number;
  guard: RolloutGuard;
  /** Change an endpoint that shadowctl did not create, and record it as adopted. */
  adopt: boolean;
}

export type RolloutResult =
  | DetachesFirst
  /** Nothing was changed. `plan` is undefined for a rollout that is under way. */
  | { kind: 'planned'; plan: RolloutPlan | undefined }
  | RolloutStopped;

/** Gives a candidate a growing share of the requests, judged after every step. */
export async function startRollout(session: Session, options: RolloutOptions): Promise<RolloutResult> {
  const { endpoint } = options;
  const targets = await targetsOf(session, options.notify);
  const first = await detachOverdue(session, options);
  if (first !== undefined) return first;
  return onEndpoint(session, { endpoint, command: 'rollout', readOnly: options.plan }, async (on) => {
    const under = positionOf(on.state());
    if (under !== undefined) throw inRollout(endpoint, under, 'Another one begins only after');
    const decided = await decide(on, options);
    session.emit({ kind: 'rollout-planned', plan: decided.plan });
    if (!on.locked) return { kind: 'planned', plan: decided.plan };
    await session.approve(decided.plan);
    const run = await openRun(on, 'rollout', decided.run);
    if (decided.adopt) await recordAdoption(run);
    const live = await describeEndpoint(on.aws, endpoint, session.signal);
    if (live !== undefined) await recordParts(on.aws, run, on.state(), live, undefined, session.signal);
    await applyOrTell(session, run, decided.plan.steps);
    const { rollout } = decided.plan;
    await run.journal.append({ type: 'fact', run: run.id, name: 'rollout-begun', value: { ...rollout } });
    const position = { rollout, step: undefined, since: undefined, began: undefined };
    return carryOn(on, run, position, options, targets);
  });
}

/** Goes on with a rollout that paused or was interrupted. */
export async function resumeRollout(session: Session, options: RolloutJudging): Promise<RolloutResult> {
  const targets = await targetsOf(session, options.notify);
  return onRollout(session, options, 'rollout --resume', (on, run, position) => {
    const { steps, bakeSeconds } = position.rollout;
    const left = Math.max(0, steps.length - 1 - (position.step ?? 0));
    requireLasting(on, left * bakeSeconds);
    const now = on.session.clock.now();
    const { since = now, began = now } = position;
    const watched =
      (Math.max(since + bakeSeconds * SECOND, now) - began) / SECOND + patienceOf(position.rollout, options);
    requireEnough(options.policy, watched, 'the candidate would have been watched for');
    return carryOn(on, run, position, options, targets);
  });
}

/** Returns all requests to production and ends the rollout. */
export async function cancelRollout(session: Session, options: RolloutJudging): Promise<RolloutResult> {
  const targets = await targetsOf(session, options.notify);
  return onRollout(session, options, 'rollout --cancel', async (on, run, position) => {
    return returnAll(on, run, position, targets);
  });
}

/** All requests to production, from wherever the rollout stands; those who are to know are told. */
export async function returnAll(
  on: LockedEndpoint,
  run: JournaledRun,
  position: Position,
  targets: readonly Target[],
): Promise<RolloutStopped> {
  const { rollout } = position;
  const judge = () => Promise.reject(new Error('a rollout that returns is not judged'));
  const stop = await cancelFrom({ ...partsOf(on, run, rollout), patienceSeconds: 0, judge }, position);
  return finish(on.session, on.endpoint, rollout, stop, targets);
}

async function onRollout(
  session: Session,
  { endpoint, plan }: RolloutJudging,
  command: string,
  work: (on: LockedEndpoint, run: JournaledRun, position: Position) => Promise<RolloutResult>,
): Promise<RolloutResult> {
  const positionIn = (on: EndpointSession): Position => {
    const position = positionOf(on.state());
    if (position !== undefined) return position;
    throw usageError(
      `No rollout on ${endpoint} is under way that was started from this folder.`,
      text`See what was deployed: ${shown('history', { endpoint })}`,
    );
  };
  if (plan)
    return viewEndpoint(session, endpoint, async (on) => {
      positionIn(on);
      return { kind: 'planned', plan: undefined };
    });
  return lockEndpoint(session, { endpoint, command }, async (on) => {
    const position = positionIn(on);
    return work(on, await openRun(on, command), position);
  });
}

async function decide(
  on: EndpointSession,
  options: RolloutOptions,
): Promise<{ plan: RolloutPlan; run: string; adopt: boolean }> {
  const { aws, journal, session, endpoint } = on;
  const { steps: shares, bakeSeconds, candidate, patienceSeconds } = options;
  const times = rolloutTimes(options.policy, { bakeSeconds, patienceSeconds, steps: shares.length });
  requireLasting(on, times.totalSeconds);
  const live = await readLive(aws, endpoint, session.signal);
  if (live === undefined) throw endpointNotFound(aws.target, endpoint);
  if (!options.adopt) requireOurs(live, on.state(), journal.path, 'adopt');
  requireSettled(live, on.state());
  refuseShadowOfRelease(on.state(), endpoint, live.endpoint.EndpointConfigName);
  requireGuardable(live);
  const { config: previous, variant } = productionOf(live);
  checkCandidateNames(candidate);
  const checked = await examineCandidate(session, candidate, live.model);
  const names = await nameCandidate(on, candidate);
  requireAnotherConfig(endpoint, names.config, previous.EndpointConfigName);
  const final = `${names.config.slice(0, 57)}-final`;
  const configs = planConfigs(live, {
    variant: { ModelName: names.model, ...variantSettings(candidate) },
    config: names.config,
    final,
    firstShare: shares[0] ?? 1,
    tags: names.tagList,
  });
  const production = { endpoint, variant: variant.VariantName, config: previous.EndpointConfigName ?? '' };
  const rollout: Rollout = {
    previous: production.config,
    config: names.config,
    final,
    model: names.model,
    previousModel: variant.ModelName ?? '',
    production: production.variant,
    candidate: configs.candidate,
    steps: shares,
    bakeSeconds,
    finalInput: configs.final,
    limits: await settleRolloutLimits(session, production, options.guard, bakeSeconds),
  };
  const steps = await leaveOutExisting(on, [
    ...(await planModel(on, candidate, names, checked, live.model)),
    { action: 'create', kind: 'endpoint-config', name: rollout.config, input: configs.both },
  ]);
  const capacity = capacityDuring(live, configs.both);
  const unseen = (one: Unseen) => session.emit({ kind: 'not-seen', unseen: one });
  const targets = await scalingOf(aws, live, unseen, session.signal);
  const scaled = targets?.find((target) => target.variant === variant.VariantName);
  const during = capacityOf([{ config: configs.both }]);
  const after = capacityOf([{ config: configs.final }]);
  const cost = {
    prices: await pricesOf(session, during, after),
    during,
    after,
    seconds: times.totalSeconds,
  };
  return {
    plan: {
      kind: 'rollout',
      place: placeOf(on),
      endpoint,
      rollout,
      times,
      steps,
      capacity,
      scaled,
      cost,
      notes: await wayBackNotes(on, live),
    },
    run: names.own.run,
    adopt: adopts(live, on.state(), options.adopt),
  };
}

/**
 * Nobody but this command watches a division of requests: SageMaker has no alarms for changes of weights.
 * @throws Problem (cannot-run) where credentials are known to end before the rollout can
 */
function requireLasting({ aws, session, endpoint }: EndpointSession, seconds: number): void {
  const { credentialsEnd: end } = aws.target;
  const needed = session.clock.now() + seconds * SECOND;
  if (end === undefined || end >= needed) return;
  throw environmentError(
    `The credentials end at ${isoSeconds(end)}, and the rollout of ${endpoint} takes until ${isoSeconds(needed)} at least: after that, nothing would watch it, and requests would stay split.`,
    'Use credentials that renew themselves (--profile) or last longer, or a canary, which SageMaker guards by itself.',
  );
}

/** From wherever it stands to the end, a pause or the way back. */
async function carryOn(
  on: LockedEndpoint,
  run: JournaledRun,
  position: Position,
  options: RolloutJudging,
  targets: readonly Target[],
): Promise<RolloutResult> {
  const { session, endpoint } = on;
  const { rollout } = position;
  try {
    const parts = {
      ...partsOf(on, run, rollout),
      patienceSeconds: patienceOf(rollout, options),
      judge: (began: number) => look(on, rollout, began, options.policy),
    };
    const stop = await continueRollout(parts, position);
    return await finish(session, endpoint, rollout, stop, targets);
  } catch (error) {
    const stays = `${endpoint} keeps its current division of requests.`;
    const next = lines(
      text`To continue: ${shown('rollout', { endpoint, resume: true })}`,
      text`To go back: ${shown('rollout', { endpoint, cancel: true })}`,
    );
    if (session.signal.aborted) throw interrupted(`Interrupted. ${stays}`, next);
    if (error instanceof AwsProblem) throw environmentError(`${error.message} ${stays}`, next, error);
    throw error;
  }
}

function patienceOf({ bakeSeconds }: Rollout, { policy, patienceSeconds }: RolloutJudging): number {
  return patienceSeconds ?? patienceFor(policy, bakeSeconds);
}

function partsOf(
  on: LockedEndpoint,
  run: JournaledRun,
  rollout: Rollout,
): Omit<RolloutParts, 'judge' | 'patienceSeconds'> {
  return {
    session: on.session,
    record: (fact) => run.journal.append({ type: 'fact', run: run.id, ...fact }),
    rollout,
    router: variantRouter(on, run, rollout),
  };
}

/** The policy's verdict, unless a limit or an alarm decides before. What AWS does not tell this time is not decided. */
async function look(
  { session, aws, endpoint }: LockedEndpoint,
  rollout: Rollout,
  began: number,
  policy: Policy,
): Promise<StepVerdict> {
  const { clock, signal } = session;
  try {
    const verdict = await judgeStep(aws, endpoint, rollout, { from: began, now: clock.now(), policy, signal });
    if (rollout.limits === undefined) return verdict;
    const candidate = { endpoint, variant: rollout.candidate };
    const reasons = await lookAtLimits(session, candidate, rollout.limits, began);
    return reasons.length === 0 ? verdict : { ...verdict, outcome: 'fail', reasons };
  } catch (error) {
    // A session that has expired may be renewed until the next look.
    if (!(error instanceof AwsProblem) || !(error.transient || error.aboutCredentials)) throw error;
    return { outcome: 'inconclusive', reasons: [error.message], requests: 0 };
  }
}

/** Tells how it ended those who are to know. */
async function finish(
  session: Session,
  endpoint: string,
  rollout: Rollout,
  stop: RolloutStop,
  targets: readonly Target[],
): Promise<RolloutStopped> {
  if (stop.at === 'ended' && stop.refused === true)
    throw environmentError(
      `${endpoint} did not start to run ${rollout.config}; it serves as before.`,
      text`See what exists: ${shown('status', { endpoint })}`,
    );
  const config = (await describeEndpoint(await session.aws(), endpoint, session.signal))?.EndpointConfigName;
  const stopped: RolloutStopped = { kind: 'stopped', endpoint, rollout, config, ...stopOf(rollout, stop) };
  await notify(session, targets, { kind: 'rollout', stopped });
  return stopped;
}

function stopOf(rollout: Rollout, stop: RolloutStop): Pick<RolloutStopped, 'ended' | 'share'> {
  if (stop.at === 'paused') return { ended: 'paused', share: rollout.steps[stop.step] ?? 0 };
  return { ended: stop.how, share: stop.how === 'passed' ? 1 : 0 };
}
