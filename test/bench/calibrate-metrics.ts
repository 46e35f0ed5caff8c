import { judgeErrors } from '../../src/analysis/judge/errors.ts';
import type { Evidence } from '../../src/analysis/judge/evidence.ts';
import { judgeLatency } from '../../src/analysis/judge/latency.ts';
import type { MetricName, Metrics } from '../../src/analysis/observations.ts';
import type { Gate } from '../../src/analysis/judge/verdict.ts';
import { worst } from '../../src/analysis/judge/verdict.ts';
import { METRICS } from '../../src/analysis/observations.ts';
import { latencyMargin } from '../../src/analysis/policy/policy.ts';
import type { Random } from '../support/random.ts';
import {
  autoregressive,
  binomial,
  type Ended,
  LOOK,
  MINUTES,
  minutesOf,
  policy,
  RATE,
  type Span,
  watch,
} from './calibrate-frame.ts';

/** Endpoints of which only the metrics are simulated: requests, failures and latencies, minute by minute. */

type Columns = Partial<Record<MetricName, readonly (number | null)[]>>;

const NOTHING: readonly null[] = Array.from({ length: 7 * 1440 }, () => null);

/** The gate itself is asked about the first minutes. */
function ask(
  judge: (evidence: Evidence) => readonly Gate[],
  id: string,
  production: Columns,
  shadow: Columns,
  minutes: number,
  exceedances?: Metrics['exceedances'],
  latencyFloor = policy.latencyFloor,
): Gate['outcome'] {
  const empty = NOTHING.slice(0, minutes);
  const cut = (columns: Columns) =>
    Object.fromEntries(METRICS.map((name) => [name, columns[name]?.slice(0, minutes) ?? empty]));
  const seen = Object.entries(exceedances ?? {}).map(([name, one]) => [
    name,
    { ...one, production: one.production.slice(0, minutes), shadow: one.shadow.slice(0, minutes) },
  ]);
  const metrics = { times: [], production: cut(production), shadow: cut(shadow) };
  const observations = { metrics: { ...metrics, exceedances: Object.fromEntries(seen) } };
  const summaries = { production: {}, shadow: {} };
  const asked = { ...policy, latencyFloor, warmupMinutes: 0 };
  const evidence = { challenger: 'shadow', observations, summaries, policy: asked, minutes } as unknown as Evidence;
  const gates = judge(evidence);
  return id === ALL ? worst(gates) : (gates.find((gate) => gate.id === id)?.outcome ?? 'inconclusive');
}

/** What all gates that are asked come to together. */
export const ALL = 'all';

/** The chance to fail, minute by minute. */
type Chances = (random: Random, minutes: number) => readonly number[];

export const always =
  (chance: number): Chances =>
  (_, minutes) =>
    Array.from({ length: minutes }, () => chance);

/** The chance itself wanders around its mean: AR(1) of its logarithm. */
export const wandering =
  (chance: number, deviation: number, phi: number): Chances =>
  (random, minutes) =>
    autoregressive(random, phi, minutes).map((mood) =>
      Math.min(1, chance * Math.exp(deviation * mood - deviation ** 2 / 2)),
    );

/** Nothing fails but in outages of `length` minutes, which begin by chance, `every` so many minutes. */
export const outages =
  (length: number, chance: number, every: number): Chances =>
  (random, minutes) => {
    const chances = Array.from({ length: minutes }, () => 0);
    const wait = () => Math.round(-every * Math.log(1 - random.next()));
    // One may be under way when the window begins.
    for (let at = wait() - length; at < minutes; at += length + wait())
      chances.fill(chance, Math.max(0, at), at + length);
    return chances;
  };

/** Failures of each side by chances of its own. */
export function errors(
  random: Random,
  production: Chances,
  shadow: Chances,
  { rate = RATE, sampling = 1, ...span }: Span & { rate?: number; sampling?: number } = {},
): Ended {
  const requests = Array.from({ length: minutesOf(span) }, () => rate);
  const copies = requests.map((n) => (sampling < 1 ? binomial(random, n, sampling) : n));
  const failures = (chances: Chances, ns: readonly number[]) => {
    const each = chances(random, ns.length);
    return ns.map((n, i) => binomial(random, n, each[i] ?? 0));
  };
  const ours = { invocations: requests, modelErrors: failures(production, requests) };
  const theirs = { invocations: copies, modelErrors: failures(shadow, copies) };
  return watch((n) => ask(judgeErrors, 'errors', ours, theirs, n), span);
}

/** Bad requests fail on both sides; of the others, `more` fail on the shadow. */
export function sameErrors(random: Random, bad: Chances, more: number, rate = RATE): Ended {
  const requests = Array.from({ length: MINUTES }, () => rate);
  const ours = bad(random, MINUTES).map((chance) => binomial(random, rate, chance));
  const theirs = ours.map((n) => n + binomial(random, rate - n, more));
  return watch((n) =>
    ask(
      judgeErrors,
      'errors',
      { invocations: requests, modelErrors: ours },
      { invocations: requests, modelErrors: theirs },
      n,
    ),
  );
}

/** Mean latencies of minutes, of which the shadow's scatter around `ratio` times production's as an AR(1) of their logarithm. */
export function latency(random: Random, ratio: number, phi: number, deviation: number): Ended {
  const means = autoregressive(random, phi, MINUTES).map(
    (noise) => ratio * Math.exp(deviation * noise - deviation ** 2 / 2),
  );
  return steady(
    means,
    means.map(() => 1),
  );
}

/** Mean latencies that each side changes by steps of its own (standard deviation 10 %), each `dwell` minutes by chance. */
export function regimes(random: Random, ratio: number, dwell: number, span: Span = {}, gate = 'latency.mean'): Ended {
  const side = (level: number) => {
    let step = 0.1 * random.normal();
    return Array.from({ length: minutesOf(span) }, () => {
      if (random.next() < 1 / dwell) step = 0.1 * random.normal();
      return level * Math.exp(step + 0.02 * random.normal());
    });
  };
  return steady(side(ratio), side(1), span, gate);
}

function steady(
  shadow: readonly number[],
  production: readonly number[],
  span: Span = {},
  gate = 'latency.mean',
): Ended {
  const invocations = shadow.map(() => RATE);
  const of = (times: readonly number[]): Columns =>
    gate === ALL
      ? { invocations, latencyMean: times, latencyP50: times, latencyP90: times, latencyP99: times }
      : { invocations, latencyMean: times };
  return watch((n) => ask(judgeLatency, gate, of(production), of(shadow), n), span);
}

/** What one request takes. */
type Draw = (random: Random) => number;

export const lognormal =
  (sigma: number): Draw =>
  (random) =>
    Math.exp(sigma * random.normal());
export const pareto =
  (exponent: number): Draw =>
  (random) =>
    (1 - random.next()) ** (-1 / exponent);
/** Of the shadow's requests, this share takes so many times as long. */
export const slower =
  (ratio: number, share = 1) =>
  (random: Random): number =>
    random.next() < share ? ratio : 1;

interface Timed extends Span {
  draw: Draw;
  shadow: (random: Random) => number;
  /** Production's requests a minute, and the share of them that the shadow sees. */
  rate?: number;
  sampling?: number;
  /** In two of three minutes, by turns of twenty and ten, so much of the rate, and a shadow as fast as production. */
  quiet?: number;
  /** Traffic swings tenfold in six hours, and the more there is, the longer both take: twice at its height. */
  swings?: boolean;
  /** How many requests come in a minute is chance (Poisson, nearly: of a hundred times as many, one in a hundred). */
  byChance?: boolean;
  /** Both take as long for a request, but for `shadow`. */
  same?: boolean;
  /** Each of the shadow's requests takes so much longer; and so much longer is no longer, by the policy. */
  more?: number;
  floor?: number;
  /** CloudWatch tells how many requests took longer than a threshold. */
  ranks?: boolean;
}

/** What one gate looks at; the others need not be asked. */
const METRIC_OF: Readonly<Record<string, MetricName>> = { 'latency.mean': 'latencyMean', 'latency.p99': 'latencyP99' };

/** Latencies of single requests, of which CloudWatch keeps mean and quantiles of each minute. @param gate or ALL of latency */
export function timed(random: Random, world: Timed, gate: string): Ended {
  const { rate = RATE, sampling = 1, draw, shadow, quiet, ranks = false, more = 0, floor = 0 } = world;
  const [ours, theirs] = [minutesOfRequests(), minutesOfRequests()];
  for (let minute = 0; minute < minutesOf(world); minute += 1) {
    const calm = quiet !== undefined && minute % 30 < 20;
    const height = world.swings === true ? (1 - Math.cos((2 * Math.PI * minute) / 360)) / 2 : 0;
    const asked =
      world.swings === true ? Math.round(rate * (0.1 + 0.9 * height)) : calm ? Math.round(rate * quiet) : rate;
    const count = () => (world.byChance === true ? binomial(random, 100 * asked, 0.01) : asked);
    const n = count();
    const copies = world.same === true ? n : sampling < 1 ? binomial(random, n, sampling) : count();
    const times = Array.from({ length: n }, () => draw(random) * (1 + height));
    ours.add(times);
    const own = (i: number) => (world.same === true ? (times[i] ?? 0) : draw(random) * (1 + height));
    theirs.add(Array.from({ length: copies }, (_, i) => own(i) * (calm ? 1 : shadow(random)) + more));
  }
  const p99 = ranks ? exceeding(ours.minutes, theirs.minutes, floor) : undefined;
  const of = (columns: Columns): Columns => {
    const metric = METRIC_OF[gate];
    return metric === undefined ? columns : { invocations: columns.invocations ?? [], [metric]: columns[metric] };
  };
  const [production, copies] = [of(ours.columns), of(theirs.columns)];
  return watch(
    (n) => ask(judgeLatency, gate, production, copies, n, p99 && n >= p99.known ? { p99 } : {}, floor),
    world,
  );
}

/** Shares beyond production's p99 of the first minutes that hold 300 requests, in tens; of the shadow's beyond 1.2 times that. */
function exceeding(production: readonly Float64Array[], shadow: readonly Float64Array[], latencyFloor: number) {
  let known = 0;
  let first: number[] = [];
  while (first.length < 300 && known < MINUTES) {
    known += LOOK;
    first = production.slice(0, known).flatMap((minute) => [...minute]);
  }
  const threshold = first.sort((a, b) => a - b)[Math.ceil(0.99 * first.length) - 1] ?? 0;
  const margin = latencyMargin({ ...policy, latencyFloor }, 'p99', threshold);
  const shares = (minutes: readonly Float64Array[], beyond: number) =>
    minutes.map((minute) =>
      minute.length === 0 ? null : minute.filter((time) => time > beyond).length / minute.length,
    );
  return {
    known,
    threshold,
    margin,
    production: shares(production, threshold),
    shadow: shares(shadow, threshold * (1 + margin)),
  };
}

function minutesOfRequests() {
  const minutes: Float64Array[] = [];
  const columns = {
    invocations: [] as number[],
    latencyMean: [] as (number | null)[],
    latencyP50: [] as (number | null)[],
    latencyP90: [] as (number | null)[],
    latencyP99: [] as (number | null)[],
  };
  const add = (times: number[]) => {
    const sorted = Float64Array.from(times).sort();
    minutes.push(sorted);
    const n = sorted.length;
    const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * n) - 1)] ?? null;
    columns.invocations.push(n);
    columns.latencyMean.push(n === 0 ? null : sorted.reduce((sum, time) => sum + time, 0) / n);
    columns.latencyP50.push(rank(0.5));
    columns.latencyP90.push(rank(0.9));
    columns.latencyP99.push(rank(0.99));
  };
  return { columns, minutes, add };
}
