import { closeSync, openSync, writeSync } from 'node:fs';
import { parquetFile } from './parquet.ts';
import type { ParquetColumn } from './parquet.ts';

/** Rows of one file: about eight megabytes, and one of DuckDB's row groups. */
export const CAPACITY = 122_880;

/** Text or nothing, row by row, as Parquet writes it: a length of four bytes before each. */
class TextColumn {
  present = new Uint8Array(CAPACITY);
  #bytes = Buffer.allocUnsafe(1 << 16);
  #length = 0;

  add(row: number, text: string): void {
    const most = text.length * 3 + 4;
    if (this.#length + most > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + most));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    let written = text.length;
    if (text.length === 1 && text.charCodeAt(0) < 128) this.#bytes[this.#length + 4] = text.charCodeAt(0);
    else written = this.#bytes.write(text, this.#length + 4);
    this.#bytes.writeUInt32LE(written, this.#length);
    this.#length += 4 + written;
    this.present[row] = 1;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.present.fill(0);
    this.#length = 0;
  }
}

/** What is kept of the records of one variant: a row per row of an answer. Hashes are two halves of 64 bits. */
export class Columns {
  readonly inference = new Uint32Array(2 * CAPACITY);
  readonly event = new Uint32Array(2 * CAPACITY);
  readonly input = new Uint32Array(2 * CAPACITY);
  readonly feature = new Uint32Array(2 * CAPACITY);
  /** What the row was asked; of production only. */
  readonly rowInput = new Uint32Array(2 * CAPACITY);
  readonly moment = new Float64Array(CAPACITY);
  readonly at = new Float64Array(CAPACITY);
  readonly file = new Uint32Array(CAPACITY);
  readonly place = new Uint32Array(CAPACITY);
  readonly rows = new Uint32Array(CAPACITY);
  /** NaN where there is none. */
  readonly number = new Float64Array(CAPACITY);
  readonly label = new TextColumn();
  readonly other = new TextColumn();
  /** As SQL reads a list. */
  readonly scores = new TextColumn();
  length = 0;
  readonly #name: (part: number) => string;
  #parts = 0;

  /** @param name of the next file */
  constructor(name: (part: number) => string) {
    this.#name = name;
  }

  /** Writes what is there into a file, and is empty again. */
  flush(): void {
    const n = this.length;
    if (n === 0) return;
    const hash = (name: string, values: Uint32Array): ParquetColumn => ({
      name,
      type: 'uint64',
      bytes: view(values, 2 * n),
    });
    const double = (name: string, values: Float64Array): ParquetColumn => ({
      name,
      type: 'double',
      bytes: view(values, n),
    });
    const whole = (name: string, values: Uint32Array): ParquetColumn => ({
      name,
      type: 'uint32',
      bytes: view(values, n),
    });
    const text = (name: string, column: TextColumn): ParquetColumn => ({
      name,
      type: 'text',
      bytes: column.bytes,
      present: column.present.subarray(0, n),
    });
    const file = openSync(this.#name(this.#parts), 'w');
    try {
      const parts = parquetFile(n, [
        hash('inference_id', this.inference),
        hash('event_id', this.event),
        hash('input_id', this.input),
        hash('feature_id', this.feature),
        hash('row_input', this.rowInput),
        double('moment', this.moment),
        double('spot', this.at),
        whole('file', this.file),
        whole('place', this.place),
        whole('row_count', this.rows),
        double('number', this.number),
        text('label', this.label),
        text('other', this.other),
        text('scores', this.scores),
      ]);
      for (const part of parts) for (let done = 0; done < part.length; ) done += writeSync(file, part, done);
    } finally {
      closeSync(file);
    }
    this.#parts += 1;
    this.length = 0;
    for (const column of [this.label, this.other, this.scores]) column.clear();
  }
}

function view(values: Uint32Array | Float64Array, length: number): Uint8Array {
  return new Uint8Array(values.buffer, 0, length * values.BYTES_PER_ELEMENT);
}
