import type { Reading } from '../reading.ts';
import type { Seen } from '../seen.ts';

/** A form in which servers write answers. One value holds all that is known of it: the table of shapes is the only list of them. */
export interface Shape {
  name: string;
  /** Who answers so. */
  of: string;
  /** Where that is documented. */
  source: string;
  /** Of which kind the rows are; undefined where only the rows show it. */
  kind?: string;
  /** The rows of an answer, in a form that kinds read; undefined where it is of another shape. */
  rows(seen: Seen, reading?: Reading): unknown[] | undefined;
  /** The readings that a sample allows, the likeliest first, where there is more to decide than the kind. */
  readings?(sample: readonly Seen[]): Reading[];
}

/** The one JSON value of an answer; undefined where there are several, or none. */
export function single({ form, values }: Seen): unknown {
  return form === 'json' && values.length === 1 ? values[0] : undefined;
}
