import type { Policy } from '../policy/policy.ts';
import { dayEffect } from '../statistics/days.ts';
import { burstChance, dispersion, meanDispersion, meanSkew } from '../statistics/proportions.ts';

/** Hits and rows of every block of time, oldest first: of a minute, or of a day of a batch. */
export type Minutes = readonly { successes: number; n: number }[];

/** What of a policy says how rows hang together in time. */
export type Blocks = Pick<Policy, 'over' | 'alpha'>;

/**
 * How much less rows count for the time that they are of, at least 1: by how much more minutes vary than independent rows
 * would; of a batch by how much more its days do, and for how few these are. Everything that bounds answers asks here: no bound
 * takes the rows of a day for independent.
 */
export function hitsScatter(minutes: Minutes, blocks: Blocks): number {
  if (blocks.over !== 'days') return dispersion(minutes);
  const n = minutes.reduce((sum, day) => sum + day.n, 0);
  const share = n > 0 ? minutes.reduce((sum, day) => sum + day.successes, 0) / n : 0;
  return dayEffect(
    minutes.map((day) => ({ n: day.n, sum: day.successes })),
    share * (1 - share),
    blocks.alpha,
  );
}

/**
 * The same for a mean of numbers.
 *
 * @param chance standard errors of the dispersion of minutes that are put down to chance; of days, none are
 */
export function lossScatter(
  minutes: readonly { loss?: number; truth?: number }[],
  { mean, deviation }: { mean: number; deviation: number },
  blocks: Blocks,
  chance = 0,
): number {
  if (blocks.over !== 'days') return meanDispersion(minutes, mean, deviation, chance);
  return dayEffect(
    minutes.map(({ loss = 0, truth = 0 }) => ({ n: truth, sum: loss })),
    deviation * deviation,
    blocks.alpha,
  );
}

/** Bursts are believed where independent rows would vary as much in one of twenty cases. */
export const BURST_ALPHA = 0.05;

/** Do minutes differ by more than chance? Of days it is not asked: that they do is in their scatter. @param spread as burstChance takes it */
export function haveBursts(minutes: readonly Minutes[], blocks: Blocks, spread = 1): boolean {
  return blocks.over !== 'days' && minutes.some((one) => burstChance(one, spread) < BURST_ALPHA);
}

/** How skewed the mean of all rows is, by groups of minutes; of days, which are too few to show it, it is not known. */
export function lossSkew(
  minutes: readonly { loss?: number; truth?: number }[],
  blocks: Blocks,
  size = 1,
): number | undefined {
  return blocks.over === 'days' ? undefined : meanSkew(minutes, size);
}
