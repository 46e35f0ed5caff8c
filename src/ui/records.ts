import { type Io, plain } from './io.ts';
import { fitsByWords, fitsWhole, table } from './table.ts';
import { paint } from './theme.ts';
import { wrap } from './wrap.ts';
import { padEnd, textWidth } from './width.ts';

/**
 * Rows as a table where every name fits into one unbroken; else each row as a few lines under its first cell, so that
 * no name is lost or torn. A column without a title stands behind the first cell.
 * @param breaks `cells`: a table too where each cell may be broken at spaces, and only there
 */
export async function records(
  io: Pick<Io, 'color' | 'columns'>,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  indent = '',
  breaks: 'rows' | 'cells' = 'rows',
): Promise<string> {
  if (breaks === 'cells' && fitsByWords(head, rows, io.columns - indent.length))
    return table(io, head, rows, { indent, byWords: true });
  if (fitsWhole(head, rows, io.columns - indent.length)) return table(io, head, rows, { indent });
  const width = Math.max(...head.slice(1).map(textWidth)) + 2;
  const blocks = rows.map((row) => {
    const [name = '', ...rest] = row.map(plain);
    const untitled = rest.filter((cell, i) => head[i + 1] === '' && cell !== '');
    const lines = rest.flatMap((cell, i) => {
      const title = head[i + 1] ?? '';
      if (title === '' || cell === '') return [];
      const lead = `${indent}  ${padEnd(title, width)}`;
      return wrap(`${lead}${cell}`, io.columns, ' '.repeat(textWidth(lead)));
    });
    return [`${indent}${[paint(io, 'name', name), ...untitled].join(', ')}`, ...lines].join('\n');
  });
  return blocks.join('\n');
}
