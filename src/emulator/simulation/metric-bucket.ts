import type { Distribution } from './metric-distribution.ts';
import { addValue, emptyDistribution, merge, roll } from './metric-distribution.ts';

/** Samples that become visible together. */
export interface Layer {
  /** When they can be read, milliseconds since the epoch; 0 is at once. */
  visibleAt: number;
  data: Distribution;
}

/** One finest period of one series and unit. */
export interface Bucket {
  /** Milliseconds since the epoch. */
  start: number;
  layers: Layer[];
  /** Changed since it was last written. */
  dirty: boolean;
}

/** A layer in a record: numbers as base64 of little-endian doubles, so that a full minute takes 16 bytes a value at most. */
export interface StoredLayer {
  visibleAt: number;
  sum: number;
  count: number;
  min: number;
  max: number;
  /** Value, count, value, count … */
  exact?: string;
  /** Index, count, … of the positive and the negative cells. */
  positive?: string;
  negative?: string;
  zero?: number;
  hidden?: true;
}

/** The most layers a bucket has; PutMetricData uses one, SageMaker's metrics one per publication. */
const MOST_LAYERS = 16;

/** The layer for samples that become visible at `visibleAt`, made where it is missing. */
export function layerOf(bucket: Bucket, visibleAt: number): Layer {
  const found = bucket.layers.find((layer) => layer.visibleAt === visibleAt);
  if (found !== undefined) return found;
  if (bucket.layers.length >= MOST_LAYERS) {
    // Nothing may be seen too early: the two earliest become visible with the later of them.
    bucket.layers.sort((a, b) => a.visibleAt - b.visibleAt);
    const [first, second] = bucket.layers as [Layer, Layer];
    merge(second.data, first.data);
    bucket.layers.shift();
  }
  const layer = { visibleAt, data: emptyDistribution() };
  bucket.layers.push(layer);
  return layer;
}

/** Bucket to record. */
export function encodeBucket(bucket: Bucket): StoredLayer[] {
  return bucket.layers.map(({ visibleAt, data }) => ({
    visibleAt,
    sum: data.sum,
    count: data.count,
    min: data.min,
    max: data.max,
    ...(data.exact !== undefined && data.exact.values.length > 0 && { exact: encodePairs(zip(data.exact)) }),
    ...(data.cells !== undefined && {
      positive: encodePairs(data.cells.positive),
      negative: encodePairs(data.cells.negative),
      zero: data.cells.zero,
    }),
    ...(data.hidden && { hidden: true as const }),
  }));
}

/** Record to bucket. */
export function decodeBucket(start: number, layers: readonly StoredLayer[]): Bucket {
  return {
    start,
    dirty: false,
    layers: layers.map((stored) => {
      const data = emptyDistribution();
      if (stored.positive !== undefined) {
        roll(data);
        data.cells = {
          positive: new Map(decodePairs(stored.positive)),
          negative: new Map(decodePairs(stored.negative ?? '')),
          zero: stored.zero ?? 0,
        };
      } else {
        for (const [value, count] of decodePairs(stored.exact ?? '')) addValue(data, value, count);
      }
      data.sum = stored.sum;
      data.count = stored.count;
      data.min = stored.min;
      data.max = stored.max;
      data.hidden = stored.hidden === true;
      return { visibleAt: stored.visibleAt, data };
    }),
  };
}

function* zip(exact: { values: number[]; counts: number[] }): Iterable<[number, number]> {
  for (let i = 0; i < exact.values.length; i += 1) yield [exact.values[i] as number, exact.counts[i] as number];
}

function encodePairs(pairs: Iterable<[number, number]>): string {
  const numbers: number[] = [];
  for (const [a, b] of pairs) numbers.push(a, b);
  return Buffer.from(new Float64Array(numbers).buffer).toString('base64');
}

function decodePairs(text: string): [number, number][] {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  const numbers = new Float64Array(bytes.buffer, 0, bytes.length >> 3);
  const pairs: [number, number][] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2) pairs.push([numbers[i] as number, numbers[i + 1] as number]);
  return pairs;
}
