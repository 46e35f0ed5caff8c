import { OTHERS } from '../answers/strata.ts';
import { decides } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import type { Predictions, TruthSums } from '../predictions.ts';
import type { Occurred } from '../statistics/bounded.ts';
import type { Interval } from '../statistics/proportions.ts';
import { counted, percent, points } from '../../base/units.ts';
import { accuracyMinutes, lossClustering } from './accuracy.ts';
import { blockerNeeds, clusteringOf, confidence, insufficientData, shareInterval, windowTooShort } from './evidence.ts';
import type { Evidence, Minutes } from './evidence.ts';
import { differenceAlone } from './expected.ts';
import { lossSample, total } from './loss-sample.ts';
import { needsAdvice, NOTHING } from './needs.ts';
import { boundedMean } from './paired.ts';
import { classSamples } from './recall.ts';
import type { ClassSample } from './recall.ts';
import { labelledOf } from './chosen-labels.ts';
import { labelFault } from './label-fault.ts';
import { truthMargin, unripe } from './truth-gate.ts';
import { compare } from './verdict.ts';
import type { Gate, Outcome } from './verdict.ts';

/** What is left without one part of the rows. */
interface Without {
  /** The part, as sentences say it. */
  part: string;
  rows: number;
  estimate: number;
  interval: Interval;
  outcome: Outcome;
}

/**
 * Would the verdict be the same without the part of the rows that is most in the shadow's favor? With labels, without each class
 * in turn, by accuracy; else without each part of the columns of the inputs, by the share of equal answers. All
 * that is left must pass, so that passing needs no correction; that it fails without one of k is believed at alpha / k. Asked
 * only where the policy says so (`decide: [stability]`).
 */
export function judgeStability(evidence: Evidence): Gate[] {
  const { observations, policy } = evidence;
  const predictions = labelledOf(observations);
  if (!decides(policy, 'stability') || predictions === undefined) return [];
  const { truth } = predictions;
  if (truth !== undefined && truth.rows > 0 && truth.labels !== undefined)
    return [ofAccuracy(predictions, truth, evidence)];
  if (truth === undefined || truth.rows === 0) return [ofAgreement(predictions, evidence)];
  return [
    {
      ...ASKED,
      outcome: 'inconclusive',
      gating: false,
      margin: undefined,
      relation: '<',
      estimate: undefined,
      interval: undefined,
      n: truth.rows,
      reason: 'Errors of numbers are not summed by parts, so this is not asked of them where there are labels.',
      ...NOTHING,
    },
  ];
}

const ASKED = {
  id: 'stability',
  title: 'Does it hold without its best part?',
  unit: 'share' as const,
  of: 'rows' as const,
};

function ofAccuracy(predictions: Predictions, truth: TruthSums, evidence: Evidence): Gate {
  const { policy } = evidence;
  const margin = truthMargin(policy);
  const { strata = [], cells = [] } = truth;
  const { unlabelled } = lossSample(strata);
  // Of rows whose labels are too few, or were not chosen by lot, nothing is known.
  const told = strata.map((one) => (unlabelled.includes(one) ? { ...one, labelled: 0 } : one));
  // By what is really the case: where production gives a class too often, others are right, whoever they are.
  const classes = classSamples(
    told,
    cells.map((cell) => (cell.truth === OTHERS ? { ...cell, truth: RARER } : cell)),
  );
  const size = ({ groups }: ClassSample) => total(groups, ({ weight, n }) => weight * n);
  const all = total(classes, size);
  const minutes = accuracyMinutes(predictions.blocks, lossSample(strata));
  const { factor } = lossClustering(minutes, predictions, policy);
  const left = classes.map((out): Without => {
    const rest = classes.filter((one) => one !== out);
    const rows = total(rest, size);
    const at = (alpha: number) => lossOf(rest, rows / Math.max(1, all), factor, { ...policy, alpha });
    return {
      part: out.truth === RARER ? 'the rarer classes' : `rows that are really ${out.truth}`,
      rows,
      estimate:
        total(rest, (one) => total(one.groups, ({ weight, lost, won }) => weight * (lost - won))) / Math.max(1, rows),
      ...decided(at(policy.alpha), at(policy.alpha / classes.length), margin),
    };
  });
  return gate(predictions, evidence, {
    left: left.filter(({ rows }) => isPart(rows, all)),
    margin,
    relation: '<',
    minutes: [minutes.onlyProduction, minutes.onlyShadow],
    of: 'truth',
    words: (interval, outcome) =>
      `it loses ${outcome === 'fail' ? `at least ${points(interval[0])}` : `at most ${points(interval[1])}`} (${confidence(policy)}), and the limit is ${points(margin)}`,
    nothing:
      'Labels are of one class, or of one that holds most of the rows and of no other, so no part can be left out.',
  });
}

/** Stands for the classes that are not counted one by one. No class is called so. */
const RARER = ' ';

/** Bounds of the loss of accuracy on rows of these classes, which are so much of all; rows of which nothing is known may all be of them. */
function lossOf(classes: readonly ClassSample[], share: number, factor: number, policy: Policy): Interval {
  const groups = classes.flatMap((one) => one.groups);
  const widest = Math.max(1, ...groups.map(({ weight }) => weight));
  const values = groups.flatMap(({ weight, lost, won, same }): Occurred[] => [
    { value: weight, count: lost / factor },
    { value: -weight, count: won / factor },
    { value: 0, count: same / factor },
  ]);
  const [low, high] = boundedMean(values, -widest, widest, policy);
  const { differ = 0 } = classes[0]?.unknown ?? {};
  // Where the models agree nothing is lost.
  const unknown = share > 0 ? Math.min(1, differ / (differ + share * (1 - differ))) : 1;
  return [Math.max(-1, low * (1 - unknown) - unknown), Math.min(1, high * (1 - unknown) + unknown)];
}

function ofAgreement(predictions: Predictions, evidence: Evidence): Gate {
  const { policy } = evidence;
  const { labels, numbers, blocks, repeats, merged } = predictions;
  const { slices = [] } = predictions;
  const [rows, hits] =
    labels === undefined
      ? [numbers?.rows ?? 0, (numbers?.rows ?? 0) - (numbers?.beyond ?? 0)]
      : [labels.rows, labels.agree];
  const margin = labels === undefined ? 1 - policy.numbers.share : policy.agreement;
  const minutes: Minutes = blocks.map((block) => ({
    successes: labels === undefined ? block.rows - (block.beyond ?? 0) : block.agree,
    n: block.rows,
  }));
  const { factor } = clusteringOf(minutes, labels === undefined ? repeats?.beyond : repeats?.agreement, policy);
  // Parts of many captures are of a sample of the rows: their shares are those of all.
  const sampled = Math.max(
    1,
    ...slices.map(({ column }) => total(slices, (one) => (one.column === column ? one.rows : 0))),
  );
  const scale = rows / sampled;
  const left = slices.map((slice): Without => {
    const n = Math.max(0, rows - slice.rows * scale);
    const k = Math.min(n, Math.max(0, hits - slice.hits * scale));
    // Of windows that were added, all inputs that come again may be among what is left.
    const counts = merged === undefined ? factor : 1 + ((factor - 1) * rows) / Math.max(1, n);
    const at = (alpha: number) => shareInterval(k / counts, n / counts, alpha, policy);
    return {
      part: `${slice.column} ${slice.part}`,
      rows: n,
      estimate: n === 0 ? 0 : k / n,
      ...decided(at(policy.alpha), at(policy.alpha / slices.length), margin, false),
    };
  });
  const found = gate(predictions, evidence, {
    left: left.filter(({ rows: n }) => isPart(n, rows)),
    margin,
    relation: '>',
    minutes: [minutes],
    of: 'answers',
    words: (interval, outcome) =>
      `${outcome === 'fail' ? `at most ${percent(interval[1])}` : `at least ${percent(interval[0])}`} of its answers equal production's (${confidence(policy)}), and at least ${percent(margin)} is required`,
    nothing: 'The inputs could not be divided into parts: none were captured, or their columns have one value.',
  });
  return differenceAlone(found, rows - hits, evidence);
}

/** What is left must be half of all: what holds more is no part. */
function isPart(left: number, all: number): boolean {
  return left >= 1 && 2 * left >= all;
}

/** Passes at alpha, fails at what is left of it among all parts. */
function decided(one: Interval, among: Interval, margin: number, below = true): Pick<Without, 'interval' | 'outcome'> {
  if (compare(among, margin, below) === 'fail') return { interval: among, outcome: 'fail' };
  if (compare(one, margin, below) === 'pass') return { interval: one, outcome: 'pass' };
  return { interval: one, outcome: 'inconclusive' };
}

interface Asked {
  left: readonly Without[];
  margin: number;
  relation: '<' | '>';
  minutes: readonly Minutes[];
  of: 'truth' | 'answers';
  words: (interval: Interval, outcome: Outcome) => string;
  nothing: string;
}

const RANK: Record<Outcome, number> = { fail: 2, inconclusive: 1, pass: 0 };

function gate(predictions: Predictions, evidence: Evidence, asked: Asked): Gate {
  const { policy } = evidence;
  const { left, margin, relation, minutes, words } = asked;
  const base = { ...ASKED, gating: true, margin, relation };
  // Of those that stand alike the one that is nearest to the margin.
  const near = ({ interval }: Without) => (relation === '<' ? interval[1] : -interval[0]);
  const [worst] = left.toSorted((a, b) => RANK[b.outcome] - RANK[a.outcome] || near(b) - near(a));
  if (worst === undefined)
    return {
      ...base,
      outcome: 'inconclusive',
      estimate: undefined,
      interval: undefined,
      n: 0,
      reason: asked.nothing,
      ...needsAdvice('inputs that are captured, or a policy without stability under decide'),
    };
  const blocker =
    (asked.of === 'truth' ? (unripe(predictions, policy) ?? labelFault(predictions)) : undefined) ??
    insufficientData(predictions, evidence) ??
    windowTooShort(worst.outcome, policy, minutes, asked.of);
  const outcome = blocker === undefined ? worst.outcome : 'inconclusive';
  const facts = `Without ${worst.part}, ${counted(Math.round(worst.rows), 'rows')} ${Math.round(worst.rows) === 1 ? 'is' : 'are'} left`;
  return {
    ...base,
    outcome,
    estimate: worst.estimate,
    interval: worst.interval,
    n: Math.round(worst.rows),
    reason: blocker === undefined ? `${facts}: ${words(worst.interval, outcome)}.` : `${facts}, but ${blocker.reason}.`,
    ...(outcome !== 'inconclusive'
      ? NOTHING
      : blocker === undefined
        ? needsAdvice(
            asked.of === 'truth' ? 'more rows with labels in the other classes' : 'more traffic in the other parts',
          )
        : blockerNeeds(blocker)),
  };
}
