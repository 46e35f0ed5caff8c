import type { TableConstructorOptions } from 'cli-table3';
import { type Io, plain } from './io.ts';
import { paint } from './theme.ts';
import { graphemes, takeStart, textWidth } from './width.ts';

/** Alignment per column; left where it is not said. */
export interface TableOptions {
  right?: readonly number[];
  /** Columns of names, which are broken only where nothing else gives way any more. */
  whole?: readonly number[];
  /** No word is broken, which `fitsByWords` says is possible. */
  byWords?: true;
  indent?: string;
}

/** Between two columns. */
const GAP = '  ';

/**
 * A table without ornament: a head, rows. It fits into the terminal: the last column is broken into lines where it must
 * be, then whichever is widest. Nothing is lost: names are broken at their hyphens. Cells are stripped of control
 * characters.
 */
export async function table(
  io: Pick<Io, 'color' | 'columns'>,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const indent = options.indent ?? '';
  const plainRows = rows.map((row) => row.map(plain));
  const numbers = options.right ?? [];
  const colWidths = widths(head, plainRows, {
    room: io.columns - indent.length,
    numbers,
    names: options.whole ?? [],
    byWords: options.byWords === true,
  });
  const broken = (cell: string, column: number) =>
    (numbers.includes(column) ? cell : wrapped(cell, colWidths[column] ?? textWidth(cell))).split('\n');
  const [titles = [], ...cells] = [head, ...plainRows].map((row) => sideBySide(row.map(broken)));
  const config: TableConstructorOptions = {
    chars: NO_LINES,
    // cli-table3 colours even into a pipe unless told not to.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, column) => (numbers.includes(column) ? 'right' : 'left')),
    colWidths,
  };
  const drawn = new Table(config);
  const stand = standIns();
  drawn.push(...[titles, ...cells].flatMap((lines) => lines.map((row) => row.map(stand.in))));
  const lines = stand
    .out(drawn.toString())
    .split('\n')
    .map((line) => line.trimEnd());
  const rest = lines.slice(titles.length).map((line) => indent + line);
  if (head.every((title) => title === '')) return rest.join('\n');
  return [...lines.slice(0, titles.length).map((line) => indent + paint(io, 'title', line)), ...rest].join('\n');
}

/**
 * A row of cells of several lines as rows of one line each: cli-table3 breaks cells that have several again, and takes
 * seconds where they have thousands.
 */
function sideBySide(cells: readonly (readonly string[])[]): string[][] {
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => cells.map((lines) => lines[line] ?? ''));
}

/**
 * cli-table3 measures characters by its own, older rules. So that its columns are ours, it is given one private character
 * for each column that a character outside ASCII takes, and they are exchanged for the characters again in what it drew.
 */
function standIns(): { in: (text: string) => string; out: (drawn: string) => string } {
  const shown: string[] = [];
  const known = new Map<string, string>();
  const standIn = (grapheme: string) => {
    const width = textWidth(grapheme);
    if (/^[\n\x20-\x7e]$/.test(grapheme) || width === 0) return grapheme;
    const found = known.get(grapheme) ?? String.fromCodePoint(FIRST_STAND_IN + shown.length) + FILLER.repeat(width - 1);
    if (!known.has(grapheme)) {
      known.set(grapheme, found);
      shown.push(grapheme);
    }
    return found;
  };
  return {
    in: (text) => graphemes(text).map(standIn).join(''),
    out: (drawn) =>
      drawn
        .replaceAll(FILLER, '')
        .replace(/[\u{f0000}-\u{ffffd}]/gu, (one) => shown[(one.codePointAt(0) ?? 0) - FIRST_STAND_IN] ?? one),
  };
}

/** Private characters (plane 15), more than a table has different ones. Where text holds one, it gets a stand-in itself. */
const FIRST_STAND_IN = 0xf0000;
const FILLER = '\u{10fffd}';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: GAP,
};

/** Broken at spaces where that is possible, else after a hyphen, a slash or a colon, else where the room ends. */
function wrapped(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (textWidth(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (textWidth(line) > width) {
      const most = takeStart(line, width);
      const joint = Math.max(...['-', '/', ':'].map((sign) => most.lastIndexOf(sign))) + 1;
      // A column is at least as wide as the widest character.
      const end = joint > width / 3 ? joint : Math.max(most.length, graphemes(line)[0]?.length ?? 1);
      lines.push(line.slice(0, end));
      line = line.slice(end);
    }
  }
  return [...lines, line].join('\n');
}

/** Whether a table fits into `room` columns with no cell broken but those of the last column, and those not to slivers. */
export function fitsWhole(head: readonly string[], rows: readonly (readonly string[])[], room: number): boolean {
  const cells = rows.map((row) => row.map(plain));
  const widest = (column: number) =>
    Math.max(textWidth(head[column] ?? ''), ...cells.map((row) => textWidth(row[column] ?? '')));
  const last = head.length - 1;
  const others = head.slice(0, last).reduce((sum, _, column) => sum + widest(column) + GAP.length, 0);
  return others + Math.min(widest(last), LAST_COLUMN) <= room;
}

/** Whether a table fits into `room` columns with cells broken at spaces alone. */
export function fitsByWords(head: readonly string[], rows: readonly (readonly string[])[], room: number): boolean {
  const cells = rows.map((row) => row.map(plain));
  const words = head.map((title, column) => longestWord([title, ...cells.map((row) => row[column] ?? '')]));
  return words.reduce((sum, width) => sum + width + GAP.length, -GAP.length) <= room;
}

function longestWord(texts: readonly string[]): number {
  return Math.max(1, ...texts.flatMap((text) => text.split(' ').map(textWidth)));
}

/** The last column gives way down to this many characters before any other does. */
const LAST_COLUMN = 24;
/** No column is made narrower. */
const MIN_COLUMN = 8;

/**
 * As wide as the widest cell. Where that does not fit, the last column becomes narrower, then the widest of all, again
 * and again, then those of `names`; columns of `numbers` stay whole.
 */
function widths(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  {
    room,
    numbers,
    names,
    byWords,
  }: { room: number; numbers: readonly number[]; names: readonly number[]; byWords: boolean },
): number[] {
  const found = head.map((title, column) =>
    Math.max(1, textWidth(title), ...rows.map((row) => textWidth(row[column] ?? ''))),
  );
  const last = found.length - 1;
  let over = found.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - room;
  const narrow = (column: number, to: number) => {
    const by = Math.min(over, Math.max(0, (found[column] ?? 0) - to));
    found[column] = (found[column] ?? 0) - by;
    over -= by;
  };
  const least = head.map((title, column) =>
    byWords ? longestWord([title, ...rows.map((row) => row[column] ?? '')]) : MIN_COLUMN,
  );
  const giveWay = (columns: readonly number[]) => {
    while (over > 0) {
      const [widest, next] = columns
        .filter((column) => (found[column] ?? 0) > (least[column] ?? MIN_COLUMN))
        .toSorted((a, b) => (found[b] ?? 0) - (found[a] ?? 0));
      if (widest === undefined) break;
      narrow(
        widest,
        Math.max(least[widest] ?? MIN_COLUMN, Math.min(found[next ?? widest] ?? 0, (found[widest] ?? 0) - 1)),
      );
    }
  };
  const mayGive = found.map((_, column) => column).filter((column) => !numbers.includes(column));
  if (mayGive.includes(last) && !byWords) narrow(last, LAST_COLUMN);
  giveWay(mayGive.filter((column) => !names.includes(column)));
  giveWay(mayGive);
  return found;
}
