import type { Store, Table } from '../../../storage/store.ts';
import type { AlarmHistoryRecord, AlarmRecord, StateValue } from './record.ts';

const TWO_WEEKS = 14 * 86_400_000;
/** How far the kept time of the next evaluation may lag. */
const KEEP_EVERY = 300_000;

/** All alarms with their history: what the CloudWatch service changes and the timeline evaluates. */
export class AlarmStore {
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
    this.#scheduleNext();
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
    this.#scheduleNext();
  }

  delete(alarm: AlarmRecord): void {
    this.#live.delete(keyOf(alarm));
    this.#kept.delete(keyOf(alarm));
    this.#alarms.delete(keyOf(alarm));
    this.#scheduleNext();
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

  /** Those of the alarms called `names` that are in ALARM; one that does not exist is not. */
  firing({ account, region }: { account: string; region: string }, names: readonly string[]): string[] {
    return names.filter((name) => this.get(account, region, name)?.state === 'ALARM');
  }

  /** Has every alarm that is due at `at` evaluated: `evaluate` answers when the alarm is to be evaluated next. */
  run(at: number, evaluate: (alarm: AlarmRecord) => number): void {
    for (const alarm of this.#live.values()) {
      if (alarm.nextEvaluation > at) continue;
      alarm.nextEvaluation = evaluate(alarm);
      if (alarm.nextEvaluation - (this.#kept.get(keyOf(alarm)) ?? 0) >= KEEP_EVERY) this.#keep(alarm);
    }
    this.#scheduleNext();
  }

  #keep(alarm: AlarmRecord): void {
    this.#live.set(keyOf(alarm), alarm);
    this.#kept.set(keyOf(alarm), alarm.nextEvaluation);
    this.#alarms.set(keyOf(alarm), alarm);
  }

  #scheduleNext(): void {
    this.#due = undefined;
    for (const { nextEvaluation } of this.#live.values()) {
      if (this.#due === undefined || nextEvaluation < this.#due) this.#due = nextEvaluation;
    }
  }
}

function stateJson(alarm: AlarmRecord): string {
  const data = alarm.reasonData === undefined ? '' : `,"stateReasonData":${alarm.reasonData}`;
  return `{"stateValue":"${alarm.state}","stateReason":${JSON.stringify(alarm.reason)}${data}}`;
}

function keyOf(alarm: AlarmRecord): string {
  return `${alarm.account}/${alarm.region}/${alarm.settings.AlarmName}`;
}
