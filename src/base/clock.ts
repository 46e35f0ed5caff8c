/**
 * Time as a parameter. This is the only file that may ask the machine for the time or start a timer.
 *
 * Concurrency and virtual time: a virtual clock moves only when everybody who could act is asleep. The program starts
 * as one actor; work that must run side by side goes through `all`, which makes an actor of each branch. An HTTP
 * request in flight belongs to the actor that sent it, so a server that sleeps before it answers sleeps on its behalf.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when `signal` aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs the branches side by side, each as an actor of its own, and waits until every one has ended. Rejects with the first failure. */
  all<T>(branches: readonly (() => Promise<T>)[]): Promise<T[]>;
  /** True where time is simulated: nothing that happens outside this process passes in it. */
  readonly virtual: boolean;
}

/** Milliseconds since some beginning, for measuring: finer than `now()` where time is real; in virtual time nothing passes by itself. */
export function stopwatch(clock: Clock): number {
  return clock.virtual ? clock.now() : performance.now();
}

/** The machine's own time. */
export const systemClock: Clock = {
  virtual: false,
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const wake = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(0, ms));
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', stop, { once: true });
    }),
  all: settle,
};

/** Every branch runs to its end before the first failure is thrown: nothing goes on unseen. */
async function settle<T>(branches: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results = await Promise.allSettled(branches.map((branch) => branch()));
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

interface Sleeper {
  at: number;
  order: number;
  wake: () => void;
}

/**
 * A clock that jumps to the next wake-up as soon as every actor sleeps. One sleeper is woken at a time, earliest
 * first and in order of arrival among equals, so a run is deterministic.
 */
export class VirtualClock implements Clock {
  readonly virtual = true;
  #now: number;
  #actors = 1;
  #order = 0;
  #sleepers: Sleeper[] = [];
  #scheduled = false;

  /** @param start milliseconds since the Unix epoch */
  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** Moves time forward by hand, waking nobody: for tests that own the clock alone. */
  advance(ms: number): void {
    this.#now += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        at: this.#now + Math.max(0, ms),
        order: this.#order++,
        wake: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.#sleepers.push(sleeper);
      this.#schedule();
    });
  }

  async all<T>(branches: readonly (() => Promise<T>)[]): Promise<T[]> {
    if (branches.length === 0) return [];
    this.#actors += branches.length - 1;
    let running = branches.length;
    const results = settle(
      branches.map((branch) => async () => {
        try {
          return await branch();
        } finally {
          running -= 1;
          // The last branch hands its place back to the caller, who was one actor before.
          if (running > 0) {
            this.#actors -= 1;
            this.#schedule();
          }
        }
      }),
    );
    return results;
  }

  #schedule(): void {
    if (this.#scheduled || this.#sleepers.length < this.#actors) return;
    this.#scheduled = true;
    // Let what is already under way in this turn of the event loop fall asleep first.
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#sleepers.length < this.#actors) return;
      const next = this.#sleepers.reduce((a, b) => (b.at < a.at || (b.at === a.at && b.order < a.order) ? b : a));
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      this.#schedule();
    });
  }
}
