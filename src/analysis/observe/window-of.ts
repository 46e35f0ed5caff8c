import type { Aws } from '../../aws/clients.ts';
import type { Clock } from '../../base/clock.ts';
import { MINUTE } from '../../base/units.ts';
import type { LeftOut, Metrics, Window } from '../observations.ts';
import { METRICS } from '../observations.ts';
import { type EndpointFacts, factsOf, type LiveFacts } from './endpoint.ts';
import { minutesOf, noMetrics, readMetrics, readOwnRequests } from './metrics.ts';
import { type Notes, withFallbackIfDenied } from './refused.ts';
import {
  configOfRun,
  firstKept,
  type KnownRun,
  leftOutOf,
  runWithin,
  sinceCounted,
  sinceWhen,
  wholeFrom,
} from './whose.ts';

/** A window as it was asked for, whole minutes; without `from` since the present models are in service. */
export interface AskedWindow {
  from: number | undefined;
  to: number;
}

/** Whose evidence is judged, and over which minutes. */
export interface JudgedWindow {
  facts: EndpointFacts;
  window: Window;
  metrics: Metrics;
  leftOut: LeftOut[];
  /** Since when these models ran; undefined for models of the past. */
  since: number | undefined;
  /** The present models came up so lately that there is no whole minute of theirs. */
  nothing: boolean;
}

/** How far back one looks at an endpoint without a shadow, where nobody says. */
const NO_SHADOW_MS = 30 * MINUTE;
/** A minute that CloudWatch publishes comes at most so late (facts 5.4: one to three minutes). */
const LATE_MS = 3 * MINUTE;

/**
 * The last part of a window in which the endpoint ran the same models, with its metrics: of the present models where the
 * window reaches into their time, else of those that the journal knows.
 *
 * @throws Problem (usage) where nobody knows what ran, or CloudWatch no longer has the minutes
 */
export async function windowOf(
  aws: Aws,
  clock: Clock,
  endpoint: string,
  live: LiveFacts,
  {
    asked,
    runs,
    notes,
    signal,
  }: { asked: AskedWindow; runs: readonly KnownRun[]; notes: Notes; signal?: AbortSignal | undefined },
): Promise<JudgedWindow> {
  const since = sinceWhen(live, runs);
  const first = firstKept(asked, clock.now());
  const openFrom = live.shadow === undefined ? asked.to - NO_SHADOW_MS : Math.floor(since.earliest / MINUTE) * MINUTE;
  const wanted = { from: asked.from ?? Math.min(openFrom, asked.to - MINUTE), to: asked.to };
  const kept = { from: Math.max(wanted.from, first), to: wanted.to };
  const lost: LeftOut[] = kept.from > wanted.from ? [{ from: wanted.from, to: kept.from, why: 'not-kept' }] : [];
  const read = (facts: EndpointFacts, window: Window) => metricsOf(aws, endpoint, facts, window, notes, signal);
  if (asked.from !== undefined && wholeFrom(since.known) >= asked.to && wholeFrom(since.earliest) >= asked.to) {
    const found = runWithin(runs, kept, endpoint, since.known);
    const config = await configOfRun(aws, found.run, signal);
    if (config === undefined) return runWithin([], kept, endpoint, since.known) as never;
    const facts = await factsOf(aws, config, undefined, notes, signal);
    const metrics = await read(facts, found.window);
    const leftOut = [...lost, ...(await leftOutOf(aws, kept, found.window, { runs, born: live.born }, signal))];
    return { facts, window: found.window, metrics, leftOut, since: undefined, nothing: false };
  }
  const seen = await read(live, kept);
  const start = await startOf(aws, endpoint, live, since, { metrics: seen, window: kept }, signal);
  const end = live.leaving === undefined ? kept.to : Math.min(kept.to, Math.floor(live.leaving / MINUTE) * MINUTE);
  const window = { from: Math.max(kept.from, wholeFrom(start)), to: end };
  if (window.from >= window.to) {
    const none = { from: asked.to - MINUTE, to: asked.to };
    const table = noMetrics(none);
    const metrics = {
      times: minutesOf(none),
      production: table,
      shadow: live.shadow && table,
      ...(seen.unread && { unread: seen.unread }),
    };
    // Up to the present: the window begins where the first whole minute will, and holds none.
    const begins = wholeFrom(start);
    const empty = asked.to + LATE_MS > clock.now() ? { from: begins, to: begins } : none;
    return { facts: live, window: empty, metrics, leftOut: lost, since: start, nothing: true };
  }
  const whole = wholeTail(slice(seen, window), window, live.sampling, clock.now());
  const leftOut =
    asked.from === undefined
      ? lost
      : [...lost, ...(await leftOutOf(aws, kept, window, { runs, born: live.born }, signal))];
  return { facts: live, ...whole, leftOut: [...leftOut, ...whole.leftOut], since: start, nothing: false };
}

async function metricsOf(
  aws: Aws,
  endpoint: string,
  facts: EndpointFacts,
  window: Window,
  notes: Notes,
  signal: AbortSignal | undefined,
): Promise<Metrics> {
  const variants = [facts.production.name, ...(facts.shadow === undefined ? [] : [facts.shadow.name])];
  let unread: true | undefined;
  const [production, shadow] = await withFallbackIfDenied(
    () => readMetrics(aws, endpoint, variants, window, signal),
    () => {
      unread = true;
      return variants.map(() => noMetrics(window));
    },
    notes,
    'Traffic, errors and latency are unknown.',
    'metrics',
  );
  if (production === undefined) throw new Error('metrics of no variant were asked for');
  return { times: minutesOf(window), production, shadow, ...(unread && { unread }) };
}

/** The first moment from which on all requests were answered by what the endpoint runs now. */
async function startOf(
  aws: Aws,
  endpoint: string,
  live: LiveFacts,
  since: { earliest: number; known: number },
  { metrics, window }: { metrics: Metrics; window: Window },
  signal: AbortSignal | undefined,
): Promise<number> {
  const { config } = live;
  if (config === undefined || since.earliest >= since.known || since.known <= window.from) return since.known;
  const tables = [metrics.production, ...(metrics.shadow === undefined ? [] : [metrics.shadow])];
  const names = [live.production.name, ...(live.shadow === undefined ? [] : [live.shadow.name])];
  // Nothing is missing without them: then what the endpoint says of itself counts.
  const own = await withFallbackIfDenied(
    () => readOwnRequests(aws, endpoint, config, names, window, signal),
    () => [],
    [],
    '',
    'metrics',
  );
  const counts = tables.flatMap(({ invocations }, i) =>
    own[i] === undefined ? [] : [{ all: invocations, own: own[i] }],
  );
  return sinceCounted(since, metrics.times, counts, live.modified, live.leaving);
}

function slice(metrics: Metrics, window: Window): Metrics {
  const first = metrics.times.findIndex((at) => at >= window.from);
  const count = minutesOf(window).length;
  const part = (table: Metrics['production']): Metrics['production'] =>
    Object.fromEntries(METRICS.map((name) => [name, table[name].slice(first, first + count)])) as never;
  return {
    times: metrics.times.slice(first, first + count),
    production: part(metrics.production),
    shadow: metrics.shadow && part(metrics.shadow),
    ...(metrics.unread && { unread: metrics.unread }),
  };
}

/**
 * Without last minutes of which CloudWatch has one side only: the other's are still on their way. A shadow that really
 * stopped is seen a few minutes later. Of a part of the requests, a minute without one is nothing unusual. Pure.
 *
 * @param now milliseconds since the epoch
 */
export function wholeTail(
  metrics: Metrics,
  window: Window,
  sampling: number | undefined,
  now: number,
): { metrics: Metrics; window: Window; leftOut: LeftOut[] } {
  const { times, production, shadow } = metrics;
  let end = times.length;
  const seen = (column: readonly (number | null)[], i: number) => (column[i] ?? 0) > 0;
  while (
    end > 1 &&
    shadow !== undefined &&
    (times[end - 1] ?? 0) + MINUTE > now - LATE_MS &&
    seen(production.invocations, end - 1) !== seen(shadow.invocations, end - 1) &&
    (seen(shadow.invocations, end - 1) || (sampling ?? 1) === 1) &&
    shadow.invocations.slice(0, end - 1).some((n) => (n ?? 0) > 0)
  )
    end -= 1;
  if (end === times.length) return { metrics, window, leftOut: [] };
  const whole = { from: window.from, to: window.from + end * MINUTE };
  return {
    metrics: slice(metrics, whole),
    window: whole,
    leftOut: [{ from: whole.to, to: window.to, why: 'half-there' }],
  };
}
