import { createHash } from 'node:crypto';

/** What the name of a number of a comparator may look like: it becomes a gate, `answers.NAME`. */
export const SCORE_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;

/** Pairs that a comparator may be asked about: each is held in memory, and read from where it stands. */
export const MOST_PAIRS = 10_000;

/** What tells one command of a comparator from another. */
export function commandDigest(command: string): string {
  return createHash('sha256').update(command).digest('hex');
}
