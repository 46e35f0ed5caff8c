import type { Answer } from '../../answers/answer.ts';
import { hashText } from './fast/hash.ts';
import type { Scratch } from './fast/scratch.ts';
import { column, writeParquet } from './parquet.ts';
import { CAPACITY, TextColumn } from './text-column.ts';

const MAX_NAMES = 10_000;

/** What is kept of the records of one variant: a row per row of an answer. Hashes are two halves of 64 bits. */
export class Columns {
  readonly inference = new Uint32Array(2 * CAPACITY);
  readonly event = new Uint32Array(2 * CAPACITY);
  readonly input = new Uint32Array(2 * CAPACITY);
  readonly feature = new Uint32Array(2 * CAPACITY);
  /** What the row was asked; of production only. */
  readonly rowInput = new Uint32Array(2 * CAPACITY);
  /** What its rows hang together by; of production only, where that was asked. */
  readonly cluster = new Uint32Array(2 * CAPACITY);
  readonly moment = new Float64Array(CAPACITY);
  readonly byteOffset = new Float64Array(CAPACITY);
  readonly file = new Uint32Array(CAPACITY);
  readonly place = new Uint32Array(CAPACITY);
  readonly rows = new Uint32Array(CAPACITY);
  /** NaN where there is none. */
  readonly number = new Float64Array(CAPACITY);
  readonly label = new TextColumn();
  readonly other = new TextColumn();
  /** As SQL reads a list. */
  readonly scores = new TextColumn();
  /** Hashes of the names of classes that were not chosen, and their scores, likewise. */
  readonly otherNames = new TextColumn();
  readonly otherScores = new TextColumn();
  length = 0;
  readonly #hashes = new Map<string, bigint>();
  readonly #name: (part: number) => string;
  #parts = 0;

  /** @param name of the next file */
  constructor(name: (part: number) => string) {
    this.#name = name;
  }

  /** What stands beside the class of a row whose scores are not in the order of all classes. */
  addOthers(row: number, others: NonNullable<Answer['others']>): void {
    this.otherNames.add(row, `[${others.map(([name]) => this.#hashOf(name)).join(',')}]`);
    this.otherScores.add(row, `[${others.map(([, score]) => score).join(',')}]`);
  }

  /** Of each name once: there are few. */
  #hashOf(name: string): bigint {
    const known = this.#hashes.get(name) ?? hashText(name);
    if (this.#hashes.size < MAX_NAMES) this.#hashes.set(name, known);
    return known;
  }

  /** Writes what is there into a file, and is empty again; one file there is always, if without a row. */
  flush(): void {
    const n = this.length;
    if (n === 0 && this.#parts > 0) return;
    writeParquet(this.#name(this.#parts), n, [
      column('inference_id', 'uint64', this.inference, n),
      column('event_id', 'uint64', this.event, n),
      column('input_id', 'uint64', this.input, n),
      column('feature_id', 'uint64', this.feature, n),
      column('row_input', 'uint64', this.rowInput, n),
      column('cluster', 'uint64', this.cluster, n),
      column('moment', 'double', this.moment, n),
      column('byte_offset', 'double', this.byteOffset, n),
      column('file', 'uint32', this.file, n),
      column('place', 'uint32', this.place, n),
      column('row_count', 'uint32', this.rows, n),
      column('number', 'double', this.number, n),
      this.label.column('label', n),
      this.other.column('other', n),
      this.scores.column('scores', n),
      this.otherNames.column('other_names', n),
      this.otherScores.column('other_scores', n),
    ]);
    this.#parts += 1;
    this.length = 0;
    for (const column of [this.label, this.other, this.scores, this.otherNames, this.otherScores]) column.clear();
  }
}

/** Puts the last hash into a row of a column of hashes. */
export function setHash(column: Uint32Array, row: number, { hash }: Scratch): void {
  column[2 * row] = hash[0] as number;
  column[2 * row + 1] = hash[1] as number;
}
