import type { Clock } from '../clock.ts';

/** Something that changes by itself: says when next, and makes it happen. Times are milliseconds since the epoch. */
export interface EventSource {
  /** When the next event is due; undefined when none is. Asked often: must be cheap. */
  next(): number | undefined;
  /** Makes everything due at `at` happen, as at that moment. Afterwards `next()` lies later than `at`. */
  run(at: number): void | Promise<void>;
}

/**
 * Brings the world up to the present, event by event in order of time, whenever somebody looks. There are no timers:
 * what nobody looks at has no need to happen yet, and a restart loses nothing.
 */
export class Timeline {
  #sources: EventSource[] = [];
  #running: Promise<void> = Promise.resolve();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(source: EventSource): void {
    this.#sources.push(source);
  }

  /** True when nothing is due: the fast path of a request. */
  get upToDate(): boolean {
    const now = this.#clock.now();
    return this.#sources.every((source) => (source.next() ?? Number.POSITIVE_INFINITY) > now);
  }

  /** Makes everything happen that was due by now. Calls made meanwhile wait their turn. */
  catchUp(): Promise<void> {
    // A failure is its caller's: the next one tries again.
    this.#running = this.#running.catch(() => undefined).then(() => this.#catchUp());
    return this.#running;
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      let first: { at: number; source: EventSource } | undefined;
      for (const source of this.#sources) {
        const at = source.next();
        if (at !== undefined && at <= this.#clock.now() && (first === undefined || at < first.at))
          first = { at, source };
      }
      if (first === undefined) return;
      await first.source.run(first.at);
    }
  }
}
