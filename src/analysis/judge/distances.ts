import type { NumberSums, Predictions } from '../observations.ts';
import type { Policy } from '../policy.ts';
import { gates } from '../policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { compare } from '../verdict.ts';
import type { Gate } from '../verdict.ts';
import { tooLittle } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { count, number } from './words.ts';

const NAMES = {
  ks: 'Kolmogorov-Smirnov distance',
  wasserstein: 'Wasserstein-1 distance',
  psi: 'population stability index',
  jensenShannon: 'Jensen-Shannon divergence',
} as const;

type Distance = keyof typeof NAMES;

/**
 * Are the shadow's numbers spread as production's? Only for the distances that the policy limits, and by distance,
 * never by p: with many rows a test finds any difference, however small. The Kolmogorov-Smirnov distance has bounds;
 * of the others no bound is known that holds without knowing the distribution, so that the estimate decides.
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
  const obstacle = tooLittle(predictions, evidence);
  const interval = name === 'ks' ? ksInterval(predictions, numbers, policy) : undefined;
  const decided = interval === undefined ? (estimate < margin ? 'pass' : 'fail') : compare(interval, margin);
  const outcome = obstacle === undefined ? decided : 'inconclusive';
  const facts = `The ${NAMES[name]} of the two distributions is ${number(estimate)}, over ${count(numbers.rows)} rows`;
  const limit = `less than ${number(margin)} is demanded`;
  const bounds =
    interval === undefined
      ? ' (an estimate: no bounds are known for it)'
      : `; the truth lies between ${number(interval[0])} and ${number(interval[1])}`;
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
    reason: obstacle === undefined ? `${facts}${bounds}, and ${limit}.` : `${facts}, but ${obstacle.reason}.`,
    needs:
      outcome !== 'inconclusive'
        ? undefined
        : obstacle === undefined
          ? 'more different inputs, or a distance that does not lie near the limit'
          : `${count(obstacle.missing)} more ${obstacle.of ?? 'pairs'}`,
  };
}

function ksInterval(predictions: Predictions, numbers: NumberSums, policy: Policy): Interval {
  const band = ksBand(Math.max(1, numbers.rows / copies(predictions)), policy);
  const { ks } = numbers.distances;
  return [Math.max(0, ks - 2 * band), Math.min(1, ks + 2 * band)];
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

/** Rows per input, as if no copy said anything new (Kish 1965): what is true of deterministic models. */
function copies({ repeats }: Predictions): number {
  const sums = repeats?.agreement ?? repeats?.beyond;
  return sums === undefined || sums.rows === 0 ? 1 : sums.rowsSquared / sums.rows;
}
