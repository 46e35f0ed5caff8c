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
    numbers.includes(column) ? cell : wrapped(cell, colWidths[column] ?? textWidth(cell));
  const cells = plainRows.map((row) => row.map(broken));
  const drawn = (row: readonly string[]) => joined(row, colWidths, numbers);
  const titles = drawn(head.map(broken));
  const rest = cells.flatMap(drawn).map((line) => indent + line);
  if (head.every((title) => title === '')) return rest.join('\n');
  return [...titles.map((line) => indent + paint(io, 'title', line)), ...rest].join('\n');
}

/** The lines of a row whose cells are broken into lines: the columns side by side, without spaces at their ends. */
function joined(row: readonly string[], widthsOf: readonly number[], right: readonly number[]): string[] {
  const cells = row.map((cell) => cell.split('\n'));
  return Array.from({ length: Math.max(...cells.map(({ length }) => length)) }, (_, line) =>
    cells
      .map((lines, column) => {
        const text = lines[line] ?? '';
        const room = ' '.repeat(Math.max(0, (widthsOf[column] ?? 0) - textWidth(text)));
        return right.includes(column) ? room + text : text + room;
      })
      .join(GAP)
      .trimEnd(),
  );
}
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
