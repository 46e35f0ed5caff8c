import type { Dialect } from './dialect.ts';

/** One answer of an engine: column name to value. Numbers are doubles. */
export type Row = Record<string, unknown>;

/**
 * An engine that holds the rows of pairs as a table `cell` and those that can be compared as `compared`: what is asked of them
 * is asked in the SQL that DuckDB and Trino have in common, so that the two cannot mean different things.
 */
export interface Questions {
  rows(sql: string): Promise<Row[]>;
  /** Makes the rows of a SELECT known by a name, for the statements that follow. */
  define(name: string, select: string): Promise<void>;
  /** Says what rows a name stands for, which are made anew for each statement that asks them. */
  view(name: string, select: string): Promise<void>;
  /** How this engine says what others say otherwise: hashes of one engine are never compared with those of another. */
  dialect: Dialect;
}
