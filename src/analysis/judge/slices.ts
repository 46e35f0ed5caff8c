import type { Predictions, SliceSums } from '../predictions.ts';
import { gates } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { designEffect } from '../statistics/repeats.ts';
import { compare } from './verdict.ts';
import type { Gate, Outcome } from './verdict.ts';
import { blockerNeeds, confidence, insufficientData, windowTooShort } from './evidence.ts';
import type { Evidence, Minutes } from './evidence.ts';
import { differenceAlone } from './expected.ts';
import { labelNoise, numberNoise } from './noise-floor.ts';
import type { NoiseSample } from './noise-floor.ts';
import { beyondNoise, boundsOf, noiseDominates, noiseWords } from './proportion.ts';
import { hitsScatter } from './scatter.ts';
import type { Blocks } from './scatter.ts';
import { count, counted, percent } from '../../base/units.ts';
import { needsAdvice, NOTHING } from './needs.ts';

/**
 * Does the shadow agree everywhere? Where the policy demands it: every part of every column must hold, so that passing
 * needs no correction (intersection-union); that one of many fails is believed only at alpha divided by their number,
 * which is the first step of Holm's procedure and the only one that matters here.
 */
export function judgeSlices(evidence: Evidence): Gate[] {
  const { policy } = evidence;
  const predictions = evidence.observations.predictions;
  const margin = policy.slices;
  if (margin === undefined || predictions === undefined) return [];
  const base = {
    id: 'slices',
    title: 'Does it predict the same everywhere?',
    gating: gates(policy, 'slices'),
    unit: 'share' as const,
    margin,
    relation: '>' as const,
    of: 'rows' as const,
  };
  const { slices } = predictions;
  if (slices === undefined || slices.length === 0) {
    const reason =
      'The inputs could not be sliced: there are no captured inputs, fewer than 30 different ones in each slice, or columns of one value.';
    const nothing = { outcome: 'inconclusive' as const, estimate: undefined, interval: undefined, n: 0 };
    return [
      { ...base, ...nothing, reason, ...needsAdvice('inputs that are captured as CSV or JSON, and more of them') },
    ];
  }
  const { minutes, clustering, noise } = partsOf(predictions, evidence);
  const dataBlocker = insufficientData(predictions, evidence) ?? noiseDominates({ noise, margin, below: false });
  const windows = predictions.merged ?? 1;
  const judged = slices.map((slice) => ({
    slice,
    ...judgePart(slice, slices.length, margin, { clustering, noise, policy, windows }),
  }));
  const seen: Outcome = judged.some((one) => one.outcome === 'fail')
    ? 'fail'
    : judged.every((one) => one.outcome === 'pass')
      ? 'pass'
      : 'inconclusive';
  const blocker = dataBlocker ?? windowTooShort(seen, policy, [minutes], 'parts');
  const outcome = blocker === undefined ? seen : 'inconclusive';
  // Of the parts that decide, the least equal; where one of them fails, no part that is merely small.
  const share = ({ slice }: { slice: SliceSums }) => slice.hits / Math.max(1, slice.rows);
  const deciding = judged.filter((one) => one.outcome === seen);
  const worst = (deciding.length > 0 ? deciding : judged).reduce((a, b) => (share(b) < share(a) ? b : a));
  const where = `${worst.slice.column} ${worst.slice.part}`;
  const left = beyondNoise(share(worst), { noise, below: false });
  const floor =
    noise === undefined
      ? ''
      : `${noiseWords(noise, left)}, assuming that production is as noisy in every slice as overall`;
  const of =
    outcome === 'inconclusive' && blocker === undefined
      ? `${count(deciding.length)} undecided of ${counted(slices.length, 'slices')} of the inputs`
      : `${counted(slices.length, 'slices')} of the inputs`;
  const facts = `${where} agrees least of ${of}: ${percent(share(worst))} of ${counted(worst.slice.rows, 'rows')}${floor}`;
  const [low, high] = worst.interval;
  const decided = {
    pass: `; at least ${percent(low)} (${confidence(policy)}), and at least ${percent(margin)} is required.`,
    fail: `; at most ${percent(high)} (${confidence(policy)}, corrected for the number of slices), and at least ${percent(margin)} is required.`,
    inconclusive: `; the true share is between ${percent(low)} and ${percent(high)} (${confidence(policy)}), and at least ${percent(margin)} is required.`,
  };
  return [
    differenceAlone(
      {
        ...base,
        outcome,
        estimate: left,
        interval: worst.interval,
        n: worst.slice.rows,
        reason: blocker === undefined ? `${facts}${decided[outcome]}` : `${facts}, but ${blocker.reason}.`,
        ...(outcome !== 'inconclusive'
          ? NOTHING
          : blocker === undefined
            ? needsAdvice('more different inputs in every slice')
            : blockerNeeds(blocker)),
      },
      worst.slice.rows - worst.slice.hits,
      evidence,
    ),
  ];
}

/** What parts of the inputs have in common: minutes, how rows hang together, and the noise of production. */
export function partsOf(
  predictions: Predictions,
  evidence: Evidence,
): { minutes: Minutes; clustering: SliceClustering; noise: NoiseSample | undefined } {
  const minutes = equalMinutes(predictions);
  return {
    minutes,
    clustering: sliceClustering(predictions, minutes, evidence.policy),
    noise:
      predictions.labels === undefined
        ? numberNoise(evidence, predictions.numbers?.tolerance ?? 0)
        : labelNoise(evidence),
  };
}

/** How rows are clustered, over all parts. */
interface SliceClustering {
  /** How much less rows count for repeated inputs; at least 1. */
  repeats: number;
  /** How alike the answers to one input are, 0 to 1. */
  correlation: number;
  /** How much less they count for bursts, at least 1; of so many rows with so many equal answers. */
  bursts: number;
  rows: number;
  hits: number;
}

/** Equal answers and rows a minute, over all parts. */
function equalMinutes({ blocks, labels }: Predictions): Minutes {
  return blocks.map((block) => ({
    successes: labels === undefined ? block.rows - (block.beyond ?? 0) : block.agree,
    n: labels === undefined && block.beyond === undefined ? 0 : block.rows,
  }));
}

function sliceClustering({ labels, repeats }: Predictions, minutes: Minutes, blocks: Blocks): SliceClustering {
  const sums = labels === undefined ? repeats?.beyond : repeats?.agreement;
  const clumping = sums === undefined || sums.rows === 0 ? 0 : sums.rowsSquared / sums.rows - 1;
  const correlation = clumping > 0 ? Math.min(1, (designEffect(sums) - 1) / clumping) : 0;
  const rows = minutes.reduce((sum, minute) => sum + minute.n, 0);
  const hits = minutes.reduce((sum, minute) => sum + minute.successes, 0);
  return { repeats: designEffect(sums), correlation, bursts: hitsScatter(minutes, blocks), rows, hits };
}

/**
 * How much less a part's rows count for bursts, if it alone has them all. Variances of parts add up: that of all rows,
 * `bursts` times V(all) with V = hits (1 − hits / rows) of independent rows, is then V(rest) + factor · V(part).
 *
 * @param own V of the part
 */
function burstsOfPart(part: SliceSums, own: number, { bursts, rows, hits }: SliceClustering): number {
  if (own <= 0) return bursts;
  const excess =
    bursts * variance(rows, hits) - variance(rows - part.rows, hits - part.hits) - variance(part.rows, part.hits);
  return Math.max(bursts, 1 + excess / own);
}

/** V of independent rows. */
function variance(rows: number, hits: number): number {
  return rows > 0 ? hits * (1 - hits / rows) : 0;
}

/** V of a part as it is; or, if that is more, as it would be if it agreed in `margin` of its rows, as is asked of it. */
function varianceAt(part: SliceSums, margin: number): number {
  const share = Math.max(0.5, margin);
  return Math.max(variance(part.rows, part.hits), part.rows * share * (1 - share));
}

/**
 * The same where rows of the part are mixed into all minutes by chance: what shares differ by is no burst then. A part that agrees in
 * hardly any row has no variance of its own; it has that of one which agrees in `margin` of them, as is asked of it.
 */
export function burstsIfMixed(part: SliceSums, { bursts, rows, hits }: SliceClustering, margin: number): number {
  const own = varianceAt(part, margin);
  return own > 0 ? Math.max(bursts, 1 + ((bursts - 1) * variance(rows, hits)) / own) : bursts;
}

/**
 * One part: it passes at alpha, and fails at alpha divided by the number of parts. A part that repeats its inputs more
 * than the others do counts for less than they, and so does each in case that all bursts are its own. What is said against a part
 * is held against one that agrees as often as is asked, which has that one's variance: a part that hardly ever agrees has next to none of
 * its own, and all bursts would be too much for it.
 *
 * @param windows that were added. How many inputs of a part they share is known of all rows together only, so that for a pass every one of
 *   the part's may come in each of them: it has as many different ones as one window has in the mean, at least.
 */
export function judgePart(
  slice: SliceSums,
  parts: number,
  margin: number,
  {
    clustering,
    noise,
    policy,
    bursts,
    windows = 1,
  }: {
    clustering: SliceClustering;
    noise: NoiseSample | undefined;
    policy: Policy;
    bursts?: number;
    windows?: number;
  },
): { interval: Interval; outcome: Outcome } {
  const repeated = (inputs: number) =>
    Math.max(clustering.repeats, 1 + clustering.correlation * (slice.rows / Math.max(1, inputs) - 1));
  const bounds = (alpha: number, inBursts: number, inputs: number) => {
    const factor = Math.max(repeated(inputs), bursts ?? inBursts);
    return boundsOf(slice.hits / factor, slice.rows / factor, { noise, below: false }, { ...policy, alpha });
  };
  const own = burstsOfPart(slice, variance(slice.rows, slice.hits), clustering);
  const one = bounds(policy.alpha, own, slice.inputs / windows);
  const among = bounds(policy.alpha / parts, burstsOfPart(slice, varianceAt(slice, margin), clustering), slice.inputs);
  if (compare(among, margin, false) === 'fail') return { interval: [one[0], among[1]], outcome: 'fail' };
  // What alone would fail is open among many; its bounds are those of many then, so that they hold the margin.
  if (compare(one, margin, false) === 'pass') return { interval: one, outcome: 'pass' };
  return { interval: [one[0], among[1]], outcome: 'inconclusive' };
}
