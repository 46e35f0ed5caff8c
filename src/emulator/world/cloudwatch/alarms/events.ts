import type { EventSource } from '../../timeline.ts';
import type { Platform } from '../../world.ts';
import { MathProblem } from '../math/parse.ts';
import { runActions } from './actions.ts';
import { alarmRange, nextAlarmData } from './data.ts';
import { type AlarmPoint, evaluateAlarm } from './evaluation.ts';
import { stateReason, stateReasonData } from './reason.ts';
import { type AlarmRecord, periodOf, type StateValue } from './record.ts';

/** Evaluates alarms as time passes: each minute, every ten seconds for periods under a minute. */
export function alarmEvents(world: Platform): EventSource {
  return {
    next: () => world.alarms.due,
    run: (at) =>
      world.alarms.run(at, (alarm) => {
        const idle = evaluate(world, alarm, alarm.nextEvaluation);
        return idle ? afterIdling(world, alarm) : alarm.nextEvaluation + everyMs(alarm);
      }),
  };
}

/** Time between two evaluations: "alarms with periods of 10 or 30 seconds are evaluated every 10 seconds". */
function everyMs(alarm: AlarmRecord): number {
  return periodOf(alarm.settings) < 60 ? 10_000 : 60_000;
}

/** True when there was nothing to see and nothing changed. */
function evaluate(world: Platform, alarm: AlarmRecord, at: number): boolean {
  const range = tryRange(world, alarm, at);
  if (range === undefined) return false;
  const evaluation = evaluateAlarm(alarm.settings, range);
  if (evaluation.state === undefined || evaluation.state === alarm.state) {
    return range.every((point) => point.value === undefined);
  }
  const reason = stateReason(alarm.settings, evaluation, evaluation.state);
  const reasonData = stateReasonData(alarm.settings, evaluation, at, range);
  changeState(world, alarm, { state: evaluation.state, reason, reasonData }, at);
  return false;
}

/**
 * When an alarm that saw nothing is to look again: its next turn, or, where the world slept long, the last turn before
 * there is data again (at the latest the last one that is due now). The turns between would see nothing either.
 */
function afterIdling(world: Platform, alarm: AlarmRecord): number {
  const every = everyMs(alarm);
  const next = alarm.nextEvaluation + every;
  const target = Math.min(nextAlarmData(world, alarm, alarm.nextEvaluation), world.clock.now());
  return target <= next ? next : next + Math.floor((target - next) / every) * every;
}

/** Moves an alarm to a state, records it in its history, and carries out its actions when the state is another one. */
export function changeState(
  world: Platform,
  alarm: AlarmRecord,
  to: { state: StateValue; reason: string; reasonData?: string },
  at: number,
): void {
  const from = alarm.state;
  world.alarms.transition(alarm, to, at);
  if (from === to.state) return;
  for (const entry of runActions(world, alarm, from, at)) world.alarms.record(alarm, entry);
}

/** An expression that cannot be computed for the data at hand leaves the state as it is. */
function tryRange(world: Platform, alarm: AlarmRecord, at: number): AlarmPoint[] | undefined {
  try {
    return alarmRange(world, alarm, at);
  } catch (problem) {
    if (problem instanceof MathProblem) return undefined;
    throw problem;
  }
}
