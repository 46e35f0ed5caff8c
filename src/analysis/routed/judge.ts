import { count, counted, number, percent, points } from '../../base/units.ts';
import { ksBand } from '../judge/distances.ts';
import { differenceInterval } from '../judge/errors.ts';
import { confidence, windowTooShort } from '../judge/evidence.ts';
import { type Blocker, needsAdvice, needsMore, type Needs, NOTHING } from '../judge/needs.ts';
import { compare, type Gate } from '../judge/verdict.ts';
import { gates, type Policy, policyFor } from '../policy/policy.ts';
import type { Task } from '../predictions.ts';
import { entropyBound } from '../statistics/divergence.ts';
import { dispersion, type Interval, meanDispersion } from '../statistics/proportions.ts';
import { rowsHalfWidth } from '../statistics/sequences.ts';
import { apartWithin, toleranceOf, totalVariation } from './distances.ts';
import type { RoutedSide } from './side.ts';
import type { RoutedEvidence } from './sums.ts';

/**
 * What captures say of a slice that the candidate answers now, beside what production answered to the same slice before. No request
 * went to both, so nothing is paired: where there are labels they decide, else whether the answers are distributed as
 * production's, as far as they did not change elsewhere meanwhile.
 *
 * @param labels labels were given
 */
export function judgeRouted(evidence: RoutedEvidence, demanded: Policy, labels: boolean): Gate[] {
  const { candidate, production } = evidence;
  const policy = policyFor(demanded, taskOf(production));
  const blocker = tooFew(evidence, policy);
  return [
    readable(candidate, production, policy),
    labels ? truthGate(evidence, policy, blocker) : unpaired(candidate, policy),
    distributed(evidence, policy, blocker, !labels),
  ];
}

/** Answers that are right as often, and to other requests, are distributed the same: without labels that alone proves nothing. */
function unpaired(candidate: RoutedSide, policy: Policy): Gate {
  return {
    ...base('output.pairs', 'Is each answer known beside another, or a label?', policy),
    test: 'rule',
    outcome: 'inconclusive',
    unit: 'count',
    estimate: 0,
    interval: undefined,
    margin: undefined,
    n: candidate.requests,
    of: 'requests',
    reason:
      'No request went to both models, so only the distribution of the answers can be compared: answers by chance can have the same one.',
    ...needsAdvice(
      'labels (--labels), or the same requests sent to both before (shadow, shadowctl replay); inform: [output.pairs] in the policy where that has been done',
    ),
  };
}

/** By what a policy tells kinds of answers apart. */
function taskOf({ labels, free, minutes }: RoutedSide): Task {
  if (free > 0) return 'json';
  if (labels.size > 0) return labels.size === 2 ? 'binary' : 'multiclass';
  return minutes.every(({ values }) => values.every((one) => one >= 0 && one <= 1)) ? 'scores' : 'regression';
}

/** Can as many of its answers be read as of production's? */
function readable(candidate: RoutedSide, production: RoutedSide, policy: Policy): Gate {
  const lost = ({ unread, requests }: RoutedSide) => ({ failed: unread, n: requests, effective: requests });
  const interval = differenceInterval(lost(candidate), lost(production), policy);
  const outcome = candidate.unread === 0 && candidate.requests > 0 ? 'pass' : compare(interval, policy.unparsed);
  const [ours, theirs] = [share(candidate), share(production)];
  return {
    ...base('output.readable', 'Can its answers be read?', policy),
    test: 'rule',
    outcome,
    unit: 'share',
    difference: true,
    estimate: ours - theirs,
    interval,
    margin: policy.unparsed,
    n: candidate.requests,
    of: 'requests',
    reason: `${percent(ours)} of its ${counted(candidate.requests, 'captured requests')} have no answer that can be read, ${percent(theirs)} of production's; the limit is ${points(policy.unparsed)} more.`,
    ...(outcome === 'inconclusive' ? needsAdvice('more requests of the slice') : NOTHING),
  };
}

function share({ unread, requests }: RoutedSide): number {
  return requests === 0 ? 0 : unread / requests;
}

/** Why nothing can be said yet. */
function tooFew({ candidate, production }: RoutedEvidence, { minimumPairs }: Policy): Blocker | undefined {
  for (const [whose, side] of [
    ['the candidate', candidate],
    ['production', production],
  ] as const) {
    if (side.rows < minimumPairs)
      return {
        reason: `there are ${counted(side.rows, 'answers')} of ${whose} to this slice, and the policy requires ${minimumPairs}`,
        missing: 0,
        needs: needsMore('rows', minimumPairs - side.rows, `answers of ${whose}`),
      };
    if (side.inputs < minimumPairs)
      return {
        reason: `only ${counted(side.inputs, 'different inputs')} are behind ${whose}'s ${counted(side.rows, 'answers')}, and the policy requires ${minimumPairs}`,
        missing: minimumPairs - side.inputs,
        needs: needsMore('inputs', minimumPairs - side.inputs, 'different inputs'),
      };
  }
  return undefined;
}

/** Rows that are as good as independent: their minutes, and repeated inputs, make them fewer. */
function effective(n: number, side: RoutedSide, scatter: number): number {
  return n / Math.max(scatter, side.copies);
}

/** Is it less right on this slice than production was? */
function truthGate(evidence: RoutedEvidence, policy: Policy, blocker: Blocker | undefined): Gate {
  const ofNumbers = evidence.production.numbers > 0 && evidence.production.labels.size === 0;
  return ofNumbers ? errorGate(evidence, policy, blocker) : accuracyGate(evidence, policy, blocker);
}

function accuracyGate({ candidate, production, control }: RoutedEvidence, policy: Policy, blocker?: Blocker): Gate {
  const margin = policy.expect?.kind === 'better' ? -(policy.expect.by ?? 0) : policy.truth;
  const wrong = (side: RoutedSide) => {
    const minutes = side.minutes.map(({ right, labelled }) => ({ successes: labelled - right, n: labelled }));
    const failed = minutes.reduce((sum, { successes }) => sum + successes, 0);
    return { minutes, failed, n: side.labelled, effective: effective(side.labelled, side, dispersion(minutes)) };
  };
  const [ours, theirs] = [wrong(candidate), wrong(production)];
  const interval = differenceInterval(ours, theirs, policy);
  const elsewhere = differenceInterval(wrong(control.since), wrong(control.before), policy);
  const right = ({ failed, n }: typeof ours) => (n === 0 ? 'unknown' : percent(1 - failed / n));
  const facts = `It is right in ${right(ours)} of ${counted(ours.n, 'labelled rows')} of the slice, production was in ${right(theirs)} of ${count(theirs.n)}`;
  return settled({
    gate: { ...base('truth.accuracy', 'Is it less accurate on this slice?', policy), unit: 'share', difference: true },
    estimate: ours.n > 0 && theirs.n > 0 ? ours.failed / ours.n - theirs.failed / theirs.n : undefined,
    interval: widened(interval, Math.max(0, elsewhere[0], -elsewhere[1])),
    hopeless: differenceInterval({ ...ours, effective: ours.effective / 3 }, theirs, policy)[0] > margin,
    margin,
    show: points,
    facts,
    n: ours.n,
    minutes: ours.minutes,
    of: 'truth',
    policy,
    blocker: blocker ?? labelBlocker(candidate, production, policy),
    open: 'more labels of the slice, of requests that either model answered',
  });
}

function errorGate({ candidate, production, control }: RoutedEvidence, policy: Policy, blocker?: Blocker): Gate {
  const margin = policy.expect?.kind === 'better' ? -(policy.expect.by ?? 0) : policy.truth;
  const loss = (side: RoutedSide) => {
    const minutes = side.minutes.map(({ loss: sum, numbered }) => ({ loss: sum, truth: numbered }));
    const n = side.labelled;
    const mean = n === 0 ? 0 : minutes.reduce((sum, one) => sum + one.loss, 0) / n;
    const deviation = Math.sqrt(Math.max(0, side.lossSquared / Math.max(1, n) - mean * mean));
    return { minutes, n, mean, deviation, effective: effective(n, side, meanDispersion(minutes, mean, deviation)) };
  };
  const [ours, theirs] = [loss(candidate), loss(production)];
  const scale = theirs.mean > 0 ? theirs.mean : 1;
  const half = ({ effective: n, deviation }: typeof ours, times = 1) =>
    n > 0 ? rowsHalfWidth(n / times, deviation, policy.alpha / 2, policy.minimumPairs) : Number.POSITIVE_INFINITY;
  // Requests may have become harder, or easier, for production as well: as far as is shown, as a share of its error there.
  const [before, since] = [loss(control.before), loss(control.since)];
  const moved = Math.abs(since.mean - before.mean) - half(before) - half(since);
  const elsewhere = before.mean > 0 ? Math.max(0, moved) / before.mean : 0;
  // Production's own error is the measure, so what it may be lies in the bounds, too.
  const at = (times: number): Interval => {
    const width = half(ours, times) + (1 + Math.max(0, margin)) * half(theirs);
    return widened([(ours.mean - theirs.mean - width) / scale, (ours.mean - theirs.mean + width) / scale], elsewhere);
  };
  return settled({
    gate: { ...base('truth.error', 'Are its errors larger on this slice?', policy), unit: 'ratio' },
    estimate: ours.n > 0 && theirs.n > 0 ? (ours.mean - theirs.mean) / scale : undefined,
    interval: at(1),
    hopeless: at(3)[0] > margin,
    margin,
    show: percent,
    facts: `Its mean absolute error is ${number(ours.mean)} over ${counted(ours.n, 'labelled rows')} of the slice, production's was ${number(theirs.mean)} over ${count(theirs.n)}`,
    n: ours.n,
    minutes: ours.minutes.map(({ truth }) => ({ successes: 0, n: truth })),
    of: 'truth',
    policy,
    blocker: blocker ?? labelBlocker(candidate, production, policy),
    open: 'more labels of the slice, of requests that either model answered',
  });
}

/** Labels that are rarer on one side may be of other rows: those that are confirmed first, for one. */
const AS_MANY = 0.9;

function labelBlocker(candidate: RoutedSide, production: RoutedSide, policy: Policy): Blocker | undefined {
  for (const [whose, side] of [
    ['the candidate', candidate],
    ['production', production],
  ] as const)
    if (side.labelled < policy.minimumPairs)
      return {
        reason: `${counted(side.labelled, 'rows')} that ${whose} answered have a label that counts, and the policy requires ${policy.minimumPairs}`,
        missing: 0,
        needs: needsAdvice(
          `labels of this slice for both times (${counted(policy.minimumPairs - side.labelled, 'more rows')} of ${whose}); where they say when they came, maturity in the policy`,
        ),
      };
  if (policy.labels === 'random') return undefined;
  const [ours, theirs] = [candidate, production].map(({ labelled, ripe }) => labelled / ripe) as [number, number];
  if (Math.min(ours, theirs) >= AS_MANY * Math.max(ours, theirs)) return undefined;
  return {
    reason: `${percent(ours)} of the candidate's rows have a label and ${percent(theirs)} of production's, so that they may be of other requests`,
    missing: 0,
    needs: needsAdvice(
      'as many labels of either time (maturity in the policy leaves out what is too young), or labels: random in the policy where chance chose them',
    ),
  };
}

/** Are its answers distributed as production's were? */
function distributed(evidence: RoutedEvidence, policy: Policy, blocker: Blocker | undefined, decides: boolean): Gate {
  const { candidate, production } = evidence;
  const gate =
    candidate.free + production.free > 0 ||
    (candidate.rows > 0 && candidate.labels.size > 0 !== production.labels.size > 0)
      ? unlike(evidence, policy)
      : production.labels.size > 0
        ? classesGate(evidence, policy, blocker)
        : numbersGate(evidence, policy, blocker);
  return decides ? gate : { ...gate, gating: false };
}

function unlike({ candidate }: RoutedEvidence, policy: Policy): Gate {
  return {
    ...base('distance.classes', 'Are its answers distributed the same?', policy),
    outcome: 'inconclusive',
    unit: 'share',
    estimate: undefined,
    interval: undefined,
    margin: undefined,
    n: candidate.rows,
    of: 'rows',
    reason:
      "The answers are free text or JSON, or of another kind than production's: without pairs of the same requests nobody can say whether they are alike.",
    ...needsAdvice("labels (--labels), or production's answers to the same requests: shadowctl replay"),
  };
}

/** So many classes are counted apart; rarer ones are one. */
const MAX_CLASSES = 50;

/**
 * The total variation distance of two samples of classes. Models that agree in a share a of requests have shares of classes that lie no
 * further apart than 1 − a, so this is what the policy's agreement leaves. Each sample errs by √(KL / 2) at most (Pinsker).
 */
function classesGate(evidence: RoutedEvidence, policy: Policy, blocker?: Blocker): Gate {
  const { candidate, production, control } = evidence;
  const commonest = [...production.labels].toSorted((a, b) => b[1] - a[1]).slice(0, MAX_CLASSES - 1);
  const names = commonest.map(([name]) => name);
  const counts = ({ labels, rows }: RoutedSide) => {
    const own = names.map((name) => labels.get(name) ?? 0);
    return [...own, rows - own.reduce((sum, n) => sum + n, 0)];
  };
  const classes = names.length + ([candidate, production].some((side) => (counts(side).at(-1) ?? 0) > 0) ? 1 : 0);
  const minutes = (side: RoutedSide, name = names[0] ?? '') =>
    side.minutes.map(({ rows, labels }) => ({ successes: labels.get(name) ?? 0, n: rows }));
  const scatter = (side: RoutedSide) =>
    Math.max(...names.slice(0, LOOKED_AT).map((name) => dispersion(minutes(side, name))));
  const n = (side: RoutedSide) => effective(side.rows, side, scatter(side));
  const error = (side: RoutedSide, times: number) =>
    Math.sqrt(entropyBound(n(side) / times, classes, policy.alpha / 2, policy.looks) / 2);
  const estimate = totalVariation(counts(candidate), counts(production));
  return distanceGate(evidence, policy, blocker, {
    id: 'distance.classes',
    title: 'Are its answers distributed the same?',
    estimate,
    margin: 1 - policy.agreement,
    error,
    elsewhere: () => totalVariation(counts(control.since), counts(control.before)),
    minutes: minutes(candidate),
    facts: `Its shares of classes lie ${points(estimate)} from production's of before`,
  });
}

/** Classes whose minutes are looked at for bursts. */
const LOOKED_AT = 5;

/**
 * Numbers that lie within a tolerance of production's in all rows but a share of them leave distribution functions that do, too:
 * F(x) ≤ G(x + t) + share and the other way round. With `distances: { ks }` the policy says itself how far they may lie apart.
 */
function numbersGate(evidence: RoutedEvidence, policy: Policy, blocker?: Blocker): Gate {
  const { candidate, production, control } = evidence;
  const { ks } = policy.distances;
  const [ours, theirs] = [candidate.sorted(), production.sorted()];
  const tolerance = ks === undefined ? (policy.numbers.tolerance ?? toleranceOf(theirs)) : 0;
  const middle = theirs[Math.floor(theirs.length / 2)] ?? 0;
  const estimate = apartWithin(ours, theirs, tolerance);
  const minutes = (side: RoutedSide) =>
    side.minutes.map(({ values }) => ({ successes: values.filter((one) => one > middle).length, n: values.length }));
  return distanceGate(evidence, policy, blocker, {
    id: ks === undefined ? 'distance.numbers' : 'distance.ks',
    title: 'Are its numbers distributed the same?',
    estimate,
    margin: ks ?? policy.numbers.share,
    error: (side, times) => ksBand(Math.max(1, effective(side.rows, side, dispersion(minutes(side))) / times), policy),
    elsewhere: () => apartWithin(control.since.sorted(), control.before.sorted(), tolerance),
    minutes: minutes(candidate),
    facts: `${points(estimate)} of its numbers lie ${tolerance > 0 ? `further than ${number(tolerance)} from` : 'apart from'} where production's of before lay (median ${number(middle)})`,
  });
}

interface DistanceSeen {
  id: string;
  title: string;
  estimate: number;
  margin: number;
  /** How far the distribution of a side may lie from the true one, with so many times the scatter. */
  error: (side: RoutedSide, times: number) => number;
  /** How far production's own answers to other slices moved meanwhile. */
  elsewhere: () => number;
  minutes: Found['minutes'];
  facts: string;
}

/** The distance of two distributions, as far as chance on either side and what changed elsewhere do not explain it. */
function distanceGate(
  { candidate, production, control }: RoutedEvidence,
  policy: Policy,
  blocker: Blocker | undefined,
  { id, title, estimate, margin, error, elsewhere, minutes, facts }: DistanceSeen,
): Gate {
  const known = Math.min(control.before.rows, control.since.rows) >= policy.minimumPairs;
  const drift = known ? elsewhere() : undefined;
  const at = (times: number): Interval => {
    const width = error(candidate, times) + error(production, 1) + (drift ?? 0);
    return [Math.max(0, estimate - width), Math.min(1, estimate + width)];
  };
  const moved = drift === undefined ? '' : `; elsewhere production's own moved by ${points(drift)} meanwhile`;
  return settled({
    gate: { ...base(id, title, policy), unit: 'share', difference: true },
    estimate,
    interval: at(1),
    hopeless: at(3)[0] > margin,
    margin,
    show: points,
    facts: `${facts}, over ${counted(candidate.rows, 'rows')} and ${count(production.rows)}${moved}`,
    n: candidate.rows,
    minutes,
    of: 'answers',
    policy,
    blocker: blocker ?? noControl(drift),
    open: 'more requests of the slice, or labels (--labels)',
  });
}

function noControl(drift: number | undefined): Blocker | undefined {
  if (drift !== undefined) return undefined;
  return {
    reason: 'production answers too little else to tell the candidate from a change of the requests themselves',
    missing: 0,
    needs: needsAdvice('slices that production still answers, or labels (--labels)'),
  };
}

function widened([low, high]: Interval, by: number): Interval {
  return [low - by, high + by];
}

function base(id: string, title: string, policy: Policy) {
  return { id, title, gating: gates(policy, id), relation: '<' as const };
}

interface Found {
  gate: ReturnType<typeof base> & Pick<Gate, 'unit' | 'difference'>;
  estimate: number | undefined;
  interval: Interval;
  /** It fails with three times the scatter, too. */
  hopeless: boolean;
  margin: number;
  show: (value: number) => string;
  facts: string;
  n: number;
  minutes: readonly { successes: number; n: number }[];
  of: 'answers' | 'truth';
  policy: Policy;
  blocker: Blocker | undefined;
  /** What an open gate needs. */
  open: string;
}

/** A gate on bounds: decided once there are minutes enough. */
function settled(found: Found): Gate {
  const { gate, estimate, interval, hopeless, margin, show, facts, n, minutes, of, policy } = found;
  const decided = compare(interval, margin);
  const blocker = found.blocker ?? windowTooShort(decided, policy, [minutes], of, { hopeless });
  const outcome = blocker === undefined ? decided : 'inconclusive';
  const limit = `the limit is ${show(margin)}`;
  const needs: Needs = outcome !== 'inconclusive' ? NOTHING : (blocker?.needs ?? needsAdvice(found.open));
  return {
    ...gate,
    outcome,
    estimate,
    interval,
    margin,
    n,
    of: 'rows',
    reason:
      blocker === undefined
        ? `${facts}; the true difference is between ${show(interval[0])} and ${show(interval[1])} (${confidence(policy)}), and ${limit}.`
        : `${facts}, but ${blocker.reason}.`,
    ...needs,
  };
}
