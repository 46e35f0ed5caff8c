import { bisect, logGamma } from './beta.ts';
import type { Interval } from './proportions.ts';
import { chiSquaredAbove } from './symmetry.ts';

/** Values of one minute: how many, their sum, and the sum of their squares. */
export interface MinuteSums {
  n: number;
  sum: number;
  squares: number;
}

/** Where values lie, and what is guessed of them before the first minute. */
export interface ValueRange {
  low: number;
  high: number;
  guess: number;
}

/** A share: every value is 0 or 1. */
export const SHARE: ValueRange = { low: 0, high: 1, guess: 0.5 };
/** A difference of two shares over the same rows: every value is −1, 0 or 1. */
export const DIFFERENCE: ValueRange = { low: -1, high: 1, guess: 0 };

/** The variance, summed over all values, at which the bound is tightest: 2 000 rows of which 5 % differ. */
const TUNED_FOR = 100;

/**
 * What the mean over this window can be, each side at `alpha`: not the mean of the values seen, but of what each was to be
 * expected to be when it came, given all before it. Values may depend on each other in any way and drift as they like; the
 * bounds hold at every look. They say nothing about any time but this window.
 *
 * The empirical-Bernstein confidence sequence of Choe and Ramdas (arXiv 2110.00115, theorem 2; Howard et al., Annals of
 * Statistics 49, 2021, theorem 4) with the gamma-exponential mixture boundary: |mean − truth| < u(V) / n for
 * V = Σ (x − g)², g what was guessed of x before it came, here the mean of all earlier minutes.
 *
 * @param minutes oldest first
 */
export function windowInterval(
  minutes: readonly MinuteSums[],
  { low, high, guess }: ValueRange,
  alpha: number,
): Interval {
  let [n, sum, variance] = [0, 0, 0];
  for (const minute of minutes) {
    const expected = n === 0 ? guess : sum / n;
    variance += minute.squares - 2 * expected * minute.sum + minute.n * expected * expected;
    n += minute.n;
    sum += minute.sum;
  }
  if (n === 0) return [low, high];
  const half = mixtureBound(Math.max(0, variance), high - low, alpha) / n;
  return [Math.max(low, sum / n - half), Math.min(high, sum / n + half)];
}

/**
 * The s at which the gamma-exponential mixture reaches 1 / alpha at variance v (Howard et al. 2021, proposition 9): the sum of
 * values that lie within `scale` of what was guessed of them crosses it with probability alpha at most, ever.
 */
export function mixtureBound(v: number, scale: number, alpha: number): number {
  const limit = Math.log(1 / alpha);
  // Theirs for a normal mixture of both sides, at 2 alpha (section 3.5).
  const tail = 2 * Math.log(1 / (2 * alpha));
  const rho = TUNED_FOR / (tail + Math.log(1 + tail));
  let high = 1;
  while (mixture(high, v, rho, scale) < limit) high *= 2;
  return high * bisect((share) => mixture(share * high, v, rho, scale), limit);
}

/** Logarithm of the mixture of exp(λ s − ψ(λ) v) over λ, for s ≥ 0. */
function mixture(s: number, v: number, rho: number, scale: number): number {
  const square = scale * scale;
  const [prior, shape] = [rho / square, (v + rho) / square];
  const rate = shape + s / scale;
  return (
    prior * Math.log(prior) -
    logGamma(prior) -
    logBelow(prior, prior) +
    logGamma(shape) +
    logBelow(shape, rate) -
    shape * Math.log(rate) +
    (s / scale + v / square)
  );
}

/** Beyond this shape the incomplete gamma function takes too many terms. */
const LARGE = 500_000;

/** Logarithm of the regularised lower incomplete gamma function for x ≥ a; of a large a what it is at least, which widens the bound. */
function logBelow(a: number, x: number): number {
  return a > LARGE ? Math.log(0.5) : Math.log1p(-chiSquaredAbove(2 * x, 2 * a));
}
