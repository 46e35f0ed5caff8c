import type { Gate } from '../../analysis/judge/verdict.ts';
import type { DayFacts } from '../../analysis/observations.ts';
import { count, counted, MISSING, number } from '../../base/units.ts';
import type { BatchFacts, Report } from '../report.ts';
import { gateValue } from '../words.ts';
import type { Column, Section } from './section.ts';

/** So many gates have a column of their own. */
const MAX_GATES = 2;
const ORDER = { fail: 0, inconclusive: 1, pass: 2 } as const;

/** Of a batch: what became of its rows, and what was seen day by day. Undefined of anything else. */
export function daysSection(report: Report): Section | undefined {
  const { batch, observations } = report;
  const { days } = observations;
  if (batch === undefined || days === undefined) return undefined;
  const gates = gatesByDay(report);
  const failed = new Map(batch.days.map((one) => [one.day, one.failedObjects.length]));
  const columns: Column[] = [
    { title: 'day' },
    ...ROWS.map(([, title, wide]): Column => ({ title, number: true, ...(wide ? { wide: true } : {}) })),
    ...gates.map((gate): Column => ({ title: gate.id, number: true })),
  ];
  const rows = [...days, total(days)].map(({ day, rows: of }) => [
    day === '' ? 'all' : `${day} ${weekday(day)}`,
    ...ROWS.map(([name]) => cell(of, name)),
    ...gates.map((gate) => (day === '' ? gateValue(gate, gate.estimate) : valueOf(gate, day))),
  ]);
  return {
    title: `Days of ${batch.name}`,
    sentences: [
      accountText(days),
      ...gates.flatMap(gateSentences),
      ...leftOutText(batch),
      ...failedText(batch, failed),
      ...notAskedText(batch),
      untilText(report, batch),
    ],
    tables: [{ caption: 'Day by day', columns, rows, inShort: rows.map((_, i) => i) }],
    ...(gates.some(({ byDay }) => byDay?.days.some(({ apart }) => apart))
      ? { remark: '! stands out from the other days' }
      : {}),
  };
}

type RowName = keyof DayFacts['rows'] | 'rest';

const ROWS: readonly (readonly [name: RowName, title: string, wide: boolean])[] = [
  ['delivered', 'rows', false],
  ['judged', 'judged', false],
  ['rest', 'not judged', false],
  ['withoutCounterpart', 'no counterpart', true],
  ['unreadable', 'unreadable', true],
  ['inFailedObject', 'in failed objects', true],
  ['late', 'late', true],
];

function cell(rows: DayFacts['rows'], name: RowName): string {
  return count(name === 'rest' ? rows.delivered - rows.judged : rows[name]);
}

function total(days: readonly DayFacts[]): Pick<DayFacts, 'day' | 'rows'> {
  const sum = (name: keyof DayFacts['rows']) => days.reduce((all, { rows }) => all + rows[name], 0);
  return {
    day: '',
    rows: {
      delivered: sum('delivered'),
      judged: sum('judged'),
      withoutCounterpart: sum('withoutCounterpart'),
      unreadable: sum('unreadable'),
      inFailedObject: sum('inFailedObject'),
      late: sum('late'),
    },
  };
}

/** What became of all rows, in a sentence. */
function accountText(days: readonly DayFacts[]): string {
  const { delivered, judged, withoutCounterpart, unreadable, inFailedObject, late } = total(days).rows;
  const rest = [
    [withoutCounterpart, 'without a counterpart'],
    [unreadable, 'unreadable'],
    [inFailedObject, 'in objects that failed'],
    [late, 'late'],
  ] as const;
  const parts = rest.filter(([n]) => n > 0).map(([n, words]) => `${count(n)} ${words}`);
  return `Of ${counted(delivered, 'rows')} that were delivered on ${counted(days.length, 'days')}, ${parts.length === 0 && judged === delivered ? 'all were judged' : [`${count(judged)} were judged`, ...parts].join(', ')}.`;
}

/** The gates whose value is known day by day: those that decide first, the worst first. */
export function gatesByDay({ verdict }: Report): Gate[] {
  const known = (verdict?.gates ?? []).filter(({ byDay }) => (byDay?.days.length ?? 0) > 0);
  return known
    .toSorted((a, b) => Number(b.gating) - Number(a.gating) || ORDER[a.outcome] - ORDER[b.outcome])
    .slice(0, MAX_GATES);
}

function valueOf(gate: Gate, day: string): string {
  const found = gate.byDay?.days.find((one) => one.day === day);
  if (found === undefined) return MISSING;
  return `${found.apart ? '! ' : ''}${gateValue(gate, found.value)}`;
}

function gateSentences(gate: Gate): string[] {
  const { byDay, id } = gate;
  if (byDay === undefined || byDay.days.length < 2) return [];
  const equally = `${id} is ${gateValue(gate, gate.estimate)} by rows, and ${gateValue(gate, byDay.equally)} with the same weight for every day.`;
  if (byDay.trend === undefined) return [equally];
  const way = byDay.trend > 0 ? 'rises' : 'falls';
  return [equally, `${id} ${way} by ${gateValue(gate, Math.abs(byDay.trend))} a day, which is more than chance.`];
}

function leftOutText({ leftOut, kept }: BatchFacts): string[] {
  const copies = leftOut.filter(({ why }) => why === 'copy').map(({ day, of }) => `${day} (as ${of})`);
  const others = leftOut.filter(({ why }) => why === 'other-models').map(({ day, of }) => `${day} (${of})`);
  return [
    ...(copies.length === 0 ? [] : [`Delivered twice and counted once: ${copies.join(', ')}.`]),
    ...(others.length === 0 ? [] : [`Run with other models and left out: ${others.join(', ')}.`]),
    ...(kept.length === 0
      ? []
      : [
          `The pairs of ${kept.join(', ')} are gone: what was summed when the day was run counts, without later labels.`,
        ]),
  ];
}

/** Objects that failed, the first of them by name. */
function failedText({ days }: BatchFacts, failed: ReadonlyMap<string, number>): string[] {
  const all = [...failed.values()].reduce((sum, n) => sum + n, 0);
  const first = days.find(({ failedObjects }) => failedObjects.length > 0);
  const object = first?.failedObjects[0];
  if (object === undefined) return [];
  const line = object.line === undefined ? '' : ` (row ${object.line})`;
  return [`${counted(all, 'objects')} failed, first on ${first?.day ?? ''}: ${object.key}${line}: ${object.reason}`];
}

function notAskedText({ notAsked }: BatchFacts): string[] {
  return [
    `Not asked of a batch: latency, errors and traffic${notAsked.length === 0 ? '' : `, and what the policy says of ${notAsked.join(', ')}`}.`,
  ];
}

/** How long it goes on, and what comes after. */
function untilText({ verdict }: Report, { until, over, cost }: BatchFacts): string {
  const paid = cost === undefined || cost === 0 ? '' : ` Its jobs took about $${number(cost, 3)} so far.`;
  if (verdict?.outcome !== 'inconclusive') return `It is decided.${paid}`;
  return over
    ? `Its last day has come (${until}), and it is still open: let it go on (--for), change what the policy demands, or leave production as it is.${paid}`
    : `It goes on until it passes, to ${until} at the most (--for).${paid}`;
}

function weekday(day: string): string {
  return ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][new Date(`${day.slice(0, 10)}T00:00:00Z`).getUTCDay()] ?? '';
}

/** `2026-11-16 – 2026-11-29 (14 days)` */
export function spanOfDays(days: readonly DayFacts[], zone: string): string {
  const [first, last] = [days[0], days.at(-1)];
  const place = zone === 'UTC' ? '' : `, ${zone}`;
  if (first === undefined || last === undefined) return 'no day';
  return first === last
    ? `${first.day}${place}`
    : `${first.day} – ${last.day} (${counted(days.length, 'days')}${place})`;
}
