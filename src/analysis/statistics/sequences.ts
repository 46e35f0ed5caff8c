import type { Interval } from './proportions.ts';

/** Values per block until the sequence is tightest: two hours of ten-minute blocks. */
const TUNED_FOR = 12;

/**
 * Half-width of an asymptotic confidence sequence, one-sided at `alpha`, after n values of standard deviation s
 * (Waudby-Smith et al. arXiv 2103.06476): may be looked at after every block.
 * The paper's own one-sided form has ln(1 + sqrt(n rho² + 1) / (2 alpha)); this one, two-sided at alpha, is 5 to 10 % wider,
 * which makes up for what an asymptotic bound lacks with few blocks.
 * rho² = (−2 ln alpha + ln(−2 ln alpha + 1)) / n*;  s · sqrt(2 (n rho² + 1) / (n² rho²) · ln(sqrt(n rho² + 1) / alpha)).
 */
export function sequenceHalfWidth(n: number, s: number, alpha: number, tunedFor: number = TUNED_FOR): number {
  const rho2 = (-2 * Math.log(alpha) + Math.log(-2 * Math.log(alpha) + 1)) / tunedFor;
  const grown = n * rho2 + 1;
  return s * Math.sqrt(((2 * grown) / (n * n * rho2)) * Math.log(Math.sqrt(grown) / alpha));
}

/** Mean and standard deviation (n − 1). */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: n > 1 ? Math.sqrt(squares / (n - 1)) : 0 };
}

/** Correlation of each value with the next; 0 for fewer than four values or a constant. */
function lagOne(values: readonly number[]): number {
  const { mean, deviation } = meanAndDeviation(values);
  if (values.length < 4 || deviation === 0) return 0;
  let sum = 0;
  for (let i = 1; i < values.length; i += 1) sum += ((values[i] as number) - mean) * ((values[i - 1] as number) - mean);
  return sum / (deviation * deviation * (values.length - 1));
}

/**
 * Correlation of neighbouring means of `size` minutes, when minutes follow an AR(1) with coefficient `phi`:
 * φ (1 − φ^m)² / (m (1 − φ²) − 2 φ (1 − φ^m)).
 */
function impliedCorrelation(phi: number, size: number): number {
  if (phi <= 0) return 0;
  const coefficient = Math.min(phi, 0.99);
  const left = 1 - coefficient ** size;
  return (coefficient * left * left) / (size * (1 - coefficient * coefficient) - 2 * coefficient * left);
}

export interface BlockSequence {
  /** Minutes in one block, after doubling. */
  minutes: number;
  blocks: number;
  estimate: number;
  /** Of the blocks, widened by how strongly neighbors are still correlated. */
  deviation: number;
  /** One-sided bounds, each at alpha; undefined before enough blocks are there. */
  interval: Interval | undefined;
  /** The blocks' own means, oldest first. */
  means: readonly number[];
  /** Blocks still missing before the first look. */
  missing: number;
}

export interface BlockOptions {
  alpha: number;
  blockMinutes: number;
  minimumBlocks: number;
}

/**
 * Means of blocks of minutes, and their confidence sequence. Minutes are correlated, so blocks are doubled while their
 * lag-1 correlation lies above what chance gives (one standard error, 1 / sqrt(blocks)); an undefined minute is left out.
 *
 * @param minutes one value a minute, oldest first
 */
export function blockSequence(minutes: readonly (number | undefined)[], options: BlockOptions): BlockSequence {
  let size = options.blockMinutes;
  let means = blockMeans(minutes, size);
  while (means.length >= 2 * options.minimumBlocks && lagOne(means) > 1 / Math.sqrt(means.length)) {
    size *= 2;
    means = blockMeans(minutes, size);
  }
  const known = minutes.filter((value) => value !== undefined);
  if (means.length === 0) {
    const { mean, deviation } = meanAndDeviation(known);
    return {
      minutes: size,
      blocks: 0,
      estimate: mean,
      deviation,
      interval: undefined,
      means,
      missing: options.minimumBlocks,
    };
  }
  const { mean, deviation: spread } = meanAndDeviation(means);
  // What doubling could not take out (too few blocks to see it, or to afford it) widens the interval.
  const correlation = Math.max(0, lagOne(means), impliedCorrelation(lagOne(known), size));
  const deviation = spread * Math.sqrt((1 + correlation) / (1 - correlation));
  const missing = Math.max(0, options.minimumBlocks - means.length);
  const half = sequenceHalfWidth(means.length, deviation, options.alpha);
  return {
    minutes: size,
    blocks: means.length,
    estimate: mean,
    deviation,
    interval: missing > 0 ? undefined : [mean - half, mean + half],
    means,
    missing,
  };
}

/** Means of whole blocks; a block needs values in half of its minutes. What is left over at the end waits for more. */
function blockMeans(minutes: readonly (number | undefined)[], size: number): number[] {
  const means: number[] = [];
  for (let start = 0; start + size <= minutes.length; start += size) {
    const values = minutes.slice(start, start + size).filter((value) => value !== undefined);
    if (values.length * 2 >= size) means.push(values.reduce((sum, value) => sum + value, 0) / values.length);
  }
  return means;
}
