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

/** A number of JSON as it is written: no double could keep every integer. */
class Numeral {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const MARK = '\u0000';

/** JSON, its numbers as `Numeral`s. @throws RowError */
export function readJson(text: string): unknown {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new RowError(`is no JSON: ${(error as Error).message}`);
  }
  const marked = text.replace(TOKEN, (token) => (token.startsWith('"') ? token : JSON.stringify(`${MARK}${token}`)));
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? new Numeral(value.slice(MARK.length)) : value,
  );
}

/**
 * JSON without spaces, its keys in alphabetical order, as joined rows were recorded (facts 16.4).
 * @param digits significant digits of numbers that are no integers; undefined: as they are written
 */
export function writeJson(value: unknown, digits: number | undefined): string {
  if (value instanceof Numeral) return writeNumber(value.text, digits);
  if (Array.isArray(value)) return `[${value.map((one) => writeJson(one, digits)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${writeJson(one, digits)}`).join(',')}}`;
}

function writeNumber(text: string, digits: number | undefined): string {
  if (digits === undefined || /^-?\d+$/.test(text)) return text;
  return String(Number(Number(text).toPrecision(digits)));
}
