import { percent, change, count } from './judge/words.ts';
import type { Policy } from './policy.ts';
import { gates } from './policy.ts';
import { clopperPearson, proportionSequence, requestsForQuantile } from './statistics/proportions.ts';

/** One demand of a policy, in words, and what it takes to meet it. */
export interface Demand {
  gate: string;
  gating: boolean;
  demand: string;
  /** The least traffic with which it can be decided, if all goes well. */
  traffic: string;
}

/** What a policy demands of a shadow, gate by gate. */
export function explainPolicy(policy: Policy): Demand[] {
  const blocks = `${policy.minimumBlocks} blocks of ${policy.blockMinutes} minutes, after ${policy.warmupMinutes} minutes of warm-up`;
  const share = (margin: number, above: boolean) => {
    const bound = policy.looks === 'once' ? clopperPearson : proportionSequence;
    return (n: number) => (above ? bound(n, n, policy.alpha)[0] > margin : bound(0, n, policy.alpha)[1] < margin);
  };
  // Two shares are bounded apart, each at half of alpha, and production's lower bound is zero where nothing fails.
  const errors = leastRequests(
    (n) => (policy.looks === 'once' ? clopperPearson : proportionSequence)(0, n, policy.alpha / 2)[1] < policy.errors,
  );
  const pairs = (least: number | undefined) => `${count(Math.max(policy.minimumPairs, least ?? 0))} pairs`;
  const demand = (gate: string, words: string, traffic: string): Demand => ({
    gate,
    gating: gates(policy, gate),
    demand: words,
    traffic,
  });
  const latency = (['mean', 'p50', 'p90', 'p99'] as const).map((name) => {
    const quantile = name === 'mean' ? 0 : Number(name.slice(1)) / 100;
    const least = quantile > 0 ? `, ${count(requestsForQuantile(quantile, policy.alpha))} requests` : '';
    return demand(
      `latency.${name}`,
      `its ${name} latency is at most ${change(1 + policy.latency[name])} of production's`,
      `${blocks}${least}`,
    );
  });
  const tolerance =
    policy.numbers.tolerance === undefined
      ? "half a standard deviation of production's"
      : String(policy.numbers.tolerance);
  return [
    demand('traffic.sampling', 'it saw the share of the traffic that was asked for', 'any'),
    demand(
      'errors',
      `its share of failed requests is less than ${percent(policy.errors)} above production's`,
      errors === undefined ? 'more than can be had' : `${count(errors)} requests without a failure`,
    ),
    ...latency,
    demand('output.readable', `at most ${percent(policy.unparsed)} of its answers cannot be understood`, '50 answers'),
    demand('output.varied', 'it does not answer one thing to everything', '50 answers'),
    demand(
      'labels.agreement',
      `more than ${percent(policy.agreement)} of its labels equal production's (for information where the truth is known)`,
      pairs(leastRequests(share(policy.agreement, true))),
    ),
    demand(
      'numbers.tolerance',
      `less than ${percent(policy.numbers.share)} of its numbers differ by more than ${tolerance} (for information where the truth is known)`,
      pairs(leastRequests(share(policy.numbers.share, false))),
    ),
    demand(
      'truth',
      `against labels, it loses less than ${percent(policy.truth)} of accuracy (or of mean absolute error)`,
      `${pairs(undefined)} with labels`,
    ),
  ];
}

/** The least n from which on a condition holds that never stops holding; undefined beyond a hundred million. */
function leastRequests(holds: (n: number) => boolean): number | undefined {
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
