/** Times after which something is given up: looked at some times a second, without a timer for each. */
export class Deadlines {
  readonly #now: () => number;
  readonly #open = new Set<{ at: number; act: () => void }>();

  /** @param now milliseconds since some beginning */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns takes it back */
  after(ms: number, act: () => void): () => void {
    const entry = { at: this.#now() + ms, act };
    this.#open.add(entry);
    return () => void this.#open.delete(entry);
  }

  /** Does what is due. */
  expire(): void {
    const now = this.#now();
    for (const entry of this.#open) {
      if (entry.at > now) continue;
      this.#open.delete(entry);
      entry.act();
    }
  }
}
