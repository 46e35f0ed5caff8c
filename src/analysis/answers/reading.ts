import type { Path } from './path.ts';

/**
 * How the answers of one side are read: chosen once, from a sample, so that no record is read otherwise than the one
 * before it. Plain data: it goes to worker threads, and is saved.
 */
export interface Reading {
  /** Of the table of shapes. */
  shape: string;
  /** Of the table of kinds. */
  kind: string;
  /** Where the rows lie, where the user said so. */
  path?: Path;
  /** What stands in the columns of CSV. */
  columns?: Columns;
}

/** Columns of CSV answers, from 0; `count` is how many there are. */
export interface Columns {
  count: number;
  label?: number;
  score?: number;
  /** A score for each class, in one cell; and the classes' names. */
  scores?: number;
  names?: number;
}
