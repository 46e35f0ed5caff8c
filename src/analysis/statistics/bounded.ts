import type { Interval } from './proportions.ts';

/** A value that occurred `count` times; a fraction where rows count for less than one. */
export interface Occurred {
  value: number;
  count: number;
}

/** Stakes, as shares of the largest that cannot be lost, and how much of the wealth begins with each: most with about a tenth. */
const STAKES = stakes();

function stakes(): { stake: number; logShare: number }[] {
  const all: { stake: number; weight: number }[] = [];
  for (let stake = 0.98; stake > 0.001; stake /= 1.25)
    all.push({ stake, weight: 1 / (1 + (Math.log(stake / 0.12) / 0.5) ** 2) });
  const total = all.reduce((sum, { weight }) => sum + weight, 0);
  return all.map(({ stake, weight }) => ({ stake, logShare: Math.log(weight / total) }));
}

/**
 * Confidence sequence of the mean of values between `low` and `high`, each side at `alpha`: may be looked at after every
 * value. Betting (Waudby-Smith and Ramdas 2024, arXiv 2010.09686, theorem 3): against a mean of m, the wealth
 * Π (1 + λ (x − m)) is a martingale, so that it ever exceeds 1 / alpha with chance alpha at most. Here it is spread over
 * fixed stakes λ, as in a universal portfolio (Orabona and Jun 2024, arXiv 2110.14099): it then depends on how often
 * each value occurred and not on their order, so that sums are enough. Holds for any bounded values, however few.
 *
 * @param values with their counts; none gives the whole range
 */
export function boundedMeanSequence(values: readonly Occurred[], low: number, high: number, alpha: number): Interval {
  const n = values.reduce((sum, { count }) => sum + count, 0);
  if (n <= 0 || high <= low) return [low, high];
  const shares = values.map(({ value, count }) => ({ value: (value - low) / (high - low), count }));
  const others = shares.map(({ value, count }) => ({ value: 1 - value, count }));
  const scale = high - low;
  return [low + scale * lowerBound(shares, n, alpha), high - scale * lowerBound(others, n, alpha)];
}

/** The largest mean from 0 to 1 below which the wealth of a bet on more exceeds 1 / alpha. */
function lowerBound(shares: readonly Occurred[], n: number, alpha: number): number {
  const counted = shares.filter(({ count }) => count > 0);
  const mean = Math.min(1, counted.reduce((sum, { value, count }) => sum + value * count, 0) / n);
  if (!(mean > 0)) return 0;
  const limit = Math.log(1 / alpha);
  // The smaller the mean that is bet against, the greater the wealth: falling, from above the limit to below it.
  const excess = (share: number) => logWealth(counted, share * mean) - limit;
  let [low, above] = [0.5, excess(0.5)];
  while (above <= 0 && low > 1e-12) {
    low /= 2;
    above = excess(low);
  }
  if (above <= 0) return 0;
  let [high, below] = [1, excess(1)];
  // The secant between the two, with the end that stays halved (Illinois): a few steps.
  for (let i = 0; i < 100 && high - low > 1e-13 * high; i += 1) {
    const share = low + ((high - low) * above) / (above - below);
    const value = excess(share);
    if (Math.abs(value) < 1e-9) return share * mean;
    if (value > 0) {
      [low, above] = [share, value];
      below /= 2;
    } else {
      [high, below] = [share, value];
      above /= 2;
    }
  }
  return low * mean;
}

function logWealth(shares: readonly Occurred[], mean: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  const logs = STAKES.map(({ stake, logShare }) => {
    let sum = logShare;
    for (const { value, count } of shares) sum += count * Math.log1p(stake * (value / mean - 1));
    largest = Math.max(largest, sum);
    return sum;
  });
  return largest + Math.log(logs.reduce((sum, one) => sum + Math.exp(one - largest), 0));
}
