import type { NumberSums, Spread } from '../../predictions.ts';
import { quantile } from '../../statistics/distances.ts';

/** Mean, standard deviation (n − 1) and quantiles of sorted values. */
export function spread(sorted: ArrayLike<number>): Spread {
  const n = sorted.length;
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < n; i += 1) {
    const value = sorted[i] as number;
    const delta = value - mean;
    mean += delta / (i + 1);
    squares += delta * (value - mean);
  }
  return {
    mean,
    deviation: n > 1 ? Math.sqrt(squares / (n - 1)) : 0,
    min: sorted[0] ?? Number.NaN,
    p10: quantile(sorted, 0.1),
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    max: sorted[n - 1] ?? Number.NaN,
  };
}

/** Largest distance between the two empirical distribution functions. Both sorted. */
export function kolmogorovSmirnov(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let i = 0;
  let j = 0;
  let largest = 0;
  while (i < a.length && j < b.length) {
    const x = Math.min(a[i] as number, b[j] as number);
    while (i < a.length && a[i] === x) i += 1;
    while (j < b.length && b[j] === x) j += 1;
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length));
  }
  return largest;
}

/** Area between the two empirical distribution functions, in the unit of the values. Both sorted. */
export function wasserstein(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let i = 0;
  let j = 0;
  let area = 0;
  let last = Math.min(a[0] ?? 0, b[0] ?? 0);
  while (i < a.length || j < b.length) {
    const x = Math.min(i < a.length ? (a[i] as number) : Infinity, j < b.length ? (b[j] as number) : Infinity);
    area += (x - last) * Math.abs(i / a.length - j / b.length);
    last = x;
    while (i < a.length && a[i] === x) i += 1;
    while (j < b.length && b[j] === x) j += 1;
  }
  return area;
}

/** Counts per equal-width bin over the common range of both. Both sorted and not empty. */
export function histogram(a: ArrayLike<number>, b: ArrayLike<number>, bins: number): NumberSums['histogram'] {
  const low = Math.min(a[0] as number, b[0] as number);
  const high = Math.max(a[a.length - 1] as number, b[b.length - 1] as number);
  const width = (high - low) / bins;
  const count = (values: ArrayLike<number>) => {
    const counts = Array.from({ length: bins }, () => 0);
    for (let i = 0; i < values.length; i += 1) {
      const bin = width > 0 ? Math.min(bins - 1, Math.floor(((values[i] as number) - low) / width)) : 0;
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    return counts;
  };
  return { low, high, production: count(a), shadow: count(b) };
}

/** Counts per decile of `reference`: what the stability index is usually taken over. `reference` sorted. */
export function decileCounts(reference: ArrayLike<number>, values: ArrayLike<number>): number[] {
  const edges = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map((p) => quantile(reference, p));
  const counts = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < values.length; i += 1) {
    let bin = 0;
    while (bin < edges.length && (values[i] as number) > (edges[bin] as number)) bin += 1;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}
