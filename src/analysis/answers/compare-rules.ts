import type { FieldRules } from './fields.ts';

/** When two answers that are not compared by label or number count as alike. */
export interface CompareRules extends FieldRules {
  /** Similarity of words from which on two texts are alike, 0 to 1. */
  similarity: number;
  /** Beginnings of refusals, in addition to those that are shipped. */
  refusals: readonly string[];
}

export const DEFAULT_RULES: CompareRules = {
  ignore: [],
  tolerance: {},
  absolute: undefined,
  relative: undefined,
  order: true,
  similarity: 0.9,
  refusals: [],
};
