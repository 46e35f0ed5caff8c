import { MINUTE } from '../../base/units.ts';

/** Hours of the week in which nothing is attached or promoted, in minutes from Monday 00:00 of a time zone. */
export interface QuietHours {
  /** From inclusive, to exclusive; `to` below `from` goes over the end of the week. */
  spans: readonly { from: number; to: number }[];
  /** A name of the IANA list: `Europe/Berlin`. */
  zone: string;
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAY_MINUTES = 24 * 60;
const WEEK_MINUTES = 7 * DAY_MINUTES;

const SPAN = /^(?:([a-z]{3}) )?(\d{1,2}):(\d{2}) ?- ?(?:([a-z]{3}) )?(\d{1,2}):(\d{2})$/;

/**
 * `Fri 16:00-Mon 08:00`, or `22:00-06:00` for every night, as spans of the week; undefined where it is neither. Pure.
 */
export function parseSpan(words: string): { from: number; to: number }[] | undefined {
  const [whole, fromDay, fromHour, fromMinute, toDay, toHour, toMinute] = SPAN.exec(words.trim().toLowerCase()) ?? [];
  if (whole === undefined || (fromDay === undefined) !== (toDay === undefined)) return undefined;
  const time = (hour = '', minute = '') => {
    const minutes = Number(hour) * 60 + Number(minute);
    return Number(minute) > 59 || minutes > DAY_MINUTES ? undefined : minutes;
  };
  const [from, to] = [time(fromHour, fromMinute), time(toHour, toMinute)];
  if (from === undefined || to === undefined) return undefined;
  if (fromDay !== undefined && toDay !== undefined) {
    const days = [DAYS.indexOf(fromDay), DAYS.indexOf(toDay)] as const;
    if (days.includes(-1)) return undefined;
    const span = {
      from: (days[0] * DAY_MINUTES + from) % WEEK_MINUTES,
      to: (days[1] * DAY_MINUTES + to) % WEEK_MINUTES,
    };
    return span.from === span.to ? undefined : [span];
  }
  if (from === to) return undefined;
  return DAYS.map((_, day) => ({
    from: day * DAY_MINUTES + from,
    to: (day * DAY_MINUTES + to + (to < from ? DAY_MINUTES : 0)) % WEEK_MINUTES,
  }));
}

/** Is there such a time zone? */
export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Minutes from Monday 00:00 at this moment (ms since the epoch), by the clocks of the zone. */
function minuteOfWeek(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return DAYS.indexOf(part('weekday').toLowerCase()) * DAY_MINUTES + Number(part('hour')) * 60 + Number(part('minute'));
}

/** Is this moment (ms since the epoch) in the quiet hours? Pure. */
export function isQuiet({ spans, zone }: QuietHours, at: number): boolean {
  if (spans.length === 0) return false;
  const minute = minuteOfWeek(at, zone);
  return spans.some(({ from, to }) => (from < to ? minute >= from && minute < to : minute >= from || minute < to));
}

/** When they end that this moment is in, to five minutes, ms since the epoch; undefined where they do not within a week. Pure. */
export function quietUntil(hours: QuietHours, at: number): number | undefined {
  const step = 5 * MINUTE;
  const first = Math.ceil((at + 1) / step) * step;
  for (let next = first; next < at + 8 * DAY_MINUTES * MINUTE; next += step) if (!isQuiet(hours, next)) return next;
  return undefined;
}
