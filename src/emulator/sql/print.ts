import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { javaDouble } from './java-numbers.ts';
import { timestampText } from './scalars.ts';

/** A column of a result, as GetQueryResults describes it. */
export interface ResultColumn {
  name: string;
  /** `varchar`, `bigint`, `row(a varchar)` */
  type: string;
  precision: number;
  scale: number;
  isCaseSensitive: boolean;
}

/** Trino's names of DuckDB's types, and the precision that Athena shows of them. */
const TYPES: Readonly<Record<string, [type: string, precision: number]>> = {
  BOOLEAN: ['boolean', 0],
  TINYINT: ['tinyint', 3],
  SMALLINT: ['smallint', 5],
  INTEGER: ['integer', 10],
  UTINYINT: ['smallint', 5],
  USMALLINT: ['integer', 10],
  UINTEGER: ['bigint', 19],
  BIGINT: ['bigint', 19],
  UBIGINT: ['bigint', 19],
  HUGEINT: ['bigint', 19],
  FLOAT: ['float', 17],
  DOUBLE: ['double', 17],
  VARCHAR: ['varchar', 2_147_483_647],
  BLOB: ['varbinary', 1_073_741_824],
  DATE: ['date', 0],
  TIMESTAMP: ['timestamp', 3],
  'TIMESTAMP WITH TIME ZONE': ['timestamp with time zone', 3],
  '"NULL"': ['unknown', 0],
};

export function resultColumn(name: string, type: DuckDBType): ResultColumn {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(String(type));
  if (decimal !== null)
    return { name, type: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]), isCaseSensitive: false };
  const [known = typeName(type), precision = 0] = type.alias === 'JSON' ? ['json', 0] : (TYPES[String(type)] ?? []);
  return { name, type: known, precision, scale: 0, isCaseSensitive: known === 'varchar' };
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
      return javaDouble(shortest(value as number));
    case 'TIMESTAMP':
    case 'TIMESTAMP WITH TIME ZONE':
      return timestampText(String(value));
    default:
      return String(value);
  }
}

/** The shortest decimal that is the same 32-bit float. */
function shortest(value: number): number {
  for (let digits = 1; digits <= 9; digits += 1) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
