import { QueryFailure } from './failure.ts';

/** A type as Glue's tables write it: `struct<a:int,b:array<string>>`. */
export type HiveType =
  | { kind: 'plain'; name: string; arguments: readonly number[] }
  | { kind: 'array'; of: HiveType }
  | { kind: 'map'; key: HiveType; value: HiveType }
  | { kind: 'struct'; fields: readonly { name: string; type: HiveType }[] };

/** DuckDB's names of Hive's plain types. */
const PLAIN: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  int: 'INTEGER',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  string: 'VARCHAR',
  varchar: 'VARCHAR',
  char: 'VARCHAR',
  binary: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  decimal: 'DECIMAL',
};

/** Reads a type. @throws QueryFailure where it is none, as Athena finds when the table is first queried */
export function readHiveType(text: string, column: string): HiveType {
  let at = 0;
  const fail = (): never => {
    throw new QueryFailure('HIVE_INVALID_METADATA', `the type of column ${column} cannot be read: ${text}`);
  };
  const skip = () => {
    while (/\s/.test(text[at] ?? '')) at += 1;
  };
  const expect = (mark: string) => {
    skip();
    if (text[at] !== mark) fail();
    at += 1;
  };
  const word = (shape: RegExp) => {
    skip();
    shape.lastIndex = at;
    const found = shape.exec(text)?.[0] ?? fail();
    at += found.length;
    return found;
  };
  const type = (): HiveType => {
    const name = word(/[a-z_]+/iy).toLowerCase();
    if (name === 'array') {
      expect('<');
      const of = type();
      expect('>');
      return { kind: 'array', of };
    }
    if (name === 'map') {
      expect('<');
      const key = type();
      expect(',');
      const value = type();
      expect('>');
      return { kind: 'map', key, value };
    }
    if (name === 'struct') {
      expect('<');
      const fields: { name: string; type: HiveType }[] = [];
      do {
        const field = word(/[^:<>,\s]+/y).toLowerCase();
        expect(':');
        fields.push({ name: field, type: type() });
        skip();
      } while (text[at] === ',' && (at += 1) > 0);
      expect('>');
      return { kind: 'struct', fields };
    }
    if (PLAIN[name] === undefined) fail();
    skip();
    const given: number[] = [];
    if (text[at] === '(') {
      do {
        at += 1;
        given.push(Number(word(/\d+/y)));
        skip();
      } while (text[at] === ',');
      expect(')');
    }
    return { kind: 'plain', name, arguments: given };
  };
  const found = type();
  skip();
  return at === text.length ? found : fail();
}

/** A type of Hive in DuckDB's words. */
export function duckdbType(type: HiveType): string {
  switch (type.kind) {
    case 'array':
      return `${duckdbType(type.of)}[]`;
    case 'map':
      return `MAP(${duckdbType(type.key)}, ${duckdbType(type.value)})`;
    case 'struct':
      return `STRUCT(${type.fields.map(({ name, type: of }) => `${quoted(name)} ${duckdbType(of)}`).join(', ')})`;
    default: {
      const name = PLAIN[type.name] ?? 'VARCHAR';
      if (name !== 'DECIMAL') return name;
      const [precision = 10, scale = 0] = type.arguments;
      return `DECIMAL(${precision}, ${scale})`;
    }
  }
}

/** A name, quoted for SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text, quoted for SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
