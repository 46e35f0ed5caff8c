import type { Predictions, TruthSums } from '../predictions.ts';

/** Are all labels 0 or 1? */
export function areBinary({ binary, rows }: Pick<TruthSums, 'binary' | 'rows'>): boolean {
  return rows > 0 && binary?.rows === rows;
}

/**
 * Are these numbers chances of a class? All of both models lie between 0 and 1, and all labels are 0 or 1: then a mean
 * absolute error rewards whoever is too sure, and the mean squared one does not (Brier 1950; Gneiting and Raftery 2007).
 */
export function areChances({ numbers }: Pick<Predictions, 'numbers'>, truth: TruthSums): boolean {
  return numbers !== undefined && areBinary(truth) && numbers.histogram.low >= 0 && numbers.histogram.high <= 1;
}
