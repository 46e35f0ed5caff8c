import type { DuckDBConnection, DuckDBType } from '@duckdb/node-api';
import type * as LibraryModule from './library.ts';
import { javaDouble } from './java-numbers.ts';
import { arrayLength, extract, extractScalar, parse } from './json-text.ts';

type Library = typeof LibraryModule;

const MASK = 0xffff_ffff_ffff_ffffn;

/** Gives DuckDB what of Trino's functions it cannot say itself, in JavaScript. A null argument makes a null. */
export async function addScalars(connection: DuckDBConnection, library: Library): Promise<void> {
  const { BIGINT, BLOB, VARCHAR, DuckDBScalarFunction, DuckDBBlobValue } = library;
  const { h64Raw } = await library.xxhash();
  const add = (
    name: string,
    parameterTypes: DuckDBType[],
    returnType: DuckDBType,
    of: (...values: never[]) => unknown,
  ) =>
    connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name,
        parameterTypes,
        returnType,
        mainFunction(_info, input, output) {
          const columns = parameterTypes.map((_, index) => input.getColumnVector(index));
          for (let row = 0; row < input.rowCount; row += 1) {
            const values = columns.map((column) => column.getItem(row));
            output.setItem(row, (values.includes(null) ? null : of(...(values as never[]))) as never);
          }
          output.flush();
        },
      }),
    );
  type Blob = InstanceType<typeof DuckDBBlobValue>;
  const blob = (bytes: Uint8Array) => new DuckDBBlobValue(bytes);

  add('js_json_extract', [VARCHAR, VARCHAR], VARCHAR, extract);
  add('js_json_extract_scalar', [VARCHAR, VARCHAR], VARCHAR, extractScalar);
  add('js_json_parse', [VARCHAR], VARCHAR, parse);
  add('js_json_array_length', [VARCHAR], BIGINT, (text: string) => {
    const length = arrayLength(text);
    return length === null ? null : BigInt(length);
  });
  add('js_from_utf8', [BLOB], VARCHAR, ({ bytes }: Blob) => Buffer.from(bytes).toString('utf8'));
  add('js_from_base64', [VARCHAR], BLOB, (text: string) => blob(fromBase64(text)));
  add('js_xxhash64', [BLOB], BLOB, ({ bytes }: Blob) => blob(bigEndian(h64Raw(bytes))));
  add('js_to_big_endian_64', [BIGINT], BLOB, (value: bigint) => blob(bigEndian(value & MASK)));
  add('js_from_big_endian_64', [BLOB], BIGINT, ({ bytes }: Blob) => {
    if (bytes.length !== 8)
      throw new Error('INVALID_FUNCTION_ARGUMENT: expected 8-byte input, but got instead: ' + bytes.length);
    return Buffer.from(bytes).readBigInt64BE();
  });
  add('js_right_shift', [BIGINT, BIGINT], BIGINT, (value: bigint, by: bigint) =>
    by >= 64n ? 0n : BigInt.asIntN(64, (value & MASK) >> by),
  );
  add('js_left_shift', [BIGINT, BIGINT], BIGINT, (value: bigint, by: bigint) =>
    by >= 64n ? 0n : BigInt.asIntN(64, value << by),
  );
  add('js_text', [VARCHAR, VARCHAR], VARCHAR, text);
  add('js_fail', [VARCHAR], VARCHAR, (words: string) => {
    throw new Error(words);
  });
}

function bigEndian(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** As Java's decoder reads it: the letters of base64 alone, with its padding or without. @throws Error */
function fromBase64(text: string): Uint8Array {
  const wrong = !/^[A-Za-z0-9+/]*={0,2}$/.test(text);
  const letters = text.replace(/=+$/, '');
  if (wrong || letters.length % 4 === 1 || (letters !== text && text.length % 4 !== 0))
    throw new Error('INVALID_FUNCTION_ARGUMENT: Input is not valid base64');
  return Buffer.from(letters, 'base64');
}

/** What `CAST(… AS VARCHAR)` prints of a value that DuckDB prints otherwise. */
function text(type: string, value: string): string | null {
  switch (type) {
    case 'DOUBLE':
      return javaDouble(numberOf(value));
    case 'FLOAT':
      return javaDouble(numberOf(value));
    case 'JSON':
      // A string's own text; numbers and booleans as they stand there. Objects and arrays cannot be cast in Trino.
      if (value === 'null') return null;
      if (/^[[{]/.test(value)) throw new Error('INVALID_CAST_ARGUMENT: Cannot cast JSON object or array to varchar');
      return value.startsWith('"') ? (JSON.parse(value) as string) : value;
    default:
      return timestampText(value);
  }
}

function numberOf(value: string): number {
  return Number(value.replace(/^(-?)inf$/i, '$1Infinity'));
}

/** DuckDB prints a timestamp's fraction only where there is one; Trino three digits, and the zone's name. */
export function timestampText(value: string): string {
  const [, moment = value, fraction = '', zone] = /^([^.+]*?)(?:\.(\d+))?(\+00)?$/.exec(value) ?? [];
  return `${moment}.${fraction.padEnd(3, '0').slice(0, 3)}${zone === undefined ? '' : ' UTC'}`;
}
