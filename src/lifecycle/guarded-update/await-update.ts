import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import type { DescribeEndpointCommandOutput } from '@aws-sdk/client-sagemaker';
import { alarmChanges } from '../../aws/alarms.ts';
import { describeAlarms } from '../../aws/cloudwatch.ts';
import type { Aws } from '../../aws/clients.ts';
import { troubleOf } from '../../aws/errors.ts';
import type { Clock } from '../../base/clock.ts';
import { waitForEndpoint } from '../../resources/wait.ts';
import { type AlarmPoint, alarmPoints } from './alarm-points.ts';
import { alarmsIn, classifyOutcome, type UpdateOutcome, type OutcomeFacts } from '../../guard/outcome.ts';
import { type MetricsMinute, fleetMinutes } from './fleet-metrics.ts';
import { inferPhase, type Phase } from '../../guard/phase.ts';
import { MINUTE } from '../../base/units.ts';

/** An update that was asked for: everything needed to watch it, also by another process than the one that asked. */
export interface Update {
  endpoint: string;
  variant: string;
  requested: string;
  previous: string;
  /** Alarms the update is guarded by. */
  alarms: readonly string[];
  /** When UpdateEndpoint was called, ms since the epoch. */
  startedAt: number;
  /** LastModifiedTime before it, ms since the epoch: an endpoint that still has it has not begun. */
  modifiedBefore?: number | undefined;
  /** FailureReason before it, which may stay visible (facts 4.2). */
  reasonBefore?: string | undefined;
  maxSeconds?: number | undefined;
}

/** One look at an update under way. */
export interface Snapshot {
  at: number;
  stage: Phase;
  alarms: readonly MetricAlarm[];
  /** Datapoints by alarm name. */
  points: ReadonlyMap<string, readonly AlarmPoint[]>;
  old: readonly MetricsMinute[];
  new: readonly MetricsMinute[];
  /** Why alarms or metrics could not be read this time: what is shown of them is older. */
  trouble: string | undefined;
}

export interface Surroundings {
  aws: Aws;
  clock: Clock;
  signal: AbortSignal;
}

const POLL_MS = 10_000;
/** Metrics come a minute at a time: no need to ask more often. */
const METRICS_MS = 60_000;
/** The statistic of the sparklines. */
export const SHOWN_LATENCY = 'p90';

/**
 * Watches until the endpoint has settled, then says how it ended. Watching changes nothing: the guardrail lives in
 * SageMaker, so whoever stops watching loses nothing.
 * @param show is called with every look
 * @param aborted whether an abort of this update was asked for; read at the end
 */
export async function awaitUpdate(
  surroundings: Surroundings,
  update: Update,
  show: (snapshot: Snapshot) => void,
  aborted: () => Promise<boolean>,
): Promise<UpdateOutcome> {
  const { aws, clock, signal } = surroundings;
  const fired = new Set<string>();
  const foreign = new Set<string>();
  let alarms: MetricAlarm[] = [];
  let metrics: Metrics = { readAt: Number.NEGATIVE_INFINITY, points: new Map(), old: [], new: [] };
  const settled = await waitForEndpoint(aws, clock, {
    endpoint: update.endpoint,
    config: update.requested,
    since: update.modifiedBefore === undefined ? undefined : new Date(update.modifiedBefore),
    signal,
    pause: () => POLL_MS,
    async onLook(endpoint) {
      const stage = inferPhase(endpoint);
      // Only the endpoint itself says how it ends: what else cannot be read must not end the watching.
      const trouble = await troubleOf(async () => {
        alarms = await describeAlarms(aws, update.alarms, signal);
        if (stage.name === 'settled' || clock.now() - metrics.readAt >= METRICS_MS)
          metrics = await readMetrics(surroundings, update, alarms);
      });
      for (const name of firing(alarms)) fired.add(name);
      if (stage.target !== undefined && stage.target !== update.requested && stage.target !== update.previous)
        foreign.add(stage.target);
      show({ at: clock.now(), stage, alarms, points: metrics.points, old: metrics.old, new: metrics.new, trouble });
    },
  });
  const endpoint = settled.kind === 'gone' ? undefined : settled.endpoint;
  const unseen: string[] = [];
  const seen = { fired, foreign, aborted: await aborted(), unseen };
  const outcome = classifyOutcome(await gather(surroundings, update, endpoint, seen));
  return unseen.length === 0 ? outcome : { ...outcome, unseen };
}

type Metrics = Pick<Snapshot, 'points' | 'old' | 'new'> & { readAt: number };

/** Also one that was in ALARM before the update: SageMaker asks whether it is in that state, not since when (facts 4.4). */
function firing(alarms: readonly MetricAlarm[]): string[] {
  return alarms.filter((alarm) => alarm.StateValue === 'ALARM').map((alarm) => alarm.AlarmName ?? '');
}

async function readMetrics(
  surroundings: Surroundings,
  update: Update,
  alarms: readonly MetricAlarm[],
): Promise<Metrics> {
  const { aws, clock, signal } = surroundings;
  const now = clock.now();
  const window = { start: update.startedAt - 15 * MINUTE, end: now };
  const fleet = { endpoint: update.endpoint, variant: update.variant };
  const [old = [], both = [], young = []] = await fleetMinutes(
    aws,
    [
      { ...fleet, config: update.previous },
      { ...fleet, config: undefined },
      { ...fleet, config: update.requested },
    ],
    SHOWN_LATENCY,
    window,
    signal,
  );
  const points = await alarmPoints(aws, alarms, { start: update.startedAt - MINUTE, end: now + MINUTE }, signal);
  // Where SageMaker does not publish the old fleet by its config, the variant as a whole stands for it until the shift.
  return { readAt: now, points, old: old.length > 0 ? old : young.length > 0 ? [] : both, new: young };
}

/** Looks once more, and into the alarms' histories where the endpoint did not do what was asked. */
async function gather(
  surroundings: Surroundings,
  update: Update,
  endpoint: DescribeEndpointCommandOutput | undefined,
  seen: { fired: Set<string>; foreign: Set<string>; aborted: boolean; unseen: string[] },
): Promise<OutcomeFacts> {
  const { aws, clock, signal } = surroundings;
  if (endpoint?.EndpointConfigName !== update.requested) {
    const window = { start: update.startedAt, end: clock.now() + 1000 };
    for (const name of new Set([...update.alarms, ...alarmsIn(endpoint?.FailureReason)])) {
      if (seen.fired.has(name)) continue;
      const trouble = await troubleOf(async () => {
        const changes = await alarmChanges(aws, name, window, signal);
        if (changes.some((change) => change.fired)) seen.fired.add(name);
      });
      if (trouble !== undefined) seen.unseen.push(trouble);
    }
  }
  return {
    endpoint: update.endpoint,
    requested: update.requested,
    previous: update.previous,
    now:
      endpoint === undefined
        ? undefined
        : {
            status: endpoint.EndpointStatus ?? 'unknown',
            config: endpoint.EndpointConfigName,
            failureReason: endpoint.FailureReason,
          },
    reasonBefore: update.reasonBefore,
    firedAlarms: [...seen.fired],
    foreignTargets: [...seen.foreign],
    elapsedSeconds: (clock.now() - update.startedAt) / 1000,
    maxSeconds: update.maxSeconds,
    aborted: seen.aborted,
  };
}
