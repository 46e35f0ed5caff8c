import type { ParquetColumn } from './parquet.ts';

/** Rows of one file: about eight megabytes, and one of DuckDB's row groups. */
export const CAPACITY = 122_880;

/** Text or nothing, row by row, as Parquet writes it: a length of four bytes before each. */
export class TextColumn {
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

  /** As the next file's column, of its first `rows` rows. */
  column(name: string, rows: number): ParquetColumn {
    return {
      name,
      type: 'text',
      bytes: this.#bytes.subarray(0, this.#length),
      present: this.present.subarray(0, rows),
    };
  }

  clear(): void {
    this.present.fill(0);
    this.#length = 0;
  }
}
