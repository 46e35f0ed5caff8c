import type { NoiseFloor } from '../observations.ts';
import type { Evidence } from './evidence.ts';

/** Rows of production against itself that differed, of n; n counts for `factor` times less. */
export interface Floor {
  differing: number;
  n: number;
  factor: number;
}

/**
 * What is a share of differing answers has a floor: two copies of a model that rolls dice differ, and that is no fault
 * of the candidate. The other questions have none. What a model loses against the truth is an expectation, the dice
 * included: a candidate that loses more loses more. And two copies of one model have one distribution, so that their
 * distance is 0; what is measured between them is sampling noise, and the distance's own band holds it.
 */
function noiseOf({ observations }: Evidence): NoiseFloor | undefined {
  const { noise, production } = observations;
  // Only where it is that of the model in production now.
  return noise !== undefined && noise.model === production.model ? noise : undefined;
}

export function labelFloor(evidence: Evidence): Floor | undefined {
  return noiseOf(evidence)?.labels;
}

export function numberFloor(evidence: Evidence, tolerance: number): Floor | undefined {
  const measured = noiseOf(evidence)?.numbers;
  // Measured under a smaller tolerance, more would count as noise than is.
  if (measured === undefined || measured.tolerance < tolerance * (1 - 1e-9)) return undefined;
  return { differing: measured.beyond, n: measured.n, factor: measured.factor };
}
