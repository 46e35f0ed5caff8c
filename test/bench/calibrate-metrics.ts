import { judgeErrors } from '../../src/analysis/judge/errors.ts';
import type { Evidence } from '../../src/analysis/judge/evidence.ts';
import type { MetricName } from '../../src/analysis/observations.ts';
import type { Gate } from '../../src/analysis/judge/verdict.ts';
import { METRICS } from '../../src/analysis/observations.ts';
import type { Random } from '../support/random.ts';
import { autoregressive, type Ended, MINUTES, policy, RATE, watch } from './calibrate-frame.ts';

/** Endpoints of which only the metrics are simulated: requests, failures and latencies, minute by minute. */

type Columns = Partial<Record<MetricName, readonly (number | null)[]>>;

/** The gate itself is asked about the first minutes. */
function ask(
  judge: (evidence: Evidence) => readonly Gate[],
  id: string,
  production: Columns,
  shadow: Columns,
  minutes: number,
): Gate['outcome'] {
  const cut = (columns: Columns) =>
    Object.fromEntries(
      METRICS.map((name) => [name, columns[name]?.slice(0, minutes) ?? Array.from({ length: minutes }, () => null)]),
    );
  const observations = { metrics: { times: [], production: cut(production), shadow: cut(shadow) } };
  const evidence = { challenger: 'shadow', observations, policy, minutes } as unknown as Evidence;
  return judge(evidence).find((gate) => gate.id === id)?.outcome ?? 'inconclusive';
}

/** Hits among n independent requests. */
function drawn(random: Random, n: number, chance: number): number {
  if (chance <= 0) return 0;
  if (chance >= 1) return n;
  const [mean, variance] = [n * chance, n * chance * (1 - chance)];
  if (variance > 100) return Math.min(n, Math.max(0, Math.round(mean + Math.sqrt(variance) * random.normal())));
  // Leaps from hit to hit (Devroye 1986, chapter X.4).
  let hits = -1;
  for (let at = 0; at <= n; hits += 1) at += 1 + Math.floor(Math.log(1 - random.next()) / Math.log1p(-chance));
  return hits;
}

/** The chance to fail, minute by minute. */
type Chances = (random: Random) => readonly number[];

export const always =
  (chance: number): Chances =>
  () =>
    Array.from({ length: MINUTES }, () => chance);

/** The chance itself wanders around its mean: AR(1) of its logarithm. */
export const wandering =
  (chance: number, deviation: number, phi: number): Chances =>
  (random) =>
    autoregressive(random, phi, MINUTES).map((mood) =>
      Math.min(1, chance * Math.exp(deviation * mood - deviation ** 2 / 2)),
    );

/** Nothing fails but in outages of `length` minutes, which begin by chance, `every` so many minutes. */
export const outages =
  (length: number, chance: number, every: number): Chances =>
  (random) => {
    const chances = Array.from({ length: MINUTES }, () => 0);
    const wait = () => Math.round(-every * Math.log(1 - random.next()));
    // One may be under way when the window begins.
    for (let at = wait() - length; at < MINUTES; at += length + wait())
      chances.fill(chance, Math.max(0, at), at + length);
    return chances;
  };

/** Failures of each side by chances of its own. */
export function errors(random: Random, production: Chances, shadow: Chances, rate = RATE, sampling = 1): Ended {
  const requests = Array.from({ length: MINUTES }, () => rate);
  const copies = requests.map((n) => (sampling < 1 ? drawn(random, n, sampling) : n));
  const failures = (chances: Chances, ns: readonly number[]) => {
    const each = chances(random);
    return ns.map((n, i) => drawn(random, n, each[i] ?? 0));
  };
  const ours = { invocations: requests, modelErrors: failures(production, requests) };
  const theirs = { invocations: copies, modelErrors: failures(shadow, copies) };
  return watch((n) => ask(judgeErrors, 'errors', ours, theirs, n));
}

/** Bad requests fail on both sides; of the others, `more` fail on the shadow. */
export function sameErrors(random: Random, bad: Chances, more: number, rate = RATE): Ended {
  const requests = Array.from({ length: MINUTES }, () => rate);
  const ours = bad(random).map((chance) => drawn(random, rate, chance));
  const theirs = ours.map((n) => n + drawn(random, rate - n, more));
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
