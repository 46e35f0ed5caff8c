import { createHash } from 'node:crypto';
import type { Capture } from '../../answers/captures.ts';

/** A pair that a comparator is asked about. */
export interface SampledPair {
  id: string;
  /** Time of production's request, milliseconds since the epoch. */
  at: number;
  production: Capture;
  shadow: Capture;
  /** The shadow's answer is `a`. */
  swapped: boolean;
}

/** What was drawn of all pairs: one of 2^halvings. */
export interface Sample {
  pairs: SampledPair[];
  of: number;
  halvings: number;
}

/** The lot of a pair: 32 hexadecimal digits that only its key and its moment decide. SQL makes the same: md5 of "key moment". */
export function lotOf(key: string, moment: number): string {
  return createHash('md5').update(`${key} ${moment}`).digest('hex');
}

/** Decided by a digit of the lot that has no part in drawing. */
export function swappedBy(lot: string): boolean {
  return Number.parseInt(lot.at(-1) ?? '0', 16) % 2 === 1;
}

/**
 * How many of these to take, and how often their number was halved: as seldom as it takes to be `most` at the most. Of
 * one number of halvings, later looks take the same pairs and those that have come since, which is what a confidence
 * sequence asks for.
 *
 * @param lots ascending; the first `most + 1` of all are enough
 */
export function draw(lots: readonly string[], most: number): { count: number; halvings: number } {
  const beyond = lots[most];
  if (beyond === undefined) return { count: lots.length, halvings: 0 };
  // The least number of halvings by which the first that is too many is left out.
  const halvings = Math.max(1, Math.ceil(-Math.log2(shareOf(beyond))));
  const limit = 2 ** -halvings;
  return { count: lots.slice(0, most).filter((lot) => shareOf(lot) < limit).length, halvings };
}

/** A lot as a number from 0 to 1. */
function shareOf(lot: string): number {
  return Number.parseInt(lot.slice(0, 13), 16) / 2 ** 52;
}
