/** The lines of CSV as cells, quotes undone; a quoted cell may hold commas and line ends (RFC 4180). */
export function csvRecords(text: string): string[][] {
  if (!text.includes('"')) return text.split('\n').map((line) => line.split(',').map((cell) => cell.trim()));
  const records: string[][] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i] as string;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else quoted = false;
    } else if (c === '"' && cell.trim() === '') {
      quoted = true;
      cell = '';
    } else if (c === ',' || c === '\n') {
      cells.push(cell.trim());
      cell = '';
      if (c === '\n') {
        records.push(cells);
        cells = [];
      }
    } else cell += c;
  }
  return [...records, [...cells, cell.trim()]];
}

/** A list as Python or JSON prints it, `[0.1, 0.9]` or `['no', 'yes']`; undefined for anything else. */
export function printedList(cell: string): (number | string)[] | undefined {
  if (!/^\[.*\]$/s.test(cell)) return undefined;
  const inner = cell.slice(1, -1).trim();
  if (inner === '') return [];
  const parts = inner.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,]+/g) ?? [];
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const word = /^(['"])(.*)\1$/s.exec(part)?.[2];
      if (word !== undefined) return word.replaceAll(/\\(.)/g, '$1');
      const value = Number(part);
      return Number.isNaN(value) ? part : value;
    });
}
