import { isDeepStrictEqual } from 'node:util';
import type { ProductionVariant, Tag } from '@aws-sdk/client-sagemaker';
import { orUnseen, type Unseen } from '../aws/unseen.ts';
import { endpointLogGroup, logGroupExists } from '../aws/logs.ts';
import { environmentError, usageError } from '../base/errors.ts';
import { shown, shownStart, text } from '../base/text.ts';
import { MINUTE } from '../base/units.ts';
import { capacityOf, type Fleets } from '../guard/capacity.ts';
import type { CheckedCandidate } from '../resources/artifact/candidate.ts';
import { deriveConfig } from '../resources/derive-config.ts';
import { type Live, type Production, productionOf, readLive, requireOurs, requireSettled } from '../resources/live.ts';
import { checkName } from '../resources/naming.ts';
import type { JournaledRun } from '../resources/apply.ts';
import type { Step } from '../resources/steps.ts';
import type { Settled } from '../resources/wait.ts';
import { trackedResource, type State } from '../state/replay.ts';
import {
  type CandidateSpec,
  checkCandidateNames,
  examineCandidate,
  leaveOutExisting,
  nameCandidate,
  namesModel,
  planModel,
  variantSettings,
} from './candidate.ts';
import { type MetricsMinute, fleetMinutes, total } from './guarded-update/fleet-metrics.ts';
import { awaitConfig, readContainerLines, recordEnd, recordReplaced, requireUnchanged } from './plain-update.ts';
import type { DeployPlan, PlanNote } from './plans.ts';
import { recordStanding } from './drift.ts';
import { recordParts } from './restorable.ts';
import { unknownTypes } from './instance-types.ts';
import { applyOrTell } from './left-standing.ts';
import { nextConfig, refuseScaledType, scalingOf, standingNotes } from './standing.ts';
import { updateTo } from './shadow/plan.ts';
import {
  adopts,
  doTask,
  type EndpointSession,
  type LockedEndpoint,
  onEndpoint,
  openRun,
  placeOf,
  recordAdoption,
  type Session,
  notSeen,
} from './session.ts';
import { pricesOf } from './prices.ts';
import { type DetachesFirst, detachOverdue } from './shadow/time-box.ts';
import { type PayloadFile, readPayloads, type Payloads } from './traffic/payloads.ts';
import { testInference, type Trial } from './traffic/test.ts';

export interface DeployOptions {
  endpoint: string;
  /** A new model; one that names none leaves the endpoint its model, and only the fleet changes. */
  candidate: CandidateSpec;
  /** Undefined: the live endpoint's, or ml.m5.large. */
  instanceType?: string | undefined;
  /** Undefined: as many as the live endpoint is scaled to, or 1. */
  instances?: number | undefined;
  /** Of a new endpoint; an endpoint that exists keeps its own. */
  variantName?: string | undefined;
  /** False: data capture is turned off; it stays as it is else. */
  capture?: boolean;
  /** Payloads to test the inference with, once it is in service. */
  test?: Omit<PayloadFile, 'option'> | undefined;
  /** Change an endpoint that shadowctl did not create, and record it as adopted. */
  adopt?: boolean;
  /** False: returns as soon as AWS has accepted everything. */
  wait?: boolean;
  /** Decide only: the plan is returned, and nothing is changed. */
  plan?: boolean;
}

export type DeployResult =
  | DetachesFirst
  | { kind: 'planned'; plan: DeployPlan }
  /** `settled` is undefined where nobody waited, `trial` where there was no test or the endpoint is not in service. */
  | { kind: 'done'; plan: DeployPlan; settled: Settled | undefined; trial: Trial | undefined };

/** Creates the endpoint, or updates it where it exists and is ours, all at once; tests it where that is asked for. */
export async function deploy(session: Session, options: DeployOptions): Promise<DeployResult> {
  const { endpoint, candidate, variantName, test } = options;
  // Names and files are checked before anything is done.
  checkName('endpoint', endpoint, '--endpoint');
  checkCandidateNames(candidate);
  if (variantName !== undefined) checkName('variant', variantName, '--variant-name');
  const payloads = test === undefined ? undefined : await readPayloads(session, { ...test, option: 'test' });
  const fleetOnly = changesFleetOnly(options);
  const checked = fleetOnly ? undefined : await examineCandidate(session, candidate);
  const first = await detachOverdue(session, options);
  if (first !== undefined) return first;
  return onEndpoint(session, { endpoint, command: 'deploy', readOnly: options.plan === true }, async (on) => {
    const decision = await decide(on, options, checked);
    if (!on.locked) return { kind: 'planned', plan: decision.plan };
    return carryOut(on, options, decision, payloads);
  });
}

/**
 * True where the fleet is to change and the model is to stay.
 * @throws Problem (usage) where a flag of a new model was given and no model
 */
function changesFleetOnly({ candidate, instances, instanceType, capture }: DeployOptions): boolean {
  if (namesModel(candidate)) return false;
  const { modelName, role, vpc, environment = {} } = candidate;
  const settings = Object.values(variantSettings(candidate));
  const changes = instances ?? instanceType ?? settings[0] ?? (capture === false ? 'capture' : undefined);
  const ofNew = { '--model-name': modelName, '--role': role, '--subnets': vpc, '--container-env': environment };
  const [lost] =
    Object.entries(ofNew).find(
      ([, value]) => value !== undefined && !(typeof value === 'object' && Object.keys(value).length === 0),
    ) ?? [];
  if (changes === undefined || lost === undefined) return changes !== undefined;
  throw usageError(
    `${lost} belongs to a new model, and no model was named.`,
    'Give --artifact, --model-package or --model; or leave it out, to change only the fleet or the capture.',
  );
}

interface Decision {
  run: string;
  plan: DeployPlan;
  live: Live | undefined;
}

/** Looks at what stands and decides what is to be done; changes nothing. */
async function decide(
  on: EndpointSession,
  options: DeployOptions,
  checked: CheckedCandidate | undefined,
): Promise<Decision> {
  const { aws, journal, session, endpoint } = on;
  const { candidate } = options;
  const state = on.state();
  const live = await readLive(aws, endpoint, session.signal);
  const adopt = live !== undefined && adopts(live, state, options.adopt === true);
  if (live !== undefined && !adopt) requireOurs(live, state, journal.path);
  const { names, modelSteps } = await nameAndPlan(on, candidate, checked, live);
  const config = trackedResource(state, { kind: 'endpoint-config', name: names.config });
  const steps = planDeploy(
    {
      endpoint,
      tags: names.tagList,
      modelSteps,
      modelName: names.model,
      configName: names.config,
      variantName: options.variantName,
      instanceType: options.instanceType,
      instances: options.instances,
      settings: variantSettings(candidate),
      captures: options.capture !== false,
      existingConfig: config?.state === 'exists' ? config.input : undefined,
      logGroup: live === undefined ? await freeLogGroup(on) : undefined,
    },
    live,
    state,
  );
  const next = await nextConfig(aws, names.config, steps, session.signal);
  const notes =
    next === undefined
      ? []
      : live === undefined
        ? [
            ...(options.instances === undefined ? [{ kind: 'one-instance' } as const] : []),
            ...(await creationNotes(on, next)),
          ]
        : await updateNotes(on, live, next, steps);
  const plan: DeployPlan = {
    kind: 'deploy',
    notes,
    place: placeOf(on),
    endpoint,
    config: steps.length === 0 && live !== undefined ? targetOf(live) : names.config,
    model: names.model,
    steps: await leaveOutExisting(on, steps),
    adopt,
  };
  return { run: names.own.run, plan, live };
}

/** What is to be known of the update. @throws Problem (cannot-run) where autoscaling forbids it */
async function updateNotes(on: EndpointSession, live: Live, next: Fleets, steps: readonly Step[]): Promise<PlanNote[]> {
  const { aws, session } = on;
  const unseen = (one: Unseen) => session.emit({ kind: 'not-seen', unseen: one });
  const targets = await scalingOf(aws, live, unseen, session.signal);
  refuseScaledType(live.name, targets, live.config, next);
  return standingNotes(on, live, next, targets, { steps });
}

/** What is to be known of a new endpoint. */
async function creationNotes({ session }: EndpointSession, next: Fleets): Promise<PlanNote[]> {
  const after = capacityOf([{ config: next }]);
  if (after.length === 0) return [];
  return [
    ...unknownTypes(next),
    { kind: 'cost', cost: { prices: await pricesOf(session, after), during: undefined, after, seconds: undefined } },
  ];
}

/** Names for what is created, and what creates the model; where only the fleet changes, the model is the live one. */
async function nameAndPlan(
  on: EndpointSession,
  candidate: CandidateSpec,
  checked: CheckedCandidate | undefined,
  live: Live | undefined,
) {
  if (checked !== undefined) {
    const names = await nameCandidate(on, candidate);
    return { names, modelSteps: await planModel(on, candidate, names, checked, live?.model) };
  }
  if (live === undefined)
    throw usageError(
      `There is no endpoint "${on.endpoint}" that could be changed, and no model was named.`,
      text`To create it, name a model: ${shownStart('deploy', { endpoint: on.endpoint, artifact: 'model.tar.gz' })}`,
    );
  const model = productionOf(live).variant.ModelName;
  return { names: await nameCandidate(on, { ...candidate, model }), modelSteps: [] };
}

/** The endpoint's log group, where there is none yet: what will lie there is then ours. */
async function freeLogGroup({ aws, endpoint, session }: EndpointSession): Promise<string | undefined> {
  const group = endpointLogGroup(endpoint);
  // Logs are a side matter: who may not look at them must still be able to deploy.
  const there = await orUnseen(
    `whether log group ${group} exists (so it does not count as shadowctl's, and cleanup will leave it)`,
    () => logGroupExists(aws, group),
    (unseen) => session.emit({ kind: 'not-seen', unseen }),
  );
  return there === false ? group : undefined;
}

async function carryOut(
  on: LockedEndpoint,
  options: DeployOptions,
  { run: id, plan, live }: Decision,
  payloads: Payloads | undefined,
): Promise<DeployResult> {
  const { session, endpoint } = on;
  const began = session.clock.now();
  let run: JournaledRun | undefined;
  if (plan.steps.length > 0) {
    await session.approve(plan);
    if (live !== undefined) await requireUnchanged(on, live);
    run = await openRun(on, 'deploy', id);
    if (plan.adopt) await recordAdoption(run);
    if (live !== undefined) await recordParts(on.aws, run, on.state(), live.endpoint, undefined, session.signal);
    await recordReplaced(run, plan.config, live?.endpoint.EndpointConfigName);
    await applyOrTell(session, run, plan.steps);
  }
  if (options.wait === false) return { kind: 'done', plan, settled: undefined, trial: undefined };
  const settled = await awaitConfig(session, endpoint, plan.config, live?.endpoint.LastModifiedTime);
  await recordEnd(on, plan.config, settled);
  if (settled.kind === 'running' && run !== undefined) {
    await recordParts(on.aws, run, on.state(), settled.endpoint, notSeen(session), session.signal);
    await recordStanding(run, settled.endpoint);
  }
  if (settled.kind !== 'running') await readContainerLines(on, began);
  const tested = settled.kind === 'running' && payloads !== undefined;
  const trial = tested ? await testInference(session, endpoint, payloads) : undefined;
  return { kind: 'done', plan, settled, trial };
}

/** Everything that is decided about a deployment. */
interface DeploySpec {
  endpoint: string;
  tags: Tag[];
  /** What creates the model. */
  modelSteps: readonly Step[];
  modelName: string;
  configName: string;
  variantName: string | undefined;
  instanceType: string | undefined;
  instances: number | undefined;
  /** Other settings of the variant that were asked for. */
  settings: Partial<ProductionVariant>;
  /** False: data capture is turned off. */
  captures: boolean;
  /** What a config of this name was created with by an earlier run of ours, where it exists. */
  existingConfig: Readonly<Record<string, unknown>> | undefined;
  /** Log group of the endpoint, where nobody else's logs lie in it yet. */
  logGroup: string | undefined;
}

const VARIANT = 'AllTraffic';
const INSTANCE_TYPE = 'ml.m5.large';

/**
 * What has to be done for the endpoint to run the candidate: everything anew, or, where it exists, a new model and
 * config on it. Pure.
 * @throws Problem (cannot-run) where the endpoint cannot be updated in this way
 */
function planDeploy(spec: DeploySpec, live: Live | undefined, state: State): Step[] {
  const { endpoint, tags } = spec;
  if (live !== undefined) return [...spec.modelSteps, ...planUpdate(spec, live, state)];
  const variant: ProductionVariant = {
    VariantName: spec.variantName ?? VARIANT,
    ModelName: spec.modelName,
    InstanceType: (spec.instanceType ?? INSTANCE_TYPE) as NonNullable<ProductionVariant['InstanceType']>,
    InitialInstanceCount: spec.instances ?? 1,
    InitialVariantWeight: 1,
    ...spec.settings,
  };
  return [
    ...spec.modelSteps,
    {
      action: 'create',
      kind: 'endpoint-config',
      name: spec.configName,
      input: { EndpointConfigName: spec.configName, ProductionVariants: [variant], Tags: tags },
    },
    ...(spec.logGroup === undefined ? [] : [{ action: 'create', kind: 'log-group', name: spec.logGroup } as const]),
    {
      action: 'create',
      kind: 'endpoint',
      name: endpoint,
      input: { EndpointName: endpoint, EndpointConfigName: spec.configName, Tags: tags },
    },
  ];
}

/** The config that an endpoint runs, or is on its way to. */
function targetOf({ endpoint }: Live): string {
  return endpoint.PendingDeploymentSummary?.EndpointConfigName ?? endpoint.EndpointConfigName ?? '';
}

function planUpdate(spec: DeploySpec, live: Live, state: State): Step[] {
  // A deployment that was interrupted on its way to this very config is simply taken up again.
  if (targetOf(live) === spec.configName && live.endpoint.EndpointStatus !== 'Failed' && runsAlready(spec)) return [];
  requireSettled(live, state);
  const production = productionOf(live);
  refuseUnsuitable(spec, live);
  const { variant } = production;
  const { DataCaptureConfig: capture } = production.config;
  const stops = !spec.captures && capture !== undefined && capture.EnableCapture !== false;
  if (!stops && changesNothing(spec, production)) return [];
  const config: Step = {
    action: 'create',
    kind: 'endpoint-config',
    name: spec.configName,
    input: deriveConfig(production.config, {
      name: spec.configName,
      production: [
        {
          ...variant,
          ...spec.settings,
          ModelName: spec.modelName,
          InitialInstanceCount: spec.instances ?? production.instances,
          ...(spec.instanceType === undefined
            ? {}
            : { InstanceType: spec.instanceType as NonNullable<ProductionVariant['InstanceType']> }),
        },
      ],
      ...(stops ? { capture: { ...capture, EnableCapture: false } } : {}),
      tags: spec.tags,
    }),
  };
  // Whether RetainAllVariantProperties retains the capture, too, no source says: it is left out, and the counts are in the config.
  if (stops) return [config, updateTo(live.name, spec.configName)];
  return [
    config,
    {
      action: 'update',
      kind: 'endpoint',
      name: live.name,
      input: {
        EndpointName: live.name,
        EndpointConfigName: spec.configName,
        // What autoscaling has made of the fleet survives, unless a count was asked for.
        RetainAllVariantProperties: true,
        ...(spec.instances === undefined
          ? {}
          : { ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'DesiredInstanceCount' }] }),
      },
    },
  ];
}

/** The model is the live one, and the fleet is as asked for already. */
function changesNothing(spec: DeploySpec, { variant, instances }: Production): boolean {
  const wanted: Partial<ProductionVariant> = {
    ...spec.settings,
    ModelName: spec.modelName,
    InitialInstanceCount: spec.instances ?? instances,
    InstanceType: (spec.instanceType ?? variant.InstanceType) as ProductionVariant['InstanceType'],
  };
  const now: Partial<ProductionVariant> = { ...variant, InitialInstanceCount: instances };
  return spec.modelSteps.length === 0 && isDeepStrictEqual({ ...now, ...wanted }, now);
}

/** Is the config the endpoint runs, or is going to run, the very one that is asked for? */
function runsAlready(spec: DeploySpec): boolean {
  const [variant] = (spec.existingConfig?.ProductionVariants ?? []) as ProductionVariant[];
  return (
    variant?.ModelName === spec.modelName &&
    (spec.instances ?? variant.InitialInstanceCount) === variant.InitialInstanceCount &&
    (spec.instanceType ?? variant.InstanceType) === variant.InstanceType
  );
}

function refuseUnsuitable(spec: DeploySpec, live: Live): void {
  const { config } = live;
  const [variant] = config?.ProductionVariants ?? [];
  const [shadow] = config?.ShadowProductionVariants ?? [];
  if (shadow !== undefined) {
    throw environmentError(
      `Endpoint "${live.name}" carries the shadow variant "${shadow.VariantName}", which this deployment would remove.`,
      text`Remove it first: ${shown('shadow detach', { endpoint: live.name })}`,
    );
  }
  if (spec.variantName !== undefined && spec.variantName !== variant?.VariantName) {
    throw environmentError(
      `Endpoint "${live.name}" has the production variant "${variant?.VariantName}"; an update cannot rename it to "${spec.variantName}" without losing its scaling and guardrails.`,
      'Leave --variant-name out.',
    );
  }
}

/** How far back the metrics go. */
const WINDOW = 60 * MINUTE;
/** SageMaker publishes by the minute, CloudWatch shows it up to a few minutes later. */
const PATIENCE = 5 * MINUTE;
const LOOK = 15_000;

/** What one variant did, minute by minute. */
export interface VariantMetrics {
  variant: string;
  /** ms since the epoch. */
  start: number;
  end: number;
  minutes: readonly MetricsMinute[];
}

/**
 * Waits until CloudWatch shows the requests of a test; then what the variant did in the last hour.
 * @returns undefined where nothing comes in time
 */
export async function readTestMetrics(
  session: Session,
  test: { endpoint: string; variant: string } & Pick<Trial, 'began' | 'sent'>,
): Promise<VariantMetrics | undefined> {
  const { clock, signal } = session;
  const { endpoint, variant } = test;
  const aws = await session.aws();
  const began = clock.now();
  const firstMinute = Math.floor(test.began / MINUTE) * MINUTE;
  return doTask(session, { name: 'await-metrics', endpoint, requests: test.sent }, async (report) => {
    for (;;) {
      const window = { start: firstMinute - WINDOW, end: clock.now() };
      const source = { endpoint, variant, config: undefined };
      const read = await orUnseen(
        `the metrics of ${endpoint}`,
        () => fleetMinutes(aws, [source], 'Average', window, signal),
        (unseen) => session.emit({ kind: 'not-seen', unseen }),
      );
      if (read === undefined) return undefined;
      const [minutes = []] = read;
      const arrived = total(minutes.filter((minute) => minute.at >= firstMinute)).requests;
      if (arrived >= test.sent || clock.now() - began >= PATIENCE) {
        report.end({ kind: 'counted', arrived, of: test.sent });
        if (arrived === 0) return undefined;
        const end = clock.now();
        return { variant, start: Math.max(end - WINDOW, minutes[0]?.at ?? end), end, minutes };
      }
      await clock.sleep(LOOK, signal);
    }
  });
}
