import { closeSync, openSync, writeSync } from 'node:fs';

/** One column of a Parquet file, its values as they lie in memory (little-endian). */
export interface ParquetColumn {
  name: string;
  type: 'uint64' | 'uint32' | 'double' | 'text';
  /** The values; with `present` only those that are there; texts each after its length in four bytes. */
  bytes: Uint8Array;
  /** 1 where a row has one; undefined: all have. */
  present?: Uint8Array;
}

/** Physical type and converted type. https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const TYPES = { uint64: [2, 14], uint32: [1, 13], double: [5, undefined], text: [6, 0] } as const;
const RLE = 3;

const BYTES = { uint64: 8, uint32: 4, double: 8 } as const;

/** A column of the first `rows` of these values, as they lie in memory. */
export function column(
  name: string,
  type: keyof typeof BYTES,
  values: Uint32Array | Float64Array,
  rows: number,
): ParquetColumn {
  return { name, type, bytes: new Uint8Array(values.buffer, values.byteOffset, rows * BYTES[type]) };
}

/** Writes a Parquet file of these columns. */
export function writeParquet(path: string, rows: number, columns: readonly ParquetColumn[]): void {
  const file = openSync(path, 'w');
  try {
    for (const part of parquetFile(rows, columns))
      for (let done = 0; done < part.length; ) done += writeSync(file, part, done);
  } finally {
    closeSync(file);
  }
}

/** The bytes of a Parquet file with one row group, one plain page a column, nothing compressed. */
export function parquetFile(rows: number, columns: readonly ParquetColumn[]): Uint8Array[] {
  const parts: Uint8Array[] = [Buffer.from('PAR1')];
  let place = 4;
  const add = (part: Uint8Array) => {
    parts.push(part);
    place += part.length;
  };
  const chunks = columns.map((column) => {
    const levels = column.present === undefined ? Buffer.alloc(0) : definitionLevels(column.present);
    const start = place;
    add(pageHeader(rows, levels.length + column.bytes.length));
    add(levels);
    add(column.bytes);
    return { column, start, size: place - start };
  });
  const footer = fileMetadata(rows, chunks);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(footer.length, 0);
  tail.write('PAR1', 4);
  parts.push(footer, tail);
  return parts;
}

/** One bit a row in a bit-packed run, or one repeated value where all rows are alike; its length in four bytes first. */
function definitionLevels(present: Uint8Array): Uint8Array {
  const some = present.includes(1);
  const body: number[] = [];
  if (!some || !present.includes(0)) {
    varint(body, present.length << 1);
    body.push(some ? 1 : 0);
  } else {
    const groups = Math.ceil(present.length / 8);
    varint(body, (groups << 1) | 1);
    for (let group = 0; group < groups; group += 1) {
      let byte = 0;
      for (let bit = 0; bit < 8; bit += 1) byte |= (present[group * 8 + bit] ?? 0) << bit;
      body.push(byte);
    }
  }
  const bytes = Buffer.alloc(4 + body.length);
  bytes.writeUInt32LE(body.length, 0);
  bytes.set(body, 4);
  return bytes;
}

function pageHeader(values: number, size: number): Uint8Array {
  const data = new Struct().whole(1, values).whole(2, 0).whole(3, RLE).whole(4, RLE);
  return new Struct().whole(1, 0).whole(2, size).whole(3, size).struct(5, data).end();
}

function fileMetadata(
  rows: number,
  chunks: readonly { column: ParquetColumn; start: number; size: number }[],
): Uint8Array {
  const root = new Struct().text(4, 'schema').whole(5, chunks.length);
  const elements = chunks.map(({ column }) => {
    const [type, converted] = TYPES[column.type];
    const element = new Struct()
      .whole(1, type)
      .whole(3, column.present === undefined ? 0 : 1)
      .text(4, column.name);
    return converted === undefined ? element : element.whole(6, converted);
  });
  const group = new Struct()
    .structs(
      1,
      chunks.map(({ column, start, size }) => {
        const meta = new Struct()
          .whole(1, TYPES[column.type][0])
          .wholes(2, [0, RLE])
          .texts(3, [column.name])
          .whole(4, 0)
          .long(5, rows)
          .long(6, size)
          .long(7, size)
          .long(9, start);
        return new Struct().long(2, start).struct(3, meta);
      }),
    )
    .long(
      2,
      chunks.reduce((sum, chunk) => sum + chunk.size, 0),
    )
    .long(3, rows);
  return new Struct()
    .whole(1, 1)
    .structs(2, [root, ...elements])
    .long(3, rows)
    .structs(4, [group])
    .end();
}

function varint(into: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    into.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  into.push(rest);
}

/** A struct in Thrift's compact protocol; fields in order of their ids, none above 15 after another. */
class Struct {
  readonly #bytes: number[] = [];
  #last = 0;

  #field(id: number, type: number): void {
    this.#bytes.push(((id - this.#last) << 4) | type);
    this.#last = id;
  }

  #list(id: number, size: number, type: number): void {
    this.#field(id, 9);
    if (size < 15) this.#bytes.push((size << 4) | type);
    else {
      this.#bytes.push(0xf0 | type);
      varint(this.#bytes, size);
    }
  }

  #text(value: string): void {
    const bytes = Buffer.from(value);
    varint(this.#bytes, bytes.length);
    this.#bytes.push(...bytes);
  }

  whole(id: number, value: number): this {
    this.#field(id, 5);
    varint(this.#bytes, value * 2);
    return this;
  }

  long(id: number, value: number): this {
    this.#field(id, 6);
    varint(this.#bytes, value * 2);
    return this;
  }

  text(id: number, value: string): this {
    this.#field(id, 8);
    this.#text(value);
    return this;
  }

  wholes(id: number, values: readonly number[]): this {
    this.#list(id, values.length, 5);
    for (const value of values) varint(this.#bytes, value * 2);
    return this;
  }

  texts(id: number, values: readonly string[]): this {
    this.#list(id, values.length, 8);
    for (const value of values) this.#text(value);
    return this;
  }

  struct(id: number, value: Struct): this {
    this.#field(id, 12);
    this.#bytes.push(...value.end());
    return this;
  }

  structs(id: number, values: readonly Struct[]): this {
    this.#list(id, values.length, 12);
    for (const value of values) this.#bytes.push(...value.end());
    return this;
  }

  end(): Uint8Array {
    return Uint8Array.from([...this.#bytes, 0]);
  }
}
