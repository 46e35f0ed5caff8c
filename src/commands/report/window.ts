import type { Window } from '../../analysis/observations.ts';
import { usage } from '../../base/errors.ts';

const MINUTE_MS = 60_000;
const UNITS: Record<string, number> = {
  s: 1_000,
  m: MINUTE_MS,
  min: MINUTE_MS,
  h: 60 * MINUTE_MS,
  d: 1_440 * MINUTE_MS,
};
/** Metrics of a minute are published after its end, captures a little later. */
const SETTLE_MS = 30_000;

/** `30m`, `2h`, `1h30m`, `1d` in milliseconds. @throws Problem (usage) for anything else */
export function readDuration(text: string, option: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(s|min|m|h|d)/g)];
  const ms = parts.reduce((sum, [, value, unit]) => sum + Number(value) * (UNITS[unit ?? ''] ?? Number.NaN), 0);
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text.replaceAll(' ', '') || !(ms > 0)) {
    throw usage(`${option} '${text}' is no duration.`, 'Write it like 30m, 2h, 1h30m or 1d.');
  }
  return ms;
}

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
  const to = Math.floor(end / MINUTE_MS) * MINUTE_MS;
  const start =
    words.from === undefined ? to - readDuration(words.last, '--last') : readTime(words.from, '--from', now);
  const from = Math.floor(start / MINUTE_MS) * MINUTE_MS;
  if (from >= to) {
    throw usage(
      `The window from ${new Date(from).toISOString()} to ${new Date(to).toISOString()} holds no whole minute.`,
      'Give an earlier --from or a later --to.',
    );
  }
  return { from, to };
}
