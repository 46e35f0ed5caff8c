import { usageError } from '../base/errors.ts';
import { MINUTE } from '../base/units.ts';

/** A moment: milliseconds since the epoch, or so many milliseconds before one looks. */
export type Moment = number | { ago: number };

/** A window of time, as far as it is chosen. */
export interface WindowRequest {
  /** Where it begins; undefined: `length` before its end, or without a length since the present shadow is in service. */
  from?: Moment | undefined;
  /** Where it ends; undefined: with the last minute whose metrics can be read. */
  to?: Moment | undefined;
  /** Milliseconds. */
  length?: number | undefined;
}

/** Metrics of a minute are published after its end, captures a little later. */
const SETTLE_MS = 30_000;

/**
 * The window in whole minutes. Pure.
 * @param now when one looks, milliseconds since the epoch
 * @throws Problem (usage) where it holds no whole minute
 */
export function decideWindow(request: WindowRequest, now: number): { from: number | undefined; to: number } {
  const { from, to, length } = request;
  const end = wholeMinutes(to === undefined ? now - SETTLE_MS : momentAt(to, now));
  if (from === undefined && length === undefined) return { from: undefined, to: end };
  const start = wholeMinutes(from === undefined ? end - (length ?? 0) : momentAt(from, now));
  if (start >= end) {
    throw usageError(
      `The window from ${new Date(start).toISOString()} to ${new Date(end).toISOString()} holds no whole minute.`,
      'Give an earlier --from or a later --to.',
    );
  }
  return { from: start, to: end };
}

function momentAt(moment: Moment, now: number): number {
  return typeof moment === 'number' ? moment : now - moment.ago;
}

function wholeMinutes(ms: number): number {
  return Math.floor(ms / MINUTE) * MINUTE;
}
