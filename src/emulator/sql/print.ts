import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { notBuiltHere } from './failure.ts';
import { javaDouble } from './java-numbers.ts';
import { timestampText } from './scalars.ts';
import { isObject } from '../../base/json.ts';

/** A column of a result, as GetQueryResults describes it. */
export interface ResultColumn {
  name: string;
  /** `varchar`, `bigint`, `row(a varchar)` */
  type: string;
  precision: number;
  scale: number;
  isCaseSensitive: boolean;
}

/** Trino's names of DuckDB's types. */
const TYPES: Readonly<Record<string, string>> = {
  UTINYINT: 'smallint',
  USMALLINT: 'integer',
  UINTEGER: 'bigint',
  UBIGINT: 'bigint',
  HUGEINT: 'bigint',
  FLOAT: 'float',
  BLOB: 'varbinary',
  '"NULL"': 'unknown',
};

/** The precision that Athena shows of a type; of others 0. */
const PRECISIONS: Readonly<Record<string, number>> = {
  tinyint: 3,
  smallint: 5,
  integer: 10,
  bigint: 19,
  float: 17,
  double: 17,
  varchar: 2_147_483_647,
  varbinary: 1_073_741_824,
  timestamp: 3,
  'timestamp with time zone': 3,
};

/** A column of a result with the metadata that Athena tells of it. */
export function columnOf(name: string, type: string, precision = PRECISIONS[type] ?? 0, scale = 0): ResultColumn {
  return { name, type, precision, scale, isCaseSensitive: type === 'varchar' };
}

/** A column as DuckDB knows it. */
export function resultColumn(name: string, type: DuckDBType): ResultColumn {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(String(type));
  if (decimal !== null) return columnOf(name, 'decimal', Number(decimal[1]), Number(decimal[2]));
  return columnOf(name, type.alias === 'JSON' ? 'json' : (TYPES[String(type)] ?? typeName(type)));
}

/** Athena shows of types that are made of others only what they are. */
function typeName(type: DuckDBType): string {
  const text = String(type);
  if (text.endsWith(']')) return 'array';
  if (text.startsWith('MAP(')) return 'map';
  return text.startsWith('STRUCT(') ? 'row' : text.toLowerCase();
}

/** A value as Athena prints it; null for NULL. */
export function printed(value: DuckDBValue, type: DuckDBType): string | null {
  if (value === null) return null;
  const inner = (one: DuckDBValue, of: DuckDBType) => printed(one, of) ?? 'null';
  if (isObject(value)) {
    if (Array.isArray(value.items) && 'valueType' in type)
      return `[${value.items.map((one) => inner(one as DuckDBValue, type.valueType)).join(', ')}]`;
    if (Array.isArray(value.entries) && 'keyType' in type) {
      const entries = value.entries as { key: DuckDBValue; value: DuckDBValue }[];
      return `{${entries.map((one) => `${inner(one.key, type.keyType)}=${inner(one.value, type.valueType)}`).join(', ')}}`;
    }
    if (isObject(value.entries) && 'entryNames' in type) {
      const entries = value.entries as Record<string, DuckDBValue>;
      // By their names DuckDB gives them: of several without one, the last.
      if (type.entryNames.filter((name) => name === '').length > 1) throw notBuiltHere('results of ROW without names');
      const fields = type.entryNames.map(
        (name, index) =>
          `${name === '' ? `field${index}` : name}=${inner(entries[name] ?? null, type.entryTypes[index] as DuckDBType)}`,
      );
      return `{${fields.join(', ')}}`;
    }
    if (value.bytes instanceof Uint8Array)
      return [...value.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  }
  switch (String(type)) {
    case 'DOUBLE':
      return javaDouble(value as number);
    case 'FLOAT':
      return printFloat(value as number);
    case 'TIMESTAMP':
    case 'TIMESTAMP WITH TIME ZONE':
      return timestampText(String(value));
    default:
      return String(value);
  }
}

/** A 32-bit float as Java prints it. */
export function printFloat(value: number): string {
  return javaDouble(shortest(value));
}

/** The shortest decimal that is the same 32-bit float. */
function shortest(value: number): number {
  for (let digits = 1; digits <= 9; digits += 1) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}
