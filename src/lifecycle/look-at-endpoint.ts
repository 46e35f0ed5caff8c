import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import type { DescribeEndpointConfigCommandOutput, ProductionVariantSummary } from '@aws-sdk/client-sagemaker';
import type { Aws } from '../aws/clients.ts';
import { describeAlarms } from '../aws/cloudwatch.ts';
import { troubleOf } from '../aws/errors.ts';
import { type Unseen, unseenWords } from '../aws/unseen.ts';
import { describeEndpoint, describeEndpointConfig } from '../aws/sagemaker.ts';
import { MINUTE } from '../base/units.ts';
import { inferPhase, type Phase, standsBy } from '../guard/phase.ts';
import type { Report } from '../report/report.ts';
import type { Endpoint } from '../resources/wait.ts';
import { calibrationOf } from '../state/calibration.ts';
import { existing, replay, type State } from '../state/replay.ts';
import { positionOf } from '../state/rollouts.ts';
import { unfinishedUpdate } from '../state/updates.ts';
import { type AlarmPoint, alarmPoints } from './guarded-update/alarm-points.ts';
import { SHOWN_LATENCY } from './guarded-update/await-update.ts';
import { fleetMinutes, type MetricsMinute, type Watched } from './guarded-update/fleet-metrics.ts';
import { type ReleaseUnderWay, releaseUnderWay } from './release/under-way.ts';
import type { Session } from './session.ts';

/** What goes on with an endpoint. Times are milliseconds since the epoch. */
export type Activity =
  | { kind: 'nothing' }
  /** There is no such endpoint (any more). */
  | { kind: 'gone' }
  | { kind: 'failed'; reason: string | undefined }
  | { kind: 'creating' }
  | {
      kind: 'update';
      /** Of shadowctl, where the journal has it. */
      command: string | undefined;
      phase: Phase;
      previous: string;
      requested: string | undefined;
      startedAt: number | undefined;
    }
  | {
      kind: 'rollout';
      model: string;
      /** From 1; 0 before the first. */
      step: number;
      steps: number;
      /** When the step has been watched as long as it must. */
      bakeEnds: number | undefined;
      /** A command is at work on it; else nothing happens until somebody resumes it. */
      attended: boolean;
    }
  | { kind: 'shadow'; model: string; since: number | undefined; calibrates: boolean };

/** A variant, or one of the two fleets of a variant that is updated. */
export interface WatchedFleet {
  name: string;
  role: 'production' | 'old' | 'new' | 'shadow' | 'candidate';
  model: string;
  /** `idle`: they run, but take no requests any more. */
  instances: { current: number; desired: number; idle?: boolean };
  /** Share of the requests that it answers, or, of a shadow, gets a copy of: 0 to 1. */
  share: number | undefined;
  /** The last minutes, oldest first. */
  minutes: readonly MetricsMinute[];
}

export interface WatchedAlarm {
  alarm: MetricAlarm;
  /** Its last datapoint. */
  last: number | undefined;
}

/** One look at an endpoint. */
export interface EndpointLook {
  at: number;
  endpoint: string;
  /** AWS's status; empty where there is none. */
  status: string;
  config: string;
  activity: Activity;
  fleets: readonly WatchedFleet[];
  alarms: readonly WatchedAlarm[];
  /** A release that has not ended. */
  release: ReleaseUnderWay | undefined;
  /** Of a shadow, once it was judged. */
  judgement: Report | undefined;
  /** Who follows the update to its end, where somebody does. */
  watcher: string | undefined;
  /** Why part of it is older than the rest, or what may not be read of what it is judged by. */
  trouble: string | undefined;
}

/** Metrics come a minute at a time, and a judgement takes reading: neither is asked for at every look. */
const METRICS_MS = 30_000;
const JUDGE_MS = MINUTE;
/** How far back the metrics go. */
const HISTORY = 30 * MINUTE;

/** A function that looks each time it is called. It changes nothing, and keeps what is not read anew. */
export function looksAtEndpoint(
  session: Session,
  endpoint: string,
  judge: (unseen: (one: Unseen) => void) => Promise<Report>,
): () => Promise<EndpointLook> {
  const { clock, signal } = session;
  let metrics: {
    of: string;
    at: number;
    minutes: MetricsMinute[][];
    points: ReadonlyMap<string, readonly AlarmPoint[]>;
  };
  metrics = { of: '', at: Number.NEGATIVE_INFINITY, minutes: [], points: new Map() };
  const none = { of: '', at: Number.NEGATIVE_INFINITY, judgement: undefined, unseen: undefined };
  let judged: { of: string; at: number; judgement: Report | undefined; unseen: string | undefined } = none;
  let alarms: MetricAlarm[] = [];
  return async () => {
    const aws = await session.aws();
    const journal = await session.journal(endpoint);
    const state = replay(journal.events());
    const at = clock.now();
    const live = await describeEndpoint(aws, endpoint, signal);
    if (live === undefined) return nothing(endpoint, at);
    const attended = (await journal.store.holder()) !== undefined;
    const activity = activityOf(state, live, attended);
    const fleets = await fleetsOf(aws, endpoint, live, state, signal);
    const trouble = await troubleOf(async () => {
      alarms = await describeAlarms(aws, alarmNames(state, live, activity), signal);
      const of = JSON.stringify(fleets.map(({ watched }) => watched));
      if (metrics.of !== of || at - metrics.at >= METRICS_MS) {
        const window = { start: at - HISTORY, end: at };
        const watched = fleets.map((one) => one.watched);
        // An endpoint that failed has none.
        const minutes = watched.length === 0 ? [] : await fleetMinutes(aws, watched, SHOWN_LATENCY, window, signal);
        metrics = { of, at, minutes, points: await alarmPoints(aws, alarms, window, signal) };
      }
      const under = judgedThing(activity);
      if (under !== judged.of) judged = { ...none, of: under };
      if (under !== '' && at - judged.at >= JUDGE_MS) {
        const unseen: Unseen[] = [];
        const judgement = await judge((one) => void unseen.push(one));
        judged = { of: under, at, judgement, unseen: unseen[0] && unseenWords(unseen[0]) };
      }
    });
    const watcher = await journal.store.watcher();
    return {
      at,
      endpoint,
      status: live.EndpointStatus ?? '',
      config: live.EndpointConfigName ?? '',
      activity,
      release: releaseUnderWay(state, endpoint),
      fleets: fleets.map((fleet, index) => ({ ...fleet, minutes: metrics.minutes[index] ?? [] })),
      alarms: alarms.map((alarm) => ({ alarm, last: metrics.points.get(alarm.AlarmName ?? '')?.at(-1)?.value })),
      judgement: judged.judgement,
      watcher: watcher && `${watcher.by ?? watcher.host} (process ${watcher.pid})`,
      trouble: trouble ?? judged.unseen,
    };
  };
}

function nothing(endpoint: string, at: number): EndpointLook {
  const none = {
    release: undefined,
    fleets: [],
    alarms: [],
    judgement: undefined,
    watcher: undefined,
    trouble: undefined,
  };
  return { at, endpoint, status: '', config: '', activity: { kind: 'gone' }, ...none };
}

/** What a judgement is about: another one is another matter. Empty where nothing is judged. */
function judgedThing(activity: Activity): string {
  return activity.kind === 'shadow' && !activity.calibrates ? `${activity.model} ${activity.since}` : '';
}

/** What goes on, out of what AWS shows and the journal. Pure. */
function activityOf(state: State, live: Endpoint, attended: boolean): Activity {
  const phase = inferPhase(live);
  if (phase.name === 'failed') return { kind: 'failed', reason: live.FailureReason };
  if (phase.name === 'creating') return { kind: 'creating' };
  const position = positionOf(state);
  if (position !== undefined) {
    const { rollout, step, since } = position;
    return {
      kind: 'rollout',
      model: rollout.model,
      step: step === undefined ? 0 : step + 1,
      steps: rollout.steps.length,
      bakeEnds: since === undefined ? undefined : since + rollout.bakeSeconds * 1000,
      attended,
    };
  }
  if (phase.name !== 'settled') {
    const ours = unfinishedUpdate(state)?.started;
    const known = ours !== undefined && (phase.target === undefined || phase.target === ours.requested);
    return {
      kind: 'update',
      command: known ? ours.command : undefined,
      phase,
      previous: live.EndpointConfigName ?? '',
      requested: phase.target ?? (known ? ours.requested : undefined),
      startedAt: known ? ours.startedAt : live.PendingDeploymentSummary?.StartTime?.getTime(),
    };
  }
  const [shadow] = live.ShadowProductionVariants ?? [];
  if (shadow === undefined) return { kind: 'nothing' };
  return {
    kind: 'shadow',
    model: '',
    since: live.LastModifiedTime?.getTime(),
    calibrates: calibrationOf(state, live.EndpointConfigName) !== undefined,
  };
}

type FleetToRead = Omit<WatchedFleet, 'minutes'> & { watched: Watched };

async function fleetsOf(
  aws: Aws,
  endpoint: string,
  live: Endpoint,
  state: State,
  signal: AbortSignal,
): Promise<FleetToRead[]> {
  const phase = inferPhase(live);
  const { share } = phase;
  const describe = (name: string | undefined) =>
    name === undefined ? undefined : describeEndpointConfig(aws, name, signal);
  const pending = live.PendingDeploymentSummary;
  const coming = live.EndpointStatus === 'Creating' ? undefined : pending;
  const now = await describe(live.EndpointConfigName);
  const next = coming === undefined ? undefined : await describe(coming.EndpointConfigName);
  const candidate = positionOf(state)?.rollout.candidate;
  const updated = coming !== undefined;
  const watch = (config: string | undefined) => (name: string) => ({
    endpoint,
    variant: name,
    config: updated ? config : undefined,
  });
  return [
    ...variantFleets(
      live.ProductionVariants ?? [],
      now?.ProductionVariants ?? [],
      1 - share,
      watch(live.EndpointConfigName),
    ).map((fleet) => ({
      ...fleet,
      ...(updated && standsBy(phase, fleet.instances)
        ? { instances: { current: fleet.instances.desired, desired: fleet.instances.desired, idle: true } }
        : {}),
      role: updated ? ('old' as const) : fleet.name === candidate ? ('candidate' as const) : fleet.role,
    })),
    ...variantFleets(
      coming?.ProductionVariants ?? [],
      next?.ProductionVariants ?? [],
      share,
      watch(coming?.EndpointConfigName),
    ).map((fleet) => ({ ...fleet, role: 'new' as const })),
    ...shadowFleets(live, now, watch(live.EndpointConfigName)),
  ];
}

type Summary = Pick<
  ProductionVariantSummary,
  'VariantName' | 'CurrentInstanceCount' | 'DesiredInstanceCount' | 'CurrentWeight' | 'DesiredWeight'
>;
type Declared = NonNullable<DescribeEndpointConfigCommandOutput['ProductionVariants']>;

/** The production variants of one fleet, which together take `part` of the requests. */
function variantFleets(
  summaries: readonly Summary[],
  declared: Declared,
  part: number,
  watch: (name: string) => Watched,
): FleetToRead[] {
  const total = summaries.reduce((sum, one) => sum + weightOf(one), 0);
  return summaries.map((summary) => {
    const share = total === 0 ? undefined : (part * weightOf(summary)) / total;
    return { ...fleetOf(summary, declared, watch), role: 'production', share };
  });
}

/** Shadows see the share of production's requests that their weight says (facts 1.3). */
function shadowFleets(
  live: Endpoint,
  config: DescribeEndpointConfigCommandOutput | undefined,
  watch: (name: string) => Watched,
): FleetToRead[] {
  const total = (live.ProductionVariants ?? []).reduce((sum, one) => sum + weightOf(one), 0);
  return (live.ShadowProductionVariants ?? []).map((summary) => ({
    ...fleetOf(summary, config?.ShadowProductionVariants ?? [], watch),
    role: 'shadow',
    share: total === 0 ? undefined : weightOf(summary) / total,
  }));
}

function fleetOf(summary: Summary, declared: Declared, watch: (name: string) => Watched) {
  const name = summary.VariantName ?? '';
  const current = summary.CurrentInstanceCount ?? 0;
  return {
    name,
    model: declared.find((one) => one.VariantName === name)?.ModelName ?? '',
    instances: { current, desired: summary.DesiredInstanceCount ?? current },
    watched: watch(name),
  };
}

function weightOf(summary: Summary): number {
  return summary.CurrentWeight ?? summary.DesiredWeight ?? 0;
}

/** Alarms that guard what goes on; where nothing does, those of shadowctl's that stand. */
function alarmNames(state: State, live: Endpoint, activity: Activity): string[] {
  if (activity.kind === 'rollout') return [...(positionOf(state)?.rollout.limits?.alarms ?? [])];
  if (activity.kind === 'update') {
    const known = activity.command === undefined ? undefined : unfinishedUpdate(state)?.started.alarms;
    const shown = live.LastDeploymentConfig?.AutoRollbackConfiguration?.Alarms ?? [];
    return [...(known ?? shown.map((alarm) => alarm.AlarmName ?? ''))];
  }
  return existing(state, 'alarm').map((tracked) => tracked.ref.name);
}
