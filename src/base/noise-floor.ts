/**
 * Production against itself: measured with production's own model as shadow. What differs here is no fault of any
 * candidate, and a candidate's difference counts only above it.
 */
export interface NoiseFloor {
  /** The model, on both sides. */
  model: string;
  /** Milliseconds since the epoch. */
  window: { from: number; to: number };
  pairs: number;
  /** Share of the requests that the copy saw, 0 to 1; version 0.1 did not write it. */
  sampling?: number | undefined;
  /** The path into JSON answers that was compared; a report on another one cannot use this. */
  prediction?: string | undefined;
  /** Rows whose labels differed. `factor`: how much less rows count for hanging together. */
  labels?: { differing: number; n: number; factor: number } | undefined;
  /** Rows of one label whose scores of other classes lay further apart than the tolerance; versions before 0.2 did not write it. */
  others?: { differing: number; n: number; factor: number; tolerance: number } | undefined;
  /** Rows whose numbers lay further apart than the tolerance. */
  numbers?: { beyond: number; n: number; factor: number; tolerance: number; mae: number } | undefined;
  /** What a comparator of the user's own gave, by its command's digest: of each name the mean's distance from 1, summed. */
  scores?: { digest: string; of: { name: string; missing: number; n: number; factor: number }[] } | undefined;
}
