import type { Summaries } from './summaries.ts';
import type { Observations } from '../observations.ts';
import type { InputSums, Predictions } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { clopperPearson, meanBounds, proportionSequence } from '../statistics/proportions.ts';
import type { Interval } from '../statistics/proportions.ts';
import { designEffect } from '../statistics/repeats.ts';
import { clusterBlocker } from './clusters.ts';
import type { Outcome } from './verdict.ts';
import { count, counted, percent } from '../../base/units.ts';
import { nothingRead } from './nothing-read.ts';
import { nothingVaries } from './nothing-varies.ts';
import { hitsScatter, haveBursts } from './scatter.ts';
import type { Blocks, Minutes } from './scatter.ts';
import { minutesNeeded, needsAdvice, needsDays, needsMore, needsTraffic } from './needs.ts';
import type { Blocker, Needs } from './needs.ts';

/** What the new model is called: a shadow answers nobody, a candidate answers a share of the requests. */
export type Challenger = 'shadow' | 'candidate';

/** What every question may look at. */
export interface Evidence {
  challenger: Challenger;
  observations: Observations;
  summaries: Summaries;
  policy: Policy;
  /** Minutes of the window that hold requests of production. */
  minutes: number;
}

/** Bounds of a share, each side at alpha: for every look, or narrower for a single one, as the policy says. */
export function shareInterval(successes: number, n: number, alpha: number, policy: Policy): Interval {
  return policy.looks === 'once' ? clopperPearson(successes, n, alpha) : proportionSequence(successes, n, alpha);
}

/**
 * Bounds of a mean of values from 0 to 1. The sequence is made for hits and holds for any such values: e^(a x) is convex in
 * x, so none of them gives more evidence against a wrong mean than hits with that mean do (docs/judging.md).
 *
 * @param sum of the values
 */
export function meanInterval(sum: number, n: number, alpha: number, policy: Policy): Interval {
  return policy.looks === 'once' ? meanBounds(sum, n, alpha) : proportionSequence(sum, n, alpha);
}

/** How sure a bound is, as sentences say it: `95 % confidence`. */
export function confidence({ alpha }: Policy): string {
  return `${percent(1 - alpha)} confidence`;
}

/** Every record has an id, so ids are not what is missing. */
const UNMET = needsAdvice(
  "the shadow's counterparts: its captures come late (look again in some minutes), or it did not answer these requests (see errors)",
);

/** Why predictions cannot decide yet; undefined where they can. */
export function insufficientData(predictions: Predictions, evidence: Evidence): Blocker | undefined {
  const { minimumPairs, minimumCoverage } = evidence.policy;
  const inputs = predictions.repeats?.inputs ?? predictions.rows;
  const unread = nothingRead(predictions, evidence.policy);
  if (unread !== undefined) return unread;
  const constant = nothingVaries(predictions);
  if (constant !== undefined) return constant;
  if (predictions.pairs >= minimumPairs && predictions.rows > inputs && inputs < minimumPairs) {
    return {
      reason: `only ${counted(inputs, 'different inputs')} in ${counted(predictions.pairs, 'pairs')}, and the policy requires ${minimumPairs}`,
      missing: minimumPairs - inputs,
      of: 'different inputs',
    };
  }
  if (predictions.pairs < minimumPairs) {
    return {
      reason: `only ${counted(predictions.pairs, 'pairs')}, and the policy requires ${minimumPairs}`,
      missing: minimumPairs - predictions.pairs,
    };
  }
  const blocker = unreadCaptures(predictions, evidence) ?? clusterBlocker(predictions, evidence.policy);
  if (blocker !== undefined) return blocker;
  const coverage = predictions.coverage ?? 0;
  if (coverage < minimumCoverage) {
    return {
      reason: `only ${percent(Math.floor(coverage * 1000) / 1000)} of production's captured requests are paired, and the policy requires ${percent(minimumCoverage)}`,
      missing: 0,
      ...(predictions.method === undefined || predictions.method === 'input' ? {} : { needs: UNMET }),
    };
  }
  return undefined;
}

/**
 * What was captured and cannot be read is in no number, and may be just what differs: more than the policy allows of
 * answers keeps the others from passing. The shadow's own unreadable answers have a gate of their own.
 */
function unreadCaptures({ production, shadow }: Predictions, { policy, challenger }: Evidence): Blocker | undefined {
  for (const [whose, side, answers] of [
    ["production's", production, production.unparsed],
    [`the ${challenger}'s`, shadow, 0],
  ] as const) {
    const { records, unreadable, unreadableBy } = side;
    const lines = records + unreadable;
    const lost = unreadable + answers;
    if (lost <= policy.unparsed * lines) continue;
    const [reason] = unreadableBy ?? [];
    const why = reason === undefined ? '' : ` (${count(reason.count)}: ${reason.why})`;
    return {
      reason: `${count(lost)} of ${whose} ${counted(lines, 'captures')} (${percent(lost / lines)}) cannot be read${why}, and nobody knows what they say`,
      missing: 0,
      needs: needsAdvice('captures that can be read'),
    };
  }
  return undefined;
}

export type { Minutes };

/** What is judged minute by minute: answers, those of parts of the inputs, or those whose truth is known. */
type Judged = 'answers' | 'parts' | 'truth';

/** Minutes after which a gate fails; in spite of bursts, if it would fail with three times as much scatter. */
const MINUTES_TO_FAIL = 20;

/** How many times as long it takes where answers differ in bursts, or where bursts could not be seen. */
export const BURSTY_FACTOR = 3;

/** Minutes with answers until a gate on answers may pass: as long as latency takes; of parts of the inputs, thrice that. */
export function minutesToPass(policy: Policy, of: Judged = 'answers'): number {
  return policy.minimumBlocks * policy.blockMinutes * (of === 'parts' ? BURSTY_FACTOR : 1);
}

/**
 * Few minutes say how answers are now, not how they are. No gate on answers passes sooner than `minutesToPass`; and
 * where minutes differ by more than chance, none passes or fails until three times that. Parts of the inputs pass no
 * sooner in any case: bursts of one part are hidden among the rows of all. Without bursts a gate may fail after twenty
 * minutes: ten cannot show whether minutes differ. What is hopeless, so that it fails with its dispersion tripled, fails after
 * one block, and after twenty minutes with bursts, too. The lengths are measured, not derived: see the lines "in
 * bursts" of `npm run calibrate`.
 *
 * @param minutes one list for each share that the gate is about
 * @param spread as burstChance takes it
 * @param inBursts of sums that are no counts: minutes are known to differ by more than chance
 */
export function windowTooShort(
  outcome: Outcome,
  policy: Policy,
  minutes: readonly Minutes[],
  of: Judged = 'answers',
  { spread = 1, hopeless = false, inBursts = false }: { spread?: number; hopeless?: boolean; inBursts?: boolean } = {},
): Blocker | undefined {
  if (outcome === 'inconclusive') return undefined;
  const found = Math.max(0, ...minutes.map((one) => one.filter(({ n }) => n > 0).length));
  if (policy.over === 'days') return tooFewDays(outcome, found, of, hopeless, policy);
  const bursts = inBursts || haveBursts(minutes, policy, spread);
  const unseen = hopeless ? policy.blockMinutes : Math.max(MINUTES_TO_FAIL, policy.blockMinutes);
  const least = outcome === 'pass' ? minutesToPass(policy, of) : unseen;
  const needed = bursts ? (hopeless ? MINUTES_TO_FAIL : minutesToPass(policy) * BURSTY_FACTOR) : least;
  if (found >= needed) return undefined;
  const minutesOf = minutesNeeded(needed, `with ${of === 'truth' ? 'labels' : 'answers'}`);
  return {
    reason: bursts
      ? `the minutes differ by more than chance, so ${minutesOf}, and there are ${found}`
      : `${minutesOf} to ${outcome}, and there are ${found}`,
    missing: 0,
    needs: needsTraffic(needed - found, of === 'truth' ? ' with labels' : ''),
  };
}

/** Days after which a batch fails that would with three times as much scatter, too; any other fails when it could pass. Measured: lines "batch" of `npm run calibrate`. */
const DAYS_IF_HOPELESS = 3;

/** The same of the days of a batch. How much they differ is in the bounds; what is asked here is how many there are. */
function tooFewDays(
  outcome: 'pass' | 'fail',
  found: number,
  of: Judged,
  hopeless: boolean,
  { minimumDays }: Policy,
): Blocker | undefined {
  const needed = outcome === 'fail' && hopeless ? Math.min(DAYS_IF_HOPELESS, minimumDays) : minimumDays;
  if (found >= needed) return undefined;
  const what = of === 'truth' ? ' with labels' : '';
  return {
    reason: `${counted(needed, 'days')}${what} are needed to ${outcome}, and there ${found === 1 ? 'is' : 'are'} ${found}`,
    missing: 0,
    needs: needsDays(needed - found, what),
  };
}

/** What helps against it. */
export function blockerNeeds({ needs, of, missing }: Blocker): Needs {
  if (needs !== undefined) return needs;
  if (missing > 0) return of === undefined ? needsMore('pairs', missing) : needsMore('inputs', missing, of);
  return needsAdvice('records that can be paired: send an InferenceId with every request');
}

/** How much more the share of hits varies than that of independent rows would, and why (the design effect). */
export interface Clustering {
  /** n counts for this many times less; at least 1. */
  factor: number;
  /** What the rows are clustered by, the strongest of them: `inputs` is what the policy's `cluster` names, too. */
  by: 'inputs' | 'minutes';
  /** What the policy's `cluster` names, where that is the strongest. */
  cluster?: string | undefined;
}

/** Rows are clustered by the minute (bursts), and by repeated inputs or what the policy names; the strongest counts. */
export function clusteringOf(minutes: Minutes, inputs: InputSums | undefined, blocks: Blocks): Clustering {
  const [burst, repeated] = [hitsScatter(minutes, blocks), designEffect(inputs)];
  return repeated > burst ? { factor: repeated, by: 'inputs', cluster: inputs?.by } : { factor: burst, by: 'minutes' };
}

/**
 * How many observations it takes, at the present estimate, until an interval lies on one side of the margin: found by
 * doubling. Undefined where not even a hundred million, or a thousand times as many, would do, because the estimate lies on the margin.
 */
export function requiredSampleSize(n: number, decided: (n: number) => boolean): number | undefined {
  let low = Math.max(1, n);
  let high = low;
  while (!decided(high)) {
    low = high;
    high *= 2;
    if (high > Math.max(1e8, 1000 * n)) return undefined;
  }
  while (high - low > Math.max(1, low / 50)) {
    const middle = Math.floor((low + high) / 2);
    if (decided(middle)) high = middle;
    else low = middle;
  }
  return high;
}
