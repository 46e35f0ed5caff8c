import { errorMinutes } from './summaries.ts';
import type { Policy } from '../policy/policy.ts';
import { gates } from '../policy/policy.ts';
import { pairedInterval, pairShares } from '../statistics/paired-shares.ts';
import type { PairedMinute, PairedShares } from '../statistics/paired-shares.ts';
import { clopperPearson, dispersion } from '../statistics/proportions.ts';
import type { Interval } from '../statistics/proportions.ts';
import { compare } from './verdict.ts';
import type { Gate, Outcome } from './verdict.ts';
import { BURSTY_FACTOR, confidence, minutesToPass, requiredSampleSize, shareInterval } from './evidence.ts';
import { BURST_ALPHA } from './scatter.ts';
import type { Evidence } from './evidence.ts';
import type { PairCounts } from '../observations.ts';
import { count, counted, percent, points } from '../../base/units.ts';
import { minutesNeeded, needsAdvice, needsAbout, needsTraffic, NOTHING, UNDECIDABLE } from './needs.ts';
import type { Needs } from './needs.ts';

/** Failed requests of one variant. */
export interface Failures {
  failed: number;
  n: number;
  /** n divided by the overdispersion of the minutes: how much more they vary than independent requests would. */
  effective: number;
}

/** Failed requests of both sides by minute: request by request where these are known, else as many as there were. */
function failedMinutes({ observations: { metrics } }: Evidence): PairedMinute[] {
  if (metrics.paired !== undefined) return pairedMinutes(metrics.paired.failed);
  const shadow = metrics.shadow === undefined ? [] : errorMinutes(metrics.shadow);
  return errorMinutes(metrics.production).map((ofProduction, i) => ({
    production: ofProduction,
    shadow: shadow[i] ?? { successes: 0, n: 0 },
  }));
}

/** Counts of pairs as minutes of two sides. */
export function pairedMinutes({ n, both, production, shadow }: PairCounts): PairedMinute[] {
  return n.map((all, i) => {
    const common = both[i] ?? 0;
    return {
      production: { successes: common + (production[i] ?? 0), n: all },
      shadow: { successes: common + (shadow[i] ?? 0), n: all },
      both: common,
    };
  });
}

/**
 * Does the shadow fail more requests? CloudWatch gives counts a minute, not single requests, so minutes are the pairs: what
 * fails on both sides in a minute goes out of the difference and out of its scatter. Where requests are known one by one, the
 * discordant ones decide: those that failed on one side alone. A gate passes no sooner than answers
 * do, thrice that where failures come in bursts; it fails after one block, with bursts only where three times the scatter
 * would still say so.
 */
export function judgeErrors(evidence: Evidence): Gate[] {
  const { observations, policy, challenger } = evidence;
  const table = observations.metrics.shadow;
  if (table === undefined) return [];
  const minutes = failedMinutes(evidence);
  const found = pairShares(minutes);
  const base = {
    id: 'errors',
    title: 'Does it fail more requests?',
    gating: gates(policy, 'errors'),
    unit: 'share' as const,
    difference: true as const,
    margin: policy.errors,
    relation: '<' as const,
    n: found.shadow.n,
    of: 'requests' as const,
  };
  if (found.minutes === 0) {
    const seen = (side: 'production' | 'shadow') => minutes.some((minute) => minute[side].n > 0);
    const who = seen('shadow') ? 'production variant' : challenger;
    const asked = minutes.reduce((sum, minute) => sum + minute.production.n, 0);
    const uncopied = asked > 0 && !seen('shadow') && observations.metrics.unread !== true;
    return [
      {
        ...base,
        outcome: 'inconclusive',
        estimate: undefined,
        interval: undefined,
        reason:
          observations.metrics.unread === true
            ? 'It is not known how many requests there were, and how many failed: the metrics could not be read, which takes cloudwatch:GetMetricData.'
            : seen('shadow') && seen('production')
              ? `Production and the ${challenger} received requests in no minute of this window together.`
              : `The ${who} received no requests in this window.`,
        ...needsAdvice(
          uncopied
            ? `requests that reach the ${challenger}: of production's ${counted(asked, 'requests')}, 0 copies`
            : 'minutes with requests whose metrics can be read',
        ),
      },
    ];
  }
  const { interval, says, floor, outcome } = judgePaired(found, policy.errors, policy);
  const share = ({ successes, n }: typeof found.shadow) => successes / n;
  const facts = `${percent(share(found.shadow))} of the ${challenger}'s requests failed (${count(found.shadow.successes)} of ${count(found.shadow.n)}), ${percent(share(found.production))} of production's${discordantWords(evidence)}`;
  const between = `the true difference is between ${points(interval[0])} and ${points(interval[1])} (${confidence(policy)}), and the limit is ${points(policy.errors)}`;
  const words = {
    pass: `${facts}; the difference is at most ${points(interval[1])} (${confidence(policy)}), and the limit is ${points(policy.errors)}. ${outages(minutes, policy)}`,
    fail: `${facts}; the difference is at least ${points(interval[0])} (${confidence(policy)}), and the limit is ${points(policy.errors)}.`,
    inconclusive:
      floor.missing === 0
        ? `${facts}; ${between}.`
        : `${facts}, but ${floor.bursts ? 'failures come in bursts, so ' : ''}${minutesNeeded(floor.minutes, 'in which both have requests')} to ${says}, and there are ${found.minutes}.`,
  };
  return [
    {
      ...base,
      outcome,
      estimate: found.estimate,
      interval,
      reason: words[outcome],
      ...(outcome !== 'inconclusive'
        ? NOTHING
        : floor.missing > 0
          ? needsTraffic(floor.missing)
          : moreRequests(found, policy.errors, policy)),
    },
  ];
}

/** How many failed on one side alone, where that is known. */
function discordantWords({ observations: { metrics }, challenger }: Evidence): string {
  if (metrics.paired === undefined) return '';
  const { production, shadow } = metrics.paired.failed;
  const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
  const [alone, other] = [sum(shadow), sum(production)];
  return alone + other === 0
    ? ''
    : `, of the same requests: ${count(alone)} failed on the ${challenger} alone, ${count(other)} on production alone`;
}

/** Differences that scatter so many times as much as independent requests would are bursts, however few there are to test. */
const BURST_DISPERSION = 1.6;
/** Under bursts a shadow fails from so many minutes on, if that much more scatter would still say so. */
const EARLY = { minutes: 20, inflation: 3 };

interface PairedVerdict {
  interval: Interval;
  /** What the bounds say, and what is decided after as many minutes as that takes. */
  says: Outcome;
  outcome: Outcome;
  floor: Floor;
}

/** Whether the difference of two shares lies below a limit, by the minutes. */
export function judgePaired(found: PairedShares, limit: number, policy: Policy): PairedVerdict {
  const interval = errorsInterval(found, policy);
  const says = compare(interval, limit);
  const floor = floorOf(found, says, limit, policy);
  return { interval, says, floor, outcome: floor.missing > 0 ? 'inconclusive' : says };
}

/** Minutes that are needed for what the bounds say, and how many of these are missing. */
interface Floor {
  minutes: number;
  missing: number;
  bursts: boolean;
}

/** Do the hits of one side come in bursts? */
export function inBursts({ burstChance, steadyDispersion }: PairedShares): boolean {
  return burstChance < BURST_ALPHA || steadyDispersion > BURST_DISPERSION;
}

function floorOf(found: PairedShares, says: Outcome, limit: number, policy: Policy): Floor {
  const bursts = inBursts(found);
  const calm = says === 'pass' ? minutesToPass(policy) : policy.blockMinutes;
  const early = says === 'fail' && errorsInterval(found, policy, EARLY.inflation)[0] > limit;
  const minutes = !bursts ? calm : early ? EARLY.minutes : minutesToPass(policy) * BURSTY_FACTOR;
  return { minutes, missing: says === 'inconclusive' ? 0 : Math.max(0, minutes - found.minutes), bursts };
}

/** What the difference can be, each side at alpha; tightest where a pass is first possible. */
export function errorsInterval(found: PairedShares, policy: Policy, inflation = 1): Interval {
  const { alpha, looks } = policy;
  return pairedInterval(found, { alpha, once: looks === 'once', tunedFor: minutesToPass(policy), inflation });
}

/** What minutes like these cannot exclude: outages that have not come yet. */
function outages(minutes: readonly PairedMinute[], { alpha }: Policy): string {
  const both = minutes.filter(({ production, shadow }) => production.n > 0 && shadow.n > 0);
  const out = both.filter(
    ({ production, shadow }) => 2 * (shadow.successes / shadow.n - production.successes / production.n) > 1,
  );
  const most = percent(clopperPearson(out.length, both.length, alpha)[1]);
  return out.length === 0
    ? `${both.length} minutes without an outage exclude outages in more than ${most} of minutes.`
    : `Outages in ${counted(out.length, 'minutes')} of ${both.length} exclude outages in more than ${most} of minutes.`;
}

/** How many more requests would decide, if minutes go on as they are. */
export function moreRequests(found: PairedShares, limit: number, policy: Policy): Needs {
  const needed = requiredSampleSize(found.shadow.n, (n) => {
    const factor = n / found.shadow.n;
    const grow = (side: typeof found.shadow) => ({ successes: side.successes * factor, n: side.n * factor });
    const grown = {
      ...found,
      minutes: found.minutes * factor,
      production: grow(found.production),
      shadow: grow(found.shadow),
    };
    return compare(errorsInterval(grown, policy), limit) !== 'inconclusive';
  });
  return needed === undefined
    ? UNDECIDABLE
    : needsAbout('requests', needed - found.shadow.n, { n: found.shadow.n, minutes: found.minutes });
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
