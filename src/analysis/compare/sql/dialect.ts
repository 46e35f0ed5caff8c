import type { InputSample } from '../../predictions.ts';

/** What engines have not in common, as SQL. */
export interface Dialect {
  /** Its hash of inputs, as `InputSample` names it. */
  hash: InputSample['hash'];
  /** By what rows are drawn; a value of its own for each row. */
  lot: string;
  /** Whether the hash of a row's input lies below a threshold of 64 bits, in decimal. */
  inputBelow(below: bigint): string;
  /** The hash of an input as a decimal, of what the engine gave for it. */
  inputHash(value: unknown): string;
  /** The number that a text is; null for one that is none. */
  numberOf(text: string): string;
}

export const DUCKDB: Dialect = {
  hash: undefined,
  lot: 'hash(key, place)',
  inputBelow: (below) => `cast(input as hugeint) < cast(${below} as hugeint)`,
  inputHash: String,
  numberOf: (text) => `try_cast(${text} as double)`,
};
