/** Why a text is not what its type says. */
export class RowError extends Error {}

/** The types that batch transform can filter and join. */
export type RowFormat = 'csv' | 'json' | 'jsonlines';

const FORMATS: Readonly<Record<string, RowFormat>> = {
  'text/csv': 'csv',
  'application/json': 'json',
  'application/jsonlines': 'jsonlines',
};

/** @param type a media type without parameters */
export const formatOf = (type: string): RowFormat | undefined => FORMATS[type];

/** The cells of a line of CSV (RFC 4180, without embedded newlines). A quote within a cell that is not quoted is none. @throws RowError */
export function readCells(line: string): string[] {
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (cell.lastIndex = 0; ; ) {
    const match = cell.exec(line);
    if (match === null) throw new RowError(`is no CSV: ${JSON.stringify(line.slice(0, 80))}`);
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return cells;
  }
}

/** The cells as a line, quoted only where they must be. */
export function writeCells(cells: readonly string[]): string {
  return cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
}

/** A number of JSON as it is written: no double keeps every integer. */
class Numeral {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Fewer digits in a row a double keeps. */
const LONG = /\d{16}/;
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const MARK = '\u0000';

/** JSON, its numbers as doubles, or as `Numeral`s where they may be longer. @throws RowError */
export function readJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RowError(`is no JSON: ${(error as Error).message}`);
  }
  if (!LONG.test(text)) return value;
  const marked = text.replace(TOKEN, (token) => (token.startsWith('"') ? token : JSON.stringify(`${MARK}${token}`)));
  return JSON.parse(marked, (_, one: unknown) =>
    typeof one === 'string' && one.startsWith(MARK) ? new Numeral(one.slice(MARK.length)) : one,
  );
}

/**
 * JSON without spaces, its keys in alphabetical order, as joined rows were recorded (facts 16.4).
 * @param digits significant digits of numbers that are no integers; undefined: all they have
 */
export function writeJson(value: unknown, digits: number | undefined): string {
  if (typeof value === 'number') return writeNumber(value, digits);
  if (value instanceof Numeral)
    return digits === undefined || /^-?\d+$/.test(value.text) ? value.text : writeNumber(Number(value.text), digits);
  if (Array.isArray(value)) return `[${value.map((one) => writeJson(one, digits)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${writeJson(record[key], digits)}`).join(',')}}`;
}

function writeNumber(value: number, digits: number | undefined): string {
  return digits === undefined || Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(digits)));
}
