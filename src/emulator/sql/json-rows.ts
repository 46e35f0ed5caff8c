import { QueryFailure } from './failure.ts';
import type { HiveType } from './hive-types.ts';
import { ExactNumber, parseExact, printExact } from './json-text.ts';
import { type Field, linesOf } from './lines.ts';
import type { ObjectSource } from './source.ts';

/**
 * The rows of an object of JSON lines as the OpenX SerDe reads it: names in lower case, members that are missing NULL, values
 * made to fit their columns; a blank line is a row of NULLs.
 *
 * @throws QueryFailure at a line that is no JSON object, unless these are ignored: then all its columns are NULL
 */
export async function jsonRows(
  object: ObjectSource,
  columns: readonly Field[],
  ignoreMalformed: boolean,
): Promise<Record<string, unknown>[]> {
  const rowOf = (found: Map<string, unknown>, isExact = false) =>
    Object.fromEntries(columns.map(({ name, type }) => [name, fitted(found.get(name), type, name, isExact)]));
  const lines = await linesOf(object);
  return lines.map((line) => {
    if (line.trim() === '') return rowOf(new Map());
    const value = parsed(line, object.uri, ignoreMalformed);
    try {
      return rowOf(value);
    } catch (error) {
      if (!(error instanceof Inexact)) throw error;
      return rowOf(members(parseExact(line) as object), true);
    }
  });
}

/** A number is wanted as it stands in the line, which JavaScript's own reader does not tell. */
class Inexact extends Error {}

/** The members of a line by their names in lower case. */
function parsed(line: string, uri: string, ignoreMalformed: boolean): Map<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (ignoreMalformed) return new Map();
    throw malformed(uri, error instanceof Error ? error.message : String(error));
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return members(value);
  if (ignoreMalformed) return new Map();
  throw malformed(uri, 'a line is no object');
}

function malformed(uri: string, why: string): QueryFailure {
  return new QueryFailure('HIVE_CURSOR_ERROR', `Row is not a valid JSON Object - JSONException: ${why} (${uri})`);
}

/** @throws QueryFailure where two names differ by case alone, as the SerDe does */
function members(value: object): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, member] of Object.entries(value)) {
    const lower = name.toLowerCase();
    if (found.has(lower))
      throw new QueryFailure(
        'HIVE_CURSOR_ERROR',
        `Row is not a valid JSON Object - JSONException: Duplicate key "${lower}"`,
      );
    found.set(lower, member);
  }
  return found;
}

const WHOLE: Readonly<Record<string, [bigint, bigint]>> = {
  tinyint: [-(2n ** 7n), 2n ** 7n],
  smallint: [-(2n ** 15n), 2n ** 15n],
  int: [-(2n ** 31n), 2n ** 31n],
  integer: [-(2n ** 31n), 2n ** 31n],
  bigint: [-(2n ** 63n), 2n ** 63n],
};

/**
 * A value as its column takes it; for DuckDB's reader of JSON.
 *
 * @param isExact numbers are as they stand in the line
 * @throws Inexact where that is needed, and they are not
 */
function fitted(value: unknown, type: HiveType, column: string, isExact: boolean): unknown {
  if (value === undefined || value === null) return null;
  const wrong = () =>
    new QueryFailure('HIVE_BAD_DATA', `Error parsing field value for column ${column}: ${printExact(value)}`);
  if (type.kind === 'array') {
    if (!Array.isArray(value)) throw wrong();
    return value.map((one) => fitted(one, type.of, column, isExact));
  }
  if (type.kind !== 'plain') {
    if (typeof value !== 'object' || Array.isArray(value) || value instanceof ExactNumber) throw wrong();
    if (type.kind === 'map')
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, fitted(one, type.value, column, isExact)]),
      );
    const found = members(value);
    return Object.fromEntries(
      type.fields.map((field) => [field.name, fitted(found.get(field.name), field.type, column, isExact)]),
    );
  }
  if (/^(?:string|varchar|char)$/.test(type.name)) {
    if (typeof value === 'string') return value;
    if (!isExact && typeof value !== 'boolean') throw new Inexact();
    return printExact(value);
  }
  if (typeof value === 'object' && !(value instanceof ExactNumber)) throw wrong();
  const text = typeof value === 'string' ? value : printExact(value);
  const bounds = WHOLE[type.name];
  if (bounds !== undefined) {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new Inexact();
    if (!/^[+-]?\d+$/.test(text)) throw wrong();
    const whole = BigInt(text);
    if (whole < bounds[0] || whole >= bounds[1]) throw wrong();
    return typeof value === 'number' ? value : String(whole);
  }
  if (type.name === 'boolean') {
    if (!/^(?:true|false)$/i.test(text)) throw wrong();
    return text.toLowerCase() === 'true';
  }
  if (type.name === 'double' || type.name === 'float') {
    const number = typeof value === 'boolean' || text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isNaN(number)) throw wrong();
    return number;
  }
  return text;
}
