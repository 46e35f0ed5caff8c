import type { DayFacts, Observations } from '../observations.ts';
import { gates as gatesUnder } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import type { PairBlock, Predictions } from '../predictions.ts';
import { studentQuantile } from '../statistics/beta.ts';
import { outlyingDays, trendOf, worthOfDays } from '../statistics/days.ts';
import type { DayValue } from '../statistics/days.ts';
import { count, counted, number, percent, points } from '../../base/units.ts';
import { areChances } from './chances.ts';
import type { Evidence } from './evidence.ts';
import { blockerNeeds } from './evidence.ts';
import { judgedError } from './loss.ts';
import type { Blocker } from './needs.ts';
import { needsAdvice, needsDays, NOTHING } from './needs.ts';
import type { ByDay, DayOfGate, Gate } from './verdict.ts';

/**
 * What a batch adds to gates that were asked of all its rows: each bound with its value day by day; two rules, about the rows
 * that were not judged and about days that are not alike; and no bound passes before there are enough days. How much days
 * differ is in the bounds: see `scatter.ts`.
 */
export function overDays(asked: readonly Gate[], evidence: Evidence): Gate[] {
  const { observations, policy } = evidence;
  const { days } = observations;
  if (days === undefined) return [...asked];
  const told = asked.map((gate) => withDays(gate, evidence, days));
  const waiting = told.map((gate) => waits(gate, observations, policy));
  return [rowsGate(days, policy), daysGate(told, policy), ...waiting];
}

/** A bound that holds, and for which there are too few days: how things go on, these do not say. */
function waits(gate: Gate, observations: Observations, policy: Policy): Gate {
  if (gate.outcome !== 'pass' || gate.test === 'rule') return gate;
  const blocker = tooFewDays(gate, observations, policy);
  if (blocker === undefined) return gate;
  return {
    ...gate,
    outcome: 'inconclusive',
    reason: `${gate.reason.replace(/\.$/, '')}; but ${blocker.reason}.`,
    ...blockerNeeds(blocker),
  };
}

/** Gates that rest on the days whose rows have labels. */
const OF_LABELS = ['truth', 'stability', 'limits.accuracy', 'limits.recall', 'limits.cost'];

function restsOnLabels(id: string): boolean {
  return OF_LABELS.some((name) => id === name || id.startsWith(`${name}.`));
}

/**
 * Why days are too few for a pass: fewer than the policy asks for, or not every day of the week among them; so unequal, or so
 * alike in their inputs, that they are worth less than half of that.
 */
function tooFewDays({ id }: Gate, observations: Observations, policy: Policy): Blocker | undefined {
  const { days = [] } = observations;
  const known = observations.labelled ?? observations.predictions;
  const labelled = restsOnLabels(id) && (known?.truth?.rows ?? 0) > 0;
  const predictions = labelled ? known : observations.predictions;
  const what = labelled ? ' with labels' : '';
  const rows = new Map(
    (predictions?.blocks ?? []).map((block) => [block.at, labelled ? (block.truth ?? 0) : block.rows]),
  );
  const used = days.flatMap(({ day, from }) => {
    const n = rows.get(from) ?? 0;
    return n > 0 ? [{ day, n }] : [];
  });
  const { minimumDays } = policy;
  const there = (n: number) => `there ${n === 1 ? 'is' : 'are'} ${n}`;
  if (used.length < minimumDays)
    return {
      reason: `${counted(minimumDays, 'days')}${what} are needed to pass, and ${there(used.length)}`,
      missing: 0,
      needs: needsDays(minimumDays - used.length, what),
    };
  const missing = weekdaysMissing(used.map(({ day }) => day));
  if (missing.length > 0)
    return {
      reason: `no ${missing.join(' and no ')}${what} is among the days, and a week has one`,
      missing: 0,
      needs: needsAdvice(`a ${missing.join(' and a ')}${what}`),
    };
  const least = minimumDays / 2;
  const worth = worthOfDays(used);
  if (worth < least) {
    const [largest] = used.toSorted((a, b) => b.n - a.n);
    return {
      reason: `their rows are so unequal (${percent((largest?.n ?? 0) / used.reduce((sum, { n }) => sum + n, 0))} are of ${largest?.day ?? ''}) that they are worth ${number(worth, 2)} days of equal size, and ${number(least, 2)} are needed`,
      missing: 0,
      needs: needsAdvice('more days of the usual size'),
    };
  }
  const different = differentDays(predictions, used.length);
  if (different >= least) return undefined;
  return {
    reason: `most of their inputs are the same day after day: they are worth ${number(different, 2)} days of different inputs, and ${number(least, 2)} are needed`,
    missing: 0,
    needs: needsAdvice('days with other inputs (repeating the same ones says nothing new)'),
  };
}

/** How many days' inputs there are: as many as days, where none comes twice; one, where every day repeats the first. */
function differentDays(predictions: Predictions | undefined, days: number): number {
  const { repeats, rows = 0 } = predictions ?? {};
  if (repeats === undefined || repeats.known === 0 || rows === 0) return days;
  // Inputs that repeat within a day are another matter, of which the bounds take account: without them, rows are inputs.
  return Math.min(days, (days * repeats.inputs) / rows);
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const DAY_MS = 86_400_000;
/** A day of the week that had no rows so often is none on which there are any. */
const WEEKS_WITHOUT = 2;

/**
 * The days of the week that are not among these, and might be: those that had rows on none of two occasions between the first
 * and the last day are days without traffic.
 *
 * @param days `2026-11-29`
 */
export function weekdaysMissing(days: readonly string[]): string[] {
  const times = days.map((day) => Date.parse(`${day.slice(0, 10)}T00:00:00Z`)).toSorted((a, b) => a - b);
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return [...WEEKDAYS];
  const seen = new Set(times.map((time) => new Date(time).getUTCDay()));
  return WEEKDAYS.filter((_, weekday) => {
    if (seen.has(weekday)) return false;
    let occasions = 0;
    for (let time = first; time <= last; time += DAY_MS) if (new Date(time).getUTCDay() === weekday) occasions += 1;
    return occasions < WEEKS_WITHOUT;
  });
}

/** Were enough of the delivered rows judged? What was not may be just what differs. */
function rowsGate(days: readonly DayFacts[], policy: Policy): Gate {
  const sum = (name: keyof DayFacts['rows']) => days.reduce((total, { rows }) => total + rows[name], 0);
  const [delivered, judged] = [sum('delivered'), sum('judged')];
  const unread = sum('unreadable') + sum('inFailedObject');
  const share = delivered === 0 ? 0 : judged / delivered;
  const parts = [
    [sum('withoutCounterpart'), 'have no counterpart'],
    [sum('unreadable'), 'cannot be read'],
    [sum('inFailedObject'), 'are in objects that failed'],
    [sum('late'), 'came after their day was run'],
  ] as const;
  const rest = parts.filter(([n]) => n > 0).map(([n, words]) => `${count(n)} ${words}`);
  const lost = delivered > 0 && unread > policy.unparsed * delivered;
  const few = delivered === 0 || share < policy.minimumCoverage;
  const limit = few
    ? `the policy requires ${percent(policy.minimumCoverage)}`
    : `${percent(policy.unparsed)} may be unreadable or in objects that failed, and ${percent(unread / delivered)} are`;
  const facts = `${count(judged)} of ${counted(delivered, 'delivered rows')} were judged (${percent(share)})${rest.length === 0 ? '' : `; ${rest.join(', ')}`}`;
  const open = lost || few;
  return {
    id: 'batch.rows',
    title: 'Were enough of the rows judged?',
    outcome: open ? 'inconclusive' : 'pass',
    test: 'rule',
    gating: gatesUnder(policy, 'batch.rows'),
    unit: 'share',
    estimate: share,
    interval: undefined,
    margin: policy.minimumCoverage,
    relation: '>',
    n: delivered,
    of: 'rows',
    reason: `${facts}${open ? `; ${limit}` : ''}.`,
    ...(open
      ? needsAdvice(
          sum('late') > (1 - policy.minimumCoverage) * delivered
            ? 'the days with late rows run again'
            : 'inputs that can be read and that have a counterpart; or, where only a part has one, a smaller minimumCoverage in the policy',
        )
      : NOTHING),
  };
}

/**
 * Are the days alike, as far as that decides? Bounds are of the mean over days like these. Where it grows worse from day to day,
 * so that the last day is beyond the margin, days to come are not like these; and a day that is beyond it by itself, and
 * stands out, is no matter of chance. Both are at most inconclusive: the mean may be all that counts.
 */
function daysGate(told: readonly Gate[], policy: Policy): Gate {
  const found = told.flatMap((gate) => (gate.gating && gate.test !== 'rule' ? unlike(gate, policy) : []));
  const days = Math.max(0, ...told.map(({ byDay }) => byDay?.days.length ?? 0));
  const open = found.length > 0;
  return {
    id: 'batch.days',
    title: 'Are the days alike?',
    outcome: open ? 'inconclusive' : 'pass',
    test: 'rule',
    gating: gatesUnder(policy, 'batch.days'),
    unit: 'count',
    estimate: found.length,
    interval: undefined,
    margin: 0,
    relation: '=',
    n: days,
    of: 'blocks',
    reason: open
      ? `${found.join('; ')}.`
      : days < 4
        ? 'Days are compared with each other from the fourth on.'
        : `No day of ${count(days)} is beyond a margin by itself and unlike the others, and nothing grows worse from day to day beyond a margin.`,
    ...(open
      ? needsAdvice(
          'days on which this is not so; or, where the mean over all days is what counts, inform: [batch.days] in the policy',
        )
      : NOTHING),
  };
}

/** Days that stand out for the worse, and a trend towards it, of one gate: sentences without their ends. */
function unlike(gate: Gate, policy: Policy): string[] {
  const { byDay, margin, relation, id } = gate;
  if (byDay === undefined || margin === undefined) return [];
  const worse = (value: number) => (relation === '<' ? value > margin : value < margin);
  const show = (value: number) => valueText(gate, value);
  const last = byDay.days.at(-1);
  const trend = byDay.trend;
  const line = lineOf(byDay);
  const found: string[] = [];
  if (
    trend !== undefined &&
    last !== undefined &&
    line !== undefined &&
    worse(line) &&
    trend > 0 === (relation === '<')
  )
    found.push(
      `${id} grows worse from day to day, by ${show(Math.abs(trend))} a day, to ${show(line)} on ${last.day}, beyond its margin of ${show(margin)}`,
    );
  const apart = byDay.days.filter(
    (one) => one.apart && worse(one.value) && beyond(one, gate, policy, byDay.days.length),
  );
  if (apart.length > 0) {
    const [first] = apart;
    const days = apart.map(({ day }) => `${weekdayOf(day)} ${day}`).join(', ');
    found.push(
      `${days} ${apart.length === 1 ? 'stands' : 'stand'} out: ${id} is ${show(first?.value ?? 0)}${apart.length === 1 ? '' : ' on the first'}, beyond its margin of ${show(margin)}, where all days come to ${show(gate.estimate ?? 0)}`,
    );
  }
  return found;
}

/** Is a day by itself beyond the margin by more than its rows explain? */
function beyond(day: DayOfGate, gate: Gate, policy: Policy, days: number): boolean {
  const { margin = 0 } = gate;
  return Math.abs(day.value - margin) > studentQuantile(1 - policy.alpha / days, MANY_ROWS) * day.error;
}

/** Student's quantile of a day's rows is the normal one. */
const MANY_ROWS = 1000;

/** What the line through the days says of the last. */
function lineOf({ days }: ByDay): number | undefined {
  return trendOf(numbered(days))?.last;
}

function numbered(days: ByDay['days']): DayValue[] {
  const first = dayNumber(days[0]?.day ?? '');
  return days.map((one) => ({
    day: dayNumber(one.day) - first,
    value: one.value,
    n: one.n,
    variance: one.error ** 2,
  }));
}

function dayNumber(day: string): number {
  return Math.round(Date.parse(`${day.slice(0, 10)}T00:00:00Z`) / DAY_MS);
}

function weekdayOf(day: string): string {
  return (WEEKDAYS[new Date(`${day.slice(0, 10)}T00:00:00Z`).getUTCDay()] ?? '').slice(0, 3);
}

function valueText(gate: Gate, value: number): string {
  if (gate.difference === true) return points(value);
  return gate.unit === 'share' ? percent(value) : number(value, 3);
}

/** The gate with what is bounded day by day, and what of it is more than chance. */
function withDays(gate: Gate, evidence: Evidence, days: readonly DayFacts[]): Gate {
  const { policy, observations } = evidence;
  const predictions = (restsOnLabels(gate.id) ? observations.labelled : undefined) ?? observations.predictions;
  if (gate.test === 'rule' || predictions === undefined) return gate;
  const values = valuesOf(gate, predictions, policy);
  if (values === undefined) return gate;
  const names = new Map(days.map(({ from, day }) => [from, day]));
  const known = values.flatMap(({ at, n, value, variance }): DayOfGate[] => {
    const day = names.get(at);
    if (day === undefined || n <= 0) return [];
    return [{ day, n, value, error: Math.sqrt(variance), apart: false }];
  });
  if (known.length === 0) return gate;
  const list = numbered(known);
  const apart = new Set(outlyingDays(list, policy.alpha).map(({ day }) => day));
  const shown = known.map((one, i) => ({ ...one, apart: apart.has(list[i]?.day ?? -1) }));
  const trend = trendOf(list);
  const certain = trend !== undefined && Math.abs(trend.t) > studentQuantile(1 - policy.alpha, trend.degrees);
  const equally = shown.reduce((sum, { value }) => sum + value, 0) / shown.length;
  return { ...gate, byDay: { days: shown, equally, trend: certain ? trend.slope : undefined } };
}

/** A value of one day, by when its rows stand. */
interface Valued {
  at: number;
  n: number;
  value: number;
  variance: number;
}

/** What a gate bounds, day by day, in its unit; undefined where it is not summed by days. */
function valuesOf(gate: Gate, predictions: Predictions, policy: Policy): Valued[] | undefined {
  const { blocks, numbers, answers, comparator } = predictions;
  const shares = (hits: (block: PairBlock) => number | undefined, rows = (block: PairBlock) => block.rows) =>
    blocks.some((block) => hits(block) === undefined)
      ? undefined
      : blocks.map((block) => share(block.at, hits(block) ?? 0, rows(block)));
  const labelled = ({ truth = 0 }: PairBlock) => truth;
  switch (gate.id) {
    case 'labels.agreement':
    case 'answers.agreement':
      return shares((block) => block.agree);
    case 'labels.scores':
      return shares((block) => (block.beyond === undefined ? undefined : block.rows - block.beyond));
    case 'labels.others':
      return shares((block) => (block.others === undefined ? undefined : block.rows - block.others));
    case 'numbers.tolerance':
      return shares((block) => block.beyond);
    case 'numbers.bias': {
      const scale = numbers?.production.deviation ?? 0;
      const side = (numbers?.bias ?? 0) < 0 ? -1 : 1;
      return scale > 0 ? blocks.map((block) => mean(block.at, side * block.d, block.dd, block.rows, scale)) : undefined;
    }
    case 'truth.accuracy':
      return blocks.map(({ at, truth = 0, onlyProduction = 0, onlyShadow = 0 }) =>
        mean(at, onlyProduction - onlyShadow, onlyProduction + onlyShadow, truth, 1),
      );
    case 'truth.regressions':
      return shares((block) => block.onlyProduction ?? 0, labelled);
    case 'truth.cost':
      return blocks.map(({ at, truth = 0, cost = 0 }) => mean(at, cost, 0, truth, 1));
    case 'truth.error':
    case 'truth.score': {
      const truth = predictions.truth;
      const error = truth && judgedError(predictions, truth, policy);
      if (truth === undefined || error === undefined || !(error.production > 0)) return undefined;
      const squared = areChances(predictions, truth);
      return blocks.map(({ at, truth: n = 0, loss = 0, lossSquared = 0, squaredLoss = 0 }) =>
        mean(at, squared ? squaredLoss : loss, squared ? 0 : lossSquared, n, error.production),
      );
    }
    case 'answers.refusals': {
      const flag = answers?.flags.find(({ name }) => name === 'refuses');
      return flag?.minutes.map(({ at, rows, onlyShadow, onlyProduction }) =>
        mean(at, onlyShadow - onlyProduction, onlyShadow + onlyProduction, rows, 1),
      );
    }
    default: {
      const score = comparator?.scores.find(({ name }) => gate.id === `answers.${name}`);
      return score?.minutes.map(({ at, rows, sum }) => share(at, sum, rows));
    }
  }
}

function share(at: number, hits: number, n: number): Valued {
  const value = n > 0 ? hits / n : 0;
  return { at, n, value, variance: n > 0 ? (value * (1 - value)) / n : 0 };
}

/** @param squares of the summed values, 0 where they are not known */
function mean(at: number, sum: number, squares: number, n: number, scale: number): Valued {
  const value = n > 0 ? sum / n : 0;
  const variance = n > 0 ? Math.max(0, squares / n - value * value) / n : 0;
  return { at, n, value: value / scale, variance: variance / (scale * scale) };
}

/** What a policy demands and a batch cannot be asked: gates by their ids. Nobody waits for a batch, and its instances do nothing else. */
export function notAsked({ limits, resources }: Pick<Policy, 'limits' | 'resources'>): string[] {
  return [
    ...Object.entries(limits.latency).flatMap(([name, limit]) =>
      limit === undefined ? [] : [`limits.latency.${name}`],
    ),
    ...(limits.errors === undefined ? [] : ['limits.errors']),
    ...(['memory', 'cpu'] as const).flatMap((name) => (resources[name] === undefined ? [] : [`resources.${name}`])),
  ];
}
