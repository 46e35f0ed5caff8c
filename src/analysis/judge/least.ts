import { count } from '../../base/units.ts';
import type { Policy } from '../policy/policy.ts';
import { BINS, wassersteinBand } from './distances.ts';
import type { distanceInterval } from './distances.ts';
import { shareInterval } from './evidence.ts';
import { pairedDifference } from './paired.ts';
import { recallLost } from './recall.ts';
import { compare } from './verdict.ts';

/** Numbers of two models that answer alike, as far as a distance's bounds depend on them. */
export function equalNumbers(rows: number): Parameters<typeof distanceInterval>[1] {
  const histogram = { low: 0, high: 0, production: Array.from({ length: BINS }, () => 0), shadow: [] };
  return { rows, distances: { ks: 0, wasserstein: 0, psi: 0, jensenShannon: 0 }, histogram, mae: 0 };
}

/** Rows it takes per range of the numbers, where the limit is one: what no row has shown yet may lie a range apart. */
export function rangesPerMargin(policy: Policy): number {
  const ranges = 1000;
  const numbers = { ...equalNumbers(1), histogram: { ...equalNumbers(1).histogram, high: ranges } };
  return (leastRequests((n) => wassersteinBand(n, numbers, policy) < 1) ?? 0) / ranges;
}

/** Rows after which a shadow that is right where production is cannot lose more. */
export function leastForTruth(policy: Policy, margin: number): number | undefined {
  return leastRequests((n) => pairedDifference({ first: 0, second: 0, n, factor: 1 }, policy)[1] < margin);
}

/** Rows with a label that are all right, until it is proven that so large a share of all is. */
export function leastAllRight(policy: Policy, atLeast: number): number | undefined {
  return leastRequests((n) => {
    const all = { weight: 1, lost: 0, won: 0, same: n, n, shadowRight: n };
    const sample = { truth: '', rows: n, production: 1, shadow: 1, groups: [all], others: 0, unknown: NONE_UNKNOWN };
    return recallLost(sample, 1, policy)[1] < 1 - atLeast;
  });
}

const NONE_UNKNOWN = { agree: 0, differ: 0 };

/** Rows of a class that all agree, until that is proven. */
export function classRows(policy: Policy): string {
  const proven = (n: number) => compare(shareInterval(n, n, policy.alpha, policy), policy.classes.agreement, false);
  return count(Math.max(policy.classes.rows, leastRequests((n) => proven(n) === 'pass') ?? 0));
}

/** The least n from which on a condition holds that never stops holding; undefined beyond a hundred million. */
export function leastRequests(holds: (n: number) => boolean): number | undefined {
  let high = 1;
  while (!holds(high)) {
    high *= 2;
    if (high > 1e8) return undefined;
  }
  let low = high / 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
