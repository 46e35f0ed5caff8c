import { cut } from './cut.ts';
import { styleText } from 'node:util';
import { plain } from './io.ts';
import { sparkline } from './sparkline.ts';
import { duration, milliseconds, percent, SECOND } from '../base/units.ts';
import { padEnd, textWidth } from './width.ts';

/** A fleet as the live view shows it. */
export interface LiveFleet {
  label: 'old' | 'new';
  /** The endpoint config it runs. */
  config: string;
  /** Instances that take traffic or could, and how many there are to be. */
  current: number;
  desired: number;
  /** They run, but take no requests any more. */
  idle?: boolean;
  /** Share of the requests, 0 to 1. */
  share: number;
  /** A value a minute, oldest first; undefined where there is no data. */
  errorRate: readonly (number | undefined)[];
  latencyMs: readonly (number | undefined)[];
}

/** An alarm as the live view shows it. */
export interface LiveAlarm {
  name: string;
  state: string;
  /** Its last value and its limit in human terms; undefined where there is no data. */
  last: string | undefined;
  limit: string;
}

/** One moment of an update. */
export interface LiveView {
  endpoint: string;
  /** What is happening, a few words: `baking, 33 % of the traffic`. */
  stage: string;
  /** Seconds until the present bake ends. */
  secondsLeft: number | undefined;
  /** Seconds since the update began. */
  elapsed: number;
  fleets: readonly LiveFleet[];
  alarms: readonly LiveAlarm[];
  /** Why part of it may be older than the rest. */
  trouble?: string | undefined;
}

/** The view as lines that fit into `columns`. */
export function drawLive(view: LiveView, columns: number, color: boolean): string[] {
  const left = view.secondsLeft === undefined ? '' : `, ${clockOf(view.secondsLeft)} left`;
  const title = `${plain(view.endpoint)}  ${plain(view.stage)}${left}`;
  const elapsed = clockOf(view.elapsed);
  const room = columns - elapsed.length - 2;
  const lines = [`${paint(padEnd(cut(title, room), room), 'bold', color)}  ${elapsed}`];
  const configWidth = fit(
    view.fleets.map((fleet) => fleet.config),
    columns < 100 ? 20 : 40,
  );
  // What is left for two sparklines once the words have their place.
  const graph = Math.max(5, Math.min(20, Math.floor((columns - configWidth - 54) / 2)));
  for (const fleet of view.fleets)
    lines.push(cut(drawFleet(fleet, configWidth, graph, columns >= 100 ? 'p90 ' : ''), columns));
  const nameWidth = fit(
    view.alarms.map((alarm) => alarm.name),
    columns - 40,
  );
  for (const alarm of view.alarms) {
    const value = alarm.last === undefined ? `no data, limit ${alarm.limit}` : `${alarm.last}, limit ${alarm.limit}`;
    const text = cut(
      `  ${MARKS[alarm.state] ?? '?'} ${padEnd(cut(plain(alarm.name), nameWidth), nameWidth)}  ${shortState(alarm.state).padEnd(7)}  ${value}`,
      columns,
    );
    lines.push(alarm.state === 'ALARM' ? paint(text, 'red', color) : text);
  }
  if (view.trouble !== undefined) lines.push(cut(`  ! ${plain(view.trouble)}`, columns));
  return lines.map((line) => line.trimEnd());
}

const MARKS: Readonly<Record<string, string>> = { OK: '✔', ALARM: '✖', INSUFFICIENT_DATA: '·' };

function shortState(state: string): string {
  return state === 'INSUFFICIENT_DATA' ? 'no data' : state;
}

function drawFleet(fleet: LiveFleet, configWidth: number, graph: number, statistic: string): string {
  const some = fleet.current === fleet.desired ? `${fleet.current}` : `${fleet.current} of ${fleet.desired}`;
  const count = fleet.idle === true ? `${fleet.desired} idle` : some;
  const share = percent(Math.round(fleet.share * 100) / 100).padStart(5);
  const errors = `5XX ${sparkline(fleet.errorRate, graph, 0.05)} ${lastRate(fleet.errorRate).padStart(6)}`;
  const latency = `${statistic}${sparkline(fleet.latencyMs, graph)} ${lastMs(fleet.latencyMs).padStart(7)}`;
  return `  ${fleet.label}  ${padEnd(cut(plain(fleet.config), configWidth), configWidth)}  ${count.padStart(6)} inst ${share}  ${errors}  ${latency}`;
}

function lastRate(values: readonly (number | undefined)[]): string {
  const last = values.findLast((value) => value !== undefined);
  return percent(last);
}

function lastMs(values: readonly (number | undefined)[]): string {
  const last = values.findLast((value) => value !== undefined);
  return milliseconds(last);
}

/** Whole seconds; of more than an hour whole minutes. */
function clockOf(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return duration((whole >= 3600 ? Math.floor(whole / 60) * 60 : whole) * SECOND);
}

function fit(texts: readonly string[], most: number): number {
  return Math.max(8, Math.min(most, Math.max(0, ...texts.map((text) => textWidth(plain(text))))));
}

function paint(text: string, format: 'bold' | 'red', color: boolean): string {
  return color ? styleText(format, text, { validateStream: false }) : text;
}
