import { showLimit, showValue } from '../../guard/alarms/format.ts';
import type { MetricsMinute } from '../../lifecycle/guarded-update/fleet-metrics.ts';
import { type Phase, standsBy } from '../../guard/phase.ts';
import type { Snapshot, Update } from '../../lifecycle/guarded-update/await-update.ts';
import { type Io, plain } from '../../ui/io.ts';
import { drawLive, type LiveAlarm, type LiveFleet, type LiveView } from '../../ui/live.ts';
import { MINUTE, percent, timeOfDay } from '../../base/units.ts';

/** One look at an update in the terms of the live view. Pure. */
function viewOf(
  update: Pick<Update, 'endpoint' | 'previous' | 'requested' | 'startedAt'>,
  snapshot: Snapshot,
): LiveView {
  const { stage, at } = snapshot;
  return {
    endpoint: update.endpoint,
    stage: phaseWords(stage),
    secondsLeft: stage.bakeEnds === undefined ? undefined : Math.max(0, (stage.bakeEnds - at) / 1000),
    elapsed: (at - update.startedAt) / 1000,
    trouble: snapshot.trouble,
    fleets: fleets(update, snapshot),
    alarms: snapshot.alarms.map((alarm): LiveAlarm => {
      const last = snapshot.points.get(alarm.AlarmName ?? '')?.at(-1);
      return {
        name: alarm.AlarmName ?? '',
        state: alarm.StateValue ?? 'INSUFFICIENT_DATA',
        last: last === undefined ? undefined : showValue(alarm, last.value),
        limit: showLimit(alarm),
      };
    }),
  };
}

function fleets(update: Pick<Update, 'previous' | 'requested'>, snapshot: Snapshot): LiveFleet[] {
  const { stage } = snapshot;
  // Once settled, one fleet is left: the endpoint runs its config alone.
  const running = stage.name === 'settled' ? stage.oldFleet : undefined;
  const updated = running?.config === update.requested;
  const one = (
    label: 'old' | 'new',
    config: string,
    count: { current: number; desired: number } | undefined,
    share: number,
    minutes: readonly MetricsMinute[],
  ): LiveFleet => ({
    label,
    config,
    current: count?.current ?? 0,
    desired: count?.desired ?? 0,
    ...(label === 'old' && count !== undefined && standsBy(stage, count) ? { idle: true } : {}),
    share,
    ...graphs(minutes, snapshot.at),
  });
  return [
    one('old', update.previous, updated ? undefined : stage.oldFleet, updated ? 0 : 1 - stage.share, snapshot.old),
    one('new', update.requested, updated ? running : stage.newFleet, updated ? 1 : stage.share, snapshot.new),
  ];
}

const MINUTES_SHOWN = 20;

/** A value a minute up to the last whole one; a minute without requests is a gap. */
function graphs(minutes: readonly MetricsMinute[], now: number): Pick<LiveFleet, 'errorRate' | 'latencyMs'> {
  const byMinute = new Map(minutes.map((minute) => [minute.at, minute]));
  const last = minutes.at(-1)?.at ?? Math.floor(now / MINUTE) * MINUTE;
  const shown = Array.from({ length: MINUTES_SHOWN }, (_, index) =>
    byMinute.get(last - (MINUTES_SHOWN - 1 - index) * MINUTE),
  );
  return {
    errorRate: shown.map((minute) =>
      minute === undefined || minute.requests === 0 ? undefined : minute.errors5xx / minute.requests,
    ),
    latencyMs: shown.map((minute) => minute?.latencyMs),
  };
}

const STAGE_WORDS: Readonly<Record<Phase['name'], (share: string) => string>> = {
  settled: () => 'settled',
  starting: () => 'starting',
  launching: () => 'launching the new fleet',
  shifting: (share) => `shifting traffic, ${share} on the new fleet`,
  baking: (share) => `baking with ${share} of the traffic`,
  'final-bake': () => 'baking with all traffic',
  terminating: () => 'removing instances',
  'rolling-back': () => 'rolling back',
  creating: () => 'creating',
  deleting: () => 'deleting',
  failed: () => 'failed',
  updating: () => 'updating',
};

/** What is happening, in a few words. */
export function phaseWords(stage: Phase): string {
  return STAGE_WORDS[stage.name](percent(Math.round(stage.share * 100) / 100));
}

/**
 * The lines for where nothing can be redrawn: one when the stage changes, one when an alarm's state does.
 * @param before the look before this one
 */
function changesSince(before: Snapshot | undefined, snapshot: Snapshot): string[] {
  const lines: string[] = [];
  const words = phaseWords(snapshot.stage);
  if (before === undefined || phaseWords(before.stage) !== words) {
    const bake = snapshot.stage.bakeEnds === undefined ? '' : ` until ${timeOfDay(snapshot.stage.bakeEnds, 'seconds')}`;
    lines.push(`${words}${bake}`);
  }
  for (const alarm of snapshot.alarms) {
    const earlier = before?.alarms.find((other) => other.AlarmName === alarm.AlarmName)?.StateValue;
    if (before !== undefined && earlier !== alarm.StateValue) {
      lines.push(`alarm ${alarm.AlarmName} is ${alarm.StateValue}${lastValue(alarm, snapshot)}`);
    }
  }
  if (snapshot.trouble !== undefined && snapshot.trouble !== before?.trouble)
    lines.push(`! ${plain(snapshot.trouble)}`);
  return lines.map((line) => `${timeOfDay(snapshot.at, 'seconds')}  ${line}`);
}

/** CloudWatch's own sentence says this at greater length; it is told once, at the end. */
function lastValue(alarm: Snapshot['alarms'][number], snapshot: Snapshot): string {
  const last = snapshot.points.get(alarm.AlarmName ?? '')?.at(-1);
  return last === undefined ? '' : `: ${showValue(alarm, last.value)}, limit ${showLimit(alarm)}`;
}

/** On a terminal a view that is drawn over itself; elsewhere a timestamped line for everything that changes. */
export function liveView(
  io: Pick<Io, 'err' | 'rewind' | 'interactive' | 'columns' | 'color'>,
): (update: Pick<Update, 'endpoint' | 'previous' | 'requested' | 'startedAt'>, snapshot: Snapshot) => void {
  let before: Snapshot | undefined;
  let drawn = 0;
  return (update, snapshot) => {
    if (io.interactive) {
      const lines = drawLive(viewOf(update, snapshot), io.columns, io.color);
      io.rewind?.(drawn);
      io.err(lines.join('\n'));
      drawn = lines.length;
    } else {
      for (const line of changesSince(before, snapshot)) io.err(line);
    }
    before = snapshot;
  };
}
