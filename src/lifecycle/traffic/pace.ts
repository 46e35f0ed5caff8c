import type { Clock } from '../../base/clock.ts';

/** How many requests, for how long, how fast. */
export interface Pace {
  /** Undefined: until the duration is over. */
  count: number | undefined;
  /** Milliseconds. */
  duration: number | undefined;
  /** A second; undefined: as fast as they are answered. */
  rate: number | undefined;
  concurrency: number;
}

/**
 * Calls `send` with 0, 1, 2, …: request n is due n/rate seconds after the start and is sent then, unless `concurrency`
 * others are still under way. Resolves when the last has ended, or, on abort, when those under way have.
 */
export async function paced(
  clock: Clock,
  pace: Pace,
  signal: AbortSignal,
  send: (index: number) => Promise<void>,
): Promise<void> {
  const began = clock.now();
  const { count = Number.POSITIVE_INFINITY, duration = Number.POSITIVE_INFINITY, rate } = pace;
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (!signal.aborted && !failed) {
      const index = next;
      const due = rate === undefined ? clock.now() : began + (index / rate) * 1000;
      if (index >= count || due - began >= duration) return;
      next += 1;
      if (due > clock.now() && !(await slept(clock, due - clock.now(), signal))) return;
      if (failed) return;
      try {
        await send(index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await clock.all(Array.from({ length: Math.min(pace.concurrency, count) }, () => worker));
}

/** False where the sleep was cut short. */
async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
