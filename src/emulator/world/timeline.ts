import { type Clock, systemClock } from '../../base/clock.ts';

/** Something that changes by itself: says when next, and makes it happen. Times are milliseconds since the epoch. */
export interface EventSource {
  /** When the next event is due; undefined when none is. Asked often: must be cheap. */
  next(): number | undefined;
  /** Makes everything due at `at` happen, as at that moment. Afterwards `next()` lies later than `at`. */
  run(at: number): void | Promise<void>;
}

/**
 * Brings the world up to the present, event by event in order of time, whenever it is looked at. There are no timers:
 * what is not looked at need not happen yet, and a restart loses nothing.
 */
export class Timeline {
  #sources: EventSource[] = [];
  #running: Promise<void> = Promise.resolve();
  readonly #clock: Clock;
  readonly #patience: number;
  /** Events wait for work outside this process; `#late` when they have done so longer than callers shall. */
  #outside = 0;
  #late = false;
  readonly #callers = new Set<() => void>();

  /**
   * @param patience how long callers wait for an event that waits for something outside this process, in ms of the
   * machine's time. Longer in simulated time, where time would run on for a caller that does not wait.
   */
  constructor(clock: Clock, patience = clock.virtual ? 3_000 : 100) {
    this.#clock = clock;
    this.#patience = patience;
  }

  /** Does an event wait for work outside this process? */
  get isOutside(): boolean {
    return this.#outside > 0;
  }

  add(source: EventSource): void {
    this.#sources.push(source);
  }

  /** True when nothing is due: the fast path of a request. */
  get upToDate(): boolean {
    const now = this.#clock.now();
    return this.#sources.every((source) => (source.next() ?? Number.POSITIVE_INFINITY) > now);
  }

  /**
   * Makes everything happen that was due by now. Calls made meanwhile wait their turn; but where an event waits for a
   * process of the user's (see `outside`), they see the world as it is after a while.
   */
  catchUp(): Promise<void> {
    // A failure is its caller's: the next one tries again.
    const done = this.#running.catch(() => undefined).then(() => this.#catchUp());
    this.#running = done;
    return new Promise((resolve, reject) => {
      const release = () => {
        this.#callers.delete(release);
        resolve();
      };
      this.#callers.add(release);
      done.then(release, (error: unknown) => {
        this.#callers.delete(release);
        reject(error);
      });
      if (this.#late) release();
    });
  }

  /**
   * Waits within an event for work outside this process. A container may call the emulator while it starts, answers or
   * ends: if every call waited for the event and the event for the container, neither could go on.
   *
   * @param patience as the timeline's own, unless it is known who calls meanwhile
   */
  async outside<T>(work: Promise<T>, patience = this.#patience): Promise<T> {
    const over = new AbortController();
    this.#outside += 1;
    const beLate = () => {
      this.#late = true;
      for (const release of [...this.#callers]) release();
    };
    if (patience < Infinity) systemClock.sleep(patience, over.signal).then(beLate, () => {});
    try {
      return await work;
    } finally {
      over.abort();
      this.#outside -= 1;
      if (this.#outside === 0) this.#late = false;
    }
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
