import { percent, change, count } from './judge/words.ts';
import { ksBand } from './judge/distances.ts';
import type { Task } from './observations.ts';
import type { Policy } from './policy.ts';
import { decides, gates, policyFor } from './policy.ts';
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
  const pairs = (least: number | undefined) =>
    `${count(Math.max(policy.minimumPairs, least ?? 0))} pairs of different inputs`;
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
  const distances = Object.entries(policy.distances).filter((one): one is [string, number] => one[1] !== undefined);
  const informs = (gate: string, words: string): Demand => ({
    gate,
    gating: decides(policy, gate),
    demand: words,
    traffic: `${blocks}, and as long before the shadow`,
  });
  const effect = [
    informs(
      'effect.latency',
      `production itself is at most ${change(1 + policy.effect.latency)} slower than before the shadow`,
    ),
    informs(
      'effect.overhead',
      `its overhead is at most ${change(1 + policy.effect.overhead)} of that before the shadow`,
    ),
    informs(
      'effect.errors',
      `it fails less than ${percent(policy.effect.errors)} more requests than before the shadow`,
    ),
  ];
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
    demand(
      'output.schema',
      `at most ${percent(policy.unparsed)} of its answers lack what production answers with, or are of another kind`,
      '50 answers',
    ),
    demand('output.varied', 'it does not answer one thing to everything', '50 answers'),
    ...byTask(policy, ['binary', 'json', 'multiclass'], (one) => one.agreement).map(({ tasks, value }) =>
      demand(
        'labels.agreement',
        `${tasks}: more than ${percent(value)} of its ${tasks === 'json' ? 'answers' : 'labels'} equal production's (for information where the truth is known)`,
        pairs(leastRequests(share(value, true))),
      ),
    ),
    ...byTask(policy, ['regression', 'scores'], (one) => one.numbers.share).map(({ tasks, value }) =>
      demand(
        'numbers.tolerance',
        `${tasks}: less than ${percent(value)} of its numbers differ by more than ${tolerance} (for information where the truth is known)`,
        pairs(leastRequests(share(value, false))),
      ),
    ),
    ...(policy.slices === undefined
      ? []
      : [
          demand(
            'slices',
            `in every part of every column of the inputs more than ${percent(policy.slices)} of its answers equal production's`,
            `${pairs(leastRequests(share(policy.slices, true)))} in each part`,
          ),
        ]),
    ...distances.map(([name, margin]) =>
      demand(
        `distance.${name}`,
        `the distributions of numbers lie less than ${margin} apart${name === 'ks' ? '' : ', by estimate'}`,
        name === 'ks' ? pairs(leastForKs(policy, margin)) : pairs(undefined),
      ),
    ),
    ...byTask(policy, ['regression', 'scores', 'binary', 'multiclass', 'json'], (one) => one.truth).map(
      ({ tasks, value }) =>
        demand(
          'truth',
          `${tasks}: against labels, it loses less than ${percent(value)} of accuracy (or of mean absolute error)`,
          `${pairs(undefined)} with labels`,
        ),
    ),
    ...effect,
  ];
}

/** Tasks of which the policy demands the same, together. */
function byTask(
  policy: Policy,
  tasks: readonly Task[],
  of: (policy: Policy) => number,
): { tasks: string; value: number }[] {
  const groups = new Map<number, Task[]>();
  for (const task of tasks) {
    const value = of(policyFor(policy, task));
    groups.set(value, [...(groups.get(value) ?? []), task]);
  }
  return [...groups].map(([value, names]) => ({
    tasks: names.length === 5 ? 'any task' : names.join(', '),
    value,
  }));
}

/** Inputs after which two equal distributions are known to lie within the margin. */
function leastForKs(policy: Policy, margin: number): number | undefined {
  return leastRequests((n) => 2 * ksBand(n, policy) < margin);
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
