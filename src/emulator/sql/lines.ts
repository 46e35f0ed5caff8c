import { gunzipSync } from 'node:zlib';
import { notBuiltHere } from './failure.ts';
import { duckdbType, type HiveType } from './hive-types.ts';
import type { ObjectSource } from './source.ts';

export type Field = { name: string; type: HiveType };

/** The lines of an object, without what ends them; the object may be compressed by gzip, as its name says. */
export async function linesOf(object: ObjectSource): Promise<string[]> {
  const bytes = await object.read();
  const text = Buffer.from(object.uri.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Types that a field of a line can have here. */
const PLAIN = ['VARCHAR', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'DOUBLE', 'FLOAT', 'BOOLEAN'];

/**
 * The rows of an object of lines, as LazySimpleSerDe reads them: every line is one, an empty one too; fields that are missing, `\N`
 * and what is no value of its column's type are NULL.
 */
export async function textRows(
  object: ObjectSource,
  columns: readonly Field[],
  delimiter: string,
): Promise<Record<string, unknown>[]> {
  const types = columns.map(({ type }) => duckdbType(type));
  const unbuilt = types.find((type) => !PLAIN.includes(type));
  if (unbuilt !== undefined) throw notBuiltHere(`columns of the type ${unbuilt} in lines of text`);
  return (await linesOf(object)).map((line) => {
    const fields = line.split(delimiter);
    return Object.fromEntries(columns.map(({ name }, index) => [name, valueOf(fields[index], types[index] ?? '')]));
  });
}

function valueOf(text: string | undefined, type: string): unknown {
  if (text === undefined || text === '\\N') return null;
  if (type === 'VARCHAR') return text;
  if (type === 'BOOLEAN') return /^(?:true|false)$/i.test(text) ? text.toLowerCase() === 'true' : null;
  if (type === 'DOUBLE' || type === 'FLOAT')
    return text.trim() === '' || Number.isNaN(Number(text)) ? null : Number(text);
  const bits = { TINYINT: 8, SMALLINT: 16, INTEGER: 32, BIGINT: 64 }[type] ?? 64;
  if (!/^[+-]?\d+$/.test(text)) return null;
  const whole = BigInt(text);
  return BigInt.asIntN(bits, whole) === whole ? String(whole) : null;
}
