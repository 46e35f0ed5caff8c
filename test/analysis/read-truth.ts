import { readTruths } from '../../src/analysis/answers/truth.ts';
import type { Truth } from '../../src/analysis/answers/truth.ts';

/** The labels of one text. */
export function readTruth(text: string, source: string, column?: string): Truth {
  return readTruths([{ source, text, flaws: [] }], column);
}
