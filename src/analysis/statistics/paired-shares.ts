import { studentQuantile } from './beta.ts';
import type { Interval } from './proportions.ts';
import { GROUPS, MIN_EXPECTED, MIN_GROUPS } from './proportions.ts';
import { sequenceHalfWidth } from './sequences.ts';
import { chiSquaredAbove } from './symmetry.ts';

/** Hits and requests of one side in one minute. */
interface Counts {
  successes: number;
  n: number;
}

/** One minute of both sides. */
export interface PairedMinute {
  production: Counts;
  shadow: Counts;
  /** Where requests are known one by one: those that hit both sides. Then n is the same on both. */
  both?: number | undefined;
}

/** The difference of two shares over the minutes in which both sides have requests. */
export interface PairedShares {
  minutes: number;
  production: Counts;
  shadow: Counts;
  /** Share of the shadow less that of production; not a number without minutes. */
  estimate: number;
  /** How much the minutes' differences scatter, as if each minute had the same requests: the standard error is this over √minutes. */
  deviation: number;
  /** How many times as much they scatter as those of independent requests would; at least 1. */
  dispersion: number;
  /** `dispersion` over groups of minutes of which there are enough that it is hardly large by chance. */
  steadyDispersion: number;
  /** Chance that the differences of the minutes scatter as they do, or more, if requests were independent. */
  burstChance: number;
}

/** Of seven groups of minutes the scatter is 1.6 times that of independent requests in one of seven endpoints, by chance; of thirty in one of forty. */
const STEADY_GROUPS = 20;

/**
 * Sums up minutes as pairs: what both sides have in a minute, such as bad requests that both refuse, or load, goes out of
 * the difference and out of its scatter. Residuals of the difference of ratios, r_i = (a_i − p n_i) − (N / M) (b_i − q m_i),
 * are summed over single minutes and ever longer groups of them; the largest scatter counts (Cochran 1977, section 6.5, for
 * the variance of a ratio). Where requests are known one by one, what independent ones would scatter by is that of the discordant
 * pairs alone, π₁₀ + π₀₁ − (π₁₀ − π₀₁)² a pair (McNemar 1947): what hits both sides would else hide bursts that hit one.
 */
export function pairShares(all: readonly PairedMinute[]): PairedShares {
  const minutes = all.filter(({ production, shadow }) => production.n > 0 && shadow.n > 0);
  const [production, shadow] = [
    total(minutes.map((minute) => minute.production)),
    total(minutes.map((minute) => minute.shadow)),
  ];
  const [q, p] = [production.successes / production.n, shadow.successes / shadow.n];
  const scale = shadow.n / production.n;
  const both = minutes.every((minute) => minute.both !== undefined)
    ? sumOf(minutes, (one) => one.both ?? 0)
    : undefined;
  const scatter = both === undefined ? undefined : p + q - (2 * both) / shadow.n - (p - q) ** 2;
  const units = minutes.map((minute) => ({
    residual:
      minute.shadow.successes - p * minute.shadow.n - scale * (minute.production.successes - q * minute.production.n),
    // What independent requests would scatter by.
    expected:
      scatter === undefined
        ? minute.shadow.n * p * (1 - p) + scale * scale * minute.production.n * q * (1 - q)
        : minute.shadow.n * Math.max(0, scatter),
    hits: minute.shadow.successes + minute.production.successes - 2 * (both === undefined ? 0 : (minute.both ?? 0)),
  }));
  let [variance, steady] = [0, 0];
  const chances: number[] = [];
  for (const size of GROUPS) {
    const groups = groupsOf(units, size);
    if (groups.length < (size === 1 ? 2 : MIN_GROUPS)) continue;
    const sums = groups.map((group) => ({
      residual: sumOf(group, (unit) => unit.residual),
      expected: sumOf(group, (unit) => unit.expected),
      hits: sumOf(group, (unit) => unit.hits),
    }));
    const degrees = groups.length - 1;
    // Minutes left over at the end scatter as the others do.
    const whole = minutes.length / (groups.length * size);
    const own = (sumOf(sums, ({ residual }) => residual ** 2) * groups.length * whole) / degrees;
    variance = Math.max(variance, own);
    if (size === 1 || groups.length >= STEADY_GROUPS) steady = Math.max(steady, own);
    if (groups.length < MIN_GROUPS || sumOf(sums, ({ hits }) => hits) < MIN_EXPECTED * groups.length) continue;
    const squares = sumOf(sums, ({ residual, expected }) => (expected > 0 ? residual ** 2 / expected : 0));
    chances.push(chiSquaredAbove(squares, degrees));
  }
  const expected = sumOf(units, (unit) => unit.expected);
  return {
    minutes: minutes.length,
    production,
    shadow,
    estimate: p - q,
    deviation: (Math.sqrt(variance) * Math.sqrt(minutes.length)) / shadow.n,
    dispersion: Math.max(1, variance / expected) || 1,
    steadyDispersion: Math.max(1, steady / expected) || 1,
    burstChance: Math.min(1, Math.min(1, ...chances) * Math.max(1, chances.length)),
  };
}

/**
 * What the difference can be, each side at `alpha`, as a function of the minutes that are there: an asymptotic confidence
 * sequence of the minutes (sequenceHalfWidth; for one look Student's quantile), and an allowance of ln(2/α) requests for
 * hits too rare to have been seen, times the dispersion.
 *
 * @param tunedFor minutes at which the sequence is tightest
 * @param inflation of the variance
 */
export function pairedInterval(
  { minutes, production, shadow, estimate, deviation, dispersion }: PairedShares,
  { alpha, once, tunedFor, inflation = 1 }: { alpha: number; once: boolean; tunedFor: number; inflation?: number },
): Interval {
  if (minutes === 0) return [-1, 1];
  const spread = deviation * Math.sqrt(inflation);
  const half = once
    ? (studentQuantile(1 - alpha, Math.max(1, minutes - 1)) * spread) / Math.sqrt(minutes)
    : sequenceHalfWidth(minutes, spread, alpha, tunedFor);
  const unseen = Math.log(2 / alpha) * dispersion;
  return [Math.max(-1, estimate - half - unseen / production.n), Math.min(1, estimate + half + unseen / shadow.n)];
}

function total(sides: readonly Counts[]): Counts {
  return { successes: sumOf(sides, (side) => side.successes), n: sumOf(sides, (side) => side.n) };
}

function sumOf<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((sum, value) => sum + of(value), 0);
}

/** Whole groups of so many. */
function groupsOf<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.floor(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}
