import { dateAndTime, DAY, timeOfDay } from '../base/units.ts';

/** `09:05` in UTC, with the day in front (`01-05 09:05`) where `long`. */
function clockTime(ms: number, long = false): string {
  return long ? dateAndTime(ms).slice(5) : timeOfDay(ms);
}

/** One line of `columns` characters that names the times along an axis, the zone (UTC) last. Empty without times. */
export function axisTimes(times: readonly number[], columns: number): string {
  const first = times[0];
  const last = times.at(-1);
  if (first === undefined || last === undefined) return '';
  const long = last - first >= DAY || clockTime(first, true).slice(0, 5) !== clockTime(last, true).slice(0, 5);
  const width = clockTime(first, long).length;
  const end = `${clockTime(last, long)} UTC`;
  let line = clockTime(first, long);
  // Between the ends, one label every fourth of the axis, as far as they do not touch.
  for (const quarter of [1, 2, 3]) {
    const label = clockTime(first + ((last - first) * quarter) / 4, long);
    const at = Math.round((columns * quarter) / 4 - width / 2);
    const repeated = line.trimEnd().endsWith(label);
    if (!repeated && at > line.length + 2 && at + width + 2 < columns - end.length) line = line.padEnd(at) + label;
  }
  if (times.length === 1) return line.length + 4 <= columns ? `${line} UTC` : line;
  return line.length + 2 + end.length <= columns ? line + end.padStart(columns - line.length) : line;
}
