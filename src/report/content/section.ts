import type { LabelSums, NumberSums } from '../../analysis/predictions.ts';

/** A column of a table. */
export interface Column {
  title: string;
  /** Stands at the right. */
  number?: true;
  /** Left out where there is little room. */
  wide?: true;
  /** Words of a model or a caller: shown as such, and where there is little room cut to so many characters. */
  words?: number;
}

/** Every cell is finished text. A row's first cell is its name, whole: `ModelLatency p99`. */
export interface Table {
  caption: string;
  columns: readonly Column[];
  rows: readonly (readonly string[])[];
  /** Which rows a short report has, by their places; undefined: the table is left out of it. */
  inShort?: readonly number[];
}

/**
 * One part of a report: what is said and which numbers are shown, decided once. The renderings draw it, each in its own
 * way; where there is little room a section may be left out that has nothing to point at.
 */
export interface Section {
  title: string;
  /** Part of the section before it. */
  inner?: true;
  sentences: readonly string[];
  tables: readonly Table[];
  /** Words of models, callers and logs, a line each, under a heading of their own. */
  quotes?: { title: string; lines: readonly string[] };
  /** What the reader must bear in mind. */
  remark?: string;
  /** How many rows of the tables stand out, first ones first; undefined where all count alike. */
  notable?: number;
  /** Pictures, where they can be drawn. */
  confusion?: LabelSums;
  spread?: NumberSums;
}
