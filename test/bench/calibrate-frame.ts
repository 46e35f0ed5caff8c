import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Outcome } from '../../src/analysis/judge/verdict.ts';
import type { Random } from '../support/random.ts';

/** What all simulated endpoints have in common. */
export const HOURS = 6;
export const MINUTES = HOURS * 60;
export const LOOK = 10;
export const RATE = 60;
export const policy = DEFAULT_POLICY;

export interface Ended {
  outcome: Outcome;
  /** Minutes until the first decision. */
  minutes: number;
}

/** Looks every ten minutes and stops at the first decision, as `report --watch` does. */
export function watch(look: (minutes: number) => Outcome): Ended {
  for (let minutes = LOOK; minutes <= MINUTES; minutes += LOOK) {
    const outcome = look(minutes);
    if (outcome !== 'inconclusive') return { outcome, minutes };
  }
  return { outcome: 'inconclusive', minutes: MINUTES };
}

/** AR(1) of standard deviation 1: each value keeps `phi` of the one before. */
export function autoregressive(random: Random, phi: number, count: number): number[] {
  let last = random.normal();
  return Array.from({ length: count }, () => {
    const value = last;
    last = phi * last + Math.sqrt(1 - phi * phi) * random.normal();
    return value;
  });
}
