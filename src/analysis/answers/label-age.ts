import type { LabelAges } from '../predictions.ts';
import { MINUTE } from '../../base/units.ts';
import type { Truth } from './truth.ts';

/** From which age on the policy takes labels for complete, and when they were looked up; in milliseconds. */
export interface Maturity {
  age: number | undefined;
  now: number;
}

/** Delays of labels are counted up to these. */
export const DELAYS = [1, 5, 15, 60, 180, 360, 720, 1440, 4320, 10_080, 20_160, 43_200, 86_400, 129_600] as const;

/** Which rows are compared with labels, and which labels count. */
export interface AgeRule extends Pick<LabelAges, 'age' | 'demanded' | 'timed'> {
  /** Requests from then on are too young; milliseconds since the epoch, the start of a minute. */
  before: number | undefined;
}

/**
 * Early labels are not like late ones: what is confirmed fast may be just what one model says more often. So rows are compared
 * at one age, which all of them have reached: that of the policy, or, where labels say when they came, of the youngest request
 * when the newest label came. Undefined where neither is known.
 *
 * @param youngest time of the last request that is compared, milliseconds since the epoch
 */
export function ageRule(
  truth: Truth | undefined,
  maturity: Maturity | undefined,
  youngest: number | undefined,
): AgeRule | undefined {
  if (truth === undefined || youngest === undefined) return undefined;
  const timed = truth.newest !== undefined;
  const asOf = truth.newest ?? maturity?.now;
  if (asOf === undefined) return undefined;
  if (maturity?.age !== undefined) {
    const before = Math.floor((asOf - maturity.age) / MINUTE) * MINUTE;
    return { age: maturity.age, demanded: true, timed, before };
  }
  return timed ? { age: asOf - youngest, demanded: false, timed, before: undefined } : undefined;
}
