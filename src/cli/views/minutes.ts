import type { MetricsMinute } from '../../lifecycle/guarded-update/fleet-metrics.ts';
import { chart } from '../../ui/chart.ts';
import type { Io } from '../../ui/io.ts';
import { wrap } from '../../ui/wrap.ts';
import { MINUTE } from '../../base/units.ts';

const MAX_COLUMNS = 100;
const HEIGHT = 6;
const NO_BREAK = '\u00a0';

/** A fleet or a variant, and what it did minute by minute. */
export interface Drawn {
  name: string;
  minutes: readonly MetricsMinute[];
}

/** Something that happened at a moment, ms since the epoch; marked under the charts by a digit. */
export interface Mark {
  at: number;
  words: string;
}

const CHARTS = [
  { title: '5XXError', unit: 'requests a minute', value: (minute: MetricsMinute) => minute.errors5xx },
  { title: '4XXError', unit: 'requests a minute', value: (minute: MetricsMinute) => minute.errors4xx },
  { title: 'ModelLatency', unit: 'ms, mean of a minute', value: (minute: MetricsMinute) => minute.latencyMs },
] as const;

/**
 * Draws 5XX and 4XX errors and ModelLatency over the whole minutes of a window, one chart each with a line for every
 * fleet. A minute without requests is a gap. Where nothing but zeros would be drawn, one line says so.
 * @param window ms since the epoch
 */
export function drawMinutes(
  io: Pick<Io, 'columns' | 'color'>,
  fleets: readonly Drawn[],
  window: { start: number; end: number },
  marks: readonly Mark[] = [],
): string[] {
  const first = Math.floor(window.start / MINUTE) * MINUTE;
  const count = Math.max(1, Math.floor((window.end - first) / MINUTE));
  const times = Array.from({ length: count }, (_, index) => first + index * MINUTE);
  const width = Math.min(MAX_COLUMNS, io.columns);
  const shown = marks.filter((mark) => mark.at >= first && mark.at < first + count * MINUTE).slice(0, 9);
  const lines: string[] = [];
  for (const { title, unit, value } of CHARTS) {
    const alone = fleets.length === 1;
    const series = fleets.map(({ name, minutes }) => {
      const byTime = new Map(minutes.map((minute) => [minute.at, value(minute)]));
      return { name: alone ? `${title} of ${name}` : name, values: times.map((at) => byTime.get(at)) };
    });
    const said = series.flatMap(({ values }) => values.filter((each) => each !== undefined));
    if (said.length > 0 && said.every((each) => each === 0)) {
      const what = alone ? (series[0]?.name ?? title) : `  ${title}`;
      lines.push('', `${what}: none in ${count} ${count === 1 ? 'minute' : 'minutes'}`);
      continue;
    }
    // A line through one point shows nothing.
    if (alone && said.length === 1) {
      const shownValue = Number(said[0]?.toPrecision(3));
      lines.push('', `${series[0]?.name ?? title}: ${shownValue} ${unit.replace(', mean of', ' in the mean of')}`);
      continue;
    }
    const options = { width, height: HEIGHT, color: io.color, times, ...(alone ? { unit } : {}) };
    const drawn = chart(series, options).split('\n');
    lines.push('', ...(alone ? [] : [`  ${title}, ${unit}`]), ...drawn, ...ruler(drawn, times, shown));
  }
  if (shown.length > 0) {
    // A mark's number and time stay together.
    const key = shown.map((mark, index) => `${index + 1}${NO_BREAK}${mark.words}`).join(' · ');
    lines.push('', ...wrap(`  ${key}`, width, '    ').map((line) => line.replaceAll(NO_BREAK, ' ')));
  }
  return lines;
}

/** The digits of the marks, each under the minute it fell into; the axis tells where the plot begins and ends. */
function ruler(drawn: readonly string[], times: readonly number[], marks: readonly Mark[]): string[] {
  const axis = drawn.find((line) => /^ *└─+$/.test(line));
  const [first, last] = [times[0], times.at(-1)];
  if (axis === undefined || first === undefined || last === undefined || marks.length === 0) return [];
  const start = axis.indexOf('─');
  const columns = axis.length - start;
  const row = Array.from({ length: axis.length }, () => ' ');
  for (const [index, mark] of marks.entries()) {
    const share = last === first ? 0 : Math.min(1, (mark.at - first) / (last - first));
    let at = start + Math.round(share * (columns - 1));
    // Two stages may begin in one minute: the digits stand side by side.
    while (row[at] !== ' ' && at < row.length - 1) at += 1;
    row[at] = String(index + 1);
  }
  return [row.join('').trimEnd()];
}
