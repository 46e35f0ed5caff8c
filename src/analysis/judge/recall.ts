import type { Predictions, TruthCell, TruthStratum, TruthSums } from '../predictions.ts';
import { OTHERS } from '../answers/strata.ts';
import type { Policy } from '../policy/policy.ts';
import { decides } from '../policy/policy.ts';
import type { Occurred } from '../statistics/bounded.ts';
import type { Interval } from '../statistics/proportions.ts';
import { accuracyMinutes, lossClustering } from './accuracy.ts';
import type { Evidence } from './evidence.ts';
import { lossSample, total } from './loss-sample.ts';
import { needsAdvice } from './needs.ts';
import { boundedMean } from './paired.ts';
import { truthGate } from './truth-gate.ts';
import type { Gate, Outcome } from './verdict.ts';
import { compare } from './verdict.ts';
import { count, counted, percent, points } from '../../base/units.ts';

/** A class of which fewer rows have a label is too rare to be proven, and keeps nothing from passing; it may fail. */
const MIN_ROWS = 100;

/** What labels say of one class, weighed so that all rows are spoken for. */
export interface ClassSample {
  truth: string;
  /** Rows with a label that are of this class. */
  rows: number;
  /** Of the class, the shares that production and the shadow find. */
  production: number;
  shadow: number;
  /** For each weight of rows: those of which production alone finds the class, the shadow alone, or both or neither. */
  groups: readonly { weight: number; lost: number; won: number; same: number; n: number; shadowRight: number }[];
  /** Rows of other classes, of which nothing is at stake. */
  others: number;
  /** Shares of all rows in strata without any label, which may be of this class: where the models agree, and where they differ. */
  unknown: { agree: number; differ: number };
}

/**
 * Labels by class. The recall of a class is the share of its rows to which a model gives it; rows of strata with few labels
 * count as often as these have rows (post-stratification).
 */
export function classSamples(strata: readonly TruthStratum[], cells: readonly TruthCell[]): ClassSample[] {
  const rows = total(strata, (one) => one.rows);
  const labelled = total(strata, (one) => one.labelled);
  const told = strata.filter((one) => one.labelled > 0);
  const speaksFor = total(told, (one) => one.rows);
  const weightOf = ({ rows: all, labelled: n }: TruthStratum) => (all / n) * (labelled / speaksFor);
  const unlabelled = (differ: boolean) =>
    total(strata, (one) => (one.labelled === 0 && one.differ === differ ? one.rows : 0)) / Math.max(1, rows);
  const names = [...new Set(cells.map(({ truth }) => truth))].filter((name) => name !== OTHERS);
  return names.map((truth) => {
    const groups = told.flatMap((stratum) => {
      const own = cells.filter(
        (cell) => cell.truth === truth && cell.production === stratum.production && cell.differ === stratum.differ,
      );
      return own.map(({ rows: n, right, shadowRight }) => {
        // Where the models differ at most one of them is right, but for other spellings of one class.
        const both = stratum.differ ? Math.max(0, right + shadowRight - n) : Math.min(right, shadowRight);
        const [lost, won] = [right - both, shadowRight - both];
        return { weight: weightOf(stratum), lost, won, same: n - lost - won, right, shadowRight, n };
      });
    });
    const size = total(groups, ({ weight, n }) => weight * n);
    return {
      truth,
      rows: total(groups, ({ n }) => n),
      production: total(groups, ({ weight, right }) => weight * right) / size,
      shadow: total(groups, ({ weight, shadowRight }) => weight * shadowRight) / size,
      groups,
      others: Math.max(0, labelled - size),
      unknown: { agree: unlabelled(false), differ: unlabelled(true) },
    };
  });
}

/**
 * Bounds of what the mean of (1 if only production finds the class, −1 if only the shadow does) − margin × (1 if it is the
 * class) can be over all rows, each at alpha: below 0 the recall is lower by less than the margin, above 0 by more.
 */
function excess(sample: ClassSample, margin: number, times: number, policy: Policy): Interval {
  const widest = Math.max(1, ...sample.groups.map(({ weight }) => weight)) * (1 + Math.abs(margin));
  const values = sample.groups.flatMap(({ weight, lost, won, same }): Occurred[] => [
    { value: weight * (1 - margin), count: lost * times },
    { value: weight * (-1 - margin), count: won * times },
    { value: -weight * margin, count: same * times },
  ]);
  values.push({ value: 0, count: sample.others * times });
  const [low, high] = boundedMean(values, -widest, widest, policy);
  // Rows on which nothing has a label may all be of the class; where the models differ, all of them lost, or won.
  const { agree, differ } = sample.unknown;
  const known = 1 - agree - differ;
  return [
    low * known + agree * Math.min(0, -margin) + differ * (-1 - margin),
    high * known + agree * Math.max(0, -margin) + differ * (1 - margin),
  ];
}

/** How much lower the shadow's recall of a class can be, each side at alpha. */
export function recallLost(sample: ClassSample, times: number, policy: Policy): Interval {
  const root = (side: 0 | 1) => {
    let [low, high] = [-1, 1];
    for (let i = 0; i < 20; i += 1) {
      const middle = (low + high) / 2;
      if (excess(sample, middle, times, policy)[side] > 0) low = middle;
      else high = middle;
    }
    // Rounded away from the estimate.
    return side === 0 ? low : high;
  };
  return [root(0), root(1)];
}

/**
 * Does the shadow find each class as often as production? A class that is rare hides in accuracy: to miss every fraud of 1.5 %
 * costs 1.5 points. It decides where it fails; where a policy names it under `decide`, every class of which enough rows have a
 * label must be proven, too. Passing needs no correction for many classes; that one of them fails is believed at alpha divided
 * by their number.
 */
export function judgeRecall(predictions: Predictions, truth: TruthSums, evidence: Evidence): Gate[] {
  const { policy } = evidence;
  const margin = policy.recall;
  const { strata, cells } = truth;
  if (strata === undefined || cells === undefined || cells.every((cell) => cell.right + cell.shadowRight === 0))
    return [];
  const sample = lossSample(strata);
  const clustering = lossClustering(accuracyMinutes(predictions.blocks, sample), predictions, policy);
  const classes = classSamples(strata, cells).filter(({ rows }) => rows > 0);
  if (classes.length < 2) return [];
  const judged = classes.map((one) => {
    const at = (alpha: number, times: number) => recallLost(one, times, { ...policy, alpha });
    const bounds = (times: number, factor: number): Interval => [
      at(policy.alpha / classes.length, times / factor)[0],
      at(policy.alpha, times / factor)[1],
    ];
    const interval = bounds(1, clustering.factor);
    return { one, bounds, interval, outcome: compare(interval, margin) };
  });
  const rank: Record<Outcome, number> = { fail: 2, inconclusive: 1, pass: 0 };
  // Of the classes that count, the one that stands worst.
  const counting = judged.filter(({ one, outcome }) => one.rows >= MIN_ROWS || outcome === 'fail');
  const rare = judged.length - counting.length;
  const worst = (counting.length > 0 ? counting : judged).reduce((a, b) =>
    rank[b.outcome] > rank[a.outcome] || (b.outcome === a.outcome && b.interval[1] > a.interval[1]) ? b : a,
  );
  const { one } = worst;
  const macro = (who: 'production' | 'shadow') => total(classes, (each) => each[who]) / classes.length;
  const unknown = one.unknown.agree + one.unknown.differ;
  const words = [
    `Of ${count(one.rows)} labeled rows of class ${one.truth} it finds ${percent(one.shadow)}, and production ${percent(one.production)}`,
    `; the mean over ${counted(classes.length, 'classes')} is ${percent(macro('shadow'))} and ${percent(macro('production'))}`,
    rare > 0 && counting.length > 0
      ? `; ${counted(rare, 'classes')} ${rare === 1 ? 'has' : 'have'} fewer than ${MIN_ROWS} labeled rows and can only fail`
      : '',
    unknown > 0 ? `; nothing is known of ${percent(unknown)} of the rows, which are like none that has a label` : '',
  ];
  const gate = truthGate('truth.recall', 'Does it find each class?', predictions, evidence, {
    facts: words.join(''),
    words: ['its recall is lower by', 'difference', 'its recall is higher by'],
    show: points,
    estimate: one.production - one.shadow,
    interval: worst.bounds,
    margin,
    mustNotLose: true,
    n: one.rows,
    known: sample.n,
    minutes: [predictions.blocks.map((block) => ({ successes: 0, n: block.truth ?? 0 }))],
    inputs: sample.n,
    clustering,
  });
  return [
    {
      ...gate,
      // It takes many labels of each class to prove this: what is not proven keeps nothing from passing, unless a policy says so.
      gating: gate.gating && (gate.outcome === 'fail' || decides(policy, 'truth.recall')),
      ...(gate.outcome === 'inconclusive' && one.unknown.agree > 0
        ? needsAdvice('labels of rows on which the models agree, too: report --label-next writes some')
        : {}),
    },
  ];
}
