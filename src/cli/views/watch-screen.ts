import { brokenAdvice } from '../../base/broken-endpoint.ts';
import { printText } from '../../base/text.ts';
import { count, duration, milliseconds, percent, SECOND, timeOfDay } from '../../base/units.ts';
import { showLimit, showValue } from '../../guard/alarms/format.ts';
import type { Activity, EndpointLook, WatchedAlarm, WatchedFleet } from '../../lifecycle/look-at-endpoint.ts';
import { decidingRows, type GateRow, MARK } from '../../report/content/gates.ts';
import type { Report } from '../../report/report.ts';
import { cut } from '../../ui/cut.ts';
import { plain } from '../../ui/io.ts';
import { sparkline } from '../../ui/sparkline.ts';
import { type Meaning, paint } from '../../ui/theme.ts';
import { track } from '../../ui/track.ts';
import { padEnd, padStart } from '../../ui/width.ts';
import { wrap } from '../../ui/wrap.ts';
import { phaseWords } from './update-live.ts';

/** What a key does, and in a word. */
export interface WatchKey {
  key: string;
  does: string;
}

/** The keys that make sense now; `q` always does. */
export function keysOf({ activity, release }: Pick<EndpointLook, 'activity' | 'release'>): WatchKey[] {
  const quit = { key: 'q', does: 'quit' };
  switch (activity.kind) {
    case 'update':
      return [{ key: 'a', does: 'abort' }, quit];
    case 'rollout':
      return [{ key: 'a', does: 'cancel' }, quit];
    case 'shadow':
      return activity.calibrates
        ? [quit]
        : release !== undefined
          ? // Whoever promotes or ends its shadow by hand breaks it.
            [{ key: 'r', does: 'report' }, { key: 's', does: 'release status' }, quit]
          : [{ key: 'r', does: 'report' }, { key: 'p', does: 'promote' }, { key: 'k', does: 'keep production' }, quit];
    default:
      return [quit];
  }
}

/** What goes on, in a few words. */
function activityWords({ activity, release }: Pick<EndpointLook, 'activity' | 'release'>): string {
  const words = wordsOf(activity);
  return release === undefined || activity.kind === 'gone' ? words : `release ${release.at}: ${words}`;
}

function wordsOf(activity: Activity): string {
  switch (activity.kind) {
    case 'nothing':
      return 'in service';
    case 'gone':
      return 'there is no such endpoint';
    case 'failed':
      return 'failed';
    case 'creating':
      return 'being created';
    case 'update':
      return `${activity.command ?? 'update'}: ${phaseWords(activity.phase)}`;
    case 'rollout':
      return activity.step === 0 ? 'rollout: begins' : `rollout: step ${activity.step} of ${activity.steps}`;
    case 'shadow':
      return activity.calibrates ? 'calibration: production shadows itself' : 'shadow';
  }
}

/**
 * What must happen next, and when: one sentence.
 * @param keys there are keys to press
 */
export function nextWords(look: EndpointLook, keys: boolean): string {
  const { activity, release } = look;
  if (release === undefined || activity.kind === 'gone' || activity.kind === 'failed') return goesOn(look, keys);
  const now = activity.kind === 'nothing' ? '' : `${goesOn(look, false)} `;
  return `${now}Release ${release.id}: ${plain(release.waiting.replace(/^It/, 'it'))}.`;
}

function goesOn({ activity, judgement, at, endpoint, status }: EndpointLook, keys: boolean): string {
  switch (activity.kind) {
    case 'nothing':
      return 'Nothing is under way. A canary, a shadow or a rollout shows here as soon as it begins.';
    case 'gone':
      return 'The endpoint does not exist.';
    case 'failed':
      return `It is ${status} (${plain(activity.reason ?? 'AWS gave no reason')}). ${printText(brokenAdvice(endpoint, status))}`;
    case 'creating':
      return 'SageMaker starts its instances, which takes minutes.';
    case 'update':
      return updateWords(activity);
    case 'rollout':
      if (!activity.attended)
        return `No command is at work on this rollout: the candidate keeps its share until rollout --resume continues it, or rollout --cancel${keys ? ' (key a)' : ''} takes it back.`;
      return activity.bakeEnds === undefined || activity.bakeEnds <= at
        ? 'The policy decides at the next look whether the candidate takes more.'
        : `The candidate is watched until ${timeOfDay(activity.bakeEnds, 'seconds')}; then the policy decides whether it takes more.`;
    case 'shadow':
      return activity.calibrates
        ? 'Waiting for requests, which both copies of the model answer.'
        : shadowWords(judgement, keys);
  }
}

function updateWords({ phase }: Extract<Activity, { kind: 'update' }>): string {
  const until = phase.bakeEnds === undefined ? '' : ` until ${timeOfDay(phase.bakeEnds, 'seconds')}`;
  switch (phase.name) {
    case 'starting':
    case 'launching':
      return 'SageMaker starts the instances of the new fleet; all requests still go to the old one.';
    case 'shifting':
      return 'SageMaker moves requests to the new fleet.';
    case 'baking':
      return `SageMaker watches the alarms${until}, then moves more requests; an alarm returns all to the old fleet.`;
    case 'final-bake':
      return `SageMaker watches the alarms${until}, then removes the old fleet; an alarm returns all requests to it.`;
    case 'terminating':
      return 'SageMaker removes the old instances.';
    case 'rolling-back':
      return 'SageMaker returns all requests to the old fleet and removes the new one.';
    default:
      return 'SageMaker is changing the endpoint.';
  }
}

/** What decides on a shadow, or is missing: one sentence. */
export function shadowWords(report: Report | undefined, keys: boolean): string {
  const verdict = report?.verdict;
  if (verdict === undefined) return 'Waiting for requests: there is nothing to compare yet.';
  if (verdict.outcome === 'pass') return `The shadow has passed.${keys ? ' Press p to promote it.' : ''}`;
  if (verdict.outcome === 'fail') return `The shadow has failed.${keys ? ' Press k to keep production as it is.' : ''}`;
  const open = openGates(report);
  const [longest] = open.toSorted((a, b) => (b.missing?.minutes ?? 0) - (a.missing?.minutes ?? 0));
  const needs = open.find((gate) => gate.missing === undefined) ?? longest;
  return needs?.needs === undefined ? plain(verdict.summary) : `To decide, ${needs.id} needs ${plain(needs.needs)}.`;
}

/** Gates that keep a verdict open, and say what would decide them. */
function openGates(report: Report | undefined) {
  return (report?.verdict?.gates ?? []).filter(
    (gate) => gate.gating && gate.outcome === 'inconclusive' && gate.needs !== undefined,
  );
}

/** Milliseconds until the present stage is over, as far as that is known: not where time alone does not end it. */
function timeLeft({ activity, judgement, at }: EndpointLook): number | undefined {
  if (activity.kind === 'update') return left(activity.phase.bakeEnds, at);
  if (activity.kind === 'rollout') return activity.attended ? left(activity.bakeEnds, at) : undefined;
  const open = openGates(judgement);
  const minutes = open.map((gate) => gate.missing?.minutes).filter((one) => one !== undefined);
  const ends =
    activity.kind === 'shadow' &&
    minutes.length > 0 &&
    open.every(({ missing }) => missing !== undefined && missing.atLeast === undefined);
  return ends ? Math.max(...minutes) * 60 * SECOND : undefined;
}

function left(end: number | undefined, at: number): number | undefined {
  return end === undefined || end <= at ? undefined : end - at;
}

export interface ScreenSize {
  columns: number;
  rows: number;
  color: boolean;
}

/** A look as a whole screen: at most `rows` lines of at most `columns`; the keys stand in the last one. */
export function watchScreen(look: EndpointLook, size: ScreenSize): string[] {
  const { columns, rows } = size;
  const head = [title(look, size), '─'.repeat(columns)];
  const foot = [keyLine(look, size)];
  const waits = ['', ...wrap(nextWords(look, true), columns, '  ')];
  const watched =
    look.watcher === undefined || look.activity.kind !== 'update' ? [] : [cut(`Followed by ${look.watcher}`, columns)];
  // A permission that is missing stands at its end.
  const trouble =
    look.trouble === undefined
      ? []
      : wrap(`! ${plain(look.trouble)}`, columns, '  ').map((line) => paint(size, 'warning', cut(line, columns)));
  const tail = [...waits, ...watched, ...trouble];
  const fleets = fleetLines(look, size);
  let room = rows - head.length - foot.length - tail.length - fleets.length;
  const alarms = fitted(alarmLines(look.alarms, size), room, columns);
  room -= alarms.length;
  const gates = fitted(gateLines(look.judgement, size), room, columns);
  const body = [...head, ...fleets, ...alarms, ...gates, ...tail].slice(0, rows - foot.length);
  const blank = Array.from({ length: rows - foot.length - body.length }, () => '');
  return [...body, ...blank, ...foot].map((line) => line.trimEnd());
}

/** Without room for all lines: the first of them, and how many are left out. The first two are an empty line and the head. */
export function fitted(lines: readonly string[], room: number, columns: number): string[] {
  if (lines.length <= room) return [...lines];
  if (room < 4) return [];
  const kept = lines.slice(0, room - 1);
  return [...kept, cut(`  … ${lines.length - kept.length} more`, columns)];
}

function title(look: EndpointLook, { columns, color }: ScreenSize): string {
  const remaining = timeLeft(look);
  const time = `${timeOfDay(look.at, 'seconds')} UTC`;
  const verdict = look.activity.kind === 'shadow' ? (look.judgement?.verdict?.outcome.toUpperCase() ?? '') : '';
  const words = [
    activityWords(look),
    ...(verdict === '' ? [] : [verdict]),
    ...(remaining === undefined ? [] : [`${duration(remaining)} left`]),
  ].join(', ');
  const room = columns - time.length - 2;
  return `${paint({ color }, 'title', padEnd(cut(`${plain(look.endpoint)}  ${words}`, room), room))}  ${time}`;
}

function fleetLines({ fleets }: EndpointLook, size: ScreenSize): string[] {
  if (fleets.length === 0) return [];
  const { columns } = size;
  const wide = columns >= 100;
  // Where there is little room, the graphs go first, then how many instances there are: a number is never cut.
  const graph = wide ? 14 : columns >= 73 ? 5 : 0;
  const inst = columns >= 63 ? 7 : 0;
  // What is left for the model's name beside everything else.
  const room = Math.max(8, columns - 12 - inst - 11 - 8 - (8 + graph) - (9 + graph));
  const head = `${'fleet'.padEnd(12)}${padEnd('model', room)}${inst === 0 ? '' : 'inst'.padStart(inst)}${'traffic'.padStart(11)}${'req/min'.padStart(8)}${padStart('5XX', 8 + graph)}${padStart('p90', 9 + graph)}`;
  const newest = Math.max(0, ...fleets.map(({ minutes }) => minutes.at(-1)?.at ?? 0));
  const rows = fleets.map((fleet) => fleetLine(fleet, newest, { room, graph, inst }));
  return [
    '',
    paint(size, 'quiet', cut(head, columns)),
    ...rows.map((row) => cut(row, columns)),
    ...splitLines(fleets, size),
  ];
}

const GRAPH_MINUTES = 14;

/** @param newest the last minute that any fleet has; one that lags behind it by more than one has no requests any more */
function fleetLine(
  fleet: WatchedFleet,
  newest: number,
  { room, graph, inst }: { room: number; graph: number; inst: number },
): string {
  const { role, model, instances, share, minutes } = fleet;
  const latest = minutes.at(-1);
  const stale = latest === undefined || newest - latest.at > 60 * SECOND;
  const last = stale ? undefined : latest;
  const end = stale ? newest : latest.at;
  const shown = Array.from({ length: GRAPH_MINUTES }, (_, index) =>
    minutes.find((minute) => minute.at === end - (GRAPH_MINUTES - 1 - index) * 60 * SECOND),
  );
  const rate = (minute: typeof last) =>
    minute === undefined || minute.requests === 0 ? undefined : minute.errors5xx / minute.requests;
  const fleetSize =
    instances.idle === true
      ? `${instances.current} idle`
      : instances.current === instances.desired
        ? `${instances.current}`
        : `${instances.current} of ${instances.desired}`;
  const traffic =
    share === undefined ? '?' : `${role === 'shadow' ? 'copy ' : ''}${percent(Math.round(share * 100) / 100)}`;
  const drawn = (values: readonly (number | undefined)[], top?: number) =>
    graph === 0 ? '' : sparkline(values, graph, top);
  const errors = ` ${drawn(shown.map(rate), 0.05)}${percent(rate(last)).padStart(7)}`;
  const latency = ` ${drawn(shown.map((minute) => minute?.latencyMs))}${milliseconds(last?.latencyMs).padStart(8)}`;
  return `${role.padEnd(12)}${padEnd(cut(plain(model), room - 1), room)}${inst === 0 ? '' : fleetSize.padStart(inst)}${traffic.padStart(11)}${count(last?.requests).padStart(8)}${errors}${latency}`;
}

/** How the requests are divided, as a bar, where there is something to divide. */
function splitLines(fleets: readonly WatchedFleet[], size: ScreenSize): string[] {
  const production = fleets.filter((fleet) => fleet.role !== 'shadow' && fleet.share !== undefined);
  const young = production.find((fleet) => fleet.role === 'new' || fleet.role === 'candidate');
  if (production.length < 2 || young?.share === undefined) return [];
  const width = size.columns - 12;
  const there = Math.round(young.share * width);
  return [`${'traffic'.padEnd(12)}${'░'.repeat(width - there)}${paint(size, 'name', '█'.repeat(there))}`];
}

const ALARM_MARKS: Readonly<Record<string, [mark: string, meaning: Meaning]>> = {
  OK: ['✓', 'good'],
  ALARM: ['✗', 'bad'],
  INSUFFICIENT_DATA: ['·', 'quiet'],
};

function alarmLines(alarms: readonly WatchedAlarm[], size: ScreenSize): string[] {
  if (alarms.length === 0) return [];
  const names = Math.min(
    size.columns - 46,
    Math.max(...alarms.map(({ alarm }) => plain(alarm.AlarmName ?? '').length)),
  );
  const gauge = Math.min(24, size.columns - names - 40);
  const rows = alarms.map(({ alarm, last }) => {
    const [mark, meaning] = ALARM_MARKS[alarm.StateValue ?? ''] ?? ['?', 'quiet'];
    const state = alarm.StateValue === 'INSUFFICIENT_DATA' ? 'no data' : (alarm.StateValue ?? '');
    const value = last === undefined ? '–' : showValue(alarm, last);
    const name = padEnd(cut(plain(alarm.AlarmName ?? ''), names), names);
    return `${paint(size, meaning, mark)} ${name}  ${state.padEnd(7)}  ${value.padStart(9)}  ${showLimit(alarm).padEnd(12)} ${alarmGauge(alarm, last, gauge)}`;
  });
  return ['', paint(size, 'quiet', cut('alarms (the bar: how much of the limit is used)', size.columns)), ...rows];
}

/** How far a value has gone towards the limit: full is the limit. */
function alarmGauge({ Threshold: limit }: WatchedAlarm['alarm'], last: number | undefined, width: number): string {
  if (last === undefined || limit === undefined || limit <= 0 || width < 4) return '';
  const full = Math.max(0, Math.min(width, Math.round((last / limit) * width)));
  return '█'.repeat(full) + '░'.repeat(width - full);
}

const MEANINGS = { pass: 'good', fail: 'bad', inconclusive: 'warning' } as const;

/** Gates that decide, each with where its value can be. */
export function gateLines(report: Report | undefined, size: ScreenSize): string[] {
  if (report?.verdict === undefined) return [];
  const { deciding } = decidingRows(report);
  if (deciding.length === 0) return [];
  const width = (of: (row: GateRow) => string, most: number) =>
    Math.min(most, Math.max(...deciding.map((row) => plain(of(row)).length)));
  const [ids, seen, limits] = [
    width(({ gate }) => gate.id, 24),
    width((row) => row.seen, 12),
    width((row) => row.limit, 14),
  ];
  const line = Math.min(40, size.columns - ids - seen - limits - 10);
  const rows = deciding.map((row) => {
    const { gate } = row;
    const mark = paint(size, MEANINGS[gate.outcome], MARK[gate.outcome]);
    const words = `${padEnd(cut(gate.id, ids), ids)}  ${padStart(plain(row.seen), seen)}  ${padEnd(plain(row.limit), limits)}`;
    return `${mark} ${words}  ${gateTrack(row, line)}`;
  });
  return [
    '',
    paint(size, 'quiet', cut('gates (━ what the value can be, ● what was seen, ┃ the limit)', size.columns)),
    ...rows,
  ];
}

/** What a gate's value can still be, against its margin: the interval closes in as evidence grows. */
function gateTrack({ gate, canBe }: GateRow, width: number): string {
  const { interval, margin, estimate } = gate;
  // A rule bounds nothing.
  if (gate.test === 'rule' || interval === undefined || margin === undefined || !Number.isFinite(margin))
    return cut(plain(canBe), width);
  const finite = interval.map((end) => (Number.isFinite(end) ? end : margin * 2));
  const [low = margin, high = margin] = finite;
  // The margin stands in the middle; twice the distance that the estimate has from it fits.
  const reach = Math.max(Math.abs(margin - (estimate ?? low)), Math.min(high - low, Math.abs(margin) || 1), 1e-9) * 1.5;
  return width < 8 ? '' : track({ low, high, estimate, margin }, [margin - reach, margin + reach], width);
}

function keyLine(look: EndpointLook, size: ScreenSize): string {
  return cut(
    keysOf(look)
      .map(({ key, does }) => `${key} ${does}`)
      .join('   '),
    size.columns,
  );
}

/** The lines for where nothing can be redrawn: one for everything that has changed since the look before. */
export function watchChanges(before: EndpointLook | undefined, look: EndpointLook): string[] {
  const lines: string[] = [];
  const words = activityWords(look);
  if (before === undefined || activityWords(before) !== words) lines.push(words);
  const split = divided(look);
  if (split !== undefined && (before === undefined || divided(before) !== split)) lines.push(split);
  for (const { alarm, last } of look.alarms) {
    const earlier = before?.alarms.find((one) => one.alarm.AlarmName === alarm.AlarmName)?.alarm.StateValue;
    if (before === undefined || earlier === alarm.StateValue) continue;
    const value = last === undefined ? '' : `: ${showValue(alarm, last)}, limit ${showLimit(alarm)}`;
    lines.push(`alarm ${plain(alarm.AlarmName ?? '')} is ${alarm.StateValue}${value}`);
  }
  const verdict = look.judgement?.verdict;
  if (verdict !== undefined && before?.judgement?.verdict?.summary !== verdict.summary)
    lines.push(plain(verdict.summary));
  if (look.trouble !== undefined && look.trouble !== before?.trouble) lines.push(`! ${plain(look.trouble)}`);
  return lines.map((line) => `${timeOfDay(look.at, 'seconds')}  ${line}`);
}

/** `new takes 33 % of the requests` */
function divided({ fleets }: EndpointLook): string | undefined {
  const young = fleets.find((fleet) => fleet.role === 'new' || fleet.role === 'candidate');
  return young?.share === undefined
    ? undefined
    : `${young.model} takes ${percent(Math.round(young.share * 100) / 100)} of the requests`;
}
