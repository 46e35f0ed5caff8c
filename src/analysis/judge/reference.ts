import type { Predictions, ReferenceSums } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { gates } from '../policy/policy.ts';
import { entropyBound, stabilityInterval } from '../statistics/divergence.ts';
import { stabilityIndex } from '../statistics/distances.ts';
import type { Interval } from '../statistics/proportions.ts';
import { count, number } from '../../base/units.ts';
import { ksBand } from './distances.ts';
import { blockerNeeds, confidence, insufficientData, windowTooShort } from './evidence.ts';
import type { Evidence, Minutes } from './evidence.ts';
import { needsAdvice, NOTHING } from './needs.ts';
import { hitsScatter } from './scatter.ts';
import { compare } from './verdict.ts';
import type { Gate } from './verdict.ts';
import { copiesOf } from '../statistics/repeats.ts';

const NAMES = { ks: 'Kolmogorov-Smirnov distance', psi: 'population stability index' } as const;

type Name = keyof typeof NAMES;

const DECILES = 10;

/** Are the shadow's numbers spread as it is expected of them, whatever production's are? Only where the policy names a reference. */
export function judgeReference(evidence: Evidence): Gate[] {
  const { policy, observations } = evidence;
  const { reference } = policy;
  if (reference === undefined) return [];
  return (['ks', 'psi'] as const).flatMap((name) => {
    const margin = reference[name];
    return margin === undefined ? [] : [gate(name, margin, observations.predictions, evidence)];
  });
}

function gate(name: Name, margin: number, predictions: Predictions | undefined, evidence: Evidence): Gate {
  const { policy } = evidence;
  const sums = predictions?.reference;
  const base = {
    id: `reference.${name}`,
    title: 'Are its numbers spread as expected?',
    gating: gates(policy, `reference.${name}`),
    unit: 'number' as const,
    margin,
    relation: '<' as const,
    of: 'rows' as const,
  };
  if (predictions === undefined || sums === undefined || sums.rows === 0)
    return {
      ...base,
      outcome: 'inconclusive',
      estimate: undefined,
      interval: undefined,
      n: 0,
      reason: 'Its answers hold no numbers that were held against the reference.',
      ...needsAdvice('captured answers that are numbers, or have scores, and a report on the captures themselves'),
    };
  const minutes = quartileMinutes(sums) ?? [predictions.blocks.map(({ rows }) => ({ successes: 0, n: rows }))];
  const bursts = Math.max(...minutes.map((one) => hitsScatter(one, policy)));
  const found = measured(
    name,
    sums,
    Math.max(copiesOf(predictions.repeats?.agreement ?? predictions.repeats?.beyond), bursts),
    policy,
  );
  const decided = compare(found.interval, margin);
  const blocker = insufficientData(predictions, evidence) ?? windowTooShort(decided, policy, minutes);
  const outcome = blocker === undefined ? decided : 'inconclusive';
  const facts = `The ${NAMES[name]} between its ${count(sums.rows)} numbers and ${count(sums.of)} expected ones is ${number(found.estimate)}`;
  const bounds = `; the true value is between ${number(found.interval[0])} and ${number(found.interval[1])} (${confidence(policy)})`;
  return {
    ...base,
    outcome,
    estimate: found.estimate,
    interval: found.interval,
    n: sums.rows,
    reason:
      blocker === undefined
        ? `${facts}${bounds}, and less than ${number(margin)} is required.`
        : `${facts}, but ${blocker.reason}.`,
    ...(outcome !== 'inconclusive'
      ? NOTHING
      : blocker === undefined
        ? needsAdvice('more different inputs, or a distance that does not lie near the limit')
        : blockerNeeds(blocker)),
  };
}

/**
 * The distance of the shadow's numbers from the reference, and what it can be, each side at alpha: the reference is what is
 * expected, and errs by nothing. Between two of its quantiles the functions may differ by as much as is left open there.
 */
function measured(
  name: Name,
  { rows, edges }: ReferenceSums,
  copies: number,
  policy: Policy,
): { estimate: number; interval: Interval } {
  const n = Math.max(1, rows / copies);
  const known = [
    { below: 0, upTo: 0, counted: { below: 0, upTo: 0 } },
    ...edges.map(({ below, upTo, counted }) => ({
      below,
      upTo,
      counted: { below: counted.below / rows, upTo: counted.upTo / rows },
    })),
    { below: 1, upTo: 1, counted: { below: 1, upTo: 1 } },
  ];
  if (name === 'ks') {
    const estimate = Math.max(
      ...known.map((one) => Math.max(Math.abs(one.counted.upTo - one.upTo), Math.abs(one.counted.below - one.below))),
    );
    const most = known.slice(1).reduce((largest, to, i) => {
      const from = known[i] ?? to;
      return Math.max(largest, to.counted.below - from.upTo, to.below - from.counted.upTo);
    }, estimate);
    const band = ksBand(n, { ...policy, alpha: 2 * policy.alpha });
    return { estimate, interval: [Math.max(0, estimate - band), Math.min(1, most + band)] };
  }
  // Bins of about a tenth of the reference each; where numbers repeat, of as much as there is.
  const ends = Array.from({ length: DECILES - 1 }, (_, i) =>
    known.find(({ upTo }) => upTo >= (i + 1) / DECILES - 1e-9),
  );
  const cuts = [...new Set(ends)].filter((one) => one !== undefined && one.upTo < 1);
  const parts = (of: (one: (typeof known)[number]) => number) =>
    [...cuts.map((one) => (one === undefined ? 0 : of(one))), 1].map((share, i, all) => share - (all[i - 1] ?? 0));
  const [expected, actual] = [parts((one) => one.upTo), parts((one) => one.counted.upTo)];
  const estimate = stabilityIndex(expected, actual);
  return {
    estimate,
    interval: stabilityInterval(estimate, [0, entropyBound(n, expected.length, policy.alpha, policy.looks)]),
  };
}

/** How many of the numbers of each minute are no greater than a quartile of the reference, for each of these. */
function quartileMinutes({ minutes }: ReferenceSums): Minutes[] | undefined {
  const count = minutes?.[0]?.upTo.length ?? 0;
  if (minutes === undefined || count === 0) return undefined;
  return Array.from({ length: count }, (_, k) =>
    minutes.map(({ rows, upTo }) => ({ successes: upTo[k] ?? 0, n: rows })),
  );
}
