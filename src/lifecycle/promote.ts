import type { ProductionVariant, Tag } from '@aws-sdk/client-sagemaker';
import type { Comparator } from '../analysis/compare/comparator/compare.ts';
import type { AskedBy } from '../analysis/judge/earlier.ts';
import type { Policy } from '../analysis/policy/policy.ts';
import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { describeModel } from '../aws/sagemaker.ts';
import { environmentError, usageError } from '../base/errors.ts';
import { planStrategy } from '../guard/strategy.ts';
import { AS_FLAGS } from '../guard/setting-words.ts';
import { lines, shown, shownStart, text } from '../base/text.ts';
import { timeOfDay } from '../base/units.ts';
import { firstMinute } from '../analysis/first-minute.ts';
import type { Report } from '../report/report.ts';
import type { JournaledRun } from '../resources/apply.ts';
import { deriveConfig } from '../resources/derive-config.ts';
import { type Live, productionOf, readLive, requireOurs, requireSettled } from '../resources/live.ts';
import type { Step } from '../resources/steps.ts';
import { replay } from '../state/replay.ts';
import { timeBoxOf } from '../state/time-box.ts';
import { calibrationOf } from '../state/calibration.ts';
import { earlierOf, recordJudged, withEarlier } from './earlier.ts';
import { calibrationEnds, calibrationText } from './calibration.ts';
import type { GuardedResult } from './canary.ts';
import { checkCandidateNames, leaveOutExisting, nameCandidate } from './candidate.ts';
import { finishGuardedUpdate } from './guarded-update/finish.ts';
import {
  type GuardedStart,
  guardOptions,
  type GuardOptions,
  startGuardedUpdate,
  UpdateRefused,
} from './guarded-update/start.ts';
import { sayReadHere } from './warehouse/read-here.ts';
import { judgeEndpoint, type Judgement, judgementOf, nothingJudged } from './judge.ts';
import { type LabelSource, labelWords } from './labels.ts';
import { targetsOf } from './notify.ts';
import {
  changedMeanwhile,
  type EndpointSession,
  onEndpoint,
  type Session,
  refuseExperiment,
  viewEndpoint,
} from './session.ts';
import { waiversThatCount } from './waivers.ts';
import { refuseShadowOfRelease } from './release/under-way.ts';
import { detachShadow } from './shadow/detach.ts';
import { type OwnTraffic, smokeTest } from './traffic/with-traffic.ts';
import type { Moment } from './window.ts';

/** How the shadow is judged before it is promoted. */
export interface ShadowJudging {
  /** Where the window begins; undefined: since the shadow is in service. */
  from: Moment | undefined;
  labels: LabelSource | undefined;
  policy: Policy;
  policyFrom: string;
  /** The policy's own, where it may run. */
  comparator?: Comparator | undefined;
  /** By what it is asked for, as it was typed; undefined: by these labels and this policy. */
  asked?: AskedBy | undefined;
}

export interface PromoteOptions {
  endpoint: string;
  judging: ShadowJudging;
  guard: GuardOptions;
  /** Promotes against the verdict; the journal says so. */
  force: boolean;
  /** Of the new endpoint config; undefined: chosen. */
  configName: string | undefined;
  /** Requests of our own during the update, for endpoints without any. */
  traffic: OwnTraffic | undefined;
  /** Decide only: the plan is returned, and nothing is changed. */
  plan: boolean;
}

/** What must be said; the rest has a default: a canary with the default limits, judged since the shadow is in service. */
export type PromoteRequest = Pick<PromoteOptions, 'endpoint'> &
  Partial<Omit<PromoteOptions, 'guard' | 'judging'>> & {
    guard?: Partial<GuardOptions>;
    judging: Pick<ShadowJudging, 'policy'> & Partial<ShadowJudging>;
  };

function complete({ guard, judging, ...request }: PromoteRequest): PromoteOptions {
  return {
    configName: undefined,
    force: false,
    traffic: undefined,
    plan: false,
    ...request,
    guard: guardOptions(guard),
    judging: { from: undefined, labels: undefined, policyFrom: 'the caller', ...judging },
  };
}

export type PromoteResult =
  /** The verdict is not pass: nothing was changed. */
  { kind: 'refused'; judgement: Judgement } | GuardedResult;

/** Judges the shadow, and where it passes puts its model into production through a guarded update. */
export async function promote(session: Session, request: PromoteRequest): Promise<PromoteResult> {
  const options = complete(request);
  const { endpoint, force, guard, traffic } = options;
  checkCandidateNames({ modelName: undefined, configName: options.configName });
  const targets = await targetsOf(session, guard.notify);
  if (traffic !== undefined) await smokeTest(session, endpoint, traffic);
  const seen = await viewEndpoint(session, endpoint, async (on) => {
    const live = await readShadowed(on);
    refuseShadowOfRelease(on.state(), endpoint, live.endpoint.EndpointConfigName);
    // What no fleet of this size permits is refused before anything is judged; that an experiment has the endpoint comes before it.
    try {
      planStrategy(guard.strategy, productionOf(live).instances ?? 1, endpoint, true, guard.say);
    } catch (error) {
      await refuseExperiment(on);
      throw error;
    }
    return live;
  });
  const judgement = await judgeShadow(session, options, seen);
  session.emit({ kind: 'shadow-judged', model: shadowOf(seen).model, judgement, force });
  if (judgement.outcome !== 'pass' && !judgement.accepted && !force) return { kind: 'refused', judgement };
  if (judgement.accepted && !force) requireCanary(guard);
  const where = { endpoint, command: 'promote', readOnly: options.plan };
  const started = await onEndpoint(session, where, (on) => start(on, options, seen, judgement)).catch(
    (error: unknown) => {
      if (!(error instanceof UpdateRefused)) throw error;
      return withoutShadow(session, options, { seen, judgement, refusal: error });
    },
  );
  if (started.kind === 'planned') return started;
  return finishGuardedUpdate(session, started.update, { targets, metrics: guard.metrics, traffic });
}

/**
 * SageMaker does not take guardrails beside a shadow: the shadow goes first, and the same model comes by the same strategy.
 * @throws UpdateRefused where the policy says so; whatever `approve` throws where that is refused
 */
async function withoutShadow(
  session: Session,
  options: PromoteOptions,
  { seen, judgement, refusal }: { seen: Live; judgement: Judgement; refusal: UpdateRefused },
): Promise<GuardedStart> {
  const { endpoint, guard, judging } = options;
  const { fallback } = judging.policy;
  const shadow = shadowOf(seen);
  if (fallback === 'none')
    throw environmentError(
      refusal.message,
      lines(
        'The policy says fallback: none. These two commands do by hand what shadowctl would do:',
        text`  ${shown('shadow detach', { endpoint })}`,
        text`  ${shownStart('canary', { endpoint, model: shadow.model })}`,
      ),
      refusal,
    );
  const { model } = shadow;
  await session.approve({
    kind: 'promote-without-shadow',
    endpoint,
    model,
    strategy: guard.strategy.strategy,
    words: refusal.words,
    agreed: fallback === 'canary',
  });
  // One question for both parts.
  const agreed: Session = { ...session, approve: async () => undefined };
  const detached = await detachShadow(agreed, { endpoint, configName: undefined, plan: false, wait: true });
  if (detached.kind === 'planned' || detached.settled?.kind !== 'running')
    throw environmentError(
      `The shadow of ${endpoint} was not removed, so ${model} was not promoted.`,
      text`See what runs: ${shown('status', { endpoint })}`,
    );
  return onEndpoint(agreed, { endpoint, command: 'promote', readOnly: false }, (on) =>
    // The first try has made a config of the name that was given.
    promoteDetached(on, { ...options, configName: undefined }, { config: detached.plan.config, shadow, judgement }),
  );
}

/**
 * Brings the model of a shadow that was taken away into production, through a guarded update.
 * @param was.config what the endpoint runs since
 * @param announce may write facts before the first step, of the config that was chosen
 * @throws Problem (cannot-run) where it runs another config by now
 */
export async function promoteDetached(
  on: EndpointSession,
  options: Pick<PromoteOptions, 'guard' | 'configName' | 'force' | 'traffic'>,
  was: { config: string; shadow: Shadow; judgement: Judgement },
  announce?: (run: JournaledRun, config: string) => Promise<void>,
): Promise<GuardedStart> {
  const { endpoint, session } = on;
  const live = await readLive(on.aws, endpoint, session.signal);
  if (live === undefined) throw endpointNotFound(on.aws.target, endpoint);
  requireOurs(live, on.state(), on.journal.path, 'neither');
  requireSettled(live, on.state());
  if (live.endpoint.EndpointConfigName !== was.config)
    throw changedMeanwhile(endpoint, { EndpointConfigName: was.config }, live.endpoint.EndpointConfigName);
  return update(on, options, live, was.shadow, was.judgement, announce);
}

/**
 * Brings the shadow's model into production through a guarded update, on a verdict that the caller has.
 * @param announce as of `promoteDetached`
 * @throws UpdateRefused where SageMaker takes no guardrails beside the shadow
 */
export async function promoteShadowOn(
  on: EndpointSession,
  options: Pick<PromoteOptions, 'guard' | 'configName' | 'force' | 'traffic'>,
  judgement: Judgement,
  announce?: (run: JournaledRun, config: string) => Promise<void>,
): Promise<GuardedStart> {
  if (judgement.accepted && !options.force) requireCanary(options.guard);
  const live = await readShadowed(on);
  return update(on, options, live, shadowOf(live), judgement, announce);
}

/**
 * What holds in one window may not hold in the next: only a canary, which alarms return, may find that out.
 * @throws Problem (usage)
 */
function requireCanary({ strategy, say = AS_FLAGS }: GuardOptions): void {
  if (strategy.strategy === 'canary') return;
  throw usageError(
    `The verdict rests on this window alone (accept: window), and ${say('strategy')} is ${strategy.strategy}.`,
    `Promote through a canary: leave ${say('strategy')} out. Or wait for a pass.`,
  );
}

/** The shadow of a live endpoint, with what tells exactly which model it runs. */
export interface Shadow {
  variant: string;
  model: string;
  /** The images its instances really run, by digest. */
  images: readonly string[];
}

/** @throws Problem (cannot-run) where there is no shadow to promote */
function shadowOf(live: Live): Shadow {
  const [declared] = productionOf(live).config.ShadowProductionVariants ?? [];
  if (declared?.ModelName === undefined || declared.VariantName === undefined) {
    throw environmentError(
      `Endpoint "${live.name}" carries no shadow; it runs ${live.endpoint.EndpointConfigName}.`,
      text`Attach one first: ${shown('shadow', { endpoint: live.name, artifact: '…', algorithm: '…' })}`,
    );
  }
  const running = live.endpoint.ShadowProductionVariants?.find((one) => one.VariantName === declared.VariantName);
  return {
    variant: declared.VariantName,
    model: declared.ModelName,
    images: (running?.DeployedImages ?? []).map((image) => image.ResolvedImage ?? image.SpecifiedImage ?? ''),
  };
}

/** An endpoint of ours with a shadow that is a candidate. @throws Problem where it is not */
async function readShadowed({ aws, session, journal, state, endpoint }: EndpointSession): Promise<Live> {
  const live = await readLive(aws, endpoint, session.signal);
  if (live === undefined) throw endpointNotFound(aws.target, endpoint);
  requireOurs(live, state(), journal.path, 'neither');
  requireSettled(live, state());
  shadowOf(live);
  const calibration = calibrationOf(state(), live.endpoint.EndpointConfigName);
  if (calibration !== undefined)
    throw environmentError(
      `There is no candidate to promote. ${calibrationText(calibration)}.`,
      calibrationEnds(calibration, endpoint),
    );
  return live;
}

/**
 * The verdict is on the shadow that runs now, since it has run: never on another model of the same name. Where its time is over, on the
 * window that was said.
 */
async function judgeShadow(session: Session, { endpoint, judging }: PromoteOptions, live: Live): Promise<Judgement> {
  const config = live.endpoint.EndpointConfigName;
  const { report, judgement } = await lookAtShadow(session, endpoint, judging, config);
  const unwritten = await recordJudged(session, { endpoint, config, command: 'promote' }, report, askedFor(judging));
  if (unwritten !== undefined) session.emit({ kind: 'verdict-unwritten', reason: unwritten });
  return judgement;
}

function askedFor({ asked, labels, policyFrom }: ShadowJudging): AskedBy {
  return asked ?? { labels: labels && labelWords(labels), policy: policyFrom };
}

/**
 * The report on the shadow that runs now, since it has run, and what it comes to.
 * @param config what the endpoint runs
 */
export async function lookAtShadow(
  session: Session,
  endpoint: string,
  judging: ShadowJudging,
  config: string | undefined,
): Promise<{ report: Report; judgement: Judgement }> {
  const { from, labels, policy, policyFrom, comparator } = judging;
  await sayReadHere(session);
  const now = session.clock.now();
  const box = timeBoxOf(replay((await session.journal(endpoint)).events()), config, now);
  const to = box?.over === true ? box.until : undefined;
  const report = await judgeEndpoint(session, {
    source: { kind: 'endpoint', endpoint, predictions: true, logs: undefined },
    window: { from, to },
    policy,
    policyFrom,
    labels,
    comparator,
    task: undefined,
    memory: '1GB',
    redact: false,
  });
  const { since } = report.observations;
  const early = from === undefined && since !== undefined && session.clock.now() < firstMinute(since).readable;
  const judgement = early ? tooEarly(since) : judgementOf(report);
  const earlier = await earlierOf(session, endpoint, config, report, askedFor(judging));
  return { report: { ...report, earlier }, judgement: withEarlier(judgement, earlier) };
}

function tooEarly(since: number): Judgement {
  const { counts, readable } = firstMinute(since);
  return nothingJudged(
    'inconclusive',
    `Evidence on this shadow counts from ${timeOfDay(counts)} UTC on; that first minute can be read from ${timeOfDay(readable, 'seconds')} UTC on.`,
  );
}

async function start(
  on: EndpointSession,
  options: PromoteOptions,
  judged: Live,
  judgement: Judgement,
): Promise<GuardedStart> {
  const { endpoint } = on;
  const live = await readShadowed(on);
  if (live.endpoint.EndpointConfigName !== judged.endpoint.EndpointConfigName) {
    throw environmentError(
      `${endpoint} was changed while its shadow was being judged: it ran ${judged.endpoint.EndpointConfigName}, now ${live.endpoint.EndpointConfigName}.`,
      'Run the command again.',
    );
  }
  return update(on, options, live, shadowOf(live), judgement);
}

/** The guarded update that puts the shadow's model into production. */
async function update(
  on: EndpointSession,
  options: Pick<PromoteOptions, 'guard' | 'configName' | 'force' | 'traffic'>,
  live: Live,
  shadow: Shadow,
  judgement: Judgement,
  announce: (run: JournaledRun, config: string) => Promise<void> = async () => undefined,
): Promise<GuardedStart> {
  const { aws, session } = on;
  const model = await describeModel(aws, shadow.model, session.signal);
  if (model === undefined)
    throw environmentError(
      `The shadow's model ${shadow.model} has been deleted.`,
      'Create it again under the same name, or attach the shadow again.',
    );
  const { own, tagList, config } = await nameCandidate(on, {
    modelName: undefined,
    configName: options.configName,
    tags: {},
  });
  const production = productionOf(live);
  const accepted = judgement.accepted && !options.force;
  const waived = waiversThatCount(judgement.waived);
  return startGuardedUpdate(
    on,
    {
      command: 'promote',
      live,
      fleet: production.instances ?? 1,
      guard: options.guard,
      steps: await leaveOutExisting(on, planPromotion(live, shadow, { config, tags: tagList })),
      names: { model: shadow.model, config, run: own.run, tagList },
      bringsTraffic: options.traffic !== undefined,
      adopt: false,
    },
    async (run) => {
      await announce(run, config);
      await run.journal.append({
        type: 'fact',
        run: run.id,
        name: 'promoted',
        value: {
          model: shadow.model,
          artifact: model.PrimaryContainer?.ModelDataUrl ?? null,
          images: shadow.images,
          verdict: judgement.outcome,
          summary: judgement.summary,
          forced: judgement.outcome !== 'pass' && !accepted,
          ...(accepted ? { accepted: 'window' } : {}),
          ...(waived.length === 0 ? {} : { waived }),
          wayBack: production.config.EndpointConfigName,
        },
      });
    },
  );
}

/**
 * The live config with the shadow's model in production and no shadow. Production's name, instance type, scaled count
 * and capture stay: the shadow's own size was a matter of the test. Pure.
 */
export function planPromotion(live: Live, shadow: Shadow, change: { config: string; tags: Tag[] }): Step[] {
  const { config, variant, instances } = productionOf(live);
  const production: ProductionVariant = {
    ...variant,
    ModelName: shadow.model,
    ...(instances === undefined ? {} : { InitialInstanceCount: instances }),
  };
  return [
    {
      action: 'create',
      kind: 'endpoint-config',
      name: change.config,
      input: deriveConfig(config, { name: change.config, production: [production], tags: change.tags }),
    },
  ];
}
