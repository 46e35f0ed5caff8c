import { errorMinutes } from '../metrics.ts';
import type { Policy } from '../policy/policy.ts';
import { gates } from '../policy/policy.ts';
import { dispersion } from '../statistics/proportions.ts';
import type { Interval } from '../statistics/proportions.ts';
import { compare } from './verdict.ts';
import type { Gate } from './verdict.ts';
import { enough, shareInterval } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { duration } from './words.ts';
import { count, counted, percent } from '../../base/units.ts';

/** Failed requests of one variant. */
export interface Failures {
  failed: number;
  n: number;
  /** n divided by how much more the minutes scatter than independent requests would. */
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
        reason: `The ${who} saw no request in this window.`,
        needs: 'traffic to the endpoint',
      },
    ];
  }
  const shares = { production: production.failed / production.n, shadow: shadow.failed / shadow.n };
  const estimate = shares.shadow - shares.production;
  const interval = differenceInterval(shadow, production, policy);
  const outcome = compare(interval, policy.errors);
  const facts = `${percent(shares.shadow)} of the ${challenger}'s requests failed (${count(shadow.failed)} of ${count(shadow.n)}), ${percent(shares.production)} of production's`;
  const words = {
    pass: `${facts}; the difference is below ${percent(policy.errors)} for sure (at most ${percent(interval[1])}).`,
    fail: `${facts}; that is more than ${percent(policy.errors)} worse for sure (at least ${percent(interval[0])}).`,
    inconclusive: `${facts}; the difference lies between ${percent(interval[0])} and ${percent(interval[1])}, the margin is ${percent(policy.errors)}.`,
  };
  const perMinute = minutes > 0 ? shadow.n / minutes : 0;
  const needed =
    outcome === 'inconclusive'
      ? enough(shadow.n, (n) => {
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
      needs:
        outcome === 'inconclusive'
          ? needed === undefined
            ? 'a difference that does not lie right on the margin'
            : more(needed - shadow.n, perMinute, 'requests')
          : undefined,
    },
  ];
}

/** `4 100 more requests, about 2 h 10 min at the present rate`. */
export function more(n: number, perMinute: number, of: string): string {
  const time = perMinute > 0 ? `, about ${duration(n / perMinute)} at the present rate` : '';
  return `${counted(n, `more ${of}`)}${time}`;
}

/** Failures over all minutes, with the number of requests their scatter is worth. */
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
  const ours = bounds(production);
  const theirs = bounds(shadow);
  return [theirs[0] - ours[1], theirs[1] - ours[0]];
}
