import type { FieldRules } from './fields.ts';

/** When two answers that are not compared by label or number count as alike. */
export interface CompareRules extends FieldRules {
  /** Similarity of words from which on two texts are alike, 0 to 1. */
  similarity: number;
  /** How far production's answers lie apart; undefined where too few are known, or their kind does not ask. */
  spreads?: Spreads | undefined;
  /** Beginnings of refusals, in addition to those that are shipped. */
  refusals: readonly string[];
}

export const DEFAULT_RULES: CompareRules = {
  ignore: [],
  tolerance: {},
  absolute: undefined,
  relative: undefined,
  order: true,
  similarity: 1,
  refusals: [],
};

/** A tenth of the spread of the numbers of production's answers. */
export interface Spreads {
  /** Place by place, where all answers have as many. */
  places: readonly number[] | undefined;
  /** Of all numbers together. */
  all: number;
}
