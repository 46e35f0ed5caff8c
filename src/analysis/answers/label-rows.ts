import { csvTable, csvValue, decimalPoint, withoutGuard } from '../../base/csv.ts';
import { isObject } from '../../base/json.ts';
import { jsonRecords } from '../../base/json-records.ts';
import { parseLiteral } from '../../base/literal.ts';
import { groundTruth } from './ground-truth.ts';

/** A row of a file of labels: its values by name, or undefined where it cannot be read. */
export interface LabelRow {
  /** From 1; that of its first line. */
  line: number;
  values: Record<string, string> | undefined;
  /** The columns of a file that has a header, in their order. */
  names?: readonly string[];
  /** Why it cannot be read, in a few words that many rows share. */
  flaw?: string;
  /** More about it, with how it begins. */
  why?: string;
}

/** Characters of a broken line that are shown. */
const SHOWN = 60;

/**
 * The rows of a file of labels: CSV with a header (commas, semicolons, tabs or bars), or records of JSON or Python,
 * however they are laid out.
 */
export function labelRows(text: string): Iterable<LabelRow> {
  return /^[\s,]*[{[(]/.test(text) ? recordRows(text) : csvRows(text);
}

function* recordRows(text: string): Generator<LabelRow> {
  const records = jsonRecords(text);
  const { value: first } = records.next();
  if (!first) return;
  const second = records.next();
  // One record that does nothing but hold the others.
  const inner = second.done === true ? listIn(exact(first.value, first.text)) : undefined;
  if (inner !== undefined) {
    for (const one of inner) yield* rowsOf({ ...first, value: one, text: JSON.stringify(one) });
    return;
  }
  yield* rowsOf(first);
  if (second.done !== true) yield* rowsOf(second.value);
  for (const record of records) yield* rowsOf(record);
}

/** `{"records": [{…}, {…}]}`: the only member that is a list of objects, where no other holds anything but a plain value. */
function listIn(value: unknown): Record<string, unknown>[] | undefined {
  if (!isObject(value)) return undefined;
  const [list, ...others] = Object.values(value).filter((one) => typeof one === 'object' && one !== null);
  return others.length === 0 && Array.isArray(list) && list.length > 0 && list.every(isObject) ? list : undefined;
}

function* rowsOf({
  line,
  text,
  value,
  flaw,
}: {
  line: number;
  text: string;
  value: unknown;
  flaw: string | undefined;
}): Generator<LabelRow> {
  const begins = text.slice(0, SHOWN);
  if (flaw !== undefined) return yield { line, values: undefined, flaw, why: `${flaw}: ${begins}` };
  const whole = exact(value, text);
  // SageMaker's own form has a label for each row of a request.
  const labelled = groundTruth(whole);
  if (labelled !== undefined) for (const row of labelled) yield { line, values: membersOf(row) };
  else if (isObject(whole)) yield { line, values: membersOf(whole) };
  else yield { line, values: undefined, flaw: 'not an object', why: `not an object with names: ${begins}` };
}

/** The value of a text; integers that are too large for a number are read again as the text of their digits. */
function exact(value: unknown, text: string): unknown {
  if (!/[:[,(]\s*-?\d{16,}\s*[,}\])]/.test(text)) return value;
  try {
    return parseLiteral(text);
  } catch {
    return value;
  }
}

function membersOf(members: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(members).map(([key, one]) => [key, plain(one)]));
}

/** A value as text, nothing for what stands for nothing. */
function plain(value: unknown): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function* csvRows(text: string): Generator<LabelRow> {
  const { separator, records } = csvTable(text);
  let header: string[] | undefined;
  for (const { line, text: content, fields, flaw } of records) {
    const cells = fields?.map((field) => withoutGuard(csvValue(field)));
    if (header === undefined) {
      header = (cells ?? [content]).map((name) => name.trim());
      continue;
    }
    const begins = content.slice(0, SHOWN);
    if (cells === undefined) yield { line, values: undefined, flaw: flaw ?? '', why: `${flaw}: ${begins}` };
    else if (cells.length !== header.length) {
      const many = `${cells.length} values under a header of ${header.length}`;
      yield { line, values: undefined, flaw: 'another number of values than the header', why: `${many}: ${begins}` };
    } else if (cells.every((cell, i) => cell.trim() === header?.[i]))
      yield { line, values: undefined, flaw: 'the header again', why: `the header again: ${begins}` };
    else yield { line, names: header, values: zip(header, separator === ';' ? cells.map(decimalPoint) : cells) };
  }
}

function zip(header: readonly string[], cells: readonly string[]): Record<string, string> {
  return Object.fromEntries(header.map((name, i) => [name, cells[i] ?? '']));
}
