import type { Answer } from '../answer.ts';
import type { Comparison } from './counter.ts';

/** How sure a kind is that values are its own: `certain` rules out those that only may be. */
export type Fit = 'certain' | 'possible' | undefined;

/** What a row of an answer is. One value holds all that is known of a kind: the table of kinds is the only list of them. */
export interface Kind {
  /** As `--answers` names it. */
  name: string;
  /** As a report names it: `a label with its score`. */
  title: string;
  /** What is compared, for people. */
  compared: string;
  /** Whether rows of one side are of this kind; there is at least one, and no empty list is among them. */
  recognize(values: readonly unknown[]): Fit;
  /**
   * One row; undefined where it is none of this kind.
   *
   * @param classes as a reading has them
   */
  read(value: unknown, classes?: readonly string[]): Answer | undefined;
  /** How two rows that are carried whole are compared; undefined: by label and number, or, of free JSON, field by field. */
  comparison?: Comparison;
  /** A row that is carried whole, for people; undefined: as JSON. */
  show?(value: unknown): string;
  /** Another wording may say the same: differences alone do not fail. */
  wording?: boolean;
}
