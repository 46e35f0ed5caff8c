import type { PairBlock, Predictions, TruthStratum, TruthSums } from '../predictions.ts';
import { OTHERS } from '../answers/strata.ts';
import { mcnemar } from '../statistics/proportions.ts';
import { designEffect } from '../statistics/repeats.ts';
import type { Clustering, Evidence, Minutes } from './evidence.ts';
import type { Blocker } from './needs.ts';
import { needsAdvice } from './needs.ts';
import { lossBounds, lossEstimate, lossSample, MIN_LABELS, total } from './loss-sample.ts';
import type { LossSample } from './loss-sample.ts';
import { haveBursts, lossScatter, lossSkew } from './scatter.ts';
import type { Blocks } from './scatter.ts';
import { truthGate, truthMargin } from './truth-gate.ts';
import type { Gate } from './verdict.ts';
import { different } from './proportion.ts';
import { count, counted, number, percent, points } from '../../base/units.ts';

/** Minutes that share labels: a row that is labelled by lot speaks for the minutes about it. */
const NEAR = 10;

/**
 * The largest dispersion of many lengths lies above 1 by chance: a standard error is taken off it, and half of one where minutes
 * differ by more than chance. Then the bound is moved out by the third moment of ten minutes' losses, too: Johnson's
 * (1978, JASA 73) 1/6 + k²/3, at the k = 2.7 standard errors of the sequence. Both are measured, by the lines "accuracy … in bursts" of
 * `npm run calibrate`.
 */
const SOME_CHANCE = 0.5;
const BURST = 10;
const SKEWED = 1 / 6 + 2.7 ** 2 / 3;

/** Two models that are never right lose nothing against each other: that would pass whatever the labels are. */
const OTHER_WORDS: Blocker = {
  reason:
    'no label equals any answer of either model, so labels and answers are probably not written alike (yes and 1, cat and 0)',
  missing: 0,
  needs: needsAdvice(
    'labels in the words of the answers, or --prediction with the path of the field that they are about',
  ),
};

/** Which rows have a label is not known, and it may be those that are easy. */
const UNCOUNTED: Blocker = {
  reason: 'an older version saved this without counting on which rows with a label the models differ',
  missing: 0,
  needs: needsAdvice('a report on the captures themselves'),
};

/** Is the shadow less often right than production? */
export function judgeAccuracy(predictions: Predictions, truth: TruthSums, evidence: Evidence): Gate[] {
  if (truth.labels === undefined) return [];
  const { production, shadow, onlyProduction, onlyShadow } = truth.labels;
  const { policy } = evidence;
  const sample = lossSample(truth.strata ?? [everyRow(truth)]);
  const minutes = accuracyMinutes(predictions.blocks, sample);
  const losses = lossMinutes(minutes);
  const inBursts = haveBursts([minutes.onlyProduction, minutes.onlyShadow], policy);
  const clustering = {
    ...lossClustering(minutes, predictions, policy, inBursts ? SOME_CHANCE : 1),
    cautious: lossClustering(minutes, predictions, policy).factor,
  };
  // Few bursts show too little of what they lose, and of how much they scatter.
  const skew = (inBursts && lossSkew(losses, policy, BURST)) || 0;
  const p = mcnemar(onlyProduction, onlyShadow);
  const discordant = `${count(onlyShadow)} only the shadow, ${count(onlyProduction)} only production; exact McNemar p ${p < 1e-4 ? '< 0.0001' : `= ${number(p)}`}`;
  const n = truth.rows;
  const facts =
    n >= truth.of
      ? `It is correct on ${percent(shadow / n)} and production on ${percent(production / n)} of ${count(n)} labeled rows${different(predictions)} (${discordant})`
      : `The models differ on ${percent(sample.differing / sample.rows)} of the rows${different(predictions)}, and accuracy can change only there. ${count(sample.labelled)} of these ${counted(sample.differing, 'rows')} ${sample.labelled === 1 ? 'has' : 'have'} a label (correct: ${discordant})`;
  const blocker =
    production + shadow === 0
      ? OTHER_WORDS
      : (oneOutcome(truth) ?? (truth.strata === undefined && n < truth.of ? UNCOUNTED : undefined));
  return [
    truthGate('truth.accuracy', 'Is it less accurate?', predictions, evidence, {
      facts: `${facts}${unlabelledWords(sample)}`,
      words: ['it loses', 'loss', 'it is better by'],
      show: points,
      estimate: lossEstimate(sample),
      interval: (times, factor) => {
        const [low, high] = lossBounds(sample, times, factor, policy);
        return [low, high + (Math.max(0, skew) * SKEWED) / times];
      },
      margin: truthMargin(policy),
      n,
      known: sample.n,
      minutes: [minutes.onlyProduction, minutes.onlyShadow],
      inputs: inputShare(predictions) * sample.n,
      clustering,
      labels: sample,
      blocker,
    }),
  ];
}

/** All labels are of one class, also where both models say another: then they are there for what came of it, not by lot. */
function oneOutcome({ cells = [], rows, of }: TruthSums): Blocker | undefined {
  const [first, ...others] = new Set(cells.map(({ truth }) => truth));
  if (rows >= of || first === undefined || others.length > 0) return undefined;
  const missed = total(cells, (one) => (one.differ ? 0 : one.rows - one.right));
  if (missed < MIN_LABELS) return undefined;
  return {
    reason: `every label is ${first}, also of ${counted(missed, 'rows')} on which both models say something else: labels of other outcomes seem to be missing`,
    missing: 0,
    needs: needsAdvice('labels of all outcomes, or of rows that are drawn at random'),
  };
}

/** What an older version counted, where every row has a label. */
function everyRow({ rows, labels }: TruthSums): TruthStratum {
  const { onlyProduction = 0, onlyShadow = 0 } = labels ?? {};
  return { production: OTHERS, differ: true, rows, labelled: rows, onlyProduction, onlyShadow };
}

/** Of rows with a label, how many have inputs of their own. */
function inputShare({ repeats }: Predictions): number {
  const sums = repeats?.onlyProduction;
  return sums === undefined || sums.by !== undefined || sums.rows === 0 ? 1 : sums.inputs / sums.rows;
}

/** Names the strata of which too little is known, the largest first. */
function unlabelledWords({ unlabelled, rows }: LossSample): string {
  if (unlabelled.length === 0) return '';
  const [largest] = unlabelled.toSorted((a, b) => b.rows - a.rows);
  if (largest === undefined) return '';
  const what = largest.production === OTHERS ? '' : ` where production says ${largest.production}`;
  const others = unlabelled.length === 1 ? '' : `, and ${unlabelled.length - 1} more such classes`;
  return `; of ${count(largest.rows)} differing rows${what} (${percent(largest.rows / rows)} of all) ${largest.labelled === 0 ? 'none has' : `only ${count(largest.labelled)} have`} a label${others}`;
}

interface LossMinutes {
  onlyProduction: Minutes;
  onlyShadow: Minutes;
}

/**
 * Minute by minute, the rows of which it is known that only one model has them right. Rows on which the models agree are
 * known too, to the part in which those that differ have a label. Minutes without labels near them are left out.
 */
export function accuracyMinutes(blocks: readonly PairBlock[], { n, rows }: LossSample): LossMinutes {
  const near = new Set(blocks.filter((block) => (block.truth ?? 0) > 0).map(decade));
  const labelled = blocks.filter((block) => near.has(decade(block)));
  const part =
    rows === 0 ? 1 : Math.min(1, (n / rows) * (total(blocks, (one) => one.rows) / total(labelled, (one) => one.rows)));
  const of = (who: 'onlyProduction' | 'onlyShadow'): Minutes =>
    labelled.map((block) => ({ successes: block[who] ?? 0, n: Math.max(block.truth ?? 0, block.rows) * part }));
  return { onlyProduction: of('onlyProduction'), onlyShadow: of('onlyShadow') };
}

function decade({ at }: PairBlock): number {
  return Math.floor(at / (NEAR * 60_000));
}

/** What is lost in each minute, and the rows of which that is known. */
function lossMinutes({ onlyProduction, onlyShadow }: LossMinutes): { loss: number; truth: number }[] {
  return onlyProduction.map(({ successes, n }, i) => ({
    loss: successes - (onlyShadow[i]?.successes ?? 0),
    truth: n,
  }));
}

/**
 * How much less rows count: for minutes whose losses hang together, or for inputs that are repeated.
 *
 * @param chance standard errors of the dispersion that are put down to chance, as `lossScatter` takes them
 */
export function lossClustering(
  { onlyProduction, onlyShadow }: LossMinutes,
  { repeats }: Predictions,
  blocks: Blocks,
  chance = 0,
): Clustering {
  const losses = lossMinutes({ onlyProduction, onlyShadow });
  const n = total(losses, (one) => one.truth);
  const mean = n === 0 ? 0 : total(losses, (one) => one.loss) / n;
  const discordant = total(onlyProduction, (one) => one.successes) + total(onlyShadow, (one) => one.successes);
  const deviation = n === 0 ? 0 : Math.sqrt(Math.max(0, discordant / n - mean * mean));
  const bursts = lossScatter(losses, { mean, deviation }, blocks, chance);
  const repeated = Math.max(designEffect(repeats?.onlyProduction), designEffect(repeats?.onlyShadow));
  return repeated > bursts
    ? { factor: repeated, by: 'inputs', cluster: (repeats?.onlyProduction ?? repeats?.onlyShadow)?.by }
    : { factor: bursts, by: 'minutes' };
}
