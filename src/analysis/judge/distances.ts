import type { NumberSums, Predictions } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { gates } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import {
  entropyBound,
  jensenShannonAtLeast,
  jensenShannonAtMost,
  stabilityInterval,
} from '../statistics/divergence.ts';
import { sequenceHalfWidth } from '../statistics/sequences.ts';
import { compare } from './verdict.ts';
import type { Gate } from './verdict.ts';
import { blockerNeeds, confidence, shareInterval, insufficientData, windowTooShort } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { counted, number } from '../../base/units.ts';
import { needsAdvice, NOTHING } from './needs.ts';
import type { Blocker } from './needs.ts';
import { copiesOf } from '../statistics/repeats.ts';

const NAMES = {
  ks: 'Kolmogorov-Smirnov distance',
  wasserstein: 'Wasserstein-1 distance',
  psi: 'population stability index',
  jensenShannon: 'Jensen-Shannon divergence',
} as const;

export type Distance = keyof typeof NAMES;

/** Bins of the population stability index; and of the histogram that the Jensen-Shannon divergence is taken over. */
const DECILES = 10;
export const BINS = 30;

/** What of the numbers the bounds are made of. */
type Numbers = Pick<NumberSums, 'rows' | 'distances' | 'histogram' | 'mae'>;

/**
 * Are the shadow's numbers spread as production's? Only for the distances that the policy limits, and by distance,
 * never by p: with many rows a test finds any difference, however small. What chance alone puts between two samples is
 * in the bounds, so that a distance is neither proven nor refuted by it.
 */
export function judgeDistances(evidence: Evidence): Gate[] {
  const { policy } = evidence;
  const predictions = evidence.observations.predictions;
  const numbers = predictions?.numbers;
  if (predictions === undefined || numbers === undefined) return [];
  return (Object.keys(NAMES) as Distance[]).flatMap((name) => {
    const margin = policy.distances[name];
    return margin === undefined ? [] : [gate(name, margin, predictions, numbers, evidence)];
  });
}

function gate(name: Distance, margin: number, predictions: Predictions, numbers: NumberSums, evidence: Evidence): Gate {
  const { policy } = evidence;
  const estimate = numbers.distances[name];
  const interval = distanceInterval(
    name,
    numbers,
    copiesOf(predictions.repeats?.agreement ?? predictions.repeats?.beyond),
    policy,
  );
  const decided = compare(interval, margin);
  // How a distance comes about minute by minute is not known: how long the answers are is all that can be asked.
  const minutes = predictions.blocks.map(({ rows }) => ({ successes: 0, n: rows }));
  const blocker =
    insufficientData(predictions, evidence) ??
    mergedBlocker(predictions, policy) ??
    windowTooShort(decided, policy, [minutes]);
  const outcome = blocker === undefined ? decided : 'inconclusive';
  const facts = `The ${NAMES[name]} of the two distributions is ${number(estimate)}, over ${counted(numbers.rows, 'rows')}`;
  const limit = `less than ${number(margin)} is required`;
  const bounds = `; the true value is between ${number(interval[0])} and ${number(interval[1])} (${confidence(policy)})`;
  return {
    id: `distance.${name}`,
    title: 'Are its numbers spread the same?',
    outcome,
    gating: gates(policy, `distance.${name}`),
    unit: 'number',
    estimate,
    interval,
    margin,
    relation: '<',
    n: numbers.rows,
    of: 'rows',
    reason: blocker === undefined ? `${facts}${bounds}, and ${limit}.` : `${facts}, but ${blocker.reason}.`,
    ...(outcome !== 'inconclusive'
      ? NOTHING
      : blocker === undefined
        ? needsAdvice('more different inputs, or a distance that does not lie near the limit')
        : blockerNeeds(blocker)),
  };
}

/**
 * What the distance of the two distributions can be, each side at alpha: the two samples' own errors, each at alpha / 2,
 * added. Holds whether or not the two samples are correlated, as those of the same requests do.
 *
 * @param copies rows that count as one
 */
export function distanceInterval(name: Distance, numbers: Numbers, copies: number, policy: Policy): Interval {
  const { distances, histogram } = numbers;
  const n = Math.max(1, numbers.rows / copies);
  const alpha = policy.alpha / 2;
  const entropy = (bins: number) => entropyBound(n, bins, alpha, policy.looks);
  switch (name) {
    case 'ks': {
      const band = 2 * ksBand(n, policy);
      return [Math.max(0, distances.ks - band), Math.min(1, distances.ks + band)];
    }
    case 'psi':
      return stabilityInterval(distances.psi, [entropy(DECILES), entropy(DECILES)]);
    case 'jensenShannon': {
      const bins = histogram.production.length;
      return [
        jensenShannonAtLeast(distances.jensenShannon, [entropy(bins), entropy(bins)]),
        jensenShannonAtMost(distances.jensenShannon, n, policy.alpha),
      ];
    }
    case 'wasserstein': {
      const band = wassersteinBand(n, numbers, policy);
      return [Math.max(0, distances.wasserstein - band), distances.wasserstein + band];
    }
  }
}

/**
 * How far the area between two empirical distribution functions of pairs (a, b) may lie from the truth. At x the
 * functions' difference errs by no more than a share with variance P(x lies between a and b), and these add up to E|d|:
 * so the area errs by at most z sqrt(range · MAE / n), by Cauchy and Schwarz, z that of an asymptotic confidence
 * sequence. Rows never seen yet may lie as far apart as the whole range.
 */
export function wassersteinBand(n: number, { mae, histogram }: Numbers, policy: Policy): number {
  const range = Math.max(0, histogram.high - histogram.low);
  const unseen = range * shareInterval(0, n, policy.alpha / 2, policy)[1];
  return sequenceHalfWidth(n, Math.sqrt(range * mae), policy.alpha / 2, policy.minimumPairs) + unseen;
}

/**
 * How far an empirical distribution function of n values may lie from the truth, with chance alpha / 2 of more: two of
 * them bound a distance. For one look Dvoretzky-Kiefer-Wolfowitz with Massart's constant; for all looks
 * 0.85 sqrt((ln ln(e n) + 0.8 ln(1612 / alpha)) / n) (Howard and Ramdas 2022, arXiv 1906.09712, theorem 2).
 */
export function ksBand(n: number, policy: Policy): number {
  const alpha = policy.alpha / 2;
  return policy.looks === 'once'
    ? Math.sqrt(Math.log(2 / alpha) / (2 * n))
    : 0.85 * Math.sqrt((Math.log(Math.log(Math.E * n)) + 0.8 * Math.log(1612 / alpha)) / n);
}

/** Distances of several windows say nothing about that of all their numbers. */
function mergedBlocker({ merged = 1 }: Predictions, { over }: Policy): Blocker | undefined {
  if (over === 'days')
    return {
      reason: 'how far two distributions lie apart is not bounded over days',
      missing: 0,
      needs: needsAdvice('a policy without distances, or inform: [distance]'),
    };
  if (merged < 2) return undefined;
  return {
    reason: `the distances of ${counted(merged, 'windows')} cannot be added`,
    missing: 0,
    needs: needsAdvice('one report over all captures'),
  };
}
