/** Bytes that may be held at the same time. */
export class Budget {
  readonly limit: number;
  used = 0;

  /** @param limit in bytes */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** False, and nothing taken, where so many do not fit. */
  take(bytes: number): boolean {
    if (this.used + bytes > this.limit) return false;
    this.used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.used -= bytes;
  }
}

/** Chunks of one body of which it is kept when they came. */
const MAX_ARRIVALS = 4_096;

/** A body that is kept while it passes by, up to a bound. Whoever makes one calls `release` in the end. */
export class KeptChunks {
  readonly #budget: Budget;
  readonly #most: number;
  readonly #now: (() => number) | undefined;
  #chunks: Buffer[] = [];
  #arrivals: number[] = [];
  bytes = 0;
  /** Why it is not kept; undefined while it is. */
  lost: 'size' | 'memory' | undefined;

  /**
   * @param most bytes of one body
   * @param now a stopwatch, where it is to be known when what came
   */
  constructor(budget: Budget, most: number, now?: () => number) {
    this.#now = now;
    this.#budget = budget;
    this.#most = most;
  }

  add(chunk: Buffer): void {
    if (this.lost !== undefined) return;
    if (this.bytes + chunk.length > this.#most) return this.#lose('size');
    if (!this.#budget.take(chunk.length)) return this.#lose('memory');
    this.bytes += chunk.length;
    this.#chunks.push(chunk);
    if (this.#now !== undefined && this.#arrivals.length < MAX_ARRIVALS * 2)
      this.#arrivals.push(this.bytes, this.#now());
  }

  /** Pairs of how many bytes there were, and since when; of a body in very many chunks, of the first ones. */
  get arrivals(): readonly number[] {
    return this.#arrivals;
  }

  /** The whole body; undefined where it was lost. */
  whole(): Buffer | undefined {
    if (this.lost !== undefined) return undefined;
    const [first] = this.#chunks;
    if (this.#chunks.length > 1 || first === undefined) this.#chunks = [Buffer.concat(this.#chunks, this.bytes)];
    return this.#chunks[0];
  }

  /** Gives its bytes back; what was taken out as `whole` may still be used by whoever counts it. */
  release(): void {
    this.#budget.give(this.bytes);
    this.bytes = 0;
    this.#chunks = [];
  }

  #lose(why: 'size' | 'memory'): void {
    this.release();
    this.lost = why;
  }
}
