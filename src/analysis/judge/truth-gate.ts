import type { Predictions } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { gates } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { labelFault, suspectedSource } from './label-fault.ts';
import { labelsBySlice } from './labels-by-slice.ts';
import { labelsToPass } from './loss-sample.ts';
import { compare } from './verdict.ts';
import type { Gate, Outcome } from './verdict.ts';
import { blockerNeeds, confidence, insufficientData, requiredSampleSize, windowTooShort } from './evidence.ts';
import type { Clustering, Evidence, Minutes } from './evidence.ts';
import type { Blocker } from './needs.ts';
import { count, counted, duration, durationFlag, MINUTE, percent, points } from '../../base/units.ts';
import { needsAdvice, needsLabels, needsAbout, needsNewInputs, NOTHING, UNDECIDABLE } from './needs.ts';
import type { Needs } from './needs.ts';

/** Which of the rows have a label. */
interface LabelState {
  /** All compared rows, those whose labels would say something, and those of them with a label. */
  rows: number;
  differing: number;
  labelled: number;
  /** How many labels of differing rows are missing for those to be no rarer than labels of the others. */
  balancing: number;
  /** Strata of which too little is known. */
  unlabelled: readonly unknown[];
}

/** What a question about the truth found. */
export interface TruthFound {
  /** A sentence, without its end. */
  facts: string;
  /** How it loses, what it loses, how it is better. */
  words: readonly [string, string, string];
  /** How a loss is written: a difference of shares, or a share of production's error. */
  show: (loss: number) => string;
  estimate: number;
  /** Bounds with so many times the rows, each of which counts for `factor` times less. */
  interval: (times: number, factor: number) => Interval;
  margin: number;
  /** The margin is one of loss, even where the shadow is expected to be better. */
  mustNotLose?: boolean;
  /** What is bounded is the share of wrong answers, and this share at least must be right: it is shown from that side. */
  atLeast?: number;
  /** Rows with a label. */
  n: number;
  /** Rows of which the loss is known: those with a label, and as many of those on which the models agree. */
  known: number;
  /** Rows of which it is known a minute, and those that only one model has right. */
  minutes: readonly Minutes[];
  /** Different inputs among the rows of which it is known. */
  inputs: number;
  clustering: Clustering & { cautious?: number };
  /** Minutes differ by more than chance, where `minutes` cannot show it: enough for a pass to wait, and for a fail. */
  inBursts?: { pass: boolean; fail: boolean };
  /** On which rows labels would help. */
  labels?: LabelState | undefined;
  /** What else keeps it from being decided. */
  blocker?: Blocker | undefined;
}

/**
 * What the shadow may lose against labels, as a share (of all rows, or of production's error). Where it is expected to be
 * better, it must win: so much the loss must lie below 0.
 */
export function truthMargin({ expect, truth }: Pick<Policy, 'expect' | 'truth'>): number {
  return expect?.kind === 'better' ? -(expect.by ?? 0) : truth;
}

/** A gate on what labels say: its outcome, and why. */
export function truthGate(
  id: string,
  title: string,
  predictions: Predictions,
  evidence: Evidence,
  found: TruthFound,
): Gate {
  const { policy } = evidence;
  const { show, margin } = found;
  const sure = confidence(policy);
  const better = policy.expect?.kind === 'better' && !found.mustNotLose;
  const wanted = margin < 0 ? `better by more than ${show(-margin)}` : 'better';
  const allowed = better ? `it is expected to be ${wanted}` : `the limit is ${show(margin)}`;
  const { factor, cautious = factor } = found.clustering;
  // What is said against the shadow is bounded with the greater caution.
  const bounds = (times: number): Interval => {
    const both = found.interval(times, factor);
    return cautious === factor ? both : [found.interval(times, cautious)[0], both[1]];
  };
  const interval = bounds(1);
  const decided = compare(interval, margin);
  const hopeless = decided === 'fail' && compare(found.interval(1, 3 * cautious), margin) === 'fail';
  const blocker =
    unripe(predictions, policy) ??
    found.blocker ??
    labelFault(predictions) ??
    (decided === 'fail' ? undefined : labelsBySlice(predictions)) ??
    (decided === 'pass' ? ownLabels(predictions, id) : undefined) ??
    insufficientData(predictions, evidence) ??
    tooFewTruths(found, policy) ??
    windowTooShort(decided, policy, found.minutes, 'truth', {
      hopeless,
      inBursts: decided !== 'inconclusive' && found.inBursts?.[decided] === true,
    });
  const outcome = blocker === undefined ? decided : 'inconclusive';
  const facts = `${labelledWords(predictions)} ${found.facts}`;
  const bounded = found.atLeast === undefined ? lossWords(found, interval, outcome) : rightWords(interval, outcome);
  const demanded = found.atLeast === undefined ? allowed : `at least ${percent(found.atLeast)} is required`;
  // What is better by so much is within any limit.
  const isBetter = outcome === 'pass' && interval[1] < 0;
  const gate: Gate = {
    id,
    title,
    outcome,
    gating: gates(policy, id),
    unit: 'share',
    ...(show === points ? { difference: true } : {}),
    estimate: found.estimate,
    interval,
    margin,
    relation: '<',
    n: found.n,
    of: 'rows',
    reason:
      blocker === undefined
        ? `${facts}; ${bounded} (${sure})${isBetter ? '' : `, and ${demanded}`}.`
        : `${facts}, but ${blocker.reason}.`,
    ...(outcome === 'inconclusive' ? needsOf(found, blocker, bounds, evidence) : NOTHING),
  };
  if (found.atLeast === undefined) return gate;
  return {
    ...gate,
    estimate: 1 - found.estimate,
    interval: [1 - interval[1], 1 - interval[0]],
    margin: found.atLeast,
    relation: '>',
  };
}

/** Labels that are all the shadow's own answers may have been made from them: then it is right whatever it says. */
function ownLabels(predictions: Predictions, id: string): Blocker | undefined {
  if (suspectedSource(predictions) !== 'shadow') return undefined;
  return {
    reason: `all ${counted(predictions.truth?.rows ?? 0, 'labels')} equal the shadow's own answers, and labels that were made from answers prove nothing`,
    missing: 0,
    needs: needsAdvice(
      `labels that were made without the shadow's answers; or, where these were, somebody who says so (--waive ${id} --reason '…')`,
    ),
  };
}

/** How many of the rows have a label, as a sentence. */
function labelledWords({ truth }: Predictions): string {
  const { rows = 0, of = 0, age } = truth ?? {};
  const compared =
    age === undefined
      ? 'the compared rows'
      : `the compared rows that were at least ${duration(Math.max(0, age.age))} old`;
  return `${percent(of === 0 ? 0 : rows / of)} of ${compared} have a label.`;
}

/** What the shadow loses, or how much better it is: a loss below 0 is no loss. */
function lossWords({ words, show }: TruthFound, [low, high]: Interval, outcome: Outcome): string {
  const [loses, loss, better] = words;
  switch (outcome) {
    case 'pass':
      return high < 0 ? `${better} at least ${show(-high)}` : `${loses} at most ${show(high)}`;
    case 'fail':
      return low < 0 ? `${better} at most ${show(-low)}` : `${loses} at least ${show(low)}`;
    case 'inconclusive':
      return `the true ${loss} is between ${show(low)} and ${show(high)}`;
  }
}

/** The same from the other side: how often it is right. */
function rightWords([low, high]: Interval, outcome: Outcome): string {
  const [least, most] = [percent(1 - high), percent(1 - low)];
  switch (outcome) {
    case 'pass':
      return `it is right on at least ${least}`;
    case 'fail':
      return `it is right on at most ${most}`;
    case 'inconclusive':
      return `the true share is between ${least} and ${most}`;
  }
}

/** More labels than this may not have come later than at the age at which they are compared. */
const MOST_LATE = 0.01;

/** Early labels are not like late ones. */
export function unripe({ truth }: Predictions, { maturity }: Pick<Policy, 'maturity'>): Blocker | undefined {
  const { age, rows = 0 } = truth ?? {};
  if (truth === undefined) return undefined;
  if (maturity !== undefined && age?.age !== maturity)
    return {
      reason: `the policy says that labels are complete after ${duration(maturity)}, and these sums were made otherwise`,
      missing: 0,
      needs: needsAdvice(`a report on the captures themselves with maturity: ${durationFlag(maturity)}`),
    };
  if (age === undefined || age.late <= MOST_LATE * (age.late + rows)) return undefined;
  const all = age.late + age.youngLabels + rows;
  const enough = age.within.find(({ labels }) => labels >= (1 - MOST_LATE) * all);
  const share = percent(age.late / (age.late + rows));
  const wait =
    enough === undefined ? '' : ` (${percent(enough.labels / all)} came within ${duration(enough.minutes * MINUTE)})`;
  return {
    reason: age.demanded
      ? `${share} of the labels came later than ${duration(age.age)} after their requests, and early labels may not be like late ones${wait}`
      : `${share} of the labels came later than ${duration(Math.max(0, age.age))} after their requests, which is as old as the youngest request was when the newest label came, and early labels may not be like late ones${wait}`,
    missing: 0,
    needs: needsAdvice(
      `a policy that says after how long labels are complete (maturity: ${enough === undefined ? '7d' : durationFlag(enough.minutes * MINUTE)}), and requests that old`,
    ),
  };
}

/**
 * The same without the minutes whose requests are too young for labels. Labels that say when they came are outcomes, and come
 * by themselves: they are not drawn by lot, and say nothing of rows that have none, which stand apart as such.
 */
export function ripe(predictions: Predictions): Predictions {
  const { truth, numbers } = predictions;
  if (truth?.age === undefined) return predictions;
  const blocks = predictions.blocks.filter(({ young = 0 }) => young === 0);
  if (!truth.age.timed) return { ...predictions, blocks };
  const { low, high } = numbers?.histogram ?? { low: 0, high: 0 };
  const strata = truth.strata?.flatMap((one) => split(one, { labelled: 0, onlyProduction: 0, onlyShadow: 0 }));
  const losses = truth.losses?.flatMap((one) => {
    const missing = one.rows - one.labelled;
    // No two numbers are further apart than all of them range.
    return split(one, { labelled: 0, apart: Math.min(one.apart, missing * (high - low)) });
  });
  // Nor are Brier scores of all classes, by more than their range.
  const scores = truth.scores?.flatMap((one) =>
    split(one, { labelled: 0, apart: Math.min(one.apart, one.rows - one.labelled) }),
  );
  return { ...predictions, blocks, truth: { ...truth, strata, losses, scores } };
}

/** Rows with a label, and those without: as if they were two strata. */
function split<One extends { rows: number; labelled: number }>(one: One, without: Partial<One>): One[] {
  const missing = one.rows - one.labelled;
  if (missing === 0 || one.labelled === 0) return [one];
  return [
    { ...one, rows: one.labelled },
    { ...one, ...without, rows: missing },
  ];
}

function needsOf(
  found: TruthFound,
  blocker: Blocker | undefined,
  bounds: (times: number) => Interval,
  { policy, minutes }: Evidence,
): Needs {
  const { labels, margin, n, known } = found;
  if (blocker !== undefined && (blocker.missing === 0 || blocker.of !== undefined)) return blockerNeeds(blocker);
  const unlabelled = labels === undefined ? 0 : labels.differing - labels.labelled;
  const size = labels === undefined ? n : labels.labelled;
  if (labels !== undefined && unlabelled > 0 && (labels.unlabelled.length > 0 || size === 0)) {
    const least = Math.max(1, labels.balancing, (labelsToPass(labels, policy) ?? 0) - size);
    return needsLabels(Math.min(unlabelled, Math.ceil(least)));
  }
  const total = requiredSampleSize(known, (rows) => compare(bounds(rows / known), margin) !== 'inconclusive');
  const times = Math.max((total ?? known) / known, 1 + (blocker?.missing ?? 0) / Math.max(1, known));
  if (times <= 1) return UNDECIDABLE;
  if (found.clustering.cluster !== undefined)
    return needsAdvice(`traffic with more different values of "${found.clustering.cluster}"`);
  const more = Math.ceil(size * (times - 1));
  const { by, factor } = found.clustering;
  // While rows that differ have none, labels are had sooner than traffic.
  if (labels !== undefined && unlabelled >= more)
    return by === 'inputs' ? needsLabels(more / factor, ', each of an input that has none') : needsLabels(more);
  if (by === 'inputs') return needsNewInputs((known * (times - 1)) / factor);
  return needsAbout('rows', Math.max(1, n * (times - 1)), { n, minutes }, { plural: 'rows with labels' });
}

function tooFewTruths({ known, inputs }: TruthFound, { minimumPairs }: Policy): Blocker | undefined {
  if (known < minimumPairs)
    return {
      reason: `the policy requires ${counted(minimumPairs, 'rows')} with a label`,
      missing: Math.ceil(minimumPairs - known),
    };
  if (inputs >= minimumPairs) return undefined;
  const reason = `the rows with a label hold only ${counted(Math.floor(inputs), 'different inputs')}, and the policy requires ${count(minimumPairs)}`;
  return { reason, missing: Math.ceil(minimumPairs - inputs), of: 'different inputs' };
}
