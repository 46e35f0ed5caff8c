import { bisect, logGamma } from './beta.ts';
import type { Interval } from './proportions.ts';

/**
 * How far the shares of k bins, counted over n independent values, may lie from the truth: a bound of the relative
 * entropy KL(counted ‖ true) in nats that fails with chance alpha.
 *
 * - `always`: for all n together. Every truth stays in whose likelihood ratio against a Dirichlet(1/2, …) mixture is
 *   below 1 / alpha (Ville's inequality), as in `proportionSequence`; the mixture's regret is taken at its largest, where
 *   all values lie in one bin (Xie and Barron 2000): ln Γ(n + k/2) − ln Γ(n + 1/2) + ln Γ(1/2) − ln Γ(k/2).
 * - `once`: for one n. P(KL ≥ t / n) ≤ e^−t (e t / (k − 1))^(k − 1) (Agrawal 2020, arXiv 1904.02291, theorem 1).
 */
export function entropyBound(n: number, bins: number, alpha: number, looks: 'always' | 'once'): number {
  if (!(n > 0)) return Number.POSITIVE_INFINITY;
  if (bins < 2) return 0;
  if (looks === 'always') {
    const regret = logGamma(n + bins / 2) - logGamma(n + 0.5) + logGamma(0.5) - logGamma(bins / 2);
    return (regret + Math.log(1 / alpha)) / n;
  }
  const free = bins - 1;
  let low = free;
  let high = free + 2 * Math.log(1 / alpha);
  const excess = (t: number) => t - free - free * Math.log(t / free) - Math.log(1 / alpha);
  while (excess(high) < 0) high *= 2;
  for (let i = 0; i < 100; i += 1) {
    const middle = (low + high) / 2;
    if (excess(middle) < 0) low = middle;
    else high = middle;
  }
  return high / n;
}

/**
 * What a Jensen-Shannon divergence (bits) of two distributions over bins is at least, from the one counted. Its root is a
 * metric (Endres and Schindelin 2003), so it errs by no more than the roots of both sides' own errors, and each of those
 * is at most KL / 2 (nats to bits; the ratio of the two generators is largest, ln 2 / 2, for a bin that was not hit).
 */
export function jensenShannonAtLeast(estimate: number, bounds: readonly [number, number]): number {
  const error = Math.sqrt(bounds[0] / 2) + Math.sqrt(bounds[1] / 2);
  return Math.max(0, Math.sqrt(Math.max(0, estimate)) - error) ** 2;
}

/** Stakes of the bets against a divergence, each with as much of the wealth: the smaller, the nearer it lies to the one counted. */
const STAKES = Array.from({ length: 12 }, (_, i) => 0.7 / 1.5 ** i);

/**
 * What it is at most, at all looks together but for a chance of alpha, from n rows with a value of each side: for any number of
 * rows and of bins, and whatever two values of a row have to do with each other.
 *
 * Let m = (p + q) / 2 and s a stake below 1. Of a row with values x and y, (m(x) / p(x))^(s/2) (m(y) / q(y))^(s/2) has by Cauchy and Schwarz an
 * expectation of at most exp(−k s (1 − s) J): since p is at most 2 m, the sum of p^(1−s) m^s is at most 1 − k s (1 − s) KL(p ‖ m),
 * with k as in `slack`. And no truth fits what was counted better than what was counted: Σ p̂ ln(p / m) + Σ q̂ ln(q / m) is at most
 * 2 Ĵ. So the mean over stakes of exp(n s (k (1 − s) J − Ĵ)) is no more than a supermartingale that begins with 1, which
 * exceeds 1 / alpha with chance alpha at most (Ville).
 */
export function jensenShannonAtMost(estimate: number, n: number, alpha: number): number {
  if (!(n > 0)) return 1;
  const counted = Math.max(0, estimate) * Math.LN2;
  const wealth = (bits: number) => {
    const logs = STAKES.map((s) => n * s * (slack(s) * (1 - s) * bits * Math.LN2 - counted));
    const largest = Math.max(...logs);
    return largest + Math.log(logs.reduce((sum, one) => sum + Math.exp(one - largest), 0) / STAKES.length);
  };
  const limit = Math.log(1 / alpha);
  return wealth(1) <= limit ? 1 : bisect(wealth, limit);
}

/**
 * The least of (1 + (1 − s) t − (1 + t)^(1 − s)) / (s (1 − s) ((1 + t) ln(1 + t) − t)) for t from −1 to 1, which p = (1 + t) m lies
 * within: it falls from 1 / (1 − s) to this, at t = 1 (a test looks at all t).
 */
export function slack(s: number): number {
  return (2 - s - 2 ** (1 - s)) / (s * (1 - s) * (2 * Math.LN2 - 1));
}

/**
 * Bounds of a population stability index, to first order: for shares that do not differ many-fold it is the squared
 * chi-squared distance, and 2 KL is what each side errs by (Yurdakul 2018 gives its chi-squared law). An index of up to
 * 0.25 leaves no tenth of the numbers under a fourteenth of its share, and there it holds; at 0.4 simulated endpoints
 * fall out of it in 12 % of single looks, which is why a policy may not allow so much.
 */
export function stabilityInterval(estimate: number, bounds: readonly [number, number]): Interval {
  const root = Math.sqrt(Math.max(0, estimate));
  const error = Math.sqrt(2 * bounds[0]) + Math.sqrt(2 * bounds[1]);
  return [Math.max(0, root - error) ** 2, (root + error) ** 2];
}
