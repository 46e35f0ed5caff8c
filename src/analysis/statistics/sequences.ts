import { studentQuantile } from './beta.ts';
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

/**
 * The same of n rows, of which there are hundreds at the least: the paper's own one-sided form (its proposition 2.2 with one
 * side), without the allowance that few blocks need.
 */
export function rowsHalfWidth(n: number, s: number, alpha: number, tunedFor: number): number {
  const rho2 = (-2 * Math.log(2 * alpha) + Math.log(-2 * Math.log(2 * alpha) + 1)) / tunedFor;
  const grown = n * rho2 + 1;
  return s * Math.sqrt(((2 * grown) / (n * n * rho2)) * Math.log1p(Math.sqrt(grown) / (2 * alpha)));
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
  /** What the truth is at least, by single minutes, at EARLY_ALPHA; undefined before EARLY_MINUTES. It only ever fails. */
  early: number | undefined;
}

export interface BlockOptions {
  alpha: number;
  blockMinutes: number;
  minimumBlocks: number;
  looks: 'always' | 'once';
}

/** From so many minutes on, at this alpha, single minutes may say that something is worse. */
const EARLY_MINUTES = 20;
export const EARLY_ALPHA = 0.005;
/** What an autocorrelation that is read off a few minutes lacks; measured (`npm run calibrate`). */
const EARLY_WIDENING = 1.5;
/** Of a few blocks that hang together, the scatter itself is known less well; measured likewise. */
const UNSURE = 0.25;

/**
 * Means of blocks of minutes, and their confidence sequence. Minutes are correlated, so blocks are doubled while their
 * lag-1 correlation lies above what chance gives (one standard error, 1 / sqrt(blocks)); an undefined minute is left out.
 *
 * @param minutes one value a minute, oldest first
 */
export function blockSequence(minutes: readonly (number | undefined)[], options: BlockOptions): BlockSequence {
  return sequenceOf((size) => blocksOf(minutes, size).map((block) => meanAndDeviation(block).mean), options);
}

/** What requests of one minute took together, and what as many of production's took in the same minute. */
export interface RatioMinute {
  shadow: number;
  production: number;
}

/**
 * The ratio of two sums over all minutes, and its confidence sequence by blocks of minutes: values of the blocks are those of
 * the linearised ratio, R + (s − R p) / mean(p), whose mean is R (Cochran 1977, section 6.4). Times are skewed: the upper bound
 * is moved up by Johnson's (1978, JASA 73) term for the third moment, (μ₃ / σ² n) (1/6 + k²/3) at k standard errors; and where a
 * single minute has more of the scatter than minutes usually do, by four times ln(1/α) more minutes like it (measured: twice is not enough for Pareto's 1.5).
 *
 * @param minutes one a minute, oldest first; undefined where either side has none
 */
export function ratioSequence(minutes: readonly (RatioMinute | undefined)[], options: BlockOptions): BlockSequence {
  const values = (size: number) => {
    const blocks = blocksOf(minutes, size).map((block) => ({
      shadow: sumOf(block.map(({ shadow }) => shadow)),
      production: sumOf(block.map(({ production }) => production)),
    }));
    const production = sumOf(blocks.map((block) => block.production));
    const ratio = sumOf(blocks.map((block) => block.shadow)) / production;
    const scale = production / blocks.length;
    return blocks.map((block) => ratio + (block.shadow - ratio * block.production) / scale);
  };
  const found = sequenceOf(values, options);
  if (found.interval === undefined) return found;
  const [low, high] = found.interval;
  const single = values(1);
  const { mean, deviation } = meanAndDeviation(single);
  if (deviation === 0) return found;
  const n = single.length;
  const errors = found.deviation > 0 ? ((high - found.estimate) / found.deviation) * Math.sqrt(found.blocks) : 0;
  const third = sumOf(single.map((value) => (value - mean) ** 3)) / n;
  const skew = (Math.max(0, third) / (deviation * deviation * n)) * (1 / 6 + errors ** 2 / 3);
  const largest = Math.max(...single) - mean;
  const usual = (HEAVY * 2 * Math.log(n)) / n;
  const heavy = largest ** 2 / ((n - 1) * deviation * deviation) > usual;
  const unseen = heavy ? (4 * Math.log(1 / options.alpha) * largest) / n : 0;
  return { ...found, interval: [low, high + skew + unseen] };
}

/** The largest of n normal minutes has about 2 ln(n) / n of their scatter; one that has so many times that is heavy. */
const HEAVY = 1.5;

function sequenceOf(values: (size: number) => number[], options: BlockOptions): BlockSequence {
  let size = options.blockMinutes;
  let means = values(size);
  while (means.length >= 2 * options.minimumBlocks && lagOne(means) > 1 / Math.sqrt(means.length)) {
    size *= 2;
    means = values(size);
  }
  const known = values(1);
  const early = earlyBound(known);
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
      early,
    };
  }
  const { mean, deviation: spread } = meanAndDeviation(means);
  // What doubling could not take out (too few blocks to see it, or to afford it) widens the interval.
  const correlation = Math.max(0, lagOne(means), impliedCorrelation(unbiased(lagOne(known), known.length), size));
  const deviation = spread * Math.sqrt((1 + correlation) / (1 - correlation)) * (1 + UNSURE * correlation);
  const missing = Math.max(0, options.minimumBlocks - means.length);
  const half = halfWidth(means.length, deviation, options);
  return {
    minutes: size,
    blocks: means.length,
    estimate: mean,
    deviation,
    interval: missing > 0 ? undefined : [mean - half, mean + half],
    means,
    missing,
    early,
  };
}

/** Half of an interval by so many blocks, each side at alpha: for every look, or by Student's t for a single one. */
export function halfWidth(n: number, deviation: number, { alpha, looks }: BlockOptions): number {
  return looks === 'once'
    ? (studentQuantile(1 - alpha, Math.max(1, n - 1)) * deviation) / Math.sqrt(n)
    : sequenceHalfWidth(n, deviation, alpha);
}

/** A correlation of neighbours without the bias that it has in a series of n values (Kendall 1954). */
function unbiased(lag: number, n: number): number {
  return lag + (1 + 3 * lag) / n;
}

/** The mean less its half-width by single minutes, as if they were an AR(1). */
function earlyBound(minutes: readonly number[]): number | undefined {
  const n = minutes.length;
  if (n < EARLY_MINUTES) return undefined;
  const { mean, deviation } = meanAndDeviation(minutes);
  const lag = lagOne(minutes);
  const phi = Math.min(0.97, Math.max(0, unbiased(lag, n)));
  const spread = deviation * Math.sqrt((1 + phi) / (1 - phi)) * EARLY_WIDENING;
  return mean - sequenceHalfWidth(n, spread, EARLY_ALPHA, EARLY_MINUTES);
}

/** Whole blocks, of what is known; a block needs values in half of its minutes. What is left over at the end waits for more. */
function blocksOf<T>(minutes: readonly (T | undefined)[], size: number): T[][] {
  const blocks: T[][] = [];
  for (let start = 0; start + size <= minutes.length; start += size) {
    const values = minutes.slice(start, start + size).filter((value) => value !== undefined);
    if (values.length * 2 >= size) blocks.push(values);
  }
  return blocks;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
