import type { InputSample } from '../../predictions.ts';

/** What engines have not in common about hashes, as SQL. */
export interface Hashes {
  /** As `InputSample` names it. */
  name: InputSample['hash'];
  /** By what rows are drawn; a value of its own for each row. */
  lot: string;
  /** Whether the hash of a row's input lies below a threshold of 64 bits, in decimal. */
  inputBelow(below: bigint): string;
  /** The hash of an input as a decimal, of what the engine gave for it. */
  inputHash(value: unknown): string;
}

export const DUCKDB_HASHES: Hashes = {
  name: undefined,
  lot: 'hash(key, place)',
  inputBelow: (below) => `cast(input as hugeint) < cast(${below} as hugeint)`,
  inputHash: String,
};
