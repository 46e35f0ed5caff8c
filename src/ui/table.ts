import type { TableConstructorOptions } from 'cli-table3';
import { type Io, plain } from './io.ts';
import { paint } from './theme.ts';

/** Alignment per column; left where it is not said. */
export interface TableOptions {
  right?: readonly number[];
  indent?: string;
}

/** Between two columns. */
const GAP = '  ';

/**
 * A table without ornament: a head, a line under it, rows. It fits into the terminal: the last column is broken into
 * lines where it must be. Cells are stripped of control characters.
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
  const colWidths = widths(head, plainRows, io.columns - indent.length);
  const cells = plainRows.map((row) =>
    row.map((cell, column) => (column === head.length - 1 ? wrapped(cell, colWidths[column] ?? cell.length) : cell)),
  );
  const config: TableConstructorOptions = {
    chars: NO_LINES,
    // cli-table3 colours even into a pipe unless told not to.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, column) => (options.right?.includes(column) === true ? 'right' : 'left')),
    colWidths,
  };
  const drawn = new Table(config);
  drawn.push([...head], ...cells.map((row) => [...row]));
  const [first = '', ...rest] = drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  if (head.every((title) => title === '')) return rest.map((line) => indent + line).join('\n');
  return [indent + paint(io, 'title', first), ...rest.map((line) => indent + line)].join('\n');
}

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

/** Broken at spaces where that is possible, else where the room ends: a name must stay whole, but nothing may get lost. */
function wrapped(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    for (; line.length > width; line = line.slice(width)) lines.push(line.slice(0, width));
  }
  return [...lines, line].join('\n');
}

/** As wide as the widest cell; the last column gets what is left, at least eight. */
function widths(head: readonly string[], rows: readonly (readonly string[])[], columns: number): number[] {
  const natural = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const others = natural.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  const last = natural.at(-1) ?? 0;
  return [...natural.slice(0, -1), Math.max(1, Math.min(last, Math.max(8, columns - others)))];
}
