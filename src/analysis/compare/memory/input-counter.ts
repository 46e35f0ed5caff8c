import type { InputSums } from '../../predictions.ts';

/** Sums of a value over rows, input by input; inputs are numbered from 0 by the caller. */
export class InputCounter {
  readonly #rows: number[] = [];
  readonly #sums: number[] = [];
  #squares = 0;

  add(input: number, value: number): void {
    this.#rows[input] = (this.#rows[input] ?? 0) + 1;
    this.#sums[input] = (this.#sums[input] ?? 0) + value;
    this.#squares += value * value;
  }

  /** Rows of the input that came most often. */
  get largest(): number {
    return this.#rows.reduce((most, n) => Math.max(most, n ?? 0), 0);
  }

  /** Undefined where nothing was added. */
  sums(): InputSums | undefined {
    const found = { inputs: 0, rows: 0, rowsSquared: 0, sum: 0, sumSquared: 0, cross: 0, between: 0 };
    for (const [input, n] of this.#rows.entries()) {
      if (n === undefined) continue;
      const x = this.#sums[input] ?? 0;
      found.inputs += 1;
      found.rows += n;
      found.rowsSquared += n * n;
      found.sum += x;
      found.sumSquared += x * x;
      found.cross += x * n;
      found.between += (x * x) / n;
    }
    return found.inputs === 0 ? undefined : { ...found, squares: this.#squares };
  }
}
