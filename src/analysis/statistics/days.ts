import { studentQuantile } from './beta.ts';

/** The rows of one day, and the sum of a value over them: hits, or losses. */
export interface DaySums {
  n: number;
  sum: number;
}

/** How many days of equally many rows these are worth: (Σ n)² / Σ n² (Kish 1965, section 11.7). */
export function worthOfDays(days: readonly Pick<DaySums, 'n'>[]): number {
  const rows = days.reduce((total, { n }) => total + n, 0);
  const squares = days.reduce((total, { n }) => total + n * n, 0);
  return squares > 0 ? (rows * rows) / squares : 0;
}

/**
 * How much less rows count because those of one day have something in common: n rows bound the mean of days to come as well as n
 * divided by this many independent ones. At least 1; of a single day as many as it has rows.
 *
 * Two factors. The design effect of clusters of unequal size, 1 + (c − 1) Σn² / (N n₀): with c the mean square between days
 * over the variance of single rows, and n₀ = (N − Σn² / N) / (D − 1), (c − 1) / n₀ is the variance of days over that of rows
 * by analysis of variance (Searle, Casella and McCulloch 1992, section 3.6), and Σn² / N how much of it the mean of all
 * rows keeps. Of days of equal size it is c. Where days are like those before them, their mean scatters more: what days differ by
 * counts (1 + ρ) / (1 − ρ) times, with ρ the correlation of neighbors, as for blocks of minutes. And since few days say little
 * about how much days differ, the square of Student's quantile over the normal one, with one degree less than the days are worth.
 *
 * @param variance of single rows
 * @param alpha of each side
 */
export function dayEffect(days: readonly DaySums[], variance: number, alpha: number): number {
  const used = days.filter(({ n }) => n > 0);
  const rows = used.reduce((total, { n }) => total + n, 0);
  if (used.length < 2) return Math.max(1, rows);
  const squares = used.reduce((total, { n }) => total + n * n, 0);
  const mean = used.reduce((total, { sum }) => total + sum, 0) / rows;
  const between = used.reduce((total, { n, sum }) => total + (sum - n * mean) ** 2 / n, 0) / (used.length - 1);
  const usual = (rows - squares / rows) / (used.length - 1);
  const excess = variance > 0 ? between / variance - 1 : 0;
  const lag = likeTheDayBefore(used.map(({ n, sum }) => sum / n));
  const effect = 1 + (Math.max(0, excess) * squares * ((1 + lag) / (1 - lag))) / (rows * usual);
  return effect * unsureOfDays(worthOfDays(used), alpha);
}

/** Days that are alike for longer than this are no days of one batch: a trend, which is another question. */
const MOST_ALIKE = 0.8;

/** Correlation of days with the day before, without the bias that it has of few (Kendall 1954), from 0 to 0.8. */
function likeTheDayBefore(values: readonly number[]): number {
  const days = values.length;
  if (days < 4) return 0;
  const mean = values.reduce((total, value) => total + value, 0) / days;
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  if (!(squares > 0)) return 0;
  const products = values
    .slice(1)
    .reduce((total, value, i) => total + (value - mean) * ((values[i] ?? mean) - mean), 0);
  const lag = products / squares;
  return Math.min(MOST_ALIKE, Math.max(0, lag + (1 + 3 * lag) / days));
}

/** The square of Student's quantile over the normal one, with one degree of freedom less than so many days. */
function unsureOfDays(worth: number, alpha: number): number {
  const degrees = Math.max(FEWEST_DEGREES, worth - 1);
  return (studentQuantile(1 - alpha, degrees) / normalQuantile(alpha)) ** 2;
}

/** Days that are worth hardly more than one say nothing about days; the quantile grows beyond all bounds. */
const FEWEST_DEGREES = 0.5;

/** Student's with so many degrees is the normal one to five digits. */
const MANY = 1_000_000;

const known = new Map<number, number>();

function normalQuantile(alpha: number): number {
  const found = known.get(alpha) ?? studentQuantile(1 - alpha, MANY);
  known.set(alpha, found);
  return found;
}

/** How the values of days change with their number, by weighted least squares. */
export interface Trend {
  /** A day. */
  slope: number;
  /** Slope over its standard error, and the degrees of freedom of that. */
  t: number;
  degrees: number;
  /** What the line says of the last day. */
  last: number;
}

/** A value of one day, and its sampling variance as far as its rows explain it. */
export interface DayValue {
  /** Number of the day; days without rows leave gaps. */
  day: number;
  value: number;
  /** Rows, by which days are weighed. */
  n: number;
  /** Variance of the value if its rows were independent. */
  variance: number;
}

/** Fewer days are neither a trend nor apart from each other. */
const FEWEST_DAYS = 4;

/**
 * A straight line through the days. Its residual variance is never taken for less than what the rows alone explain, so that
 * days that happen to lie on a line are not believed more than their rows allow.
 *
 * @returns undefined of fewer than four days
 */
export function trendOf(days: readonly DayValue[]): Trend | undefined {
  const used = days.filter(({ n }) => n > 0);
  if (used.length < FEWEST_DAYS) return undefined;
  const weight = used.reduce((total, { n }) => total + n, 0);
  const meanOf = (of: (day: DayValue) => number) => used.reduce((total, one) => total + one.n * of(one), 0) / weight;
  const [day, value] = [meanOf((one) => one.day), meanOf((one) => one.value)];
  const spread = used.reduce((total, one) => total + one.n * (one.day - day) ** 2, 0);
  if (!(spread > 0)) return undefined;
  const slope = used.reduce((total, one) => total + one.n * (one.day - day) * (one.value - value), 0) / spread;
  const degrees = used.length - 2;
  // The residual variance of a row: that of days about the line, and at least what rows of one day have.
  const residual =
    used.reduce((total, one) => total + one.n * (one.value - value - slope * (one.day - day)) ** 2, 0) / degrees;
  const rows = meanOf((one) => one.n * one.variance);
  const error = Math.sqrt(Math.max(residual, rows) / spread);
  const last = used.at(-1)?.day ?? day;
  return { slope, t: error > 0 ? slope / error : 0, degrees, last: value + slope * (last - day) };
}

/**
 * The days that stand out: by how many standard errors they lie from the median of all, believed where Student's chance times the
 * number of days is below `alpha`. The error is that of the median of distances from the median (× 1.4826, which makes it the
 * standard deviation of normal values; Hampel 1974), so that two Sundays do not hide each other, and never less than what the
 * day's own rows explain.
 */
export function outlyingDays<Day extends DayValue>(days: readonly Day[], alpha: number): Day[] {
  const used = days.filter(({ n }) => n > 0);
  if (used.length < FEWEST_DAYS) return [];
  const middle = median(used.map(({ value }) => value));
  const usual = NORMAL * median(used.map(({ value }) => Math.abs(value - middle)));
  const limit = studentQuantile(1 - alpha / (2 * used.length), used.length - 1);
  return used.filter(({ value, variance }) => Math.abs(value - middle) > limit * Math.max(usual, Math.sqrt(variance)));
}

const NORMAL = 1.4826;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
}
