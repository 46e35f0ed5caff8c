import type { Predictions, SliceSums, SliceTruth } from '../predictions.ts';
import { decides, gates } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { finestSlices } from '../slicing.ts';
import { designEffect } from '../statistics/repeats.ts';
import { count, counted, number, percent, points } from '../../base/units.ts';
import { areChances } from './chances.ts';
import { confidence, insufficientData } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { labelFault } from './label-fault.ts';
import { needsAdvice, NOTHING } from './needs.ts';
import { meanHalfWidth, pairedDifference } from './paired.ts';
import { lossScatter } from './scatter.ts';
import { sliceText } from './slices-apart.ts';
import { unripe } from './truth-gate.ts';
import type { Gate } from './verdict.ts';

/** Fewer labelled rows of a slice say little of it. */
const MIN_LABELLED = 100;

/** So many slices are named; the report has all. */
const MAX_NAMED = 3;

/** What the two models lose by the labels of one slice of the inputs, a row. */
export interface SliceLoss {
  slice: SliceSums;
  /** Rows with a label. */
  rows: number;
  production: number;
  shadow: number;
  /** How much more the shadow loses, and what that can be: each side at alpha divided by the number of slices looked at. */
  loss: number;
  interval: Interval;
  /** How much more it may lose, in the same unit. */
  margin: number;
}

/** What is lost: mistakes, as shares of rows; distances, in the unit of the numbers; or prices. */
export type LossOf = 'mistakes' | 'distances' | 'prices';

/**
 * Slice by slice of the inputs, what both models lose by labels. A slice of fewer than a hundred labelled rows is left out.
 *
 * @returns undefined without labels, where no slice has so many, of probabilities (their distance from 0 or 1 rewards whoever is too
 *   sure), and of observations of older versions, which have no losses of production's
 */
export function sliceLosses(
  predictions: Predictions,
  policy: Policy,
): { of: LossOf; slices: readonly SliceLoss[] } | undefined {
  const { truth, numbers } = predictions;
  const slices = finestSlices(predictions);
  if (truth === undefined || slices === undefined || areChances(predictions, truth)) return undefined;
  const told = slices.flatMap((slice) => {
    const { truth: sums } = slice;
    const own = sums?.production;
    return sums === undefined || own === undefined || sums.rows < MIN_LABELLED ? [] : [{ slice, sums, own }];
  });
  if (told.length === 0) return undefined;
  const of: LossOf = truth.labels === undefined ? 'distances' : truth.prices === undefined ? 'mistakes' : 'prices';
  const range =
    of === 'distances'
      ? Math.max(0, (numbers?.histogram.high ?? 0) - (numbers?.histogram.low ?? 0))
      : Math.max(1, ...Object.values(truth.prices ?? {}));
  const factor = clusteringOf(predictions, policy, of);
  const each = { ...policy, alpha: policy.alpha / told.length };
  return {
    of,
    slices: told.map(({ slice, sums, own }) => {
      const production = own / sums.rows;
      const loss = sums.loss / sums.rows;
      return {
        slice,
        rows: sums.rows,
        production,
        shadow: production + loss,
        loss,
        interval: boundsOf(sums, { of, range, factor }, each),
        margin: of === 'mistakes' ? policy.truth : (of === 'prices' ? policy.cost : policy.truth) * production,
      };
    }),
  };
}

/** Of mistakes a row loses 1, −1 or 0, which sums and squares tell apart. */
function boundsOf(
  { rows, loss, lossSquared }: SliceTruth,
  { of, range, factor }: { of: LossOf; range: number; factor: number },
  policy: Policy,
): Interval {
  if (of === 'mistakes')
    return pairedDifference(
      { first: (lossSquared + loss) / 2, second: (lossSquared - loss) / 2, n: rows, factor },
      policy,
    );
  const mean = loss / rows;
  const deviation = Math.sqrt(Math.max(0, lossSquared / rows - mean * mean));
  const half = meanHalfWidth(rows / factor, deviation, range, policy);
  return [mean - half, mean + half];
}

/** How much less rows count for repeated inputs, or for minutes whose losses hang together; taken to be alike in all slices. */
function clusteringOf({ blocks, repeats, truth }: Predictions, policy: Policy, of: LossOf): number {
  const lossOf = (block: Predictions['blocks'][number]) =>
    of === 'distances'
      ? (block.loss ?? 0)
      : of === 'prices'
        ? (block.cost ?? 0)
        : (block.onlyProduction ?? 0) - (block.onlyShadow ?? 0);
  const minutes = blocks.map((block) => ({ loss: lossOf(block), truth: block.truth ?? 0 }));
  const n = minutes.reduce((sum, one) => sum + one.truth, 0);
  const mean = n === 0 ? 0 : minutes.reduce((sum, one) => sum + one.loss, 0) / n;
  const both = blocks.reduce((sum, block) => sum + (block.onlyProduction ?? 0) + (block.onlyShadow ?? 0), 0);
  const deviation =
    of === 'distances'
      ? (truth?.numbers?.lossDeviation ?? 0)
      : Math.sqrt(Math.max(0, both / Math.max(1, n) - mean * mean));
  // What prices scatter by is known of whole minutes only.
  const bursts = of === 'prices' ? 1 : lossScatter(minutes, { mean, deviation }, policy);
  const repeated = [repeats?.loss, repeats?.onlyProduction, repeats?.onlyShadow].map((sums) => designEffect(sums));
  return Math.max(1, bursts, ...repeated);
}

/**
 * Is the shadow worse by labels in one slice of the inputs, though not in all rows together? Shown is what a bound at alpha divided by
 * the number of slices says, by more than the policy allows of all rows. Who looks at many slices finds one that is worse by chance, and
 * this one was found by looking: it does not fail unless the policy lets it decide, and does not pass. To find none proves nothing.
 */
export function judgeTruthSlices(predictions: Predictions, evidence: Evidence): Gate[] {
  const { policy } = evidence;
  const demanded = decides(policy, 'truth.slices') || decides(policy, 'slices');
  const found = sliceLosses(predictions, policy);
  const open = unripe(predictions, policy) ?? labelFault(predictions) ?? insufficientData(predictions, evidence);
  if (found === undefined || open !== undefined) return [];
  const { of, slices } = found;
  const worstFirst = slices.toSorted((a, b) => b.interval[0] / (b.margin || 1) - a.interval[0] / (a.margin || 1));
  const shown = worstFirst.filter(({ interval, margin, loss }) => interval[0] > margin && loss > 0);
  const [worst] = shown;
  const most = worst ?? worstFirst[0];
  if (most === undefined || (worst === undefined && !demanded)) return [];
  // Of distances and prices a share of what production loses there.
  const scale = of === 'mistakes' ? 1 : most.production;
  const shareOf = (value: number) => (scale > 0 ? value / scale : value > 0 ? Number.POSITIVE_INFINITY : 0);
  const base = {
    id: 'truth.slices',
    title: 'Is it worse somewhere?',
    test: 'rule' as const,
    gating: gates(policy, 'truth.slices'),
    unit: 'share' as const,
    ...(of === 'mistakes' ? { difference: true as const } : {}),
    estimate: shareOf(most.loss),
    interval: [shareOf(most.interval[0]), shareOf(most.interval[1])] as const,
    margin: of === 'mistakes' ? policy.truth : of === 'prices' ? policy.cost : policy.truth,
    relation: '<' as const,
    n: most.rows,
    of: 'rows' as const,
  };
  const sure = `${confidence(policy)}, corrected for ${counted(slices.length, 'slices')}`;
  if (worst === undefined) {
    const reason = `In none of ${counted(slices.length, 'slices')} of the inputs with ${MIN_LABELLED} labels is it shown to be worse by more than the limit (${sure}); nearest to it is ${lossText(most, of)}.`;
    // Of the others nothing is bounded from above.
    return [{ ...base, interval: undefined, outcome: 'pass', reason, ...NOTHING }];
  }
  const more = shown.length > MAX_NAMED ? `, and in ${count(shown.length - MAX_NAMED)} more` : '';
  const least = of === 'mistakes' ? points(worst.interval[0]) : percent(shareOf(worst.interval[0]));
  const reason = `By labels it is worse in some slices of the inputs, whatever it is in all: ${shown
    .slice(0, MAX_NAMED)
    .map((one) => lossText(one, of))
    .join(
      ', ',
    )}${more}. In the first it is worse by at least ${least} (${sure}), and the limit is ${of === 'mistakes' ? points(base.margin) : percent(base.margin)}.`;
  if (demanded) return [{ ...base, outcome: 'fail', reason, ...NOTHING }];
  return [
    {
      ...base,
      outcome: 'inconclusive',
      reason,
      ...needsAdvice(
        `a model that is no worse for rows with ${sliceText(worst.slice)}, or a waiver from somebody who accepts it (--waive truth.slices --reason '…'); with decide: [truth.slices] in the policy, the gate fails instead of staying open`,
      ),
    },
  ];
}

/** `city = 3 (mean error 81.2, production's 51.4, of 976 rows)` */
function lossText({ slice, rows, production, shadow }: SliceLoss, of: LossOf): string {
  const what = { mistakes: 'wrong', distances: 'mean error', prices: 'cost a row' }[of];
  const value = (one: number) => (of === 'mistakes' ? percent(one) : number(one, 3));
  return `${sliceText(slice)} (${what} ${value(shadow)}, production's ${value(production)}, of ${counted(rows, 'rows')})`;
}
