import { applyOrTell } from '../left-standing.ts';
import type { UpdateEndpointCommandInput } from '@aws-sdk/client-sagemaker';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { environmentError, Problem } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import { capacityOf, countIn } from '../../guard/capacity.ts';
import { blocking, type Finding } from '../../guard/finding.ts';
import { OF_RELEASE, type SettingWords } from '../../guard/setting-words.ts';
import { instances, planStrategy, type Strategy, type StrategyRequest } from '../../guard/strategy.ts';
import type { LimitRequest } from '../../guard/thresholds.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import { type Live, productionOf } from '../../resources/live.ts';
import type { Step } from '../../resources/steps.ts';
import { isSettled } from '../../resources/wait.ts';
import { existing } from '../../state/replay.ts';
import { recordUpdateStarted, type UpdateStarted } from '../../state/updates.ts';
import type { CandidateNames } from '../candidate.ts';
import type { Target } from '../events.ts';
import type { GuardedUpdatePlan, PlanCost } from '../plans.ts';
import { recordParts } from '../restorable.ts';
import {
  adopts,
  applySteps,
  awaitSettled,
  changedMeanwhile,
  type EndpointSession,
  openRun,
  placeOf,
  recordAdoption,
  type Session,
} from '../session.ts';
import { pricesOf } from '../prices.ts';
import { waitUntilQuiet } from './await-quiet.ts';
import { examineUpdate } from './examine.ts';

/** How an update is to be guarded. */
export interface GuardOptions {
  strategy: StrategyRequest;
  /** What rolls back; what is not named has a default. */
  limits: LimitRequest;
  /** How far back the fleet that runs now is looked at, in minutes. */
  baselineMinutes: number;
  /** The team's own alarms, by name. */
  alarms: readonly string[];
  /** Goes on where the examination would stop. */
  unguarded: boolean;
  /** How whoever is told sets this; by flags where it is not said. */
  say?: SettingWords | undefined;
  /** Who is told how it ended, in addition to the project's targets. */
  notify: readonly Target[];
  /** Read what both fleets did, once it has ended. */
  metrics: boolean;
}

const DEFAULT_GUARD: GuardOptions = {
  strategy: { strategy: 'canary' },
  limits: {},
  baselineMinutes: 60,
  alarms: [],
  unguarded: false,
  notify: [],
  metrics: false,
};

/** What is not said of a guard: a canary, the default limits, an hour of baseline, nobody told, no metrics. */
export function guardOptions(given: Partial<GuardOptions> = {}): GuardOptions {
  return { ...DEFAULT_GUARD, ...given };
}

/** SageMaker does not take this update: the endpoint serves as before. */
export class UpdateRefused extends Problem {
  /** SageMaker's own words. */
  readonly words: string;

  constructor(endpoint: string, refusal: AwsProblem) {
    super('cannot-run', `${refusal.message} Endpoint "${endpoint}" was not changed.`, {
      next: refusal.next,
      cause: refusal,
    });
    this.name = 'UpdateRefused';
    this.words = refusal.words;
  }
}

/** An update that is to be guarded, as far as its command has decided. */
export interface WantedUpdate {
  command: UpdateStarted['command'];
  live: Live;
  /** Instances of the fleet. */
  fleet: number;
  guard: Omit<GuardOptions, 'notify' | 'metrics'>;
  /** What must be created before the update. */
  steps: readonly Step[];
  names: Pick<CandidateNames, 'model' | 'config' | 'tagList'> & { run: string };
  /** Requests of our own flow meanwhile. */
  bringsTraffic: boolean;
  /** The endpoint may be adopted. */
  adopt: boolean;
}

export type GuardedStart =
  /** Nothing was changed. */
  | { kind: 'planned'; plan: GuardedUpdatePlan }
  /** From now on the guardrail lives in SageMaker; it is followed without a lock. */
  | { kind: 'started'; plan: GuardedUpdatePlan; update: UpdateStarted };

/**
 * Refuses endpoints whose kind has no traffic to shift by instances, or whose shadow would get lost.
 * @returns instances of the fleet
 */
export function requireGuardable(live: Live): number {
  const { config, variant, instances } = productionOf(live);
  const [shadow] = config.ShadowProductionVariants ?? [];
  if (shadow !== undefined) {
    throw environmentError(
      `Endpoint "${live.name}" carries the shadow variant "${shadow.VariantName}", which this update would remove.`,
      text`End the shadow first: ${shown('promote', { endpoint: live.name })}, or ${shown('keep', { endpoint: live.name })}`,
    );
  }
  return instances ?? variant.InitialInstanceCount ?? 1;
}

/**
 * Examines an update, has it approved and begins it; on an endpoint that is only viewed, the plan alone comes back.
 * @param record may write facts before the first step
 * @throws Problem (cannot-run) where a finding would leave the update unguarded and is not overruled
 */
export async function startGuardedUpdate(
  on: EndpointSession,
  wanted: WantedUpdate,
  record: (run: JournaledRun) => Promise<void> = async () => undefined,
): Promise<GuardedStart> {
  const { session } = on;
  const plan = await planUpdate(on, wanted);
  session.emit({ kind: 'update-examined', plan, unguarded: wanted.guard.unguarded });
  if (!wanted.guard.unguarded) refuseUnguarded(plan, wanted.guard.say);
  if (!on.locked) return { kind: 'planned', plan };
  await session.approve(plan);
  const run = await openRun(on, plan.command, wanted.names.run);
  if (plan.adopt) await recordAdoption(run);
  await recordParts(on.aws, run, on.state(), wanted.live.endpoint, undefined, session.signal);
  await record(run);
  return { kind: 'started', plan, update: await carryOut(session, run, plan, wanted.guard) };
}

async function planUpdate(on: EndpointSession, wanted: WantedUpdate): Promise<GuardedUpdatePlan> {
  const { live, names, guard, command, steps } = wanted;
  const { variant } = productionOf(live);
  const previous = live.endpoint.EndpointConfigName ?? '';
  const besideShadow = (live.config?.ShadowProductionVariants ?? []).length > 0;
  const strategy = planStrategy(guard.strategy, wanted.fleet, on.endpoint, besideShadow, guard.say);
  const { alarms, findings } = await examineUpdate(on, guard, {
    endpoint: on.endpoint,
    variant: variant.VariantName,
    liveConfig: previous,
    newConfig: names.config,
    instanceType: variant.InstanceType,
    modelPackage: live.model?.PrimaryContainer?.ModelPackageName,
    strategy,
    bringsTraffic: wanted.bringsTraffic,
    live,
    newImage: imageOf(steps),
  });
  return {
    kind: 'guarded-update',
    place: placeOf(on),
    command,
    endpoint: on.endpoint,
    variant: variant.VariantName,
    besideShadow,
    previous,
    requested: names.config,
    models: { previous: variant.ModelName ?? '', requested: names.model },
    steps,
    strategy,
    alarms: alarms.map(({ input, limit }) => ({ input: { ...input, Tags: names.tagList }, limit })),
    standingAlarms: existing(on.state(), 'alarm')
      .filter(({ adopted }) => !adopted)
      .map((tracked) => tracked.ref.name),
    teamAlarms: guard.alarms,
    adopt: adopts(live, on.state(), wanted.adopt),
    cost: await costOf(on, live, strategy),
    findings,
    before: { reason: live.endpoint.FailureReason, modified: live.endpoint.LastModifiedTime?.getTime() },
  };
}

/** What runs now and the new fleet stand together for as long as it bakes; then the new one alone. */
async function costOf(on: EndpointSession, live: Live, strategy: Strategy): Promise<PlanCost> {
  const { variant } = productionOf(live);
  const fleet = (count: number) => ({
    config: { ProductionVariants: [{ ...variant, InitialInstanceCount: count }] },
  });
  const extra = strategy.name === 'rolling' ? (strategy.stages[0] ?? strategy.fleet) : strategy.fleet;
  const during = capacityOf([{ config: live.config ?? {}, scaled: countIn(live.endpoint) }, fleet(extra)]);
  const after = capacityOf([fleet(strategy.fleet)]);
  return {
    prices: await pricesOf(on.session, during, after),
    during,
    after,
    seconds: strategy.bakeSeconds * (strategy.stages.length - 1) + strategy.finalBakeSeconds,
  };
}

/** The image of the model that the steps create, where they create one. */
function imageOf(steps: readonly Step[]): string | undefined {
  for (const step of steps)
    if (step.action === 'create' && step.kind === 'model') return step.input.PrimaryContainer?.Image;
  return undefined;
}

const findingName = ({ subject, check }: Finding) => `${subject}: ${check}`;

function refuseUnguarded({ findings, command }: GuardedUpdatePlan, say: SettingWords | undefined): void {
  const stops = blocking(findings);
  if (stops.length === 0) return;
  throw environmentError(
    `Nothing was changed: ${stops.length === 1 ? 'a finding' : `${stops.length} findings`} would leave this update unguarded (${stops.map(findingName).join(', ')}).`,
    say === OF_RELEASE
      ? 'Fix what is marked ✖ above: a release makes no update that nothing guards.'
      : `Fix what is marked ✖ above, or add --unguarded to update anyway${command === 'promote' ? ' (--force overrides the verdict alone)' : ''}.`,
  );
}

/** The alarms, what else must exist first, a pause until the alarms are quiet, the update itself. */
async function carryOut(
  session: Session,
  run: JournaledRun,
  plan: GuardedUpdatePlan,
  guard: Pick<GuardOptions, 'strategy' | 'say'>,
): Promise<UpdateStarted> {
  const alarms = plan.alarms.map(({ input }): Step => {
    return { action: 'create', kind: 'alarm', name: input.AlarmName ?? '', input };
  });
  // What is refused most easily comes first: an alarm costs nothing, an upload takes its time.
  await applyOrTell(session, run, [...alarms, ...plan.steps]);
  const ownAlarms = alarms.map((step) => step.name);
  await waitUntilQuiet(session, run.aws, plan.endpoint, ownAlarms);
  const guardedBy = [...ownAlarms, ...plan.teamAlarms];
  const strategy = await lookAgain(session, run, plan, guard);
  const stops = blocking(plan.findings);
  const started: UpdateStarted = {
    command: plan.command,
    endpoint: plan.endpoint,
    variant: plan.variant,
    requested: plan.requested,
    previous: plan.previous,
    models: plan.models,
    alarms: guardedBy,
    ownAlarms,
    strategy: strategy.name,
    startedAt: session.clock.now(),
    reasonBefore: plan.before.reason,
    modifiedBefore: plan.before.modified,
    maxSeconds: strategy.maxSeconds,
    // Whoever gets as far as this with one has said --unguarded.
    ...(stops.length === 0 ? {} : { overruled: stops.map(findingName) }),
  };
  // Written down beforehand: whoever finds it looks into the journal whether the call was made.
  await recordUpdateStarted(run, started);
  const update: Step = {
    action: 'update',
    kind: 'endpoint',
    name: plan.endpoint,
    input: updateInput(plan, strategy, guardedBy),
  };
  try {
    await applySteps(session, run, [update]);
  } catch (error) {
    if (error instanceof AwsProblem && error.code === 'ValidationException' && error.provesNothingHappened)
      throw new UpdateRefused(plan.endpoint, error);
    throw error;
  }
  return started;
}

/**
 * Between the plan and the update lie the creation of a model and minutes of waiting for alarms: the endpoint may have been
 * scaled meanwhile, or changed by somebody else.
 * @returns the strategy for the instances that run now
 * @throws Problem (cannot-run) where it runs another config; (usage) where its fleet has become too small for the strategy
 */
async function lookAgain(
  session: Session,
  { aws }: JournaledRun,
  plan: GuardedUpdatePlan,
  guard: Pick<GuardOptions, 'strategy' | 'say'>,
): Promise<Strategy> {
  let now = await describeEndpoint(aws, plan.endpoint, session.signal);
  if (now !== undefined && !isSettled(now)) {
    const settled = await awaitSettled(session, aws, plan.endpoint);
    now = settled.kind === 'gone' ? undefined : settled.endpoint;
  }
  if (now?.EndpointConfigName !== plan.previous)
    throw changedMeanwhile(plan.endpoint, { EndpointConfigName: plan.previous }, now?.EndpointConfigName);
  const running = now.ProductionVariants?.find((one) => one.VariantName === plan.variant)?.DesiredInstanceCount;
  if (running === undefined || running === plan.strategy.fleet) return plan.strategy;
  if (plan.besideShadow)
    throw environmentError(
      `Endpoint "${plan.endpoint}" was scaled from ${instances(plan.strategy.fleet)} to ${instances(running)} meanwhile. It was not updated.`,
      'Run the command again.',
    );
  const strategy = planStrategy(guard.strategy, running, plan.endpoint, false, guard.say);
  session.emit({ kind: 'fleet-changed', before: plan.strategy.fleet, strategy });
  return strategy;
}

/** The call that starts it. Counts and weights that scaling has changed are kept. */
function updateInput(
  plan: GuardedUpdatePlan,
  strategy: Strategy,
  alarms: readonly string[],
): UpdateEndpointCommandInput {
  return {
    EndpointName: plan.endpoint,
    EndpointConfigName: plan.requested,
    // No source shows that beside a shadow: there, counts are as the new config has them, which took them from the live ones.
    ...(!plan.besideShadow && { RetainAllVariantProperties: true }),
    DeploymentConfig: {
      ...strategy.config,
      ...(alarms.length === 0
        ? {}
        : { AutoRollbackConfiguration: { Alarms: alarms.map((AlarmName) => ({ AlarmName })) } }),
    },
  };
}
