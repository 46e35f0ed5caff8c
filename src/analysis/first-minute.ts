import { MINUTE } from '../base/units.ts';

/** Metrics of a minute are published after its end. */
const SETTLE_MS = 30_000;

/**
 * When evidence on what an endpoint runs begins to count, its first whole minute, and from when on that can be read. The same
 * for every command that says so, whichever moment of the minute before it goes by. Milliseconds since the epoch.
 * @param since when the endpoint came to run it
 */
export function firstMinute(since: number): { counts: number; readable: number } {
  const counts = Math.ceil(since / MINUTE) * MINUTE;
  return { counts, readable: counts + MINUTE + SETTLE_MS };
}
