import { createHash } from 'node:crypto';
import type { InputSample } from '../../predictions.ts';
import type { Payload } from '../../answers/captures.ts';
import { hashLong, hashPlace } from '../ingest/fast/hash.ts';
import { Scratch } from '../ingest/fast/scratch.ts';
import { sampledBelow } from '../input-sample.ts';

/** Longer inputs are kept as a hash. */
const LONGEST = 200;

/** What the first row of a request was asked, as `RowInputs` takes requests apart. */
export function firstOf(payload: Payload, rows: number): string {
  const text = payload.data.trim();
  const lines = rows === 1 ? [] : text.split('\n');
  return lines.length === rows ? (lines[0] ?? '').trim() : text;
}

/** Numbers the different inputs of rows, in order of their first coming. */
export class RowInputs {
  readonly #numbers = new Map<string, number>();
  /** Of each input that is known: its hash, as the other engine makes it, and its rows. */
  readonly #seen = new Map<number, { hash: bigint; rows: number }>();
  readonly #scratch = new Scratch();
  #size = 0;
  #rows = 0;
  /** Rows whose input was captured. */
  known = 0;

  /** Different inputs so far; rows without one count as different. */
  get size(): number {
    return this.#size;
  }

  /**
   * The numbers of a request's rows: of its lines where it has as many as the answer has rows (CSV, JSON Lines), else
   * of the whole request and the row's place in it.
   */
  of(payload: Payload | undefined, rows: number): number[] {
    this.#rows += rows;
    if (payload === undefined) return Array.from({ length: rows }, () => this.#size++);
    this.known += rows;
    const text = payload.data.trim();
    if (rows === 1) return [this.#number(text, text)];
    const lines = text.split('\n');
    if (lines.length === rows) return lines.map((line) => this.#number(line.trim(), line.trim()));
    return Array.from({ length: rows }, (_, row) => this.#number(`${row}\n${text}`, text, row));
  }

  /** The inputs that stand for all: see InputSample. @param largest rows of one input */
  sample(largest: number): InputSample {
    const below = sampledBelow(this.#rows);
    const found = [...this.#seen.values()].filter(({ hash }) => hash < below);
    return {
      below: String(below),
      largest,
      of: found.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)).map(({ hash, rows }) => [String(hash), rows] as const),
    };
  }

  /** @param place of the row, where its input is that of the whole request */
  #number(words: string, text: string, place?: number): number {
    const key = words.length <= LONGEST ? words : createHash('sha256').update(words).digest('base64');
    const present = this.#numbers.get(key);
    if (present !== undefined) {
      const seen = this.#seen.get(present);
      if (seen !== undefined) seen.rows += 1;
      return present;
    }
    this.#numbers.set(key, this.#size);
    this.#seen.set(this.#size, { hash: this.#hash(text, place), rows: 1 });
    return this.#size++;
  }

  #hash(text: string, place: number | undefined): bigint {
    const { hash } = this.#scratch;
    hashLong(this.#scratch, text);
    if (place !== undefined) hashPlace(this.#scratch, hash[0] as number, hash[1] as number, place);
    return (BigInt(hash[1] as number) << 32n) | BigInt(hash[0] as number);
  }
}
