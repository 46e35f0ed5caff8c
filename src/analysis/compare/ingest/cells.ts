import type { Features } from '../../answers/features.ts';
import type { Columns } from './columns.ts';
import { column, writeParquet } from './parquet.ts';
import { CAPACITY, TextColumn } from './text-column.ts';

/** Stands between the cells of a row, and between the names of its columns. CSV is kept as it is, without names. */
const BETWEEN = '\u001f';

/** What some rows were asked, column by column, beside what names the row. */
export class Cells {
  readonly #inference = new Uint32Array(2 * CAPACITY);
  readonly #event = new Uint32Array(2 * CAPACITY);
  readonly #input = new Uint32Array(2 * CAPACITY);
  readonly #moment = new Float64Array(CAPACITY);
  readonly #place = new Uint32Array(CAPACITY);
  readonly #names = new TextColumn();
  readonly #cells = new TextColumn();
  readonly #path: (part: number) => string;
  #length = 0;
  #parts = 0;

  /** @param path of the next file */
  constructor(path: (part: number) => string) {
    this.#path = path;
  }

  /** @param asked of this row of the columns: its line of CSV, or its features */
  add(columns: Columns, from: number, asked: string | Features): void {
    if (this.#length === CAPACITY) this.flush();
    const row = this.#length;
    this.#length += 1;
    copyHash(columns.inference, from, this.#inference, row);
    copyHash(columns.event, from, this.#event, row);
    copyHash(columns.input, from, this.#input, row);
    this.#moment[row] = columns.moment[from] as number;
    this.#place[row] = columns.place[from] as number;
    if (typeof asked === 'string') this.#cells.add(row, asked);
    else {
      this.#names.add(row, asked.map(([name]) => plain(name)).join(BETWEEN));
      this.#cells.add(row, asked.map(([, value]) => plain(value)).join(BETWEEN));
    }
  }

  /** Writes what is there into a file, and is empty again. */
  flush(): void {
    const n = this.#length;
    if (n === 0) return;
    writeParquet(this.#path(this.#parts), n, [
      column('inference_id', 'uint64', this.#inference, n),
      column('event_id', 'uint64', this.#event, n),
      column('input_id', 'uint64', this.#input, n),
      column('moment', 'double', this.#moment, n),
      column('place', 'uint32', this.#place, n),
      this.#names.column('names', n),
      this.#cells.column('cells', n),
    ]);
    this.#parts += 1;
    this.#length = 0;
    this.#names.clear();
    this.#cells.clear();
  }
}

function copyHash(from: Uint32Array, row: number, into: Uint32Array, at: number): void {
  into[2 * at] = from[2 * row] as number;
  into[2 * at + 1] = from[2 * row + 1] as number;
}

function plain(text: string): string {
  return text.includes(BETWEEN) ? text.replaceAll(BETWEEN, ' ') : text;
}
