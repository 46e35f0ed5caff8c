import { usageError } from './errors.ts';

/**
 * The one home of quantities: how they are written for people, and how what people write is read. Times are in
 * milliseconds, shares are from 0 to 1, clock times are in UTC. A value that is missing or not finite is shown as `–`.
 */

/** Stands where a value is missing. */
export const MISSING = '–';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/**
 * A share as a percentage with three significant digits: 0.0123 as `1.23 %`. Near 100 %, the distance from 100 % keeps two
 * digits, so that 0.99966 is not rounded up to `100 %`.
 */
export function percent(share: number | undefined): string {
  if (share === undefined || !Number.isFinite(share)) return MISSING;
  const value = share * 100;
  const size = Math.abs(value);
  if (size === 0) return '0 %';
  const left = Math.abs(100 - size);
  const decimals = Math.max(0, 2 - magnitude(size), size < 100 && left > 0 ? 1 - magnitude(left) : 0);
  // Beyond ten decimals is only what the multiplication by 100 rounded.
  return `${trimmed(value.toFixed(Math.min(size < 1 ? 20 : 10, decimals)))} %`;
}

/** The power of ten of the first digit: 0 for 5.4, 1 for 54, -2 for 0.054. */
function magnitude(value: number): number {
  return Math.floor(Math.log10(value));
}

/** A ratio as a change: 1.125 as `+13 %`, 0.95 as `-5 %`, 1.0004 as `0 %`. */
export function change(ratio: number | undefined): string {
  if (ratio === undefined || !Number.isFinite(ratio)) return MISSING;
  const value = (ratio - 1) * 100;
  const size = Math.abs(value);
  if (size < 0.05) return '0 %';
  return `${value > 0 ? '+' : '-'}${trimmed(size.toFixed(size < 9.95 ? 1 : 0))} %`;
}

/** A difference of two shares in percentage points, with three significant digits: 0.01 as `1 pt`, -0.025 as `-2.5 pts`. */
export function points(difference: number | undefined): string {
  if (difference === undefined || !Number.isFinite(difference)) return MISSING;
  const value = number(difference * 100, 3);
  return `${value} ${value === '1' || value === '-1' ? 'pt' : 'pts'}`;
}

/** A whole number, its thousands apart: `4 100`. */
export function count(n: number | undefined): string {
  if (n === undefined || !Number.isFinite(n)) return MISSING;
  return String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

/** `4 100 more pairs`, `1 more row with truth`: in `plural`, the first word that ends in s is the one that is counted. */
export function counted(n: number, plural: string): string {
  return `${count(n)} ${Math.round(n) === 1 ? plural.replace(/(?<=ss)es\b|s\b/, '') : plural}`;
}

/** A number with so many significant digits at most, without zeros at its end: 3.14159 as `3.142`. */
export function number(value: number | undefined, digits = 4): string {
  if (value === undefined || !Number.isFinite(value)) return MISSING;
  return String(Number(value.toPrecision(digits)));
}

/** A latency with three significant digits: 12.345 as `12.3 ms`, 1234.5 as `1.23 s`. */
export function milliseconds(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return MISSING;
  const rounded = Number(ms.toPrecision(3));
  return Math.abs(rounded) >= SECOND ? `${number(rounded / SECOND, 3)} s` : `${rounded} ms`;
}

/** A size: `512 bytes`, `1.5 kB`, `2.0 MB`. */
export function bytes(size: number): string {
  if (size < 1000) return `${size} bytes`;
  const exponent = Math.min(3, Math.floor(Math.log10(size) / 3));
  return `${(size / 1000 ** exponent).toFixed(1)} ${['bytes', 'kB', 'MB', 'GB'][exponent]}`;
}

/** What queries cost, in US dollars, down to a hundredth of a cent: `$1.25`, `$0.0021`. */
export function scanPrice(dollars: number): string {
  return `$${dollars.toFixed(dollars < 0.1 ? 4 : 2)}`;
}

/**
 * A length of time for reading, in its two largest units: `45 s`, `5 min 30 s`, `2 h 10 min`, `3 days 4 h`. Rounded to the
 * smaller of the two; days from 48 hours on.
 */
export function duration(ms: number): string {
  if (ms > 0 && ms < SECOND) return milliseconds(ms);
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return inTwo(seconds, [60, 'min'], 's');
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 48 * 60) return inTwo(minutes, [60, 'h'], 'min');
  return inTwo(Math.round(ms / HOUR), [24, 'days'], 'h');
}

function inTwo(value: number, [size, large]: [number, string], small: string): string {
  const rest = value % size;
  return `${Math.floor(value / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** A length of time as a flag takes it, in whole seconds: `5m30s`, `1h`. `parseDuration` reads it. */
export function durationFlag(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / SECOND));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return `${h > 0 ? `${h}h` : ''}${m > 0 ? `${m}m` : ''}${s > 0 || seconds === 0 ? `${s}s` : ''}`;
}

const UNITS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: SECOND,
  m: MINUTE,
  min: MINUTE,
  h: HOUR,
  d: DAY,
};

/** `250ms`, `90s`, `30m`, `1h30m`, `2 h 10 min` or `1d` in milliseconds; undefined where it is anything else. */
export function parseDuration(text: string): number | undefined {
  const compact = text.trim().replace(/\s+/g, ' ');
  if (!/^(?:\d+(?:\.\d+)? ?(?:us|ms|s|min|m|h|d)(?: (?=\d)|(?=\d)|$))+$/.test(compact)) return undefined;
  let total = 0;
  for (const [, value, unit] of compact.matchAll(/(\d+(?:\.\d+)?) ?([a-z]+)/g))
    total += Number(value) * (UNITS[unit ?? ''] ?? Number.NaN);
  return total;
}

/** The length of time that a flag was given, above zero, in milliseconds. @throws Problem (usage) naming flag and value */
export function readDuration(text: string, option: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw usageError(`${option}: "${text}" is not a duration.`, 'Write it like 90s, 30m, 1h30m or 1d.');
}

const SIZES: Readonly<Record<string, number>> = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** `500MB`, `4 GB` or `2GiB` in bytes; undefined where it is anything else. */
export function parseSize(text: string): number | undefined {
  const [, value, unit] = /^(\d+(?:\.\d+)?) ?([KMGT]i?B)$/i.exec(text.trim()) ?? [];
  const scale = SIZES[unit?.toUpperCase() ?? ''];
  return value === undefined || scale === undefined ? undefined : Number(value) * scale;
}

/** `10%` or `2.5 %` as a share; undefined where it is anything else. */
export function parsePercent(text: string): number | undefined {
  const value = /^(\d+(?:\.\d+)?) ?%$/.exec(text.trim())?.[1];
  return value === undefined ? undefined : Number(value) / 100;
}

/** A time of day in UTC: `09:05`, or `09:05:12` with `seconds`. */
export function timeOfDay(ms: number, precision: 'minutes' | 'seconds' = 'minutes'): string {
  return new Date(ms).toISOString().slice(11, precision === 'seconds' ? 19 : 16);
}

/** A day and a time in UTC for reading: `2026-01-05 09:05`. */
export function dateAndTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

/** A time in ISO 8601 without fractions of a second: `2026-01-05T09:05:12Z`. Text that is no such time stays as it is. */
export function isoSeconds(time: number | string): string {
  return (typeof time === 'string' ? time : new Date(time).toISOString()).replace(/\.\d+(?=Z$)/, '');
}

function trimmed(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
