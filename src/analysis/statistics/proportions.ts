import { betaCdf, betaQuantile, bisect, logBeta } from './beta.ts';
import { chiSquaredAbove } from './symmetry.ts';

export type Interval = readonly [low: number, high: number];

/**
 * Clopper-Pearson bounds of a proportion, each one-sided at `alpha`: exact, never too narrow, for one look.
 *
 * @param successes may be fractional where n is an effective number of requests
 */
export function clopperPearson(successes: number, n: number, alpha: number): Interval {
  if (n <= 0) return [0, 1];
  return [
    successes <= 0 ? 0 : betaQuantile(alpha, successes, n - successes + 1),
    successes >= n ? 1 : betaQuantile(1 - alpha, successes + 1, n - successes),
  ];
}

/**
 * Confidence sequence of a proportion, each side at `alpha`: may be looked at after every request and still misses
 * the truth with probability alpha at most, ever. Every p stays in whose likelihood ratio against a Beta(1/2, 1/2)
 * mixture is below 1 / alpha (Ville's inequality; Robbins 1970, Howard et al. arXiv 1810.08240 section 3.2).
 */
export function proportionSequence(successes: number, n: number, alpha: number): Interval {
  if (n <= 0) return [0, 1];
  return likelihoodInterval(
    successes,
    n,
    logBeta(successes + 0.5, n - successes + 0.5) - logBeta(0.5, 0.5),
    Math.log(1 / alpha),
  );
}

/**
 * Bounds of a mean of independent values from 0 to 1, each side at `alpha`, for one look: every p stays in to which the
 * relative entropy of the mean, times n, is below log(1 / alpha) (Hoeffding 1963, theorem 1). Clopper-Pearson is proven
 * for counts only.
 *
 * @param sum of the values
 */
export function meanBounds(sum: number, n: number, alpha: number): Interval {
  if (n <= 0) return [0, 1];
  const most = times(sum, Math.log(sum / n)) + times(n - sum, Math.log1p(-sum / n));
  return likelihoodInterval(sum, n, most, Math.log(1 / alpha));
}

/**
 * Every p whose log likelihood is less than `limit` below `level`: no evidence against it at the estimate, and more away
 * from it on both sides.
 */
function likelihoodInterval(successes: number, n: number, level: number, limit: number): Interval {
  const estimate = successes / n;
  const against = (p: number) => level - times(successes, Math.log(p)) - times(n - successes, Math.log1p(-p));
  return [
    successes <= 0 ? 0 : estimate * bisect((share) => -against(share * estimate), -limit),
    successes >= n
      ? 1
      : estimate + (1 - estimate) * bisect((share) => against(estimate + share * (1 - estimate)), limit),
  ];
}

/** 0 · log 0 is 0. */
function times(count: number, logarithm: number): number {
  return count === 0 ? 0 : count * logarithm;
}

/**
 * Exact McNemar test, two-sided: how likely are discordant counts this far from even when neither model is better?
 * Dietterich 1998.
 */
export function mcnemar(b: number, c: number): number {
  const n = b + c;
  if (n === 0) return 1;
  return Math.min(1, 2 * binomialAtMost(Math.min(b, c), n, 0.5));
}

/** P(X <= k) for X of a binomial distribution. */
function binomialAtMost(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  return k >= n ? 1 : 1 - betaCdf(p, k + 1, n - k);
}

/** Two-sided binomial test, doubling the smaller tail. */
export function binomialTest(successes: number, n: number, p: number): number {
  const below = binomialAtMost(successes, n, p);
  const above = 1 - binomialAtMost(successes - 1, n, p);
  return Math.min(1, 2 * Math.min(below, above));
}

/** Minutes per group: bursts longer than a minute show only when minutes are taken together, those of hours in days. */
export const GROUPS = [1, 2, 5, 10, 20, 40, 80, 160, 320];
export const MIN_GROUPS = 6;

/**
 * How much more the counts per minute vary than those of independent requests (overdispersion: Pearson's chi-squared
 * divided by its degrees of freedom), over single minutes and over ever longer groups of them, the largest; never less than 1.
 * Requests of one burst are correlated; their number counts for less.
 */
export function dispersion(minutes: readonly { successes: number; n: number }[]): number {
  return largestOf(minutes, (group) => chiSquaredPerDegree(group));
}

/**
 * The same for a mean of numbers: by how much sums per minute (and per ever longer groups of them) vary more around
 * the mean than independent values of this standard deviation would; never less than 1.
 *
 * @param noise standard errors of the ratio itself, sqrt(2 / degrees of freedom), that are put down to chance: the largest of
 *   many lengths lies well above 1 for independent values, too
 */
export function meanDispersion(
  minutes: readonly { loss?: number; truth?: number }[],
  mean: number,
  deviation: number,
  noise = 0,
): number {
  if (!(deviation > 0)) return 1;
  return largestOf(
    minutes.map((minute) => ({ successes: minute.loss ?? 0, n: minute.truth ?? 0 })),
    (groups) => {
      const used = groups.filter((group) => group.n > 0);
      const squares = used.reduce((sum, group) => sum + (group.successes - group.n * mean) ** 2 / group.n, 0);
      if (used.length < 2) return 1;
      const degrees = used.length - 1;
      return squares / (deviation * deviation * degrees) / (1 + noise * Math.sqrt(2 / degrees));
    },
  );
}

/** Fewer groups of minutes do not show how skewed they are. */
const MIN_SKEW_GROUPS = 20;

/**
 * How skewed the mean of all rows is, by the sums of groups of minutes: Σ r³ / Σ r² over the rows, with r by how much a group's sum
 * exceeds what as many rows of the mean come to. That is the third moment over the variance and n, in the unit of the mean: of
 * independent rows the same whatever the group. Undefined of few groups, or where none differs.
 */
export function meanSkew(minutes: readonly { loss?: number; truth?: number }[], size = 1): number | undefined {
  const groups = grouped(
    minutes.map(({ loss = 0, truth = 0 }) => ({ successes: loss, n: truth })),
    size,
  ).filter(({ n }) => n > 0);
  const rows = groups.reduce((sum, { n }) => sum + n, 0);
  const mean = groups.reduce((sum, { successes }) => sum + successes, 0) / rows;
  let [squares, cubes] = [0, 0];
  for (const { successes, n } of groups) {
    const residual = successes - n * mean;
    squares += residual ** 2;
    cubes += residual ** 3;
  }
  return groups.length < MIN_SKEW_GROUPS || !(squares > 0) ? undefined : cubes / squares / rows;
}

/** Hits (or misses, whichever are fewer) that a group must expect on average before chi-squared can be trusted with it. */
export const MIN_EXPECTED = 3;

/**
 * Chance that counts per minute vary as they do, or more, if requests were independent: Pearson's chi-squared over
 * minutes and over ever longer groups of them, the smallest p times how many were asked (Bonferroni). 1 where there is
 * too little to see.
 *
 * @param spread variance of single values, divided by that of hits with their mean: 1 for hits, less for values from 0 to 1
 */
export function burstChance(minutes: readonly { successes: number; n: number }[], spread = 1): number {
  const n = minutes.reduce((sum, minute) => sum + minute.n, 0);
  const hits = minutes.reduce((sum, minute) => sum + minute.successes, 0);
  const found = GROUPS.flatMap((size) => {
    const groups = grouped(minutes, size).filter((group) => group.n > 0);
    const expected = Math.min(hits, n - hits) / groups.length;
    if (groups.length < MIN_GROUPS || expected < MIN_EXPECTED) return [];
    const degrees = groups.length - 1;
    return [chiSquaredAbove((chiSquaredPerDegree(groups) * degrees) / spread, degrees)];
  });
  return Math.min(1, Math.min(1, ...found) * Math.max(1, found.length));
}

interface Counts {
  successes: number;
  n: number;
}

function largestOf(minutes: readonly Counts[], overdispersion: (groups: readonly Counts[]) => number): number {
  let largest = 1;
  for (const size of GROUPS) {
    const groups = grouped(minutes, size);
    if (size === 1 || groups.length >= MIN_GROUPS) largest = Math.max(largest, overdispersion(groups));
  }
  return largest;
}

/** Whole groups of so many minutes. */
function grouped(minutes: readonly Counts[], size: number): Counts[] {
  const groups: Counts[] = [];
  for (let start = 0; start + size <= minutes.length; start += size) {
    const group = minutes.slice(start, start + size);
    groups.push({
      successes: group.reduce((sum, minute) => sum + minute.successes, 0),
      n: group.reduce((sum, minute) => sum + minute.n, 0),
    });
  }
  return groups;
}

function chiSquaredPerDegree(groups: readonly Counts[]): number {
  const used = groups.filter((group) => group.n > 0);
  const n = used.reduce((sum, group) => sum + group.n, 0);
  const share = used.reduce((sum, group) => sum + group.successes, 0) / n;
  if (used.length < 2 || !(share > 0 && share < 1)) return 1;
  const squares = used.reduce(
    (sum, group) => sum + (group.successes - group.n * share) ** 2 / (group.n * share * (1 - share)),
    0,
  );
  return squares / (used.length - 1);
}
