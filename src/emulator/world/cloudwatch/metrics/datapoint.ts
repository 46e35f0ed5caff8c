import type { Bucket } from './bucket.ts';
import { type Distribution, emptyDistribution, merge, sortedValues } from './distribution.ts';
import type { Datapoint, WeightedValue } from './metrics.ts';

/** A track as far as reading needs it. */
interface Readable {
  resolution: number;
  between(from: number, to: number): Bucket[];
}

/** Everything in `tracks` that can be seen at `now`, by period. See `MetricStore.read` for the window. */
export function datapoints(
  tracks: readonly Readable[],
  window: { startMs: number; endMs: number; periodSeconds: number; now: number; originMs?: number },
): Datapoint[] {
  const period = window.periodSeconds * 1000;
  const origin = window.originMs ?? 0;
  const periods = new Map<number, Distribution[]>();
  for (const track of tracks) {
    for (const bucket of track.between(window.startMs, window.endMs + period)) {
      const at = Math.floor((bucket.start - origin) / period) * period + origin;
      if (at < window.startMs || at >= window.endMs) continue;
      for (const layer of bucket.layers) {
        if (layer.visibleAt > window.now) continue;
        const list = periods.get(at);
        if (list === undefined) periods.set(at, [layer.data]);
        else list.push(layer.data);
      }
    }
  }
  return [...periods].sort(([a], [b]) => a - b).map(([at, parts]) => datapoint(at, parts));
}

/** Sums are taken at once, values only when a percentile is asked for. */
function datapoint(at: number, parts: readonly Distribution[]): Datapoint {
  let cached: WeightedValue[] | undefined | null = null;
  const values = () => {
    if (cached === null) {
      const [one, ...more] = parts;
      cached = sortedValues(one !== undefined && more.length === 0 ? one : merged(parts));
    }
    return cached;
  };
  return {
    at,
    sum: parts.reduce((sum, part) => sum + part.sum, 0),
    count: parts.reduce((sum, part) => sum + part.count, 0),
    min: parts.reduce((least, part) => Math.min(least, part.min), Number.POSITIVE_INFINITY),
    max: parts.reduce((most, part) => Math.max(most, part.max), Number.NEGATIVE_INFINITY),
    values,
    percentile: (p) => {
      const sorted = values();
      return sorted === undefined ? undefined : percentile(sorted, p);
    },
  };
}

function merged(parts: readonly Distribution[]): Distribution {
  const all = emptyDistribution();
  for (const part of parts) merge(all, part);
  return all;
}

/**
 * The p-th percentile of ascending weighted values by linear interpolation between closest ranks (numpy's default).
 * AWS does not say how it interpolates.
 */
function percentile(sorted: readonly WeightedValue[], p: number): number | undefined {
  const total = sorted.reduce((sum, entry) => sum + entry.count, 0);
  if (total <= 0) return undefined;
  const rank = (p / 100) * Math.max(0, total - 1);
  const low = valueAt(sorted, Math.floor(rank));
  const high = valueAt(sorted, Math.ceil(rank));
  return low + (high - low) * (rank - Math.floor(rank));
}

/** The value at a position (from 0) of the list that the counts stand for. */
function valueAt(sorted: readonly WeightedValue[], index: number): number {
  let seen = 0;
  for (const entry of sorted) {
    seen += entry.count;
    if (index < seen) return entry.value;
  }
  return sorted.at(-1)?.value ?? Number.NaN;
}
