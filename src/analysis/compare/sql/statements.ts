/** Names of the columns by which records are paired. */
export const KEYS = { inferenceId: 'inference_id', eventId: 'event_id', input: 'input_id' } as const;

type SqlValue = string | number | boolean;

/** The statements of a file that names them with `-- name: x`. */
export function statements<Name extends string>(text: string, names: readonly Name[]): Record<Name, string> {
  const parts = text.split(/^-- name: (\w+)$/m).slice(1);
  const found = new Map<string, string>();
  for (let i = 0; i + 1 < parts.length; i += 2) found.set(parts[i] ?? '', (parts[i + 1] ?? '').trim());
  const statement = (name: Name) => {
    const sql = found.get(name);
    if (sql === undefined) throw new Error(`there is no SQL called ${name}`);
    return [name, sql] as const;
  };
  return Object.fromEntries(names.map(statement)) as Record<Name, string>;
}

/** Puts names of columns and values into the `$names` of a statement; every one must be given. */
export function fill(sql: string, values: Readonly<Record<string, SqlValue>>): string {
  return sql.replace(/\$(\w+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the SQL asks for $${name}, which was not given`);
    return String(value);
  });
}

/** An SQL string. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Without an exponent engines would read a decimal or an integer, and compare exactly. */
export function sqlNumber(value: number): string {
  return `cast(${value.toExponential()} as double)`;
}

/** An SQL list of doubles. */
export function sqlNumbers(values: readonly number[]): string {
  return `array[${values.map(sqlNumber).join(', ')}]`;
}

/** The tolerance of a row as SQL: a constant, or with a share of production's number. */
export function toleranceSql({ tolerance, relative }: { tolerance: number; relative?: number | undefined }): string {
  const absolute = sqlNumber(tolerance);
  return relative === undefined ? absolute : `(${absolute} + ${sqlNumber(relative)} * abs(production_number))`;
}
