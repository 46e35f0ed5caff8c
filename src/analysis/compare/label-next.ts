import type { Answer } from '../answers/answer.ts';
import { payloadText } from '../answers/captures.ts';
import type { Capture } from '../answers/captures.ts';
import { describe } from '../answers/describe.ts';

/** Asks which rows should get a label next, and takes them. */
export interface LabelNext {
  /** So many at the most. */
  most: number;
  /** @param rows those whose labels decide most, first */
  take: (rows: readonly LabelRow[]) => void;
}

/** A row to be labelled. */
export interface LabelRow {
  /** As `--labels` finds it: the id of the request, with `#` and the row's number where the answer holds several. */
  id: string;
  /** What was asked: the row's line where the request has one for each, else the whole request. */
  input: string;
  production: string;
  shadow: string;
}

/**
 * The least share of the differing rows that a stratum counts as: a rare class is labelled sooner than its share asks, since
 * nothing is known of it before.
 */
export const LEAST_SHARE = 1 / 20;

/**
 * What rows on which the labels agree weigh together, beside those that differ: they lose no accuracy, but how many there are of
 * a class is what its recall is a share of.
 */
export const AGREEING = 1 / 4;

/**
 * A row of an answer, told as `--labels` takes it; undefined where the request has no id.
 *
 * @param answers of this row
 * @param rows how many there are in the answer
 */
export function labelRow(
  { inferenceId, eventId, input }: Capture,
  answers: { production: Answer | undefined; shadow: Answer | undefined },
  row: number,
  rows: number,
): LabelRow | undefined {
  const id = inferenceId ?? eventId;
  if (id === undefined) return undefined;
  const text = input === undefined ? '' : payloadText(input).trim();
  const lines = text.split(/\r?\n/);
  return {
    id: rows === 1 ? id : `${id}#${row}`,
    input: rows > 1 && lines.length === rows ? (lines[row] ?? '') : text,
    production: describe(answers.production ?? {}),
    shadow: describe(answers.shadow ?? {}),
  };
}
