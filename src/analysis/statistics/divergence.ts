import { logGamma } from './beta.ts';
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
 * Bounds of a Jensen-Shannon divergence (bits) of two distributions over bins, from the one counted. Its root is a
 * metric (Endres and Schindelin 2003), so it errs by no more than the roots of both sides' own errors, and each of those
 * is at most KL / 2 (nats to bits; the ratio of the two generators is largest, ln 2 / 2, for a bin that was not hit).
 */
export function jensenShannonInterval(estimate: number, bounds: readonly [number, number]): Interval {
  const root = Math.sqrt(Math.max(0, estimate));
  const error = Math.sqrt(bounds[0] / 2) + Math.sqrt(bounds[1] / 2);
  return [Math.max(0, root - error) ** 2, Math.min(1, (root + error) ** 2)];
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
