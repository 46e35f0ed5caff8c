import type { NoiseFloor } from '../base/noise-floor.ts';
import { factsNamed, type RecordedFact } from './facts.ts';

/** The last noise floor that was recorded. */
export function latestNoise(facts: readonly RecordedFact[]): NoiseFloor | undefined {
  return factsNamed(facts, 'noise-floor').at(-1)?.value;
}
