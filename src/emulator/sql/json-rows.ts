import { QueryFailure } from './failure.ts';
import type { HiveType } from './hive-types.ts';
import { type Field, linesOf } from './lines.ts';
import type { ObjectSource } from './source.ts';

/**
 * The rows of an object of JSON lines as the OpenX SerDe reads it: names in lower case, members that are missing NULL,
 * values made to fit their columns.
 *
 * @throws QueryFailure at a line that is no JSON object, unless these are ignored: then all its columns are NULL
 */
export async function jsonRows(
  object: ObjectSource,
  columns: readonly Field[],
  ignoreMalformed: boolean,
): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const line of await linesOf(object)) {
    if (line.trim() === '') continue;
    const value = parsed(line, object.uri, ignoreMalformed);
    rows.push(Object.fromEntries(columns.map(({ name, type }) => [name, fitted(value.get(name), type, name)])));
  }
  return rows;
}

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

/** A value as its column takes it; for DuckDB's reader of JSON. */
function fitted(value: unknown, type: HiveType, column: string): unknown {
  if (value === undefined || value === null) return null;
  const wrong = () =>
    new QueryFailure('HIVE_BAD_DATA', `Error parsing field value for column ${column}: ${JSON.stringify(value)}`);
  switch (type.kind) {
    case 'array':
      if (Array.isArray(value)) return value.map((one) => fitted(one, type.of, column));
      throw wrong();
    case 'map':
      if (typeof value !== 'object' || Array.isArray(value)) throw wrong();
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fitted(one, type.value, column)]));
    case 'struct': {
      if (typeof value !== 'object' || Array.isArray(value)) throw wrong();
      const found = members(value);
      return Object.fromEntries(
        type.fields.map((field) => [field.name, fitted(found.get(field.name), field.type, column)]),
      );
    }
    default:
      break;
  }
  if (type.name === 'string' || type.name === 'varchar' || type.name === 'char')
    return typeof value === 'string' ? value : JSON.stringify(value);
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') throw wrong();
  const text = String(value);
  const bounds = WHOLE[type.name];
  if (bounds !== undefined) {
    // JavaScript has read it as a double: what is beyond its whole numbers cannot be told any more.
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw wrong();
    if (!/^[+-]?\d+$/.test(text)) throw wrong();
    const whole = BigInt(text);
    if (whole < bounds[0] || whole >= bounds[1]) throw wrong();
    return typeof value === 'number' ? value : String(whole);
  }
  if (type.name === 'boolean') {
    if (typeof value === 'boolean') return value;
    if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
    throw wrong();
  }
  if (type.name === 'double' || type.name === 'float') {
    const number = typeof value === 'boolean' || text.trim() === '' ? Number.NaN : Number(value);
    if (!Number.isNaN(number)) return number;
    throw wrong();
  }
  return text;
}
