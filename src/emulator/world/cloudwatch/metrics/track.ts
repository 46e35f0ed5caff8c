import type { Table } from '../../../storage/store.ts';
import { type Bucket, type StoredLayer, decodeBucket, encodeBucket, layerOf, sizeOf } from './bucket.ts';
import { type Distribution, addSet, addValue, emptyDistribution, merge, roll } from './distribution.ts';
import type { ResolutionSeconds, Series, SeriesHandle } from './metrics.ts';

const RETENTION = 15 * 86_400_000;
/** After this long, sub-minute data becomes per-minute data (as on AWS), and exact values become a histogram. */
const DETAIL = 3 * 3_600_000;

/** What the store remembers of a track besides its buckets. */
export interface TrackRecord {
  id: string;
  series: Series;
  unit: string;
  resolutionSeconds: ResolutionSeconds;
}

/** The data of one series in one unit and resolution: live buckets here, closed ones in the store's table. */
export class Track implements SeriesHandle {
  readonly unit: string;
  /** Milliseconds. */
  readonly resolution: number;
  newest = Number.NEGATIVE_INFINITY;
  firstVisible = Number.POSITIVE_INFINITY;
  readonly #id: string;
  readonly #table: Table<StoredLayer[]>;
  readonly #budget: (change: number) => void;
  /** Start of every bucket, in order of arrival; null for one that is only in the table. */
  readonly #buckets = new Map<number, Bucket | null>();
  /** Starts of the buckets that are not null in `#buckets`. */
  readonly #live = new Set<number>();
  readonly #sizes = new Map<number, number>();
  #agedUpTo = Number.NEGATIVE_INFINITY;
  // Where the last sample went: the next one mostly goes there too.
  #bucket: Bucket = { start: 0, layers: [], dirty: false };
  #data: Distribution = emptyDistribution();
  #start = 0;
  #end = Number.NEGATIVE_INFINITY;
  #visibleAt = Number.NaN;

  constructor(record: TrackRecord, table: Table<StoredLayer[]>, budget: (change: number) => void) {
    this.#id = record.id;
    this.unit = record.unit;
    this.resolution = record.resolutionSeconds * 1000;
    this.#table = table;
    this.#budget = budget;
  }

  add(at: number, value: number, visibleAt = 0, count = 1): void {
    if (at < this.#start || at >= this.#end || visibleAt !== this.#visibleAt) this.#aim(at, visibleAt);
    this.#bucket.dirty = true;
    addValue(this.#data, value, count);
  }

  addSet(at: number, set: { sum: number; count: number; min: number; max: number }, visibleAt: number): void {
    this.#aim(at, visibleAt);
    this.#bucket.dirty = true;
    addSet(this.#data, set);
  }

  /** Takes over a bucket that the table already has. */
  load(start: number, layers: readonly StoredLayer[]): void {
    this.#buckets.set(start, null);
    this.newest = Math.max(this.newest, start);
    for (const layer of layers) this.firstVisible = Math.min(this.firstVisible, layer.visibleAt);
    this.#resize(start, sizeOf(layers));
  }

  /** Start of the oldest bucket; infinite when there is none. */
  get oldest(): number {
    return this.#buckets.keys().next().value ?? Number.POSITIVE_INFINITY;
  }

  /** Forgets the oldest bucket, unless it is the only one. */
  dropOldest(): boolean {
    if (this.#buckets.size < 2) return false;
    this.#drop(this.oldest);
    return true;
  }

  /** Buckets that start in [from, to), oldest first. */
  between(from: number, to: number): Bucket[] {
    const found: Bucket[] = [];
    const first = Math.ceil(from / this.resolution) * this.resolution;
    const last = Math.min(to, this.newest + 1);
    if ((last - first) / this.resolution < this.#buckets.size) {
      for (let start = first; start < last; start += this.resolution) {
        const bucket = this.#buckets.get(start);
        if (bucket !== undefined) found.push(bucket ?? this.#read(start));
      }
      return found;
    }
    for (const [start, bucket] of this.#buckets) {
      if (start >= from && start < to) found.push(bucket ?? this.#read(start));
    }
    return found.sort((a, b) => a.start - b.start);
  }

  /** Start of the earliest bucket at or after `from`. */
  nextStart(from: number): number | undefined {
    if (this.newest < from) return undefined;
    let next = this.newest;
    for (const start of this.#buckets.keys()) if (start >= from && start < next) next = start;
    return next;
  }

  /** Writes every bucket that changed since it was written last. */
  flush(): void {
    for (const start of this.#live) {
      const bucket = this.#buckets.get(start);
      if (bucket?.dirty) this.#write(bucket);
    }
  }

  #aim(at: number, visibleAt: number): void {
    const start = Math.floor(at / this.resolution) * this.resolution;
    let bucket = this.#buckets.get(start);
    if (bucket === undefined) {
      bucket = { start, layers: [], dirty: true };
      this.#buckets.set(start, bucket);
      this.#live.add(start);
      if (start > this.newest) this.#advance(start);
    } else if (bucket === null) {
      // Late data for a closed period.
      bucket = this.#read(start);
      this.#buckets.set(start, bucket);
      this.#live.add(start);
    }
    this.#bucket = bucket;
    this.#data = layerOf(bucket, visibleAt).data;
    this.#start = start;
    this.#end = start + this.resolution;
    this.#visibleAt = visibleAt;
    this.firstVisible = Math.min(this.firstVisible, visibleAt);
  }

  /** A new period begins: close those before the last one, age what is old, drop what is too old. */
  #advance(start: number): void {
    this.newest = start;
    for (const other of this.#live) {
      if (other >= start) continue;
      const bucket = this.#buckets.get(other);
      if (bucket?.dirty) this.#write(bucket);
      this.#buckets.set(other, null);
      this.#live.delete(other);
    }
    while (this.oldest < start - RETENTION) this.#drop(this.oldest);
    this.#age(start - DETAIL);
  }

  /** Gives up the detail of periods before `limit`. */
  #age(limit: number): void {
    const from = this.#agedUpTo;
    this.#agedUpTo = limit;
    if (limit < this.oldest) return;
    for (const bucket of this.between(Math.max(from, this.oldest), limit)) {
      if (this.resolution >= 60_000) {
        if (!bucket.layers.some((layer) => (layer.data.exact?.values.length ?? 0) > 64)) continue;
        for (const layer of bucket.layers) roll(layer.data);
        this.#write(bucket);
        continue;
      }
      const minute = Math.floor(bucket.start / 60_000) * 60_000;
      if (bucket.start === minute) continue;
      const present = this.#buckets.get(minute);
      const whole = present ?? (present === null ? this.#read(minute) : { start: minute, layers: [], dirty: true });
      for (const layer of bucket.layers) merge(layerOf(whole, layer.visibleAt).data, layer.data);
      if (!this.#live.has(minute)) this.#buckets.set(minute, null);
      this.#write(whole);
      this.#drop(bucket.start);
    }
  }

  #write(bucket: Bucket): void {
    bucket.dirty = false;
    const layers = encodeBucket(bucket);
    this.#table.set(this.#key(bucket.start), layers);
    this.#resize(bucket.start, sizeOf(layers));
  }

  #read(start: number): Bucket {
    return decodeBucket(start, this.#table.get(this.#key(start)) ?? []);
  }

  #drop(start: number): void {
    this.#buckets.delete(start);
    this.#live.delete(start);
    this.#table.delete(this.#key(start));
    this.#resize(start, 0);
    if (start === this.#start) this.#end = Number.NEGATIVE_INFINITY;
  }

  #resize(start: number, size: number): void {
    const before = this.#sizes.get(start) ?? 0;
    if (size === 0) this.#sizes.delete(start);
    else this.#sizes.set(start, size);
    this.#budget(size - before);
  }

  /** Fourteen digits last to the year 5138 and sort as numbers do. */
  #key(start: number): string {
    return `${this.#id}/${String(start).padStart(14, '0')}`;
  }
}
