import type { Store, Table } from '../../../storage/store.ts';
import type { EventSource } from '../../timeline.ts';
import type { World } from '../../world.ts';
import { runActions } from './actions.ts';
import { alarmRange, nextAlarmData } from './data.ts';
import { type AlarmPoint, evaluateAlarm } from './evaluation.ts';
import { stateReason, stateReasonData } from './reason.ts';
import { type AlarmHistoryRecord, type AlarmRecord, type StateValue, periodOf } from './record.ts';
import { MathProblem } from '../math/parse.ts';

const TWO_WEEKS = 14 * 86_400_000;
/** How far the kept time of the next evaluation may lag. */
const KEEP_EVERY = 300_000;

/** The alarms of one store: what the CloudWatch service changes and the timeline evaluates. */
export class AlarmBook {
  readonly #alarms: Table<AlarmRecord>;
  readonly #history: Table<AlarmHistoryRecord>;
  readonly #live = new Map<string, AlarmRecord>();
  readonly #kept = new Map<string, number>();
  #due: number | undefined;
  #entry = 0;

  constructor(store: Store) {
    this.#alarms = store.table('cloudwatch-alarms');
    this.#history = store.table('cloudwatch-alarm-history');
    for (const [key, alarm] of this.#alarms.entries()) this.#live.set(key, alarm);
    this.#entry = this.#history.size;
    this.#reckon();
  }

  /** When the next alarm is to be evaluated; undefined without alarms. */
  get due(): number | undefined {
    return this.#due;
  }

  get(account: string, region: string, name: string): AlarmRecord | undefined {
    return this.#live.get(`${account}/${region}/${name}`);
  }

  /** Alarms of an account and region by name. */
  list(account: string, region: string): AlarmRecord[] {
    return this.#alarms.entries(`${account}/${region}/`).map(([key]) => this.#live.get(key) as AlarmRecord);
  }

  /** Takes up an alarm, or a change to one. */
  put(alarm: AlarmRecord): void {
    this.#keep(alarm);
    this.#reckon();
  }

  delete(alarm: AlarmRecord): void {
    this.#live.delete(keyOf(alarm));
    this.#kept.delete(keyOf(alarm));
    this.#alarms.delete(keyOf(alarm));
    this.#reckon();
  }

  /** Moves an alarm to a state and writes its history. */
  transition(alarm: AlarmRecord, to: { state: StateValue; reason: string; reasonData?: string }, at: number): void {
    const old = stateJson(alarm);
    const from = alarm.state;
    alarm.state = to.state;
    alarm.reason = to.reason;
    if (to.reasonData === undefined) delete alarm.reasonData;
    else alarm.reasonData = to.reasonData;
    alarm.stateUpdated = at;
    this.#keep(alarm);
    this.record(alarm, {
      name: alarm.settings.AlarmName,
      at,
      type: 'StateUpdate',
      summary: `Alarm updated from ${from} to ${to.state}`,
      data: `{"version":"1.0","oldState":${old},"newState":${stateJson(alarm)}}`,
    });
  }

  record(alarm: AlarmRecord, entry: AlarmHistoryRecord): void {
    const prefix = `${alarm.account}/${alarm.region}/`;
    for (const [key, old] of this.#history.entries(prefix)) {
      // Keys begin with the time: the first that is young enough ends the search.
      if (old.at >= entry.at - TWO_WEEKS) break;
      this.#history.delete(key);
    }
    this.#entry += 1;
    const order = `${String(entry.at).padStart(14, '0')}-${String(this.#entry).padStart(9, '0')}`;
    this.#history.set(`${prefix}${order}`, entry);
  }

  /** History of an account and region with its keys, oldest first. */
  history(account: string, region: string): [string, AlarmHistoryRecord][] {
    return this.#history.entries(`${account}/${region}/`);
  }

  /** Evaluates every alarm that is due at `at`, as at that moment. */
  run(world: World, at: number): void {
    for (const alarm of this.#live.values()) {
      if (alarm.nextEvaluation > at) continue;
      const idle = evaluate(world, alarm, alarm.nextEvaluation);
      alarm.nextEvaluation = idle ? afterIdling(world, alarm) : alarm.nextEvaluation + everyMs(alarm);
      if (alarm.nextEvaluation - (this.#kept.get(keyOf(alarm)) ?? 0) >= KEEP_EVERY) this.#keep(alarm);
    }
    this.#reckon();
  }

  #keep(alarm: AlarmRecord): void {
    this.#live.set(keyOf(alarm), alarm);
    this.#kept.set(keyOf(alarm), alarm.nextEvaluation);
    this.#alarms.set(keyOf(alarm), alarm);
  }

  #reckon(): void {
    this.#due = undefined;
    for (const { nextEvaluation } of this.#live.values()) {
      if (this.#due === undefined || nextEvaluation < this.#due) this.#due = nextEvaluation;
    }
  }
}

const books = new WeakMap<Store, AlarmBook>();

/** The alarms kept in a world's store. */
export function alarmBook(world: Pick<World, 'store'>): AlarmBook {
  let book = books.get(world.store);
  if (book === undefined) {
    book = new AlarmBook(world.store);
    books.set(world.store, book);
  }
  return book;
}

/** Evaluates alarms as time passes: each minute, every ten seconds for periods under a minute. */
export function createAlarms(world: World): EventSource {
  const book = alarmBook(world);
  return {
    next: () => book.due,
    run: (at) => book.run(world, at),
  };
}

/** The state of an alarm as of its last evaluation; undefined when there is no such alarm. */
export function alarmState(
  world: Pick<World, 'store'>,
  account: string,
  region: string,
  name: string,
): { state: StateValue; reason: string } | undefined {
  const alarm = alarmBook(world).get(account, region, name);
  return alarm === undefined ? undefined : { state: alarm.state, reason: alarm.reason };
}

/** Time between two evaluations: "alarms with periods of 10 or 30 seconds are evaluated every 10 seconds". */
function everyMs(alarm: AlarmRecord): number {
  return periodOf(alarm.settings) < 60 ? 10_000 : 60_000;
}

/** True when there was nothing to see and nothing changed. */
function evaluate(world: World, alarm: AlarmRecord, at: number): boolean {
  const range = tryRange(world, alarm, at);
  if (range === undefined) return false;
  const verdict = evaluateAlarm(alarm.settings, range);
  if (verdict.state === undefined || verdict.state === alarm.state) {
    return range.every((point) => point.value === undefined);
  }
  const reason = stateReason(alarm.settings, verdict, verdict.state);
  const reasonData = stateReasonData(alarm.settings, verdict, at, range);
  changeState(world, alarm, { state: verdict.state, reason, reasonData }, at);
  return false;
}

/**
 * When an alarm that saw nothing is to look again: its next turn, or, where the world slept long, the last turn before
 * there is data again (at the latest the last one that is due now). What lies between would see nothing either.
 */
function afterIdling(world: World, alarm: AlarmRecord): number {
  const every = everyMs(alarm);
  const next = alarm.nextEvaluation + every;
  const target = Math.min(nextAlarmData(world, alarm, alarm.nextEvaluation), world.clock.now());
  return target <= next ? next : next + Math.floor((target - next) / every) * every;
}

/** Moves an alarm to a state, tells its history, and carries out its actions when the state is another one. */
export function changeState(
  world: World,
  alarm: AlarmRecord,
  to: { state: StateValue; reason: string; reasonData?: string },
  at: number,
): void {
  const book = alarmBook(world);
  const from = alarm.state;
  book.transition(alarm, to, at);
  if (from === to.state) return;
  for (const entry of runActions(world, alarm, from, at)) book.record(alarm, entry);
}

/** An expression that cannot be computed for the data at hand leaves the state as it is. */
function tryRange(world: World, alarm: AlarmRecord, at: number): AlarmPoint[] | undefined {
  try {
    return alarmRange(world, alarm, at);
  } catch (problem) {
    if (problem instanceof MathProblem) return undefined;
    throw problem;
  }
}

function stateJson(alarm: AlarmRecord): string {
  const data = alarm.reasonData === undefined ? '' : `,"stateReasonData":${alarm.reasonData}`;
  return `{"stateValue":"${alarm.state}","stateReason":${JSON.stringify(alarm.reason)}${data}}`;
}

function keyOf(alarm: AlarmRecord): string {
  return `${alarm.account}/${alarm.region}/${alarm.settings.AlarmName}`;
}
