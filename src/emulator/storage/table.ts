import type { Table } from './store.ts';

/**
 * A table in memory. Keys are sorted only when they are listed, and kept sorted from then on. `changed` is told of
 * every key that was set or deleted.
 */
export class SortedTable<T> implements Table<T> {
  readonly #records = new Map<string, T>();
  readonly #changed: (key: string) => void;
  #sorted: string[] | undefined;

  constructor(changed: (key: string) => void) {
    this.#changed = changed;
  }

  get size(): number {
    return this.#records.size;
  }

  get(key: string): T | undefined {
    return this.#records.get(key);
  }

  has(key: string): boolean {
    return this.#records.has(key);
  }

  set(key: string, value: T): void {
    this.load(key, value);
    this.#changed(key);
  }

  /** As `set`, without a call of `changed`: for records that come from disk. */
  load(key: string, value: T): void {
    if (this.#sorted !== undefined && !this.#records.has(key)) {
      this.#sorted.splice(lowerBound(this.#sorted, key), 0, key);
    }
    this.#records.set(key, value);
  }

  delete(key: string): boolean {
    if (!this.unload(key)) return false;
    this.#changed(key);
    return true;
  }

  /** As `delete`, without a call of `changed`. */
  unload(key: string): boolean {
    if (!this.#records.delete(key)) return false;
    if (this.#sorted !== undefined) this.#sorted.splice(lowerBound(this.#sorted, key), 1);
    return true;
  }

  entries(prefix = ''): [string, T][] {
    this.#sorted ??= [...this.#records.keys()].sort(compareUtf8);
    const found: [string, T][] = [];
    for (let i = lowerBound(this.#sorted, prefix); i < this.#sorted.length; i += 1) {
      const key = this.#sorted[i] as string;
      if (!key.startsWith(prefix)) break;
      found.push([key, this.#records.get(key) as T]);
    }
    return found;
  }

  /** Every record, in no order. */
  [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.#records.entries();
  }
}

/** Index of the first key that is not less than `key`. */
function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareUtf8(sorted[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Compares two strings by their UTF-8 bytes, as S3 sorts keys. UTF-16 order (JavaScript's own) differs only where a
 * surrogate meets a unit above the surrogates: those characters lie beyond U+FFFF and sort last.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
