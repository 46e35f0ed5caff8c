/*
 * Results as Athena keeps them in S3: every cell in quotes, a NULL without, so that it is not an empty text (Athena User Guide,
 * "Working with query results").
 */

type Row = readonly (string | null)[];

/** `"a","b"`; a line for each row. */
export function resultCsv(rows: readonly Row[]): string {
  return rows
    .map((row) => `${row.map((cell) => (cell === null ? '' : `"${cell.replaceAll('"', '""')}"`)).join(',')}\n`)
    .join('');
}

/** The rows of such a file. */
export function readResultCsv(text: string): Row[] {
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  const cell = /"((?:[^"]|"")*)"|(?=[,\n])/y;
  for (let at = 0; at < text.length; ) {
    cell.lastIndex = at;
    const found = cell.exec(text);
    if (found === null) throw new Error('the result is not as it was written');
    row.push(found[1] === undefined ? null : found[1].replaceAll('""', '"'));
    at = cell.lastIndex;
    if (text[at] === '\n') {
      rows.push(row);
      row = [];
    }
    at += 1;
  }
  return rows;
}
