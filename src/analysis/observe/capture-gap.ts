import { MINUTE } from '../../base/units.ts';
import type { Window } from '../observations.ts';
import type { MissingMinute } from '../predictions.ts';

/** Shorter pauses are those of captures that come late, or of a quiet minute. */
const PAUSE_MINUTES = 5;

/** A pause is believed where chance would leave out so many requests in one of a million. */
const CHANCE = 1e-6;

/** A part of the window in which production left records and the shadow none, with records of both before and after it. */
export interface CaptureGap extends Window {
  /** What production answered in it. */
  requests: number;
}

/**
 * The last pause of the shadow's captures, of five minutes or more, in which production went on. It may be an outage, or another
 * shadow may have begun after it: files name no models.
 *
 * @param minutes in which production answered, oldest first, with how much of it the shadow has no record of
 */
export function lastGap(minutes: readonly MissingMinute[]): CaptureGap | undefined {
  const busy = minutes.filter(({ answered }) => answered > 0);
  const seen = busy.filter(({ answered, absent }) => answered > absent);
  const total = (of: (minute: MissingMinute) => number) => seen.reduce((sum, minute) => sum + of(minute), 0);
  const absent = total((minute) => minute.absent) / total((minute) => minute.answered);
  let found: CaptureGap | undefined;
  for (const [i, after] of seen.entries()) {
    const before = seen[i - 1];
    if (before === undefined) continue;
    const within = busy.filter(({ at }) => at > before.at && at < after.at);
    const [first, last] = [within[0], within.at(-1)];
    if (first === undefined || last === undefined || last.at + MINUTE - first.at < PAUSE_MINUTES * MINUTE) continue;
    const requests = within.reduce((sum, { answered }) => sum + answered, 0);
    if (absent > 0 && requests * Math.log(absent) > Math.log(CHANCE)) continue;
    if (requests < PAUSE_MINUTES) continue;
    found = { from: first.at, to: after.at, requests };
  }
  return found;
}
