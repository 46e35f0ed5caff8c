import type { Window } from '../../analysis/observations.ts';
import { usage } from '../../base/errors.ts';
import { MINUTE, readDuration } from '../../base/units.ts';

/** Metrics of a minute are published after its end, captures a little later. */
const SETTLE_MS = 30_000;

/** Is this written as a time is, right or wrong? */
export function isTime(text: string): boolean {
  return /^-\d|^\d{4}-\d\d-\d\d/.test(text);
}

/** A time in milliseconds since the epoch: ISO 8601 (UTC where no zone is said), or `-30m` before now. */
export function readTime(text: string, option: string, now: number): number {
  if (/^-\d/.test(text)) return now - readDuration(text.slice(1), option);
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) || !/T|\d \d/.test(text) ? text : `${text.replace(' ', 'T')}Z`;
  const ms = Date.parse(zoned);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(ms)) {
    throw usage(
      `${option} '${text}' is no time.`,
      `Write it like 2026-01-05T09:30Z, 2026-01-05 09:30 (UTC), or -30m for half an hour ago${option === '--from' && !isTime(text) ? '; a file or folder of that name is not there either' : ''}.`,
    );
  }
  return ms;
}

/** The window in whole minutes. Without an end it ends with the last minute whose metrics can be read by now. */
export function decideWindow(
  words: { last: string; from?: string | undefined; to?: string | undefined },
  now: number,
): Window {
  const end = words.to === undefined ? now - SETTLE_MS : readTime(words.to, '--to', now);
  const to = Math.floor(end / MINUTE) * MINUTE;
  const start =
    words.from === undefined ? to - readDuration(words.last, '--last') : readTime(words.from, '--from', now);
  const from = Math.floor(start / MINUTE) * MINUTE;
  if (from >= to) {
    throw usage(
      `The window from ${new Date(from).toISOString()} to ${new Date(to).toISOString()} holds no whole minute.`,
      'Give an earlier --from or a later --to.',
    );
  }
  return { from, to };
}
