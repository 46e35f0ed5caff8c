import { type Distribution, emptyDistribution, merge, roll } from './distribution.ts';

/** Samples that become visible together. */
interface Layer {
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

/** A layer in a record; lists of numbers are packed text (`pack`). */
export interface StoredLayer {
  visibleAt: number;
  sum: number;
  count: number;
  min: number;
  max: number;
  /** Values and how often each occurred. */
  exact?: [values: string, counts: string];
  /** Indexes and counts of the positive and the negative cells. */
  positive?: [indexes: string, counts: string];
  negative?: [indexes: string, counts: string];
  zero?: number;
  hidden?: true;
}

/** The most layers a bucket has; PutMetricData uses one, SageMaker's metrics one per publication. */
const MAX_LAYERS = 16;

/** The layer for samples that become visible at `visibleAt`, made where it is missing. */
export function layerOf(bucket: Bucket, visibleAt: number): Layer {
  const found = bucket.layers.find((layer) => layer.visibleAt === visibleAt);
  if (found !== undefined) return found;
  if (bucket.layers.length >= MAX_LAYERS) {
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
    ...(data.exact !== undefined &&
      data.exact.values.length > 0 && {
        exact: [pack(data.exact.values), pack(data.exact.counts)] as [string, string],
      }),
    ...(data.cells !== undefined && {
      positive: packCells(data.cells.positive),
      negative: packCells(data.cells.negative),
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
          positive: unpackCells(stored.positive),
          negative: unpackCells(stored.negative),
          zero: stored.zero ?? 0,
        };
      } else if (stored.exact !== undefined) {
        data.exact = { values: unpack(stored.exact[0]), counts: unpack(stored.exact[1]) };
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

/** About how many bytes a record takes. */
export function sizeOf(layers: readonly StoredLayer[]): number {
  const lengthOf = (packed: readonly string[] = []) => packed.reduce((sum, text) => sum + text.length, 0);
  return layers.reduce(
    (sum, one) => sum + 200 + lengthOf(one.exact) + lengthOf(one.positive) + lengthOf(one.negative),
    0,
  );
}

/** Indexes may be negative; shifted they fit 16 bits. */
const SHIFT = 32_768;

function packCells(cells: ReadonlyMap<number, number>): [string, string] {
  return [pack([...cells.keys()].map((index) => index + SHIFT)), pack([...cells.values()])];
}

function unpackCells(packed: readonly [string, string] | undefined): Map<number, number> {
  if (packed === undefined) return new Map();
  const counts = unpack(packed[1]);
  return new Map(unpack(packed[0]).map((index, i) => [index - SHIFT, counts[i] as number]));
}

/** Numbers as base64 of the narrowest array that holds them exactly; its first letter says which. */
function pack(numbers: readonly number[]): string {
  const whole = numbers.every((one) => Number.isInteger(one) && one >= 0);
  const most = numbers.reduce((a, b) => Math.max(a, b), 0);
  const [letter, array] =
    whole && most < 2 ** 8
      ? ['b', Uint8Array.from(numbers)]
      : whole && most < 2 ** 16
        ? ['h', Uint16Array.from(numbers)]
        : ['d', Float64Array.from(numbers)];
  return letter + Buffer.from((array as Uint8Array).buffer).toString('base64');
}

function unpack(text: string): number[] {
  // A copy, which begins where numbers of every width may.
  const { buffer } = new Uint8Array(Buffer.from(text.slice(1), 'base64'));
  if (text.startsWith('b')) return Array.from(new Uint8Array(buffer));
  return Array.from(text.startsWith('h') ? new Uint16Array(buffer) : new Float64Array(buffer));
}
