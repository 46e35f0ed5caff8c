import type { PairBlock, Predictions } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import type { Interval } from '../statistics/proportions.ts';
import { compare } from './verdict.ts';
import type { Gate, Outcome } from './verdict.ts';
import {
  requiredSampleSize,
  blockerNeeds,
  shareInterval,
  insufficientData,
  windowTooShort,
  confidence,
} from './evidence.ts';
import type { Evidence, Minutes, Clustering } from './evidence.ts';
import type { Blocker } from './needs.ts';
import type { NoiseSample } from './noise-floor.ts';
import { history } from './history.ts';
import { count, counted, percent } from '../../base/units.ts';
import { needsAdvice, needsNewInputs, needsRows, NOTHING, UNDECIDABLE } from './needs.ts';
import type { Needs } from './needs.ts';

/** A share to be bounded, and how to talk about it. */
export interface Proportion {
  id: string;
  title: string;
  gating: boolean;
  successes: number;
  n: number;
  /** Successes and rows a minute, oldest first; and how they are clustered. */
  minutes: Minutes;
  clustering: Clustering;
  margin: number;
  below: boolean;
  facts: string;
  /** Successes of one minute, to show how the share grew. */
  perBlock: (block: PairBlock) => number | undefined;
  /** Words for the bound that lets it pass, and the one that fails it. */
  limits: readonly [string, string];
  demand: string;
  /** Rows of production against itself that differed, of n: only what goes beyond counts. */
  noise?: NoiseSample | undefined;
}

/** A gate about a share of rows: bounded for how rows are clustered, less the noise floor where one was measured. */
export function proportion(predictions: Predictions, evidence: Evidence, ask: Proportion): Gate {
  const { policy, minutes } = evidence;
  const share = ask.n > 0 ? ask.successes / ask.n : 0;
  const bounds = (n: number) => boundsAt(n, ask.clustering.factor, ask, policy);
  const { interval, decided, tooShort } = decideShare(ask, policy);
  const blocker = insufficientData(predictions, evidence) ?? noiseDominates(ask) ?? tooShort;
  const outcome = blocker === undefined ? decided : 'inconclusive';
  const [good, bad] = ask.below ? [interval[1], interval[0]] : [interval[0], interval[1]];
  const facts = ask.noise === undefined ? ask.facts : `${ask.facts}${noiseWords(ask.noise, beyondNoise(share, ask))}`;
  const words = {
    pass: `${facts}; ${ask.limits[0]} ${percent(good)} (${confidence(policy)}), and ${ask.demand}.`,
    fail: `${facts}; ${ask.limits[1]} ${percent(bad)} (${confidence(policy)}), and ${ask.demand}.`,
    inconclusive:
      blocker === undefined
        ? `${facts}; the true share is between ${percent(interval[0])} and ${percent(interval[1])} (${confidence(policy)}), and ${ask.demand}.`
        : `${facts}, but ${blocker.reason}.`,
  };
  let needs: Needs = NOTHING;
  if (outcome === 'inconclusive') {
    const total =
      ask.n === 0
        ? undefined
        : requiredSampleSize(ask.n, (n) => compare(bounds(n), ask.margin, ask.below) !== 'inconclusive');
    const rowsPerPair = predictions.pairs > 0 ? predictions.rows / predictions.pairs : 1;
    const known = (blocker?.missing ?? 0) * rowsPerPair;
    const about = total === undefined ? 0 : total - ask.n;
    const missing = Math.max(known, about);
    // More of what came so far helps against too few pairs, and against nothing else that stands in the way.
    if (blocker !== undefined && (blocker.missing === 0 || blocker.of !== undefined)) needs = blockerNeeds(blocker);
    else if (missing > 0 && ask.clustering.cluster !== undefined)
      needs = needsAdvice(`traffic with more different values of "${ask.clustering.cluster}"`);
    else if (missing > 0 && ask.clustering.by === 'inputs') needs = needsNewInputs(missing / ask.clustering.factor);
    else if (missing > 0) needs = needsRows({ about, known }, predictions, minutes);
    else needs = UNDECIDABLE;
  }
  return {
    id: ask.id,
    title: ask.title,
    outcome,
    gating: ask.gating,
    unit: 'share',
    estimate: ask.n > 0 ? beyondNoise(share, ask) : undefined,
    interval: ask.n > 0 ? interval : undefined,
    margin: ask.margin,
    relation: ask.below ? '<' : '>',
    history: growth(predictions, ask, policy),
    n: ask.n,
    of: 'rows',
    reason: words[outcome],
    ...needs,
  };
}

/** What decides about a share. */
export type Share = Pick<Proportion, 'successes' | 'n' | 'minutes' | 'clustering' | 'margin' | 'below' | 'noise'>;

/** What the bounds of a share say, and what it lacks where its minutes are too few for that. */
export function decideShare(
  share: Share,
  policy: Policy,
): { interval: Interval; decided: Outcome; tooShort: Blocker | undefined } {
  const { n, minutes, clustering, margin, below } = share;
  const interval = boundsAt(n, clustering.factor, share, policy);
  const decided = compare(interval, margin, below);
  const hopeless = compare(boundsAt(n, 3 * clustering.factor, share, policy), margin, below) === 'fail';
  return { interval, decided, tooShort: windowTooShort(decided, policy, [minutes], 'answers', { hopeless }) };
}

/** Bounds at the same share of n rows, each of which counts for `factor` times less. */
function boundsAt(n: number, factor: number, share: Share, policy: Policy): Interval {
  const hits = share.n > 0 ? share.successes / share.n : 0;
  return boundsOf((hits * n) / factor, n / factor, share, policy);
}

/**
 * Why a noise floor leaves nothing to decide: where production differs from itself so often that even a shadow that
 * always differs would stay within the margin, to pass means nothing.
 */
export function noiseDominates({
  noise,
  margin,
  below,
}: Pick<Proportion, 'noise' | 'margin' | 'below'>): Blocker | undefined {
  if (noise === undefined) return undefined;
  const floor = noise.differing / Math.max(1, noise.n);
  if (1 - floor > (below ? margin : 1 - margin)) return undefined;
  return {
    reason: `production differs from itself in ${percent(floor)}, so any answer of the shadow would be close enough`,
    missing: 0,
    needs: needsAdvice(
      'a part of the answers that stays the same: measure and report with --prediction, or leave fields out by policy',
    ),
  };
}

/** ` of 365 different inputs`, where inputs repeat. */
export function different({ rows, repeats }: Predictions): string {
  return repeats === undefined || repeats.inputs >= rows ? '' : ` of ${counted(repeats.inputs, 'different inputs')}`;
}

/** Bounds of the share each at alpha; with a noise floor both are bounded at half of it, and the floor taken away. */
export function boundsOf(
  successes: number,
  n: number,
  { noise, below }: Pick<Proportion, 'noise' | 'below'>,
  policy: Policy,
): Interval {
  if (noise === undefined) return shareInterval(successes, n, policy.alpha, policy);
  const own = shareInterval(successes, n, policy.alpha / 2, policy);
  const floor = shareInterval(noise.differing / noise.factor, noise.n / noise.factor, policy.alpha / 2, policy);
  return below
    ? [Math.max(0, own[0] - floor[1]), Math.max(0, own[1] - floor[0])]
    : [Math.min(1, own[0] + floor[0]), Math.min(1, own[1] + floor[1])];
}

/** The share as it would be if production did not differ from itself. */
export function beyondNoise(share: number, { noise, below }: Pick<Proportion, 'noise' | 'below'>): number {
  if (noise === undefined) return share;
  const floor = noise.differing / Math.max(1, noise.n);
  return below ? Math.max(0, share - floor) : Math.min(1, share + floor);
}

/** What production does to itself, in words; `left`: the share without it. */
export function noiseWords(noise: NonNullable<Proportion['noise']>, left: number): string {
  return `; production differs from itself in ${percent(noise.differing / Math.max(1, noise.n))} of ${count(noise.n)}, which leaves ${percent(left)}`;
}

/** The share and its interval, minute by minute. */
function growth(predictions: Predictions, ask: Proportion, policy: Policy): NonNullable<Gate['history']> {
  const factor = ask.clustering.factor;
  let n = 0;
  let hits = 0;
  const sums = predictions.blocks.map((block) => {
    n += block.rows;
    hits += ask.perBlock(block) ?? 0;
    return { n, hits };
  });
  return history(sums.length, (steps) => {
    const sum = sums[steps - 1];
    if (sum === undefined || sum.n === 0) return undefined;
    const interval = boundsOf(sum.hits / factor, sum.n / factor, ask, policy);
    return { n: sum.n, estimate: beyondNoise(sum.hits / sum.n, ask), interval };
  });
}
