import { createHash } from 'node:crypto';
import type { Payload } from '../../answers/captures.ts';

/** Longer inputs are kept as a hash. */
const LONGEST = 200;

/** Numbers the different inputs of rows, in order of their first coming. */
export class RowInputs {
  readonly #numbers = new Map<string, number>();
  #size = 0;
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
    if (payload === undefined) return Array.from({ length: rows }, () => this.#size++);
    this.known += rows;
    const text = payload.data.trim();
    if (rows === 1) return [this.#number(text)];
    const lines = text.split('\n');
    if (lines.length === rows) return lines.map((line) => this.#number(line.trim()));
    return Array.from({ length: rows }, (_, row) => this.#number(`${row}\n${text}`));
  }

  #number(text: string): number {
    const key = text.length <= LONGEST ? text : createHash('sha256').update(text).digest('base64');
    const present = this.#numbers.get(key);
    if (present !== undefined) return present;
    this.#numbers.set(key, this.#size);
    return this.#size++;
  }
}
