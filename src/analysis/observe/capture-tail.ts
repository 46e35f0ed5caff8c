import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { MINUTE } from '../../base/units.ts';
import type { Window } from '../observations.ts';

/** A capture that has not come after this time does not come. No source says how late they are (facts 6.1: minutes). */
const LATE_MS = 10 * MINUTE;
/** The last files hold the newest records: each instance writes its own. */
export const LAST_FILES = 8;

/**
 * A window without the last minutes of which the captures of one variant only are there: the other's are still on their
 * way, and are not missing.
 *
 * @param sides capture files of each variant, in the order of their keys
 * @param now milliseconds since the epoch
 */
export function wholeCaptures(window: Window, sides: readonly (readonly string[])[], now: number): Window {
  const late = Math.floor((now - LATE_MS) / MINUTE) * MINUTE;
  if (window.to <= late) return window;
  const newest = sides.map(newestRecord);
  const [first, second] = newest;
  if (first === undefined || second === undefined) return window;
  // Both have a record of the last minute, or none has.
  const whole = (at: number) => Math.floor(at / MINUTE) * MINUTE;
  if (whole(first) === whole(second)) return window;
  const to = Math.min(window.to, Math.max(late, whole(Math.min(first, second)), window.from + MINUTE));
  return { from: window.from, to };
}

/** Time of the newest record, milliseconds since the epoch; undefined where there is none. */
function newestRecord(paths: readonly string[]): number | undefined {
  let newest = Number.NEGATIVE_INFINITY;
  for (const path of paths.slice(-LAST_FILES)) {
    for (const [, time = ''] of textOf(path).matchAll(/"inferenceTime":\s*"([^"\\]{10,40})"/g)) {
      const at = Date.parse(time);
      if (at > newest) newest = at;
    }
  }
  return Number.isFinite(newest) ? newest : undefined;
}

/** A file that cannot be read says nothing; the comparison says why. */
function textOf(path: string): string {
  try {
    const bytes = readFileSync(path);
    const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return (zipped ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes).toString('latin1');
  } catch {
    return '';
  }
}
