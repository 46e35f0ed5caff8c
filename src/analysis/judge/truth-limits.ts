import type { TruthCell, TruthSums } from '../predictions.ts';
import type { Interval } from '../statistics/proportions.ts';
import { accuracyMinutes, lossClustering } from './accuracy.ts';
import { BURSTY_FACTOR, minutesToPass } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { OTHERS } from '../answers/strata.ts';
import { lossSample, total } from './loss-sample.ts';
import { minutesNeeded, needsAdvice, needsDays, needsTraffic } from './needs.ts';
import type { Blocker, Needs } from './needs.ts';
import { classSamples, recallLost } from './recall.ts';
import type { ClassSample } from './recall.ts';
import { labelledOf } from './chosen-labels.ts';
import { truthGate } from './truth-gate.ts';
import type { Gate } from './verdict.ts';
import type { Policy } from '../policy/policy.ts';
import { gates } from '../policy/policy.ts';
import { count, counted, percent } from '../../base/units.ts';
import { copiesOf } from '../statistics/repeats.ts';

/** Stands for every label: accuracy is the recall of the class of all rows. */
const ANY = '*';

/** Is the shadow right as often as is demanded of it, whatever production does? */
export function accuracyLimit(evidence: Evidence, limit: number): Gate {
  return limitGate('limits.accuracy', 'Is it right often enough?', evidence, {
    limit,
    what: 'rows',
    cells: (cells) => cells.map((cell) => ({ ...cell, truth: ANY })),
    truth: ANY,
  });
}

/** Does the shadow find as much of each class as is demanded of it? One gate for each class. @param recall least share, by class */
export function recallLimits(evidence: Evidence, recall: Readonly<Record<string, number>>): Gate[] {
  return Object.entries(recall).map(([truth, limit]) =>
    limitGate(`limits.recall.${truth}`, `Does it find enough of ${truth}?`, evidence, {
      limit,
      what: `rows of class ${truth}`,
      cells: (cells) => cells,
      truth,
    }),
  );
}

interface Asked {
  limit: number;
  what: string;
  cells: (cells: readonly TruthCell[]) => readonly TruthCell[];
  truth: string;
}

/** A limit from below on a share of right answers, asked as one from above on the share of wrong ones. */
function limitGate(id: string, title: string, evidence: Evidence, asked: Asked): Gate {
  const { policy, observations } = evidence;
  const predictions = labelledOf(observations);
  const truth = predictions?.truth;
  const sample = truth === undefined ? undefined : wrongSample(truth, asked);
  if (predictions === undefined || truth?.strata === undefined || sample === undefined)
    return {
      id,
      title,
      outcome: 'inconclusive',
      gating: gates(policy, id),
      unit: 'share',
      estimate: undefined,
      interval: undefined,
      margin: asked.limit,
      relation: '>',
      n: 0,
      of: 'rows',
      ...unknown(truth, asked),
    };
  const losses = lossSample(truth.strata);
  const minutes = accuracyMinutes(predictions.blocks, losses);
  const { factor } = lossClustering(minutes, predictions, policy);
  // A model is right, or wrong, on a repeated input as before.
  const inputs = predictions.repeats?.onlyProduction;
  const copies = copiesOf(inputs);
  const repeated = copies > factor;
  return truthGate(id, title, predictions, evidence, {
    facts: `It is right on ${percent(sample.shadow)} of ${count(sample.rows)} labeled ${asked.what}, weighed by what they speak for`,
    words: ['it is wrong on', 'share of wrong answers', ''],
    show: percent,
    estimate: 1 - sample.shadow,
    interval: (times, clustered): Interval => {
      const [low, high] = recallLost(sample, times / clustered, policy);
      return [Math.max(0, low), Math.min(1, high)];
    },
    margin: 1 - asked.limit,
    atLeast: asked.limit,
    mustNotLose: true,
    n: sample.rows,
    known: sample.rows,
    minutes: [minutes.onlyProduction],
    inputs: repeated ? sample.rows / copies : sample.rows,
    clustering: { factor: Math.max(copies, factor), by: repeated ? 'inputs' : 'minutes' },
    blocker:
      chosenLabels(truth, evidence) ?? unseenBursts(evidence, minutes.onlyProduction.filter(({ n }) => n > 0).length),
  });
}

/**
 * Labels of a part of the rows may be those that are easy. Where nothing is live, nothing tells, and somebody must say that they
 * were drawn at random; beside production it shows where the models differ, unless no label is of a wrong answer.
 */
export function chosenLabels(
  { cells = [], rows, of }: TruthSums,
  { observations: { live }, policy }: Evidence,
): Blocker | undefined {
  if (live === 'nothing' && rows < of && policy.labels !== 'random')
    return {
      reason: `${counted(of - rows, 'rows')} have no label, and without another model's answers nothing tells whether those with one are like them`,
      missing: 0,
      needs: needsAdvice('labels of all rows, or labels: random in the policy, where they were drawn at random'),
    };
  if (rows >= of || cells.some((one) => one.shadowRight < one.rows)) return undefined;
  return {
    reason: `every row with a label is right, and ${count(of - rows)} have none: labels may be there for what is easy alone`,
    missing: 0,
    needs: needsAdvice('labels of all rows, or of rows that are drawn by lot'),
  };
}

/** Why nothing is known of it, and what would help. */
function unknown(truth: TruthSums | undefined, { truth: name, limit, what }: Asked): Pick<Gate, 'reason'> & Needs {
  const because = (why: string, advice: string) => ({
    reason: `${why}, and at least ${percent(limit)} of the ${what} must be right.`,
    ...needsAdvice(advice),
  });
  if (truth === undefined) return because('No label is known', 'labels (--labels)');
  if (truth.rows === 0)
    return because(
      'None of the labels belongs to a compared row',
      'labels with the InferenceIds (or the features) of this window',
    );
  if (truth.numbers !== undefined)
    return because(
      'The answers are numbers, which are not right or wrong',
      'a policy without this limit: of numbers, truth bounds how much larger their error may be',
    );
  if (truth.strata === undefined || truth.cells === undefined)
    return because(
      'An older version saved this without counting labels by class',
      'a report on the captures themselves',
    );
  if (name === ANY || truth.cells.some((cell) => cell.truth === name))
    return because(`Too few of the ${what} have a label`, `more labels of ${what}`);
  if (truth.cells.some((cell) => cell.truth === OTHERS))
    return because(
      `Class ${name} is not among the commonest classes of the labels, which alone are counted apart`,
      `more labels of class ${name}, or a policy without this limit`,
    );
  return because(
    `No label is of class ${name}`,
    `labels of class ${name}, in the words of the labels, or a policy without this limit`,
  );
}

/** Minutes are summed by what only one model has right; how often both err is not known of each, nor whether it comes in bursts. */
export function unseenBursts({ policy }: Evidence, found: number): Blocker | undefined {
  if (policy.over === 'days') return unseenDays(policy, found);
  const needed = minutesToPass(policy, 'parts');
  if (found >= needed) return undefined;
  return {
    reason: `bursts of errors that both models make are not seen, so ${minutesNeeded(needed, 'with labels')}, and there are ${found}`,
    missing: 0,
    needs: needsTraffic(needed - found, ' with labels'),
  };
}

/** How often both err is not known of each day either. */
function unseenDays({ minimumDays }: Policy, found: number): Blocker | undefined {
  const needed = BURSTY_FACTOR * minimumDays;
  if (found >= needed) return undefined;
  return {
    reason: `days on which both models err more are not seen, so ${counted(needed, 'days')} with labels are needed, and there ${found === 1 ? 'is' : 'are'} ${found}`,
    missing: 0,
    needs: needsDays(needed - found, ' with labels'),
  };
}

/** The class with "wrong" in the place of "only production is right"; what has no label may all be wrong. */
function wrongSample(truth: TruthSums, { cells: as, truth: name }: Asked): ClassSample | undefined {
  const { strata, cells } = truth;
  if (strata === undefined || cells === undefined) return undefined;
  // Of strata with too few labels, or with labels that were not chosen by lot, nothing is known.
  const { unlabelled } = lossSample(strata);
  const silent = strata.map((one) => (unlabelled.includes(one) ? { ...one, labelled: 0 } : one));
  const sample = classSamples(silent, as(cells)).find((one) => one.truth === name);
  if (sample === undefined || sample.rows === 0) return undefined;
  return {
    ...sample,
    groups: sample.groups.map(({ weight, n, shadowRight }) => ({
      weight,
      lost: n - shadowRight,
      won: 0,
      same: shadowRight,
      n,
      shadowRight,
    })),
    unknown: { agree: 0, differ: total([sample.unknown.agree, sample.unknown.differ], (one) => one) },
  };
}
