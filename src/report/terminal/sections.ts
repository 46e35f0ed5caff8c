import type { LabelSums } from '../../analysis/predictions.ts';
import { cut } from '../../ui/cut.ts';
import { plain } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';
import { paint } from '../../ui/theme.ts';
import { wrap } from '../../ui/wrap.ts';
import type { Section, Table } from '../content/section.ts';
import type { RenderOptions } from '../report.ts';
import { count } from '../../base/units.ts';
import { padEnd, padStart, textWidth } from '../../ui/width.ts';

/** Of rows that stand out, so many are enough on a terminal; of others, so many. */
const MAX_NOTABLE = 8;
const MAX_ROWS = 15;
/** A column of words is not cut to less than this. */
const MIN_WORDS_WIDTH = 12;
/** From so many columns on there is room for everything. */
const WIDE = 110;

/** A section for a terminal; empty where it has nothing to point at. */
export async function drawSection(section: Section, options: RenderOptions): Promise<string> {
  const { notable } = section;
  if (notable === 0) return '';
  const most = notable === undefined ? MAX_ROWS : Math.min(notable, MAX_NOTABLE);
  const drawn: string[] = [];
  for (const one of section.tables) drawn.push(...(drawn.length > 0 ? [''] : []), await drawTable(one, most, options));
  return [
    paint(options, 'title', section.title),
    ...section.sentences.flatMap((words) => indented(wrap(plain(words), options.columns - 2, '  '))),
    ...(section.confusion === undefined ? [] : [confusion(section.confusion, options)]),
    ...drawn,
    ...(section.quotes === undefined
      ? []
      : [
          `  ${section.quotes.title}:`,
          ...section.quotes.lines.map((line) => cut(`    ${plain(line)}`, options.columns)),
        ]),
    ...(section.remark === undefined ? [] : [remark(section.remark, options)]),
  ].join('\n');
}

/** Draws a section of a short report: its sentences, and of its tables the rows that a short report has. */
export async function drawBrief(section: Section, options: RenderOptions): Promise<string> {
  const tables: Table[] = [];
  for (const one of section.tables)
    if (one.inShort !== undefined) tables.push({ ...one, rows: one.rows.filter((_, i) => one.inShort?.includes(i)) });
  if (section.notable === 0 || section.sentences.length + tables.length === 0) return '';
  const { title, sentences } = section;
  const remark = section.remark !== undefined && tables.length > 0 ? { remark: section.remark } : {};
  return drawSection({ title, sentences, tables, ...remark }, options);
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function remark(words: string, options: RenderOptions): string {
  return indented(wrap(words, options.columns - 2))
    .map((line) => paint(options, 'quiet', line))
    .join('\n');
}

async function drawTable({ columns, rows }: Table, most: number, options: RenderOptions): Promise<string> {
  const kept = columns.flatMap((column, i) => (column.wide === true && options.columns < WIDE ? [] : [{ column, i }]));
  const cells = rows
    .slice(0, most)
    .map((row, r) =>
      kept.map(({ i }, place) => (place === 0 ? under(plain(row[i] ?? ''), rows[r - 1]?.[i]) : plain(row[i] ?? ''))),
    );
  const widths = fit(
    kept.map(({ column }, place) => ({
      natural: Math.max(
        textWidth(column.title),
        ...cells.map((row) => Math.min(textWidth(row[place] ?? ''), column.words ?? Infinity)),
      ),
      words: column.words !== undefined,
    })),
    options.columns - 2,
  );
  const shown = cells.map((row) => row.map((cell, place) => cut(cell, widths[place] ?? textWidth(cell))));
  const right = kept.flatMap(({ column }, place) => (column.number === true ? [place] : []));
  const titles = kept.map(({ column }) => column.title);
  const drawn = await table(options, titles, shown, { right, indent: '  ' });
  return rows.length <= most ? drawn : `${drawn}\n  ${rows.length - most} more; --format html and json have them.`;
}

/** Columns of words give way until the table fits: the last first, the first, which names the row, last. */
function fit(columns: readonly { natural: number; words: boolean }[], room: number): number[] {
  const widths = columns.map((column) => column.natural);
  let over = widths.reduce((sum, width) => sum + width + 2, -2) - room;
  for (let place = widths.length - 1; place >= 0 && over > 0; place -= 1) {
    const width = widths[place] ?? 0;
    if (columns[place]?.words !== true) continue;
    const less = Math.min(over, Math.max(0, width - MIN_WORDS_WIDTH));
    widths[place] = width - less;
    over -= less;
  }
  return widths;
}

/** `ModelLatency p99` below `ModelLatency p90` is `  p99`. */
function under(title: string, above: string | undefined): string {
  const [first = '', ...rest] = title.split(' ');
  return rest.length > 0 && above?.split(' ')[0] === first ? `  ${rest.join(' ')}` : title;
}

/** Confusion matrix, as many columns as fit. */
function confusion({ confusion: { labels, counts } }: LabelSums, options: RenderOptions): string {
  const shown = labels.map((name) => cut(plain(name), 10) || "''");
  const cells = counts.map((row) => row.map(count));
  const width = Math.max(6, ...shown.map(textWidth), ...cells.flat().map(textWidth)) + 2;
  const rowHead = Math.max(14, ...shown.map((name) => textWidth(name) + 2));
  const fits = Math.max(1, Math.floor((options.columns - rowHead - 2) / width));
  const line = (head: string, values: readonly string[]) =>
    `  ${padEnd(head, rowHead)}${values
      .slice(0, fits)
      .map((value) => padStart(value, width))
      .join('')}`.trimEnd();
  return [
    line('production ↓', ['shadow →']),
    line('', shown),
    ...shown.map((name, i) => line(name, cells[i] ?? [])),
    ...(fits < shown.length ? [`  ${shown.length - fits} more columns do not fit; --format json has them all.`] : []),
  ].join('\n');
}
