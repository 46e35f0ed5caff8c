/** One prediction: for one row of one request. */
export interface Answer {
  /** The class, as text. */
  label?: string;
  /** The prediction itself, or the score that stands beside the label. */
  number?: number;
  /** One score per class. */
  scores?: readonly number[];
  /** Of a few classes that are named, or of all that may apply together: the others with their scores, none twice. */
  others?: readonly (readonly [name: string, score: number])[];
  /** Free JSON that is neither: its canonical text. */
  other?: string;
}

/** Squares of larger numbers cannot be summed; what answers with one is broken. */
const LARGEST_USABLE = 1e150;

/** A number that arithmetic can use: finite, and at most 1e150 in size. */
export function isUsable(value: number): boolean {
  return Math.abs(value) <= LARGEST_USABLE;
}
