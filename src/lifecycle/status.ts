import type {
  PendingDeploymentSummary,
  PendingProductionVariantSummary,
  ProductionVariant,
  ProductionVariantSummary,
} from '@aws-sdk/client-sagemaker';
import { describeAlarms } from '../aws/cloudwatch.ts';
import { experimentOn } from '../aws/experiments.ts';
import { describeEndpointConfig, describeModel, tagsOf } from '../aws/sagemaker.ts';
import { orUnseen, type Unseen, unseenWords } from '../aws/unseen.ts';
import { type Position, positionOf } from '../state/rollouts.ts';
import { type Live, ownership, readLive } from '../resources/live.ts';
import { ENDPOINT_TAG, PROJECT_TAG, RUN_TAG, runBegan } from '../resources/tags.ts';
import { nameOf } from '../resources/steps.ts';
import { describeProgress } from '../resources/wait.ts';
import { existing, replay, type State } from '../state/replay.ts';
import type { ResourceKind, ResourceRef } from '../state/journal.ts';
import type { Text } from '../base/text.ts';
import { experimentText } from '../guard/experiment.ts';
import { inferPhase, standsBy } from '../guard/phase.ts';
import { type Calibration, calibrationOf } from '../state/calibration.ts';
import { calibrationEnds, calibrationText } from './calibration.ts';
import { endOf } from './history.ts';
import { driftOf, type DriftFound, type TerraformPlan, terraformPlan } from './drift.ts';
import { prunable } from './prune.ts';
import { type ReleaseUnderWay, releaseUnderWay } from './release/under-way.ts';
import { type EndpointSession, type DamagedJournal, journalsHere, type Session, viewEndpoint } from './session.ts';
import { inventory } from '../resources/inventory.ts';
import { type TimeBox, timeBoxOf } from '../state/time-box.ts';

/** A variant as it stands. */
interface VariantStatus {
  name: string;
  role: 'production' | 'shadow';
  model: string;
  /** URI of its container's image; empty where it is not known. */
  image: string;
  instanceType: string;
  instances: { current: number | undefined; desired: number | undefined };
  /** The old fleet of an update in its final bake: its instances run, take no requests, and AWS counts them as 0. */
  idle?: boolean;
  weight: { current: number | undefined; desired: number | undefined };
  /** Share of the requests that it answers, or, of a shadow, gets a copy of; 0 to 1, undefined where it is not known. */
  traffic: number | undefined;
}

/** What stands of one endpoint. */
export interface EndpointStatus {
  endpoint: string;
  /** Undefined where there is no such endpoint. */
  live:
    | {
        status: string;
        config: string;
        ownership: string;
        modified: string | undefined;
        /** AWS's last reason; it stays after a rollback until the next update succeeds. */
        reason: string | undefined;
        /** What is happening, where something is. */
        progress: string | undefined;
        target: string | undefined;
        variants: VariantStatus[];
        /** The fleet of an update that is under way. */
        coming: VariantStatus[];
        capture: { on: boolean; percent: number | undefined; destination: string } | undefined;
      }
    | undefined;
  alarms: { name: string; state: string; reason: string }[];
  /** The inference experiment of SageMaker's that it is in, or will be: `startsAt` (ISO 8601). */
  experiment: { name: string; status: string; startsAt: string | undefined; text: string } | undefined;
  /** A rollout begun from this folder that has not ended; the share is of the requests, 0 to 1. */
  rollout: { model: string; step: number; steps: number; share: number; since: string | undefined } | undefined;
  /** A release that has not ended. */
  release: ReleaseUnderWay | undefined;
  /** Production's own model is its shadow: a calibration that has not come to its end; how to end it, one way a line. */
  calibration: { text: string; next: Text } | undefined;
  /** How many of each kind AWS has, of what the journal names and our tag marks. */
  counts: Partial<Record<ResourceKind, number>>;
  /** Of an endpoint that shadowctl created, and of which this journal knows nothing: what its tags tell. */
  byTag:
    | { created: string | undefined; project: string | undefined; ours: ResourceRef[]; notKnown: string[] }
    | undefined;
  /** When its shadow is to end (ISO 8601), where that was said. */
  timeBox: { until: string; over: boolean } | undefined;
  /** What was changed outside shadowctl; undefined where nothing was, or the journal does not know what should be. */
  drift: DriftFound | undefined;
  /** Of an adopted endpoint: what Terraform's next plan will want to change, if Terraform made it. */
  terraform: TerraformPlan | undefined;
  /** What nothing seems to need any more: `prune` looks closer. */
  prunable: ResourceRef[];
  /** Steps that were begun and whose end nobody knows: the next command that changes anything asks. */
  open: { action: string; resource: string; at: string }[];
  /** Who is at work on it at this moment, by which command, since when (ISO 8601). */
  lock: { by: string; why: string | undefined; since: string } | undefined;
  /** Who watches an update of it to its end, from this machine or this folder. */
  watcher: { by: string; why: string | undefined; since: string } | undefined;
  lastRun:
    | {
        command: string;
        by: string;
        at: string;
        /** How its update ended, as `history` has it; undefined where it made none, or nobody knows. */
        ended?: string | undefined;
      }
    | undefined;
  /** What these credentials may not look at, and the permission that each takes. */
  unseen: Unseen[];
}

/** Reads everything there is to know about an endpoint; changes nothing. */
export async function statusOf(session: Session, endpoint: string): Promise<EndpointStatus> {
  return viewEndpoint(session, endpoint, inspect);
}

/** What stands of every endpoint that has a journal here. */
export interface AllStatus {
  account: string;
  region: string;
  /** The folder of the journals. */
  /** Where the journals are kept. */
  place: string;
  /** Every endpoint that has a journal. */
  journaled: string[];
  /** Journals that say nothing. */
  damaged: DamagedJournal[];
  /** Those of which anything may stand: what cleanup has proven to be gone is left out. */
  statuses: EndpointStatus[];
}

/** Reads every endpoint that has a journal in this account and region; changes nothing. */
export async function statusOfAll(session: Session): Promise<AllStatus> {
  const state = await session.state();
  const aws = await session.aws();
  const { region } = aws.target;
  const { account, journals, damaged } = await journalsHere(session);
  const here = journals.filter(({ moved }) => !moved);
  const statuses: EndpointStatus[] = [];
  for (const { endpoint, events } of here) if (!replay(events).clean) statuses.push(await statusOf(session, endpoint));
  return { account, region, place: state.place, journaled: here.map(({ endpoint }) => endpoint), damaged, statuses };
}

async function inspect(on: EndpointSession): Promise<EndpointStatus> {
  const { aws, journal, session } = on;
  const { signal } = session;
  const state = on.state();
  const unseen: Unseen[] = [];
  const note = (one: Unseen) => void unseen.push(one);
  const live = await readLive(aws, journal.endpoint, signal, note);
  const alarmNames = existing(state, 'alarm').map((tracked) => tracked.ref.name);
  const alarms =
    alarmNames.length === 0
      ? []
      : ((await orUnseen('the states of the alarms', () => describeAlarms(aws, alarmNames, signal), note)) ?? []);
  const experiment =
    live &&
    (await orUnseen(
      'inference experiments: whether one has it',
      () => experimentOn(aws, journal.endpoint, signal),
      note,
    ));
  const counts: EndpointStatus['counts'] = {};
  const checks = await inventory(on, 'or unseen');
  for (const { tracked, exists, managed, unseen: hidden } of checks) {
    if (hidden !== undefined && tracked.state === 'exists') note(hidden);
    if (exists && managed) counts[tracked.ref.kind] = (counts[tracked.ref.kind] ?? 0) + 1;
  }
  const holder = await journal.store.holder();
  const watcher = await journal.store.watcher();
  const last = state.runs.findLast((run) => run.acted);
  return {
    endpoint: journal.endpoint,
    live: live && {
      status: live.endpoint.EndpointStatus ?? 'unknown',
      config: live.endpoint.EndpointConfigName ?? '',
      ownership: live.unseen?.has('tags') === true ? 'not-seen' : ownership(live, state),
      modified: live.endpoint.LastModifiedTime?.toISOString(),
      reason: live.endpoint.FailureReason === '' ? undefined : live.endpoint.FailureReason,
      progress: live.endpoint.EndpointStatus === 'InService' ? undefined : describeProgress(live.endpoint),
      target: live.endpoint.PendingDeploymentSummary?.EndpointConfigName,
      variants: withTraffic(
        await variantsOf(on, live.endpoint, live.config, note),
        1 - inferPhase(live.endpoint).share,
      ).map((one) => (standsBy(inferPhase(live.endpoint), one.instances) ? { ...one, idle: true } : one)),
      coming: await comingVariants(on, live, note),
      capture: captureOf(live),
    },
    alarms: alarms.map((alarm) => ({
      name: alarm.AlarmName ?? '',
      state: alarm.StateValue ?? '',
      reason: alarm.StateReason ?? '',
    })),
    experiment: experiment && {
      name: experiment.name,
      status: experiment.status,
      startsAt: experiment.startsAt === undefined ? undefined : new Date(experiment.startsAt).toISOString(),
      text: experimentText(experiment),
    },
    rollout: rolloutOf(positionOf(state)),
    release: releaseUnderWay(state, journal.endpoint),
    calibration: calibrationStatus(calibrationOf(state, headedFor(live, state)), journal.endpoint),
    counts,
    timeBox: timeBoxStatus(timeBoxOf(state, live?.endpoint.EndpointConfigName, session.clock.now())),
    drift: live && (await driftOf(on, live, note)),
    terraform: live && terraformPlan(live, state),
    byTag: live && (await toldByTags(on, live, note)),
    prunable: (live && (await orUnseen('what could be pruned', () => prunable(on, live, checks), note))) ?? [],
    open: state.open.map(({ action, resource, at }) => ({ action, resource: nameOf(resource), at })),
    lock: holder && { by: holder.by ?? holder.host, why: holder.why, since: holder.since },
    watcher: watcher && { by: watcher.by ?? watcher.host, why: watcher.why, since: watcher.since },
    lastRun: last && { command: last.command, by: last.by, at: last.at, ended: endOf(state, last.run) },
    unseen: once(unseen),
  };
}

/**
 * What tags tell of an endpoint from shadowctl that no journal here names: of itself and of what it runs with. All that
 * carries its tag, `adopt` and `cleanup --by-tag` look for.
 */
async function toldByTags(
  { aws, endpoint, session, state }: EndpointSession,
  live: Live,
  note: (one: Unseen) => void,
): Promise<EndpointStatus['byTag']> {
  if (live.unseen?.has('tags') === true || ownership(live, state()) !== 'unknown-here') return undefined;
  const ours: ResourceRef[] = [{ kind: 'endpoint', name: endpoint }];
  const claim = async (ref: ResourceRef, arn: string | undefined) => {
    const tags = await orUnseen(`the tags of ${nameOf(ref)}`, () => tagsOf(aws, arn ?? ''), note);
    if (tags?.[ENDPOINT_TAG] === endpoint) ours.push(ref);
  };
  const { config } = live;
  if (config?.EndpointConfigName !== undefined)
    await claim({ kind: 'endpoint-config', name: config.EndpointConfigName }, config.EndpointConfigArn);
  const variants = [...(config?.ProductionVariants ?? []), ...(config?.ShadowProductionVariants ?? [])];
  for (const name of new Set(variants.flatMap(({ ModelName }) => ModelName ?? []))) {
    const model = await orUnseen(`model ${name}`, () => describeModel(aws, name, session.signal), note);
    if (model !== undefined) await claim({ kind: 'model', name }, model.ModelArn);
  }
  return {
    created: runBegan(live.tags[RUN_TAG] ?? ''),
    project: live.tags[PROJECT_TAG],
    ours,
    notKnown: [
      'What it ran before, who changed it and how that ended: the journal is not here.',
      'Whether alarms, uploads, captures and earlier configs are left of it: only what it runs with was looked at.',
    ],
  };
}

/** Each only once: the same thing is asked for in more than one place. */
function once(unseen: readonly Unseen[]): Unseen[] {
  return [...new Map(unseen.map((one) => [unseenWords(one), one])).values()];
}

/** The config that an endpoint runs or is about to run; AWS does not tell in the first seconds of an update. */
function headedFor(live: Live | undefined, state: State): string | undefined {
  if (live?.endpoint.EndpointStatus !== 'Updating') return live?.endpoint.EndpointConfigName;
  return live.endpoint.PendingDeploymentSummary?.EndpointConfigName ?? state.configs.at(-1)?.config;
}

function timeBoxStatus(box: TimeBox | undefined): EndpointStatus['timeBox'] {
  return box && { until: new Date(box.until).toISOString(), over: box.over };
}

function calibrationStatus(standing: Calibration | undefined, endpoint: string): EndpointStatus['calibration'] {
  return standing && { text: calibrationText(standing), next: calibrationEnds(standing, endpoint) };
}

function rolloutOf(position: Position | undefined): EndpointStatus['rollout'] {
  if (position === undefined) return undefined;
  const { rollout, step, since } = position;
  return {
    model: rollout.model,
    step: step === undefined ? 0 : step + 1,
    steps: rollout.steps.length,
    share: step === undefined ? 0 : (rollout.steps[step] ?? 0),
    since: since === undefined ? undefined : new Date(since).toISOString(),
  };
}

async function comingVariants(
  on: EndpointSession,
  { endpoint }: Live,
  note: (one: Unseen) => void,
): Promise<VariantStatus[]> {
  const pending = endpoint.PendingDeploymentSummary;
  const target = pending?.EndpointConfigName;
  // While an endpoint is created its only fleet is this one.
  if (pending === undefined || target === undefined || endpoint.EndpointStatus === 'Creating') return [];
  const config = await orUnseen(`config ${target}`, () => describeEndpointConfig(on.aws, target), note);
  return withTraffic(await variantsOf(on, pending, config, note), inferPhase(endpoint).share);
}

type Fleets = Pick<PendingDeploymentSummary, 'ProductionVariants' | 'ShadowProductionVariants'>;

async function variantsOf(
  { aws }: EndpointSession,
  fleets: Fleets,
  config: Live['config'],
  note: (one: Unseen) => void,
): Promise<VariantStatus[]> {
  const groups = [
    ['production', fleets.ProductionVariants ?? [], config?.ProductionVariants ?? []],
    ['shadow', fleets.ShadowProductionVariants ?? [], config?.ShadowProductionVariants ?? []],
  ] as const;
  const variants: VariantStatus[] = [];
  for (const [role, summaries, declared] of groups) {
    for (const summary of summaries) {
      const declaration = declared.find((one) => one.VariantName === summary.VariantName);
      const model = declaration?.ModelName;
      const look = async (name: string) => orUnseen(`model ${name}`, () => describeModel(aws, name), note);
      const image = model === undefined ? undefined : (await look(model))?.PrimaryContainer?.Image;
      variants.push(variantStatus(role, summary, declaration, image ?? ''));
    }
  }
  return variants;
}

/**
 * A fleet's part of the requests, divided among its variants by weight; a shadow's weight is the share that it sees of
 * what production answers (facts 1.3).
 * @param fleet the fleet's part, 0 to 1
 */
function withTraffic(variants: VariantStatus[], fleet: number): VariantStatus[] {
  const weightOf = ({ weight }: VariantStatus) => weight.current ?? weight.desired ?? 0;
  const production = variants.filter((one) => one.role === 'production');
  const total = production.reduce((sum, one) => sum + weightOf(one), 0);
  return variants.map((one) => {
    if (total === 0) return one;
    return { ...one, traffic: one.role === 'shadow' ? weightOf(one) / total : (fleet * weightOf(one)) / total };
  });
}

function variantStatus(
  role: VariantStatus['role'],
  summary: ProductionVariantSummary | PendingProductionVariantSummary,
  declared: ProductionVariant | undefined,
  image: string,
): VariantStatus {
  return {
    name: summary.VariantName ?? '',
    role,
    model: declared?.ModelName ?? '',
    image,
    instanceType: declared?.InstanceType ?? '',
    instances: { current: summary.CurrentInstanceCount, desired: summary.DesiredInstanceCount },
    weight: { current: summary.CurrentWeight, desired: summary.DesiredWeight },
    traffic: undefined,
  };
}

function captureOf(live: Live) {
  const capture = live.config?.DataCaptureConfig;
  if (capture === undefined) return undefined;
  return {
    on: capture.EnableCapture === true,
    percent: capture.InitialSamplingPercentage,
    destination: capture.DestinationS3Uri ?? '',
  };
}
