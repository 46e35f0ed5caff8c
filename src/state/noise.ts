import type { NoiseFloor } from '../base/noise-floor.ts';
import { factsNamed, type RecordedFact } from './facts.ts';

/** The last noise floor that was recorded, with the share of the requests that the calibration before it asked for. */
export function latestNoise(facts: readonly RecordedFact[]): NoiseFloor | undefined {
  const fact = factsNamed(facts, 'noise-floor').at(-1);
  if (fact === undefined || fact.value.sampling !== undefined) return fact?.value;
  const calibration = factsNamed(facts, 'shadow').findLast(
    ({ at, value }) => at <= fact.at && value.calibrates === fact.value.model,
  );
  return { ...fact.value, sampling: calibration?.value.sample };
}
