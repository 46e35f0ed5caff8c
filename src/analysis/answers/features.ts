import type { Payload } from './captures.ts';
import { payloadText } from './captures.ts';
import { follow } from './path.ts';

/** Values of one row's input by column: `column 1` of CSV, keys of JSON. */
export type Features = readonly (readonly [column: string, value: string])[];

/** What each row of a request held, by column; no rows where it is neither CSV nor JSON of one member a row. */
export function featuresOf(payload: Payload | undefined, rows: number): Features[] {
  if (payload === undefined) return [];
  const text = payloadText(payload).trim();
  const found = isJson(text) ? fromJson(text) : text.split('\n').map(fromLine);
  return found.length === rows ? found : [];
}

/** The lines of CSV that were asked, as they are: each cell is a column. Undefined for JSON; none where they are not as many. */
export function csvLines(payload: Payload | undefined, rows: number): string[] | undefined {
  if (payload === undefined) return [];
  const text = payloadText(payload).trim();
  if (isJson(text)) return undefined;
  const lines = text.split('\n');
  return lines.length === rows ? lines : [];
}

/** Of a text that is no word its length says something: each is different. */
function lengthOf(key: string, value: unknown): Features {
  return typeof value === 'string' && value.length > LONGEST_WORD ? [[`length of ${key}`, String(value.length)]] : [];
}

/** As long as values of a column may be that are told apart. */
const LONGEST_WORD = 40;

function isJson(text: string): boolean {
  return /^[{[]/.test(text);
}

function fromLine(line: string): Features {
  return line.split(',').map((cell, i) => [columnName(i), cell.trim()] as const);
}

const names: string[] = [];

/** One text for all rows: there are as many cells as numbers in the captures. */
function columnName(i: number): string {
  return (names[i] ??= `column ${i + 1}`);
}

function fromJson(text: string): Features[] {
  let values: unknown[];
  try {
    values = [JSON.parse(text)];
  } catch {
    try {
      values = text.split('\n').map((line): unknown => JSON.parse(line));
    } catch {
      return [];
    }
  }
  const instances = values.length === 1 ? follow(values[0], ['instances'])[0] : undefined;
  const rows: unknown[] = Array.isArray(instances) ? instances : values;
  return rows.map((row) => {
    const inner = follow(row, ['features'])[0] ?? row;
    if (Array.isArray(inner)) return inner.map((value, i) => [columnName(i), String(value)] as const);
    if (typeof inner !== 'object' || inner === null) return [];
    return Object.entries(inner).flatMap(([key, value]) =>
      typeof value === 'object' ? [] : [[key, String(value)] as const, ...lengthOf(key, value)],
    );
  });
}
