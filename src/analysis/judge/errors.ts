import { errorMinutes } from './summaries.ts';
import type { Policy } from '../policy/policy.ts';
import { gates } from '../policy/policy.ts';
import { dispersion } from '../statistics/proportions.ts';
import type { Interval } from '../statistics/proportions.ts';
import { compare } from './verdict.ts';
import type { Gate } from './verdict.ts';
import { confidence, requiredSampleSize, shareInterval } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { count, percent, points } from '../../base/units.ts';
import { needsAdvice, needsMore, NOTHING, UNDECIDABLE } from './needs.ts';

/** Failed requests of one variant. */
export interface Failures {
  failed: number;
  n: number;
  /** n divided by the overdispersion of the minutes: how much more they vary than independent requests would. */
  effective: number;
}

/**
 * Does the shadow fail more requests than production? CloudWatch gives counts a minute, not single requests, so the
 * two shares are bounded apart, each at alpha / 2, and their difference is compared with the margin. Bursts make the
 * number of requests count for less (dispersion).
 */
export function judgeErrors(evidence: Evidence): Gate[] {
  const { observations, policy, minutes, challenger } = evidence;
  const table = observations.metrics.shadow;
  if (table === undefined) return [];
  const production = failures(errorMinutes(observations.metrics.production));
  const shadow = failures(errorMinutes(table));
  const base = {
    id: 'errors',
    title: 'Does it fail more requests?',
    gating: gates(policy, 'errors'),
    unit: 'share' as const,
    margin: policy.errors,
    relation: '<' as const,
    n: shadow.n,
    of: 'requests' as const,
  };
  if (shadow.n === 0 || production.n === 0) {
    const who = shadow.n === 0 ? challenger : 'production variant';
    return [
      {
        ...base,
        outcome: 'inconclusive',
        estimate: undefined,
        interval: undefined,
        reason: `The ${who} received no requests in this window.`,
        ...needsAdvice('traffic to the endpoint'),
      },
    ];
  }
  const shares = { production: production.failed / production.n, shadow: shadow.failed / shadow.n };
  const estimate = shares.shadow - shares.production;
  const interval = differenceInterval(shadow, production, policy);
  const outcome = compare(interval, policy.errors);
  const facts = `${percent(shares.shadow)} of the ${challenger}'s requests failed (${count(shadow.failed)} of ${count(shadow.n)}), ${percent(shares.production)} of production's`;
  const words = {
    pass: `${facts}; the difference is at most ${points(interval[1])} (${confidence(policy)}), and ${points(policy.errors)} is allowed.`,
    fail: `${facts}; the difference is at least ${points(interval[0])} (${confidence(policy)}), and only ${points(policy.errors)} is allowed.`,
    inconclusive: `${facts}; the true difference is between ${points(interval[0])} and ${points(interval[1])} (${confidence(policy)}), and ${points(policy.errors)} is allowed.`,
  };
  const perMinute = minutes > 0 ? shadow.n / minutes : 0;
  const needed =
    outcome === 'inconclusive'
      ? requiredSampleSize(shadow.n, (n) => {
          const grow = (side: Failures) => {
            const factor = n / shadow.n;
            return { failed: side.failed * factor, n: side.n * factor, effective: side.effective * factor };
          };
          return compare(differenceInterval(grow(shadow), grow(production), policy), policy.errors) !== 'inconclusive';
        })
      : undefined;
  return [
    {
      ...base,
      outcome,
      estimate,
      interval,
      reason: words[outcome],
      ...(outcome !== 'inconclusive'
        ? NOTHING
        : needed === undefined
          ? UNDECIDABLE.difference
          : needsMore('requests', needed - shadow.n, perMinute)),
    },
  ];
}

/** Failures over all minutes, with the number of independent requests that would say as much. */
export function failures(minutes: readonly { successes: number; n: number }[]): Failures {
  const n = minutes.reduce((sum, minute) => sum + minute.n, 0);
  return { failed: minutes.reduce((sum, minute) => sum + minute.successes, 0), n, effective: n / dispersion(minutes) };
}

/** What shadow − production can be, for the shares of failed requests; each side at alpha. */
export function differenceInterval(shadow: Failures, production: Failures, policy: Policy): Interval {
  const bounds = (side: Failures) => {
    const share = side.n === 0 ? 0 : side.failed / side.n;
    return shareInterval(share * side.effective, side.effective, policy.alpha / 2, policy);
  };
  const [ofProduction, ofShadow] = [bounds(production), bounds(shadow)];
  return [ofShadow[0] - ofProduction[1], ofShadow[1] - ofProduction[0]];
}
