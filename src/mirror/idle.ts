/** Closings that lie no further apart are one event, as when a server starts again: they say nothing of how long it waits. */
const APART = 100;
/** So long after one closing another confirms it; and so long what was learned holds. Milliseconds. */
const WINDOW = 60_000;
const HELD = 3_600_000;
/** Below this there is no time to use a connection again. */
const LEAST = 10;

/**
 * How long an unused connection may still be used: a request that meets one which the server is just closing gets no answer, and
 * must not be sent twice (RFC 9110, 9.2.2). Few servers say how long they wait, so it is learned from those that close first: twice within a
 * minute, and connections are given up after half of that time.
 */
export class IdleLimit {
  readonly #usual: number;
  readonly #now: () => number;
  #seen: { at: number; after: number }[] = [];
  #learned: { ms: number; until: number } | undefined;

  /** @param usual milliseconds, where nothing is known @param now milliseconds since some beginning */
  constructor(usual: number, now: () => number) {
    this.#usual = usual;
    this.#now = now;
  }

  /** Milliseconds; 0: no connection is to be used again. */
  get ms(): number {
    if (this.#learned === undefined || this.#now() >= this.#learned.until) return this.#usual;
    return Math.min(this.#usual, this.#learned.ms);
  }

  /** The server has closed a connection that nothing was asked on for so many milliseconds. */
  closed(after: number): void {
    const at = this.#now();
    this.#seen = this.#seen.filter((one) => at - one.at < WINDOW);
    if (this.#seen.some((one) => at - one.at < APART)) return;
    this.#seen.push({ at, after });
    if (this.#seen.length < 2) return;
    const half = Math.min(...this.#seen.map((one) => one.after)) / 2;
    this.#learned = { ms: half < LEAST ? 0 : half, until: at + HELD };
  }
}
