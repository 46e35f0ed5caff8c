import { usageError } from '../../base/errors.ts';
import { DAY, HOUR, MINUTE } from '../../base/units.ts';

/** A day of a time zone. */
export interface Period {
  /** `2026-11-29` */
  day: string;
  /** IANA: `Europe/Berlin`. */
  zone: string;
  /** Milliseconds since the epoch; `to` is exclusive. Where clocks are put forward or back it is not 24 hours later. */
  from: number;
  to: number;
}

/** @throws Problem (usage) where this is no time zone */
export function checkZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat('en-CA', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    throw usageError(
      `--zone: "${zone}" is not a time zone.`,
      'Use a name of the IANA database, like UTC or Europe/Berlin.',
    );
  }
}

/** The day of this zone in which a moment lies, milliseconds since the epoch: `2026-11-29`. */
export function dayAt(at: number, zone: string): string {
  return stampAt(at, zone).slice(0, 10);
}

/** A day so many days later, or earlier where it is negative. */
export function dayPlus(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** The days from a first one on that have ended by then, oldest first. */
export function endedDays(first: string, zone: string, at: number): string[] {
  const days: string[] = [];
  for (let day = first; periodOf(day, zone).to <= at; day = dayPlus(day, 1)) days.push(day);
  return days;
}

/** From its first minute on, which is not midnight where clocks are put forward then. */
export function periodOf(day: string, zone: string): Period {
  return { day, zone, from: beginOf(day, zone), to: beginOf(dayPlus(day, 1), zone) };
}

/**
 * The minute of the day in UTC, from 0, at which it is this time on the clocks of the zone, all year: where clocks are put forward
 * and back it is the later of the two, so that it is never sooner. Pure.
 * @param year whose offsets count
 */
export function minuteOfUtc(hour: number, minute: number, zone: string, year: number): number {
  const offsets = Array.from({ length: 12 }, (_, month) => {
    const at = Date.UTC(year, month, 15, 12);
    const shown = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hour: 'numeric',
      minute: 'numeric',
      hourCycle: 'h23',
      day: 'numeric',
    });
    const parts = Object.fromEntries(shown.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    return ((parts.day ?? 15) - 15) * 1440 + (parts.hour ?? 12) * 60 + (parts.minute ?? 0) - 720;
  });
  return (((hour * 60 + minute - Math.min(...offsets)) % 1440) + 1440) % 1440;
}

/** `YYYY-MM-DD`, `yesterday`, or `today`. @throws Problem (usage) where it is none */
export function dayNamed(words: string, zone: string, now: number): string {
  if (words === 'today') return dayAt(now, zone);
  if (words === 'yesterday') return dayPlus(dayAt(now, zone), -1);
  const time = /^\d{4}-\d{2}-\d{2}$/.test(words) ? Date.parse(`${words}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(words)) return words;
  throw usageError(`--day: "${words}" is not a day.`, 'Write it like 2026-11-29, or say yesterday.');
}

/** The first minute that has this date in the zone: no zone is 15 hours or more from UTC. */
function beginOf(day: string, zone: string): number {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  let [low, high] = [midnight - 15 * HOUR, midnight + 15 * HOUR];
  while (high - low > MINUTE) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
    if (dayAt(middle, zone) >= day) high = middle;
    else low = middle;
  }
  return high;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-11-29T05`: day and hour on the clocks of the zone. */
function stampAt(at: number, zone: string): string {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      hourCycle: 'h23',
    });
  formats.set(zone, format);
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${parts.year?.padStart(4, '0')}-${parts.month}-${parts.day}T${parts.hour}`;
}

const PLACEHOLDER = /\{([^{}]*)\}/g;
const KNOWN = ['yyyy', 'MM', 'dd', 'HH'] as const;

/** Whether a place is another one every day. */
export function hasDate(pattern: string): boolean {
  return /\{[^{}]*\}/.test(pattern);
}

/**
 * A place with dates is whole: year, month and day stand in it.
 * @throws Problem (usage) for a placeholder that does not exist, and where two days would be one place
 */
export function checkPattern(pattern: string, option: string): void {
  const found = [...pattern.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  const unknown = found.find((name) => !(KNOWN as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw usageError(
      `${option}: {${unknown}} is not a part of a date.`,
      'Use {yyyy}, {MM} and {dd}; {HH} as well where every hour has a folder.',
    );
  const missing = found.length === 0 ? undefined : ['yyyy', 'MM', 'dd'].find((name) => !found.includes(name));
  if (missing !== undefined)
    throw usageError(
      `${option}: {${missing}} is missing, so that different days would have the same place.`,
      'Use {yyyy}, {MM} and {dd} together.',
    );
}

/**
 * The places of a day: one, or one an hour where the pattern has `{HH}`: 23 where clocks are put forward; the hour that comes
 * twice where they are put back has one folder.
 * @param zone by which zone's clock places are called; undefined: the day's own
 */
export function placesOf(pattern: string, period: Period, zone = period.zone): string[] {
  const places = new Set<string>();
  for (let at = period.from; at < period.to; at += 15 * MINUTE) {
    const stamp = stampAt(at, zone);
    const parts: Record<string, string> = {
      yyyy: stamp.slice(0, 4),
      MM: stamp.slice(5, 7),
      dd: stamp.slice(8, 10),
      HH: stamp.slice(11, 13),
    };
    places.add(pattern.replace(PLACEHOLDER, (whole, name: string) => parts[name] ?? whole));
  }
  return [...places];
}
