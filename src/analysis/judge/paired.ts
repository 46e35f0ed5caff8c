import type { Policy } from '../policy/policy.ts';
import { boundedMeanSequence } from '../statistics/bounded.ts';
import type { Occurred } from '../statistics/bounded.ts';
import type { Interval } from '../statistics/proportions.ts';
import { rowsHalfWidth, sequenceHalfWidth } from '../statistics/sequences.ts';

/** Rows of which something is true of one side alone, of n. */
export interface Discordant {
  first: number;
  second: number;
  n: number;
  /** How much less rows count for being clustered; at least 1. */
  factor: number;
}

/**
 * Bounds of how much more often something is true of the first side than of the second, each at alpha: the mean of one
 * difference a row, which is 1, −1 or 0. Rows on which both are alike say so exactly, and cost nothing.
 */
export function pairedDifference({ first, second, n, factor }: Discordant, policy: Policy): Interval {
  const values = [
    { value: 1, count: first / factor },
    { value: -1, count: second / factor },
    { value: 0, count: Math.max(0, n - first - second) / factor },
  ];
  return boundedMean(values, -1, 1, policy);
}

/** Bounds of the mean of values between `low` and `high`, each at alpha: for every look, or narrower for a single one. */
export function boundedMean(values: readonly Occurred[], low: number, high: number, policy: Policy): Interval {
  if (policy.looks === 'always') return boundedMeanSequence(values, low, high, policy.alpha);
  const n = values.reduce((sum, { count }) => sum + count, 0);
  if (n <= 0) return [low, high];
  const mean = values.reduce((sum, { value, count }) => sum + value * count, 0) / n;
  const variance = values.reduce((sum, { value, count }) => sum + count * (value - mean) ** 2, 0) / n;
  const half = meanHalfWidth(n, Math.sqrt(variance), high - low, policy);
  return [Math.max(low, mean - half), Math.min(high, mean + half)];
}

/**
 * Half-width of the bounds of a mean of n values of standard deviation s that lie `range` apart at the most, each at alpha.
 * For every look an asymptotic confidence sequence; for a single one what Bernstein's inequality allows a known deviation.
 * What n rows do not show may be in ln(1 / alpha) / n of all: the bounds are never nearer than that times the range, and
 * wider by its third beyond the deviation, as Bernstein's are (Boucheron, Lugosi and Massart 2013, section 2.8).
 *
 * @param seen rows that would show what is rare: where n is what the days of a batch are worth, all rows
 */
export function meanHalfWidth(n: number, s: number, range: number, policy: Policy, seen = n): number {
  const { alpha, looks, minimumPairs } = policy;
  const unseen = (range * Math.log(1 / alpha)) / seen;
  const scatter = looks === 'once' ? onceHalfWidth(n, s, alpha) : sequenceHalfWidth(n, s, alpha, minimumPairs);
  return Math.max(unseen, scatter + unseen / 3);
}

/**
 * The same of losses: tightest at `tunedFor` rows, in the one-sided form, how far the truth may lie below the mean and how far
 * above. Losses are skewed where few rows bear them: a bound is moved out by Johnson's (1978, JASA 73) term for the third
 * moment, `skew` (1/6 + k²/3) at k standard errors. Where it is not known, bounds are wider by two thirds of what is unseen.
 *
 * @param skew third moment over variance and n, in the unit of the mean
 */
export function lossHalfWidths(
  { n, s, range, skew, seen = n }: { n: number; s: number; range: number; skew: number | undefined; seen?: number },
  policy: Policy,
  tunedFor: number,
): [below: number, above: number] {
  const { alpha, looks } = policy;
  const unseen = (range * Math.log(1 / alpha)) / seen;
  const scatter = looks === 'once' ? onceHalfWidth(n, s, alpha) : rowsHalfWidth(n, s, alpha, tunedFor);
  const errors = s > 0 ? (scatter * Math.sqrt(n)) / s : 0;
  const moved = (side: number) =>
    skew === undefined ? (2 / 3) * unseen : Math.max(0, side * skew) * (1 / 6 + errors ** 2 / 3);
  return [Math.max(unseen, scatter + moved(-1)), Math.max(unseen, scatter + moved(1))];
}

function onceHalfWidth(n: number, s: number, alpha: number): number {
  return s * Math.sqrt((2 * Math.log(1 / alpha)) / n);
}
