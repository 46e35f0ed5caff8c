import type { WeightedValue } from './metrics.ts';

/** How many different values a bucket keeps exactly before it is rolled into a histogram. */
const EXACT_VALUES = 1_000;
/** Relative accuracy of the histogram: a value is remembered within 1 % of itself. */
const ACCURACY = 0.01;
const LOG_GAMMA = Math.log((1 + ACCURACY) / (1 - ACCURACY));
const GAMMA = Math.exp(LOG_GAMMA);
/** Equal values are looked for among this many entries, so that 0/1 metrics take two. */
const LOOK_BACK = 4;

/** Everything known of some samples: sums, and the values themselves as far as they are known. */
export interface Distribution {
  sum: number;
  count: number;
  min: number;
  max: number;
  /** Pairs value, count in order of arrival; undefined once rolled. */
  exact: { values: number[]; counts: number[] } | undefined;
  /** Sparse exponential histogram (DDSketch): cell i holds values in (gamma^(i-1), gamma^i]. */
  cells: { positive: Map<number, number>; negative: Map<number, number>; zero: number } | undefined;
  /** True once a statistic set came in, whose values are unknown. */
  hidden: boolean;
}

/** The distribution of no values. */
export function emptyDistribution(): Distribution {
  return {
    sum: 0,
    count: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    exact: { values: [], counts: [] },
    cells: undefined,
    hidden: false,
  };
}

/** Adds `count` samples of `value`. The hot path: no allocation for values seen lately. */
export function addValue(to: Distribution, value: number, count: number): void {
  to.sum += value * count;
  to.count += count;
  if (value < to.min) to.min = value;
  if (value > to.max) to.max = value;
  const exact = to.exact;
  if (exact === undefined) return addToCells(to, value, count);
  const { values, counts } = exact;
  const last = values.length - 1;
  for (let i = last; i >= 0 && i > last - LOOK_BACK; i -= 1) {
    if (values[i] === value) {
      counts[i] = (counts[i] as number) + count;
      return;
    }
  }
  values.push(value);
  counts.push(count);
  if (values.length > EXACT_VALUES) compact(to);
}

/** Adds a statistic set. One that leaves no doubt (all values alike) counts as values, as in CloudWatch. */
export function addSet(to: Distribution, set: { sum: number; count: number; min: number; max: number }): void {
  if (set.count > 0 && set.min === set.max) {
    addValue(to, set.min, set.count);
    // CloudWatch keeps the sum that was put, also where it contradicts the rest.
    to.sum += set.sum - set.min * set.count;
    return;
  }
  to.sum += set.sum;
  to.count += set.count;
  to.min = Math.min(to.min, set.min);
  to.max = Math.max(to.max, set.max);
  to.hidden = true;
}

/** Adds everything in `from` to `to`. */
export function merge(to: Distribution, from: Distribution): void {
  const total = { sum: to.sum + from.sum, count: to.count + from.count };
  const min = Math.min(to.min, from.min);
  const max = Math.max(to.max, from.max);
  for (const { value, count } of looseValues(from)) addValue(to, value, count);
  to.sum = total.sum;
  to.count = total.count;
  to.min = min;
  to.max = max;
  to.hidden ||= from.hidden;
}

/** The values, ascending, each once; undefined when a statistic set hides some. */
export function sortedValues(of: Distribution): WeightedValue[] | undefined {
  if (of.hidden) return undefined;
  const sorted = looseValues(of).sort((a, b) => a.value - b.value);
  const merged: WeightedValue[] = [];
  for (const entry of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && last.value === entry.value) last.count += entry.count;
    else merged.push({ ...entry });
  }
  return merged;
}

/** Gives up exactness: from now on values are known within `ACCURACY`. */
export function roll(distribution: Distribution): void {
  const { exact } = distribution;
  if (exact === undefined) return;
  distribution.exact = undefined;
  distribution.cells = { positive: new Map(), negative: new Map(), zero: 0 };
  for (let i = 0; i < exact.values.length; i += 1) {
    addToCells(distribution, exact.values[i] as number, exact.counts[i] as number);
  }
}

/** Joins equal values; where they are too many even so, rolls them. */
function compact(distribution: Distribution): void {
  const distinct = new Map<number, number>();
  const { values, counts } = distribution.exact as NonNullable<Distribution['exact']>;
  for (let i = 0; i < values.length; i += 1) {
    distinct.set(values[i] as number, (distinct.get(values[i] as number) ?? 0) + (counts[i] as number));
  }
  // Half free, else the next few samples would compact again.
  if (distinct.size > EXACT_VALUES / 2 && distinct.size === values.length) return roll(distribution);
  if (distinct.size > EXACT_VALUES * 0.9) return roll(distribution);
  distribution.exact = { values: [...distinct.keys()], counts: [...distinct.values()] };
}

function addToCells(to: Distribution, value: number, count: number): void {
  const cells = to.cells as NonNullable<Distribution['cells']>;
  if (value === 0) {
    cells.zero += count;
    return;
  }
  const side = value > 0 ? cells.positive : cells.negative;
  // Below 1e-284 all is one cell: indexes are kept in 16 bits.
  const index = Math.max(-32_768, Math.ceil(Math.log(Math.abs(value)) / LOG_GAMMA));
  side.set(index, (side.get(index) ?? 0) + count);
}

/** The value that stands for a cell: at most `ACCURACY` away from each that fell into it. */
function valueOfCell(index: number): number {
  return (2 * Math.exp(index * LOG_GAMMA)) / (GAMMA + 1);
}

function looseValues(of: Distribution): WeightedValue[] {
  const found: WeightedValue[] = [];
  if (of.exact !== undefined) {
    of.exact.values.forEach((value, i) => found.push({ value, count: of.exact?.counts[i] as number }));
  }
  if (of.cells !== undefined) {
    // A cell's middle may lie beyond the extremes, which are known exactly.
    const within = (value: number) => Math.min(of.max, Math.max(of.min, value));
    for (const [index, count] of of.cells.positive) found.push({ value: within(valueOfCell(index)), count });
    for (const [index, count] of of.cells.negative) found.push({ value: within(-valueOfCell(index)), count });
    if (of.cells.zero > 0) found.push({ value: 0, count: of.cells.zero });
  }
  return found;
}
