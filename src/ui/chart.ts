import { cut } from './cut.ts';
import { plot } from 'asciichart';
import { styleText } from 'node:util';
import { plain } from './io.ts';
import { axisTimes } from './times.ts';

/** One line of a chart. A value that is undefined or not finite is a gap: the line is broken there, never drawn as zero. */
export interface ChartSeries {
  name: string;
  values: readonly (number | undefined)[];
}

export interface ChartOptions {
  /** Columns in all, labels included. */
  width: number;
  /** Lines of the plot itself; axis, times and legend come on top of it. */
  height: number;
  color?: boolean;
  /** Said in the legend, for example `ms`. */
  unit?: string;
  /** Milliseconds since the epoch of each value, oldest first; printed in UTC under the axis. */
  times?: readonly number[];
}

const MINIMUM_COLUMNS = 8;

type Symbols = [string, string, string, string, string, string, string, string, string, string];

/** Line styles apart enough without colour: light, heavy, double. Order as asciichart wants its symbols. */
const STYLES = [
  { symbols: ['─', '─', '╶', '╴', '─', '╰', '╭', '╮', '╯', '│'], line: '─', color: 'cyan' },
  { symbols: ['━', '━', '╺', '╸', '━', '┗', '┏', '┓', '┛', '┃'], line: '━', color: 'yellow' },
  { symbols: ['═', '═', '═', '═', '═', '╚', '╔', '╗', '╝', '║'], line: '═', color: 'magenta' },
] as const;

/**
 * Draws series on one scale with asciichart, made safe: no data, gaps, constants, infinities and tiny values all give
 * a chart of `height` lines or the words "no data". Names are stripped of control characters.
 */
export function chart(series: readonly ChartSeries[], options: ChartOptions): string {
  const legend = drawLegend(series, options);
  const values = series.flatMap((one) => one.values).filter(isNumber);
  if (values.length === 0) return `${legend}\n  no data`;
  const rows = Math.max(1, Math.round(options.height) - 1);
  const { low, high } = scale(values, rows);
  const labels = axisLabels(low, high, rows);
  const labelWidth = Math.max(...labels.map((label) => label.length));
  const columns = Math.max(MINIMUM_COLUMNS, options.width - labelWidth - 2);
  const cells = Array.from({ length: rows + 1 }, () => Array.from({ length: columns }, (): Cell => BLANK));
  for (const [index, one] of series.entries()) draw(cells, one.values, index, { low, high, rows, columns });
  const lines = cells.map((row, y) =>
    `${(labels[y] ?? '').padStart(labelWidth)} ┤${paint(row, options.color === true)}`.trimEnd(),
  );
  const indent = ' '.repeat(labelWidth + 1);
  const under = options.times === undefined ? [] : [indent + axisTimes(options.times, columns + 1)];
  return [legend, ...lines, `${indent}└${'─'.repeat(columns)}`, ...under].join('\n');
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}

/** From zero where that wastes less than half of the chart; ends on round numbers; a constant gets room around it. */
function scale(values: readonly number[], rows: number): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low >= 0 && low < high / 2) low = 0;
  if (high <= 0 && high > low / 2) high = 0;
  // Nearer together than a double can tell apart once divided into rows counts as constant.
  if (high - low <= Math.max(Math.abs(high), Math.abs(low)) * 1e-12) {
    if (high > 0) low = 0;
    else if (low < 0) high = 0;
    else high = 1;
  }
  // A denormal step cannot be divided into rows.
  for (let step = roundStep(Math.max((high - low) / rows, Number.MIN_VALUE * 1e16)); ; step = roundStep(step * 1.01)) {
    const bottom = Math.floor(low / step + 1e-9) * step;
    if (bottom + step * rows >= high - step * 1e-9) return { low: bottom, high: bottom + step * rows };
  }
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return ([1, 2, 2.5, 5].find((factor) => factor * power >= step * (1 - 1e-9)) ?? 10) * power;
}

/** As many decimals as the step between two lines needs; powers of ten where digits would not do. */
function axisLabels(low: number, high: number, rows: number): string[] {
  const step = (high - low) / rows;
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const power = Math.floor(Math.log10(step) + 1e-9);
  // A step of 2.5 needs one decimal more than a step of 2.
  const decimals = Math.max(0, -power + (Math.abs(step / 10 ** power - 2.5) < 1e-6 ? 1 : 0));
  const exponential = largest >= 1e9 || decimals > 6;
  return Array.from({ length: rows + 1 }, (_, y) => {
    const value = y === rows ? low : high - step * y;
    if (Math.abs(value) < step * 1e-9) return '0';
    return exponential ? value.toExponential(2) : value.toFixed(decimals);
  });
}

type Style = (typeof STYLES)[number];

interface Cell {
  symbol: string;
  style: Style | undefined;
}

const BLANK: Cell = { symbol: ' ', style: undefined };

/** One line of cells, neighbours of one colour painted together. */
function paint(row: readonly Cell[], color: boolean): string {
  if (!color) return row.map((cell) => cell.symbol).join('');
  let line = '';
  for (let start = 0; start < row.length; ) {
    const style = row[start]?.style;
    let end = start;
    while (end < row.length && row[end]?.style === style) end += 1;
    const text = row.slice(start, end).map((cell) => cell.symbol);
    line += style === undefined ? text.join('') : styleText(style.color, text.join(''), { validateStream: false });
    start = end;
  }
  return line;
}

interface Frame {
  low: number;
  high: number;
  rows: number;
  columns: number;
}

/** Draws one series over what is there. Each unbroken run of values is one asciichart plot. */
function draw(cells: Cell[][], values: ChartSeries['values'], index: number, frame: Frame): void {
  const style = STYLES[index % STYLES.length] ?? STYLES[0];
  const heights = stretch(values, frame.columns).map((value) =>
    isNumber(value) ? ((value - frame.low) / (frame.high - frame.low)) * frame.rows : undefined,
  );
  for (let start = 0; start < heights.length; start += 1) {
    if (heights[start] === undefined) continue;
    let end = start;
    while (end < heights.length && heights[end] !== undefined) end += 1;
    const run = heights.slice(start, end).filter(isNumber);
    if (run.length === 1) put(cells, frame.rows - Math.round(run[0] ?? 0), start, { symbol: '•', style });
    else {
      const symbols: Symbols = [...style.symbols];
      const drawn = plot(run, { min: 0, max: frame.rows, height: frame.rows, offset: 1, symbols, format: () => ' ' });
      for (const [y, line] of drawn.split('\n').entries()) {
        // The first column is asciichart's axis; the line itself is one symbol shorter than its values.
        const symbolsOfLine = Array.from(line).slice(1);
        for (const [x, symbol] of symbolsOfLine.entries())
          if (symbol !== ' ') put(cells, y, start + x, { symbol, style });
      }
      put(cells, frame.rows - Math.round(run.at(-1) ?? 0), end - 1, { symbol: style.line, style });
    }
    start = end;
  }
}

function put(cells: Cell[][], y: number, x: number, cell: Cell): void {
  const row = cells[y];
  if (row !== undefined && x < row.length) row[x] = cell;
}

/**
 * Brings values to exactly `columns`: the mean of what falls into a column, or a straight line between neighbours. A
 * gap stays a gap.
 */
function stretch(values: ChartSeries['values'], columns: number): (number | undefined)[] {
  const count = values.length;
  if (count === 0) return [];
  return Array.from({ length: columns }, (_, column) => {
    if (count > columns) {
      const from = Math.floor((column * count) / columns);
      const part = values
        .slice(from, Math.max(from + 1, Math.floor(((column + 1) * count) / columns)))
        .filter(isNumber);
      return part.length === 0 ? undefined : part.reduce((sum, value) => sum + value / part.length, 0);
    }
    const position = columns === 1 ? 0 : (column * (count - 1)) / (columns - 1);
    const left = values[Math.floor(position)];
    const right = values[Math.ceil(position)];
    const share = position - Math.floor(position);
    if (isNumber(left) && isNumber(right)) return left * (1 - share) + right * share;
    return share < 0.5 ? left : right;
  });
}

function drawLegend(series: readonly ChartSeries[], options: ChartOptions): string {
  const room = Math.max(8, Math.floor(options.width / Math.max(1, series.length)) - 14);
  const entries = series.map((one, index) => {
    const style = STYLES[index % STYLES.length] ?? STYLES[0];
    const line = style.line.repeat(2);
    const mark = options.color === true ? styleText(style.color, line, { validateStream: false }) : line;
    return `${mark} ${cut(plain(one.name), room)}${one.values.some(isNumber) ? '' : ' (no data)'}`;
  });
  const unit = options.unit === undefined ? '' : `  [${plain(options.unit)}]`;
  return `  ${entries.join('   ')}${unit}`;
}
