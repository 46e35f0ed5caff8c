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
  /** What the user said about where answers lie. */
  given?: Given;
  /** What stands in the columns of CSV. */
  columns?: Columns;
  /** The names of all classes, in the order of their scores, where all answers name them; none where answers name some, or others each time. */
  classes?: readonly string[];
}

/** Where the user says that answers lie. In CSV each line is a list of its cells. */
export interface Given {
  /** The rows; undefined: as the shape has them. */
  path?: Path | undefined;
  /** Within a row: the label. */
  label?: Path | undefined;
  /** Within a row: the score beside it, or the scores of all classes. */
  scores?: Path | undefined;
  /** Within a row: a map or list of scores; the label is the key of the largest. */
  largest?: Path | undefined;
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

/** Every record by itself: of answers that have no shape in common. */
export const EACH_BY_ITSELF: Reading = { shape: 'any', kind: 'any' };
