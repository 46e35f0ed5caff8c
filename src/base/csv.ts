/** A record of CSV. */
export interface CsvRecord {
  /** From 1; that of its first line. */
  line: number;
  /** As it stands in the file, without its line end. */
  text: string;
  /** As they stand in the file, quotation marks included; undefined where they cannot be told apart. */
  fields: string[] | undefined;
  /** Why they cannot be told apart. */
  flaw: QuoteFlaw | undefined;
}

type QuoteFlaw = 'a quote that is not closed' | 'text after a closed quote';

/** What may stand between the cells of a line. */
const SEPARATORS = [',', ';', '\t', '|'] as const;
type Separator = (typeof SEPARATORS)[number];

/**
 * The records of CSV; lines without anything are left out. Cells may be quoted, and hold separators, doubled quotes and
 * line ends then (RFC 4180), with spaces around the quotes. A quote that is not closed would take in line after line: a
 * record of several lines counts only with as many cells as the first record has, else only its first line is lost.
 */
export function* csvRecords(text: string, separator: Separator): Generator<CsvRecord> {
  let width: number | undefined;
  for (let at = 0, line = 1; at < text.length; ) {
    const end = endOfLine(text, at);
    const content = text.slice(at, end).replace(/\r$/, '');
    let next = end + 1;
    let taken = 1;
    if (content.trim() !== '') {
      const record: CsvRecord = { line, text: content, fields: undefined, flaw: undefined };
      if (!content.includes('"')) record.fields = content.split(separator);
      else {
        const quoted = quotedRecord(text, at, separator);
        if (typeof quoted === 'string') record.flaw = quoted;
        else if (quoted.end > end && width !== undefined && quoted.fields.length !== width)
          record.flaw = 'a quote that is not closed';
        else {
          record.fields = quoted.fields;
          record.text = text.slice(at, quoted.end).replace(/\r$/, '');
          taken = record.text.split('\n').length;
          next = quoted.end + 1;
        }
      }
      width ??= record.fields?.length;
      yield record;
    }
    at = next;
    line += taken;
  }
}

/** A whole file of CSV. */
export interface CsvTable {
  separator: Separator;
  records: Iterable<CsvRecord>;
}

/** The records of a file, whatever separates its cells; Excel says it in a first line of its own (`sep=;`). */
export function csvTable(text: string): CsvTable {
  const said = /^\s*"?sep=([,;\t|])"?[^\S\n]*\n/.exec(text);
  const separator = said === null ? separatorOf(text) : (said[1] as Separator);
  // The line counts, and is none of the records.
  return { separator, records: csvRecords(said === null ? text : `\n${text.slice(said[0].length)}`, separator) };
}

/** The value of a field: quotation marks undone, with the spaces around them; anything else as it stands there. */
export function csvValue(field: string): string {
  if (!field.includes('"')) return field;
  const text = field.trim();
  return text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replaceAll('""', '"')
    : field;
}

/** A value as a cell between commas: quoted where it must be. */
export function csvCell(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** What a spreadsheet takes for the beginning of a formula; a number, or a row of numbers, is none. */
const FORMULA = /^[=+\-@\t\r\n]/;
const NUMBERS = /^[-+]?(?:\d[\d.eE+,; -]*|\.\d[\d.eE+,; -]*)$/;

/** A value as a cell of a file that may be opened in a spreadsheet: no content of it is a formula there. */
export function spreadsheetCell(value: string): string {
  return csvCell(FORMULA.test(value) && !NUMBERS.test(value) ? `'${value}` : value);
}

/** The value of a cell that `spreadsheetCell` wrote. */
export function withoutGuard(value: string): string {
  return value.startsWith("'") && FORMULA.test(value.slice(1)) ? value.slice(1) : value;
}

/**
 * What separates the cells of a file: the only one of comma, semicolon, tab and bar that stands in its first line. Of
 * several, the only one that gives the first two records as many cells, with none of the others in a cell that is not
 * quoted (but for decimal commas); or else the only one that gives them as many cells; a comma where that does not tell.
 */
export function separatorOf(text: string): Separator {
  const first = /^\s*\S[^\n]*/.exec(text)?.[0].replaceAll(/"(?:[^"]|"")*"/g, '') ?? '';
  const found = SEPARATORS.filter((one) => first.includes(one));
  if (found.length < 2) return found[0] ?? ',';
  const fitting = found.flatMap((separator) => {
    const rows = firstTwo(text, separator);
    const even = rows.every((row) => row !== undefined && row.length > 1 && row.length === rows[0]?.length);
    return even ? [{ separator, cells: rows.flatMap((row) => row ?? []) }] : [];
  });
  const clean = fitting.filter(({ separator, cells }) =>
    cells.every((cell) => {
      const rest = separator === ';' ? decimalPoint(cell) : cell;
      return rest.includes('"') || SEPARATORS.every((one) => !rest.includes(one));
    }),
  );
  const [only, another] = clean.length > 0 ? clean : fitting;
  return another === undefined ? (only?.separator ?? ',') : ',';
}

function firstTwo(text: string, separator: Separator): (string[] | undefined)[] {
  const found: (string[] | undefined)[] = [];
  for (const { fields } of csvRecords(text, separator)) if (found.push(fields) === 2) break;
  return found;
}

/** The fields of a record that begins here, and where its last line ends. */
function quotedRecord(
  text: string,
  start: number,
  separator: Separator,
): { fields: string[]; end: number } | QuoteFlaw {
  const fields: string[] = [];
  for (let at = start; ; ) {
    const begin = at;
    const quote = afterBlanks(text, at, separator);
    if (text[quote] === '"') {
      at = quote + 1;
      for (;;) {
        const close = text.indexOf('"', at);
        if (close < 0) return 'a quote that is not closed';
        at = close + 1;
        if (text[at] !== '"') break;
        at += 1;
      }
      const closed = at;
      at = afterBlanks(text, at, separator);
      if (text[at] === '\r') at += 1;
      if (at < text.length && text[at] !== separator && text[at] !== '\n') return 'text after a closed quote';
      fields.push(text.slice(begin, text[at - 1] === '\r' ? at - 1 : Math.max(closed, at)));
    } else {
      const end = endOfLine(text, at);
      const next = text.indexOf(separator, at);
      const stop = next < 0 || next > end ? end : next;
      fields.push(text.slice(at, stop).replace(/\r$/, ''));
      at = stop;
    }
    if (text[at] !== separator) return { fields, end: at };
    at += 1;
  }
}

function afterBlanks(text: string, from: number, separator: Separator): number {
  let at = from;
  while (text[at] === ' ' || (text[at] === '\t' && separator !== '\t')) at += 1;
  return at;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Where semicolons separate, a comma stands before the decimals: `0,5` is 0.5 there. */
export function decimalPoint(cell: string): string {
  return /^\s*-?\d+,\d+\s*$/.test(cell) ? cell.replace(',', '.') : cell;
}

/** Values without a single number are taken for a header: no model of numbers could answer them. */
export function isHeader(values: readonly string[]): boolean {
  const words = values.map((value) => value.trim());
  return words.some((word) => word !== '') && words.every((word) => word === '' || Number.isNaN(Number(word)));
}
