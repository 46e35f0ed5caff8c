import { dateAndTime, DAY, MINUTE, timeOfDay } from '../base/units.ts';

/** `09:05` in UTC, with the day in front (`01-05 09:05`) where `long`. */
function clockTime(ms: number, long = false): string {
  return long ? dateAndTime(ms).slice(5) : timeOfDay(ms);
}

/** Whole steps between two labels: minutes, hours, days. */
const STEPS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 7 * 1440].map((n) => n * MINUTE);

/**
 * One line of `columns` characters that names the times along an axis, the zone (UTC) last. Between the ends stand whole
 * steps (09:05, 09:10), each under its own moment. Empty without times.
 */
export function axisTimes(times: readonly number[], columns: number): string {
  const first = times[0];
  const last = times.at(-1);
  if (first === undefined || last === undefined) return '';
  const long = last - first >= DAY || clockTime(first, true).slice(0, 5) !== clockTime(last, true).slice(0, 5);
  const width = clockTime(first, long).length;
  const end = `${clockTime(last, long)} UTC`;
  let line = clockTime(first, long);
  if (times.length === 1) return line.length + 4 <= columns ? `${line} UTC` : line;
  // As many labels as there is room for, four columns apart at least.
  const most = Math.max(1, Math.min(6, Math.floor(columns / (width + 4))));
  const step = STEPS.find((one) => (last - first) / one <= most) ?? last - first;
  for (let at = Math.ceil((first + 1) / step) * step; at < last; at += step) {
    const label = clockTime(at, long);
    const column = Math.round(((columns - 1) * (at - first)) / (last - first) - width / 2);
    if (column > line.length + 2 && column + width + 2 < columns - end.length) line = line.padEnd(column) + label;
  }
  return line.length + 2 + end.length <= columns ? line + end.padStart(columns - line.length) : line;
}
