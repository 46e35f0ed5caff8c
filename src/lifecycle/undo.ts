import type {
  DescribeEndpointConfigCommandOutput,
  ProductionVariant,
  VariantPropertyType,
} from '@aws-sdk/client-sagemaker';
import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { describeEndpointConfig, describeModel } from '../aws/sagemaker.ts';
import type { Unseen } from '../aws/unseen.ts';
import { environmentError, type Problem } from '../base/errors.ts';
import { type CommandLine, lines, shown, type Text, text } from '../base/text.ts';
import { lostText, noLongerExist } from '../guard/restorable.ts';
import { deriveConfig } from '../resources/derive-config.ts';
import { type Live, productionOf, readLive, requireOurs, requireSettled } from '../resources/live.ts';
import { checkName } from '../resources/naming.ts';
import type { Step } from '../resources/steps.ts';
import { earlierConfigs, knownConfigs } from '../state/earlier-configs.ts';
import { type State, trackedResource } from '../state/replay.ts';
import { type Position, positionOf } from '../state/rollouts.ts';
import { endingOf } from '../state/updates.ts';
import type { GuardedResult } from './canary.ts';
import { type CandidateNames, nameCandidate } from './candidate.ts';
import { finishGuardedUpdate } from './guarded-update/finish.ts';
import {
  type GuardOptions,
  guardOptions,
  startGuardedUpdate,
  UpdateRefused,
  type WantedUpdate,
} from './guarded-update/start.ts';
import { targetsOf } from './notify.ts';
import { type Otherwise, type PlainUpdateResult, runPlainUpdate } from './plain-update.ts';
import type { ConfigModels, PlanNote, RolloutReturnPlan } from './plans.ts';
import { returnAll } from './rollout/rollout.ts';
import type { RolloutStopped } from './rollout/stopped.ts';
import { type EndpointSession, onEndpoint, openRun, placeOf, type Session, viewEndpoint } from './session.ts';
import { inRollout } from './in-rollout.ts';
import { updateTo } from './shadow/plan.ts';
import { restorable } from './restorable.ts';

export interface UndoOptions {
  endpoint: string;
  /** Undefined: the config it ran before. */
  to?: string | undefined;
  /** Decide only: the plan is returned, and nothing is changed. */
  plan?: boolean;
}

/** The way back out of a rollout. */
export type RolloutReturned = { kind: 'return-planned'; plan: RolloutReturnPlan } | RolloutStopped;

/**
 * Takes an endpoint back to an earlier config of ours, all traffic at once. In a rollout all requests go back to
 * production, which ends it: that is always waited for.
 */
export async function undo(
  session: Session,
  options: UndoOptions & { wait?: boolean },
): Promise<PlainUpdateResult | RolloutReturned> {
  const { endpoint, plan = false, wait = true } = options;
  if (options.to !== undefined) checkName('endpoint config', options.to, '--to');
  return onEndpoint(session, { endpoint, command: 'undo', readOnly: plan }, async (on) => {
    const position = positionOf(on.state());
    if (position !== undefined) return returnFromRollout(on, position, options.to);
    const { creates, update, names, ...back } = await findWayBack(on, options.to);
    const steps = [...creates, update];
    return runPlainUpdate(on, { command: 'undo', run: names.own.run, steps, adopt: false, ...back }, { wait });
  });
}

/** What `rollout --cancel` does, shown and asked for. */
async function returnFromRollout(
  on: EndpointSession,
  position: Position,
  to: string | undefined,
): Promise<RolloutReturned> {
  const { session, endpoint } = on;
  const { rollout, step } = position;
  if (to !== undefined && to !== rollout.previous) throw inRollout(endpoint, position, `It cannot go to ${to} before`);
  const plan: RolloutReturnPlan = {
    kind: 'rollout-return',
    place: placeOf(on),
    endpoint,
    rollout,
    share: step === undefined ? 0 : (rollout.steps[step] ?? 0),
  };
  if (!on.locked) return { kind: 'return-planned', plan };
  await session.approve(plan);
  return returnAll(on, await openRun(on, 'undo'), position, await targetsOf(session, []));
}

/** The way back through the same guardrails as the way there: alarms on the fleet that returns. */
export async function undoGuarded(
  session: Session,
  options: UndoOptions & { guard: Partial<GuardOptions> },
): Promise<GuardedResult> {
  const { endpoint, plan = false } = options;
  const guard = guardOptions(options.guard);
  if (options.to !== undefined) checkName('endpoint config', options.to, '--to');
  const targets = await targetsOf(session, guard.notify);
  const started = await onEndpoint(session, { endpoint, command: 'undo', readOnly: plan }, async (on) => {
    const position = positionOf(on.state());
    if (position !== undefined) throw inRollout(endpoint, position, 'A guarded way back begins only after');
    const { live, config, creates, otherwise, models, notes, names } = await findWayBack(on, options.to);
    session.emit({ kind: 'plan-notes', endpoint, notes });
    const [model = ''] = models.to.production;
    const wanted: WantedUpdate = {
      command: 'undo',
      live,
      fleet: productionOf(live).instances ?? 1,
      guard,
      steps: creates,
      names: { model, config, run: names.own.run, tagList: names.tagList },
      bringsTraffic: false,
      adopt: false,
    };
    return startGuardedUpdate(on, wanted).catch((error: unknown) => {
      if (!(error instanceof UpdateRefused) || otherwise === undefined) throw error;
      session.emit({ kind: 'config-refused', config, otherwise: otherwise.config, words: error.words });
      const agreed = { ...on, session: { ...session, approve: async () => undefined } };
      const steps = otherwise.steps.filter((step) => step.action === 'create');
      return startGuardedUpdate(agreed, { ...wanted, steps, names: { ...wanted.names, config: otherwise.config } });
    });
  });
  if (started.kind === 'planned') return started;
  return finishGuardedUpdate(session, started.update, { targets, metrics: guard.metrics });
}

interface WayBack {
  live: Live;
  /** The config that the endpoint will run. */
  config: string;
  /** What must be created for it: a config that carried a shadow is made anew without it. */
  creates: Step[];
  update: Step;
  /** What to do where AWS refuses that. */
  otherwise: Otherwise | undefined;
  models: { from: ConfigModels; to: ConfigModels };
  notes: PlanNote[];
  names: CandidateNames;
}

/** Where the endpoint is to return to, and whether it can. @throws Problem where it cannot */
async function findWayBack(on: EndpointSession, to: string | undefined): Promise<WayBack> {
  const { live, state } = await readOurs(on);
  requireSettled(live, state);
  const target = to === undefined ? await previousRelease(on, live, state) : namedConfig(live, state, to);
  if (target === undefined) throw await nothingEarlier(on, live, state);
  const names = await nameCandidate(on, { modelName: undefined, configName: undefined, tags: {} });
  const { missing, found } = await look(on, target.name);
  if (found === undefined || missing !== undefined)
    throw environmentError(
      `Endpoint "${live.name}" cannot go back to ${target.name}: ${missing} no longer exists.`,
      text`See what it can go back to: ${shown('undo', { endpoint: live.name, to: true })}`,
    );
  const unseen = (one: Unseen) => on.session.emit({ kind: 'not-seen', unseen: one });
  const back = { state, now: live.endpoint };
  const { lost, changed } = await restorable(on.aws, found, back, unseen, on.session.signal);
  if (lost.length > 0)
    throw environmentError(
      `Endpoint "${live.name}" cannot go back to ${target.name}: ${noLongerExist(lost)}, so SageMaker could not start an instance.`,
      text`Put it back, or see what else there is: ${shown('undo', { endpoint: live.name, to: true })}`,
    );
  const asItWas: PlanNote[] = changed.length === 0 ? [] : [{ kind: 'changed-since', changed, of: 'the way back' }];
  const config = target.withoutShadow ? names.config : target.name;
  const production = found.ProductionVariants ?? [];
  const creates: Step[] = target.withoutShadow
    ? [
        {
          action: 'create',
          kind: 'endpoint-config',
          name: config,
          input: deriveConfig(found, { name: config, production, tags: names.tagList }),
        },
      ]
    : [];
  const toModels = modelsOf(found);
  const models = {
    from: modelsOf(live.config),
    to: target.withoutShadow ? { ...toModels, shadow: undefined } : toModels,
  };
  const scales = onlyScales(live.config, found);
  const update: Step = {
    action: 'update',
    kind: 'endpoint',
    name: live.name,
    input: {
      EndpointName: live.name,
      EndpointConfigName: config,
      RetainAllVariantProperties: true,
      ExcludeRetainedVariantProperties: scales
        ? [...SET_ANEW, { VariantPropertyType: 'DesiredInstanceCount' }]
        : SET_ANEW,
    },
  };
  const otherwise = target.withoutShadow ? undefined : copied(live, found, { ...names, keepsCount: !scales });
  return {
    live,
    config,
    creates,
    update,
    otherwise,
    models,
    notes: [...undoNotes(live, models.to), ...asItWas],
    names,
  };
}

/** The same under a new name, should AWS not take a config that ran before (facts 8.1). */
function copied(
  live: Live,
  found: Config,
  { config, tagList, keepsCount }: Pick<CandidateNames, 'config' | 'tagList'> & { keepsCount: boolean },
): Otherwise {
  const { instances } = productionOf(live);
  const production = (found.ProductionVariants ?? []).map((variant) =>
    keepsCount && instances !== undefined ? { ...variant, InitialInstanceCount: instances } : variant,
  );
  const shadows = found.ShadowProductionVariants;
  const input = deriveConfig(found, { name: config, production, shadows, tags: tagList });
  return {
    config,
    steps: [{ action: 'create', kind: 'endpoint-config', name: config, input }, updateTo(live.name, config)],
  };
}

/** An endpoint that shadowctl may change, with what the journal knows of it. */
async function readOurs({ aws, endpoint, journal, session, state }: EndpointSession) {
  const live = await readLive(aws, endpoint, session.signal);
  if (live === undefined) throw endpointNotFound(aws.target, endpoint);
  requireOurs(live, state(), journal.path, 'neither', byHand(endpoint));
  return { live, state: state() };
}

/** The way back without a journal: AWS keeps every config until somebody deletes it, but not which ones an endpoint ran. */
function byHand(endpoint: string): Text {
  const aws = (command: string, options: CommandLine['options']): CommandLine => ({
    program: 'aws',
    command: `sagemaker ${command}`,
    options,
    incomplete: false,
  });
  return lines(
    'In a hurry, and without that folder: list the configs, the newest first, and give the endpoint the one from before.',
    text`  ${aws('list-endpoint-configs', { 'max-items': 20 })}`,
    text`  ${aws('update-endpoint', { 'endpoint-name': endpoint, 'endpoint-config-name': '…' })}`,
  );
}

/** Where an undo leads. */
interface Target {
  name: string;
  /** The config carries a shadow, which nobody asked to have back. */
  withoutShadow: boolean;
}

/**
 * The latest config behind the present one that has another production model, another instance type or another number
 * of instances. One that carries a shadow is the last resort, and then returns without it. Undefined where there is none.
 */
async function previousRelease(on: EndpointSession, live: Live, state: State): Promise<Target | undefined> {
  const current = live.endpoint.EndpointConfigName;
  const running = { release: live.config && releaseOf(live.config), shadow: carriesShadow(live.config) };
  const deleted = (name: string) => trackedResource(state, { kind: 'endpoint-config', name })?.state === 'deleted';
  let shadowed: { name: string; release: string } | undefined;
  for (const name of earlierConfigs(state, current).toReversed()) {
    if (deleted(name)) continue;
    const { found } = await look(on, name);
    const release = found && releaseOf(found);
    // A config that somebody else has deleted is not passed over: what ran before it is not what is asked for.
    if (release === undefined && shadowed === undefined) return plain(name);
    if (release === undefined) break;
    const shadow = carriesShadow(found);
    // The same again; unless the way back takes the shadow away.
    if (release === running.release && (shadow || !running.shadow)) continue;
    if (shadowed !== undefined && release !== shadowed.release) break;
    if (!shadow) return plain(name);
    shadowed ??= { name, release };
  }
  return shadowed && { name: shadowed.name, withoutShadow: true };
}

/** Why a plain undo leads nowhere: what could be restored ran later, and is named. */
async function nothingEarlier(on: EndpointSession, live: Live, state: State): Promise<Problem> {
  const { name: endpoint } = live;
  const later = (await optionsOf(on, live, state)).filter(({ runsNow, missing }) => !runsNow && missing === undefined);
  const runs = `${live.endpoint.EndpointConfigName}, model ${modelsOf(live.config).production.join(', ')}`;
  if (later.length === 0)
    return environmentError(
      `Endpoint "${endpoint}" cannot go back: no earlier model still exists. It runs ${runs}.`,
      text`See what it ran: ${shown('history', { endpoint })}`,
    );
  const [first, ...others] = later.toSorted((a, b) => Number(a.ended !== undefined) - Number(b.ended !== undefined));
  return environmentError(
    `Endpoint "${endpoint}" cannot go back: it runs ${runs}, and of what it ran, no other model before that still exists. A plain undo goes only backward.`,
    lines(
      text`A config that ran later can be restored by its name: ${shown('undo', { endpoint, to: first?.config })}`,
      ...(others.length === 0 ? [] : [`Others that can be: ${others.map(({ config }) => config).join(', ')}.`]),
    ),
  );
}

function carriesShadow(config: Config | undefined): boolean {
  return (config?.ShadowProductionVariants ?? []).length > 0;
}

function plain(name: string): Target {
  return { name, withoutShadow: false };
}

/** The config that `--to` names, with its shadow if it has one. @throws Problem (cannot-run) where it may not be run */
function namedConfig(live: Live, state: State, to: string): Target {
  const list = text`See what it can go back to: ${shown('undo', { endpoint: live.name, to: true })}`;
  if (to === live.endpoint.EndpointConfigName)
    throw environmentError(`Endpoint "${live.name}" runs ${to} already.`, list);
  const ours = trackedResource(state, { kind: 'endpoint-config', name: to })?.state === 'exists';
  if (!ours && !knownConfigs(state).some((one) => one.config === to))
    throw environmentError(
      `Endpoint config "${to}" is not one that endpoint "${live.name}" has run, as far as its journal knows.`,
      list,
    );
  return plain(to);
}

/** A config as it stands, and what it lacks to be run. */
async function look({ aws, session }: EndpointSession, name: string) {
  const found = await describeEndpointConfig(aws, name, session.signal);
  if (found === undefined) return { found, missing: `endpoint config ${name}` };
  const variants = [...(found.ProductionVariants ?? []), ...(found.ShadowProductionVariants ?? [])];
  const missing: string[] = [];
  for (const { ModelName: model } of variants)
    if (model !== undefined && (await describeModel(aws, model, session.signal)) === undefined) missing.push(model);
  return { found, missing: missing.length === 0 ? undefined : `model ${missing.join(', model ')}` };
}

type Config = DescribeEndpointConfigCommandOutput;

/** What makes one release differ from another: models and the fleets they run on. */
export function releaseOf(config: Config): string {
  return JSON.stringify(config.ProductionVariants?.map((one) => [fleetOf(one), one.InitialInstanceCount]));
}

function fleetOf(variant: ProductionVariant): (string | undefined)[] {
  return [variant.VariantName, variant.ModelName, variant.InstanceType];
}

/** The way back changes nothing but the number of instances; any other keeps what autoscaling has made of it. */
function onlyScales(live: Config | undefined, target: Config): boolean {
  const fleets = (config: Config | undefined) => JSON.stringify(config?.ProductionVariants?.map(fleetOf));
  return fleets(live) === fleets(target) && !carriesShadow(live);
}

function modelsOf(config: Config | undefined): ConfigModels {
  return {
    production: (config?.ProductionVariants ?? []).map((variant) => variant.ModelName ?? ''),
    shadow: config?.ShadowProductionVariants?.[0]?.ModelName,
  };
}

/** Instance counts survive an update, as autoscaling has made them; weights are as the config says. */
const SET_ANEW: { VariantPropertyType: VariantPropertyType }[] = [{ VariantPropertyType: 'DesiredWeight' }];

/** A shadow that the present config carries and the target does not is lost. */
function undoNotes(live: Live, to: ConfigModels): PlanNote[] {
  const [shadow] = live.config?.ShadowProductionVariants ?? [];
  return shadow !== undefined && to.shadow === undefined
    ? [{ kind: 'shadow-lost', variant: shadow.VariantName ?? '' }]
    : [];
}

/** A config that an endpoint can be told to run again, or could if all of it still existed. */
export interface WayBackOption {
  config: string;
  /** When it was told to run it first (ISO 8601), and by which command; undefined for what ran before shadowctl came. */
  at: string | undefined;
  command: string | undefined;
  /** Undefined where the config no longer exists. */
  models: ConfigModels | undefined;
  runsNow: boolean;
  /** Where an undo without --to goes; one with a shadow comes back without it. */
  next: boolean;
  /** What no longer exists of it; undefined where it can be restored. */
  missing: string | undefined;
  /** How it ended when it was run last, where that was not well: an ending's kind, such as `rolled-back-by-alarm`. */
  ended?: string | undefined;
}

/** How a config ended that never came to run, however often it was asked for: the last time. */
function badEnding(state: State, config: string): string | undefined {
  const kinds = state.configs.flatMap((change) => (change.config === config ? [endingOf(state, change)?.kind] : []));
  return kinds.some((kind) => kind === undefined || kind === 'updated' || kind === 'created')
    ? undefined
    : kinds.at(-1);
}

/** Every config that an endpoint has run, the newest first, and whether it can be run again; changes nothing. */
export function waysBack(session: Session, endpoint: string): Promise<WayBackOption[]> {
  return viewEndpoint(session, endpoint, async (on) => {
    const { live, state } = await readOurs(on);
    return optionsOf(on, live, state);
  });
}

async function optionsOf(on: EndpointSession, live: Live, state: State): Promise<WayBackOption[]> {
  const { session } = on;
  const unseen = (one: Unseen) => session.emit({ kind: 'not-seen', unseen: one });
  const options: WayBackOption[] = [];
  const next = await previousRelease(on, live, state);
  for (const { config, change } of knownConfigs(state).toReversed()) {
    const { found, missing } = await look(on, config);
    const lost = await (found !== undefined && missing === undefined
      ? restorable(on.aws, found, { state, now: live.endpoint }, unseen, session.signal)
      : undefined);
    options.push({
      config,
      at: change?.at,
      command: change && state.runs.find((one) => one.run === change.run)?.command,
      models: found && modelsOf(found),
      runsNow: config === live.endpoint.EndpointConfigName,
      next: config === next?.name,
      missing:
        missing ?? (lost === undefined || lost.lost.length === 0 ? undefined : lost.lost.map(lostText).join(', ')),
      ended: badEnding(state, config),
    });
  }
  return options;
}
