import { count, DAY, duration as durationOf, MINUTE } from '../../base/units.ts';

/** Minutes of the `2 h 10 min` that `duration` wrote into a text after `about`; 0 where there is none. */
export function minutesIn(text: string): number {
  const [, days, hours, minutes] = /about (?:(\d[\d ]*) days|(?:(\d+) h)? ?(?:(\d+) min)?)/.exec(text) ?? [];
  const part = (digits: string | undefined) => Number((digits ?? '0').replaceAll(' ', ''));
  return part(days) * 24 * 60 + part(hours) * 60 + part(minutes);
}

/** `2 h 10 min`. */
export function duration(minutes: number): string {
  const ms = Math.max(1, Math.ceil(minutes)) * MINUTE;
  return ms >= 2 * DAY ? `${count(Math.ceil(ms / DAY))} days` : durationOf(ms);
}
