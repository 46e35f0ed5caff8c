import { commandDigest } from '../answers/comparator.ts';
import type { ComparatorSums, Predictions, ScoreSums } from '../predictions.ts';
import { gates } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import { count, counted, percent } from '../../base/units.ts';
import {
  blockerNeeds,
  clusteringOf,
  confidence,
  insufficientData,
  meanInterval,
  requiredSampleSize,
  windowTooShort,
} from './evidence.ts';
import type { Evidence } from './evidence.ts';
import type { Blocker } from './needs.ts';
import { history } from './history.ts';
import { needsAdvice, needsAbout, needsNewInputs, NOTHING, UNDECIDABLE } from './needs.ts';
import type { Needs } from './needs.ts';
import { scoreNoise } from './noise-floor.ts';
import type { NoiseSample } from './noise-floor.ts';
import { beyondNoise, noiseDominates } from './proportion.ts';
import { compare } from './verdict.ts';
import type { Gate } from './verdict.ts';

/** Is there a comparator of the user's own, which decides what alike means? */
export function hasComparator(predictions: Predictions, policy: Policy): boolean {
  return policy.answers.command !== undefined || predictions.comparator !== undefined;
}

/**
 * Does the user's own comparator find the answers alike: a gate for each number that it gives. One that was asked for and
 * has not run, or has left out a number that the policy has a margin for, has proven nothing.
 */
export function judgeComparator(predictions: Predictions, evidence: Evidence): Gate[] {
  const { policy } = evidence;
  if (!hasComparator(predictions, policy)) return [];
  const { command, margins } = policy.answers;
  const sums = predictions.comparator;
  if (sums === undefined)
    return [unproven('comparator', policy, 'The comparator of the policy was not run on these answers')];
  if (command !== undefined && commandDigest(command) !== sums.digest)
    return [unproven('comparator', policy, "These answers were compared by another command than the policy's")];
  if (sums.scores.length === 0)
    return [unproven('comparator', policy, 'There was no pair that the comparator could be asked about')];
  const names = sums.scores.map(({ name }) => name);
  const left = Object.keys(margins).filter((name) => !names.includes(name));
  return [
    ...sums.scores.map((score) => alike(score, sums, predictions, evidence)),
    ...left.map((name) =>
      unproven(name, policy, `The policy has a margin for ${name}, and the comparator gives only ${names.join(', ')}`),
    ),
  ];
}

/** What must be above which share. */
function marginOf(name: string, { answers, agreement }: Policy): number {
  return answers.margins[name] ?? agreement;
}

function titleOf(name: string): string {
  return name === 'comparator' ? 'Does the comparator find it alike?' : `Does the comparator find it ${name}?`;
}

function unproven(name: string, policy: Policy, why: string): Gate {
  const id = `answers.${name}`;
  return {
    id,
    title: titleOf(name),
    outcome: 'inconclusive',
    gating: gates(policy, id),
    unit: 'share',
    estimate: undefined,
    interval: undefined,
    margin: marginOf(name, policy),
    relation: '>',
    n: 0,
    of: 'pairs',
    reason: `${why}.`,
    ...needsAdvice('a report that runs the comparator on captured answers'),
  };
}

/** What bounds a number of a comparator, and what they say; `tooShort` where it has not been long enough for that. */
export function decideScore(score: ScoreSums, halvings: number, policy: Policy, noise: NoiseSample | undefined) {
  const mean = score.rows > 0 ? score.sum / score.rows : 0;
  const margin = marginOf(score.name, policy);
  const minutes = score.minutes.map((minute) => ({ successes: minute.sum, n: minute.rows }));
  const clustering = clusteringOf(minutes, score.repeats, policy);
  const alpha = alphaAfter(halvings, policy);
  const bounds = (total: number, estimate = mean) =>
    boundsOf({ estimate, n: total / clustering.factor, alpha }, noise, policy);
  const decided = compare(bounds(score.rows), margin, false);
  const tooShort = windowTooShort(decided, policy, [minutes], 'answers', { spread: spreadOf(score) });
  return { margin, clustering, bounds, decided, tooShort };
}

function alike(score: ScoreSums, sums: ComparatorSums, predictions: Predictions, evidence: Evidence): Gate {
  const { policy } = evidence;
  const { name, rows: n, sum } = score;
  const mean = n > 0 ? sum / n : 0;
  const noise = scoreNoise(evidence, sums.digest, name);
  const { margin, clustering, bounds, decided, tooShort } = decideScore(score, sums.halvings, policy, noise);
  const interval = bounds(n);
  const blocker =
    insufficientData(predictions, evidence) ?? noiseDominates({ noise, margin, below: false }) ?? tooShort;
  const outcome = blocker === undefined ? decided : 'inconclusive';
  const id = `answers.${name}`;
  return {
    id,
    title: titleOf(name),
    outcome,
    gating: gates(policy, id),
    unit: 'share',
    estimate: n > 0 ? beyondNoise(mean, { noise, below: false }) : undefined,
    interval: n > 0 ? interval : undefined,
    margin,
    relation: '>',
    history: growth(score, bounds, (estimate) => beyondNoise(estimate, { noise, below: false })),
    n,
    of: 'pairs',
    reason: reasonOf({ mean, n, of: sums.of, interval, margin, noise }, policy, outcome, blocker?.reason),
    ...(outcome === 'inconclusive'
      ? needsOf(
          { n, sums, by: clustering.by, factor: clustering.factor },
          predictions,
          evidence,
          blocker,
          (rows) => compare(bounds(rows), margin, false) !== 'inconclusive',
        )
      : NOTHING),
  };
}

/** Bounds of the mean; with a noise floor both are bounded at half of alpha, and what production itself misses is given back. */
function boundsOf(
  { estimate, n, alpha }: { estimate: number; n: number; alpha: number },
  noise: NoiseSample | undefined,
  policy: Policy,
): readonly [number, number] {
  if (noise === undefined) return meanInterval(estimate * n, n, alpha, policy);
  const own = meanInterval(estimate * n, n, alpha / 2, policy);
  const floor = meanInterval(noise.differing / noise.factor, noise.n / noise.factor, policy.alpha / 2, policy);
  return [Math.min(1, own[0] + floor[0]), Math.min(1, own[1] + floor[1])];
}

/**
 * The chance of error that is left for pairs drawn by so many halvings. Each halving begins another sample, and all of
 * them together may err with alpha: a / 2, a / 6, a / 12 … sum up to it. A single look has one sample.
 */
function alphaAfter(halvings: number, { alpha, looks }: Policy): number {
  return looks === 'once' ? alpha : alpha / ((halvings + 1) * (halvings + 2));
}

/** Minutes that differ by less than this share of what hits would are not called bursts: the bounds are as wide as for hits. */
const LEAST_SPREAD = 0.05;

/** How much less single values vary than hits with their mean would: bursts show among them so much the better. */
function spreadOf({ rows, sum, repeats }: ScoreSums): number {
  const mean = rows > 0 ? sum / rows : 0;
  const hits = mean * (1 - mean);
  if (repeats === undefined || rows === 0 || !(hits > 0)) return 1;
  return Math.min(1, Math.max(LEAST_SPREAD, (repeats.squares / rows - mean * mean) / hits));
}

function reasonOf(
  seen: {
    mean: number;
    n: number;
    of: number;
    interval: readonly [number, number];
    margin: number;
    noise: NoiseSample | undefined;
  },
  policy: Policy,
  outcome: Gate['outcome'],
  blocker: string | undefined,
): string {
  const { mean, n, of, interval, margin, noise } = seen;
  const pairs = of > n ? `${count(n)} of ${counted(of, 'pairs')}, drawn at random` : counted(n, 'pairs');
  const own =
    noise === undefined
      ? ''
      : `; production against itself misses ${percent(noise.differing / Math.max(1, noise.n))} over ${counted(noise.n, 'pairs')}, which leaves ${percent(beyondNoise(mean, { noise, below: false }))}`;
  const facts = `Its mean over ${pairs} is ${percent(mean)}${own}`;
  const sure = confidence(policy);
  const demand = `more than ${percent(margin)} is required`;
  if (blocker !== undefined) return `${facts}, but ${blocker}.`;
  if (outcome === 'pass') return `${facts}; at least ${percent(interval[0])} (${sure}), and ${demand}.`;
  if (outcome === 'fail') return `${facts}; at most ${percent(interval[1])} (${sure}), and ${demand}.`;
  return `${facts}; the true mean is between ${percent(interval[0])} and ${percent(interval[1])} (${sure}), and ${demand}.`;
}

function needsOf(
  seen: { n: number; sums: ComparatorSums; by: 'inputs' | 'minutes'; factor: number },
  predictions: Predictions,
  { minutes }: Evidence,
  blocker: Blocker | undefined,
  decided: (rows: number) => boolean,
): Needs {
  const { n, sums, by, factor } = seen;
  if (blocker !== undefined && (blocker.missing === 0 || blocker.of !== undefined)) return blockerNeeds(blocker);
  const total = requiredSampleSize(n, decided);
  const missing = Math.max(blocker?.missing ?? 0, total === undefined ? 0 : total - n);
  if (missing === 0) return UNDECIDABLE;
  // Of so many pairs as these the sample would be no larger.
  if (blocker === undefined && sums.of > n)
    return needsAdvice(
      `a larger sample: the comparator must be asked about ${counted(n + missing, 'pairs')} (--comparator-sample ${2 * (n + missing)})`,
    );
  if (by === 'inputs') return needsNewInputs(missing / factor);
  return needsAbout('pairs', missing, { n: predictions.pairs, minutes }, { known: blocker?.missing ?? 0 });
}

/** The mean and its bounds, minute by minute. */
function growth(
  score: ScoreSums,
  bounds: (n: number, mean: number) => readonly [number, number],
  beyond: (mean: number) => number,
): NonNullable<Gate['history']> {
  let n = 0;
  let sum = 0;
  const sums = score.minutes.map((minute) => {
    n += minute.rows;
    sum += minute.sum;
    return { n, estimate: sum / n };
  });
  return history(sums.length, (steps) => {
    const found = sums[steps - 1];
    return found && { n: found.n, estimate: beyond(found.estimate), interval: bounds(found.n, found.estimate) };
  });
}
